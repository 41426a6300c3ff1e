//! The GraphQL door: decodes, calls one service, encodes.

mod activity;
mod analytics;
mod errors;
mod http;
mod limits;
mod mutation;
mod notification;
mod operation;
mod query;
mod response;
mod scalars;
mod streaming;
mod subscription;
mod websocket;

use async_graphql::{Context, ID, Schema, SchemaBuilder};

use crate::{
    config::Limits,
    domain::{ItemId, Result, UserId, Viewer},
    service::Services,
};

use self::{mutation::Mutation, query::Query, subscription::Subscription};

pub use self::{http::router, operation::Api};

/// The schema with its services.
pub(crate) type PulseSchema = Schema<Query, Mutation, Subscription>;

/// The schema in the Schema Definition Language, as `schema.graphql` has it.
pub fn sdl() -> String {
    builder().finish().sdl()
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription)
}

fn schema(services: Services, limits: &Limits) -> PulseSchema {
    builder().limit_complexity(limits.complexity).extension(errors::ErrorCodes).data(services).finish()
}

/// Who calls; every request is given it.
fn viewer<'a>(ctx: &Context<'a>) -> &'a Viewer {
    ctx.data_unchecked()
}

fn services<'a>(ctx: &Context<'a>) -> &'a Services {
    ctx.data_unchecked()
}

fn user_id(id: Option<ID>) -> Result<Option<UserId>> {
    id.map(|id| UserId::parse("userId", &id)).transpose()
}

fn item_id(id: &ID) -> Result<ItemId> {
    ItemId::parse("id", id)
}
