//! Presence in GraphQL: how many users are active.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use futures_util::StreamExt;

use crate::service::Delivery;

use super::{
    context::services,
    subscription::{Item, delivered, start},
};

/// The queries of presence.
#[derive(Default)]
pub(crate) struct PresenceQueries;

#[Object]
impl PresenceQueries {
    /// How many users have at least one open socket.
    async fn active_users(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(services(ctx).presence.count())
    }
}

/// The subscriptions of presence.
#[derive(Default)]
pub(crate) struct PresenceSubscriptions;

#[Object]
impl PresenceSubscriptions {
    /// How many users have at least one open socket: at once, then at each change.
    async fn active_users(&self, ctx: &Context<'_>) -> Result<usize> {
        if let Some(count) = delivered(ctx) {
            return Ok(*count);
        }
        let counts = services(ctx).presence.follow().map(|item| Ok(Delivery { item, shared: None }));
        start(ctx, counts, |count| Item::new(None, Arc::new(count)))
    }
}
