//! The GraphQL door: decodes, calls one service, encodes.

mod activity;
mod analytics;
mod budget;
mod deadlines;
mod digest;
mod engine;
mod errors;
mod http;
mod json;
mod mutation;
mod notification;
mod page;
mod query;
mod record;
mod request;
mod response;
mod scalars;
mod streaming;
mod subscribe;
mod subscription;
mod websocket;

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, ID, SDLExportOptions, Schema, SchemaBuilder, ValidationMode,
    connection::Connection,
};

use crate::{
    config::Config,
    domain::{ItemId, Result, UserId, Viewer},
    service::Services,
};

use self::{
    mutation::Mutation,
    query::Query,
    request::{OperationLimits, Params, Preparer},
    subscription::{Subscription, SubscriptionRoot},
};

pub use self::{engine::Api, http::router};

/// The public schema.
pub(crate) type PublicSchema = Schema<Query, Mutation, SubscriptionRoot>;

/// Executes the fields of subscriptions, which have been validated against the public schema, as if they were queries:
/// to start them, and to execute their selection on each item.
pub(crate) type EventSchema = Schema<Subscription, EmptyMutation, EmptySubscription>;

/// The schema in the Schema Definition Language, as `schema.graphql` has it.
pub fn sdl() -> String {
    builder().finish().sdl_with_options(SDLExportOptions::new().include_specified_by())
}

/// Prepares texts of documents as the server does, with the default limits: says whether one can be executed. Here so
/// that tests can measure what hostile documents cost.
#[doc(hidden)]
pub fn preparer() -> impl Fn(&str) -> bool {
    let limits = OperationLimits { depth: 12, aliases: 20, root_fields: 20, introspection: true };
    let preparer = Preparer::new(&sdl(), limits);
    move |text| preparer.prepare(Params { query: text.to_owned(), ..Params::default() }).is_ok()
}

fn builder() -> SchemaBuilder<Query, Mutation, SubscriptionRoot> {
    // The library describes everything of a connection but the type itself.
    Schema::build(Query, Mutation, SubscriptionRoot)
        .override_output_type_description::<Connection<String, activity::Activity>>(
            "A page of activities by cursor, newest first.",
        )
        .override_output_type_description::<Connection<String, notification::Notification>>(
            "A page of notifications by cursor, newest first.",
        )
}

/// Executes what [`request`] has prepared: validated there, so of the library's rules only complexity is left.
fn public_schema(services: Services, config: &Config) -> PublicSchema {
    let complexity = config.limits.complexity;
    builder().validation_mode(ValidationMode::Fast).limit_complexity(complexity).data(services).finish()
}

fn event_schema(services: Services) -> EventSchema {
    Schema::build(Subscription, EmptyMutation, EmptySubscription)
        .validation_mode(ValidationMode::Fast)
        .data(services)
        .finish()
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
