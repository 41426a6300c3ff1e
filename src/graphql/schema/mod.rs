//! The schema: one file per noun with its types, queries, mutations and subscriptions, merged here.
//!
//! To add a noun, write its file and name its parts in [`Query`], [`Mutation`] and [`Subscription`]; their order is that of
//! the fields in `schema.graphql`.

mod activity;
mod analytics;
mod budget;
mod context;
mod feed;
mod notification;
mod presence;
mod record;
mod scalars;
mod subscription;

use std::{borrow::Cow, pin::Pin};

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, MergedObject, OutputType, Response, SDLExportOptions, Schema,
    SchemaBuilder, SubscriptionType, ValidationMode, connection::Connection, registry::Registry,
};
use futures_util::Stream;

use crate::{config::Config, service::Services};

use self::{
    activity::{Activity, ActivityMutations, ActivityQueries, ActivitySubscriptions},
    analytics::{AnalyticsMutations, AnalyticsQueries, AnalyticsSubscriptions},
    notification::{Notification, NotificationMutations, NotificationQueries, NotificationSubscriptions},
    presence::{PresenceQueries, PresenceSubscriptions},
};

pub(super) use self::{
    budget::{AnswerMemory, HeldMemory, ResponseBudget},
    record::PlanKey,
    subscription::{Item, Items, LastEventId, Phase},
};

/// What can be read. Every `userId` may be left out: then it is the viewer's own.
#[derive(Default, MergedObject)]
pub(crate) struct Query(ActivityQueries, AnalyticsQueries, NotificationQueries, PresenceQueries);

/// What can be changed. Every `userId` may be left out: then it is the viewer's own. Each change is durable when it
/// is answered, and is pushed to those who follow the user.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(ActivityMutations, AnalyticsMutations, NotificationMutations);

/// What can be followed. With `after`, everything of that kind committed after that cursor comes first, in order, then
/// what is new: none lost, none twice. A cursor that cannot be resumed from is refused with CURSOR_EXPIRED, which also ends
/// a subscription of items where the database goes back to an earlier state.
#[derive(Default, MergedObject)]
pub(crate) struct Subscription(
    ActivitySubscriptions,
    NotificationSubscriptions,
    AnalyticsSubscriptions,
    PresenceSubscriptions,
);

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
    Schema::build(Query::default(), Mutation::default(), SubscriptionRoot)
        .override_output_type_description::<Connection<String, Activity>>(
            "A page of activities by cursor, newest first.",
        )
        .override_output_type_description::<Connection<String, Notification>>(
            "A page of notifications by cursor, newest first.",
        )
}

/// Executes operations that were prepared: validated before, so of the library's rules only complexity is left.
pub(super) fn public_schema(services: Services, config: &Config) -> PublicSchema {
    let complexity = config.limits.complexity;
    builder().validation_mode(ValidationMode::Fast).limit_complexity(complexity).data(services).finish()
}

pub(super) fn event_schema(services: Services) -> EventSchema {
    Schema::build(Subscription::default(), EmptyMutation, EmptySubscription)
        .validation_mode(ValidationMode::Fast)
        .data(services)
        .finish()
}

/// [`Subscription`] as the root that the public schema shows. It is never executed: [`EventSchema`] executes its fields as
/// queries, because the library executes each subscriber's selection anew for each event.
pub(crate) struct SubscriptionRoot;

impl SubscriptionType for SubscriptionRoot {
    fn type_name() -> Cow<'static, str> {
        <Subscription as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Subscription as OutputType>::create_type_info(registry)
    }

    fn create_field_stream<'a>(
        &'a self,
        _: &'a Context<'_>,
    ) -> Option<Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        None
    }
}
