//! The schema: what can be asked for, and how each field of it is resolved.

mod activity;
mod analytics;
mod budget;
mod mutation;
mod notification;
mod page;
mod query;
mod record;
mod scalars;
mod subscription;

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
    subscription::{Subscription, SubscriptionRoot},
};

pub(super) use self::{
    budget::{AnswerMemory, HeldMemory, ResponseBudget},
    record::PlanKey,
    subscription::{Item, Items, LastEventId, Phase},
};

/// The public schema.
pub(crate) type PublicSchema = Schema<Query, Mutation, SubscriptionRoot>;

/// Executes the fields of subscriptions, which have been validated against the public schema, as if they were queries:
/// to start them, and to execute their selection on each item.
pub(crate) type EventSchema = Schema<Subscription, EmptyMutation, EmptySubscription>;

/// The schema in the Schema Definition Language, as `schema.graphql` has it.
pub fn sdl() -> String {
    builder().finish().sdl_with_options(SDLExportOptions::new().include_specified_by())
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

/// Executes what [`request`](super::request) has prepared: validated there, so of the library's rules only complexity is left.
pub(super) fn public_schema(services: Services, config: &Config) -> PublicSchema {
    let complexity = config.limits.complexity;
    builder().validation_mode(ValidationMode::Fast).limit_complexity(complexity).data(services).finish()
}

pub(super) fn event_schema(services: Services) -> EventSchema {
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
