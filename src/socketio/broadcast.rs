//! Broadcasts to all sockets: `users:status`, how many users are active, and `activity:new`, where the feed is public.
//! At-most-once; no delivery guarantee.

use std::time::Duration;

use futures_util::StreamExt;
use serde::Serialize;
use socketioxide::SocketIo;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::Timestamp,
    json::Activity,
    service::{Presence, PublicFeed},
};

/// The shortest time between two `users:status`.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    active_users: usize,
    active_count: usize,
    timestamp: Timestamp,
}

/// Broadcasts the activities of the public feed.
pub(super) async fn public_activities(io: SocketIo, feed: PublicFeed, draining: CancellationToken) {
    let mut activities = std::pin::pin!(feed.follow());
    let broadcasting = async {
        while let Some(activity) = activities.next().await {
            broadcast(&io, "activity:new", &Activity::from(&*activity)).await;
        }
    };
    draining.run_until_cancelled(broadcasting).await;
}

/// Broadcasts changes of the count, at most one a second: after a burst, the newest.
pub(super) async fn active_users(io: SocketIo, presence: Presence, draining: CancellationToken) {
    // The first is the count as it stands, which is no change.
    let mut counts = presence.follow().skip(1);
    loop {
        let count = tokio::select! {
            biased;
            () = draining.cancelled() => return,
            Some(count) = counts.next() => count,
            else => return,
        };
        let status = Status { active_users: count, active_count: count, timestamp: Timestamp::now() };
        broadcast(&io, "users:status", &status).await;
        tokio::time::sleep(STATUS_INTERVAL).await;
    }
}

/// Sends an event to every socket but those whose buffer is full.
async fn broadcast<T: Serialize>(io: &SocketIo, event: &str, data: &T) {
    let Some(namespace) = io.of("/") else { return };
    if let Err(error) = namespace.emit(event, data).await {
        tracing::debug!(%error, event, "a broadcast did not reach every socket");
    }
}
