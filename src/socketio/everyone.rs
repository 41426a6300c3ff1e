//! What everyone is told: `users:status`, how many users are active, and `activity:new`, where the feed is public.

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

/// The shortest time between two of them.
const INTERVAL: Duration = Duration::from_secs(1);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    active_users: usize,
    active_count: usize,
    timestamp: Timestamp,
}

/// Shows everyone the activities that are public.
pub(super) async fn show(io: SocketIo, feed: PublicFeed, draining: CancellationToken) {
    let mut shown = std::pin::pin!(feed.follow());
    let showing = async {
        while let Some(activity) = shown.next().await {
            emit_to_all(&io, "activity:new", &Activity::from(&*activity)).await;
        }
    };
    draining.run_until_cancelled(showing).await;
}

/// Tells every change of the count, at most one a second: after a burst, the newest.
pub(super) async fn announce(io: SocketIo, presence: Presence, draining: CancellationToken) {
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
        emit_to_all(&io, "users:status", &status).await;
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Sends an event to everyone who is connected. One whose buffer is full does not get it.
async fn emit_to_all<T: Serialize>(io: &SocketIo, event: &str, data: &T) {
    let Some(everyone) = io.of("/") else { return };
    if let Err(error) = everyone.emit(event, data).await {
        tracing::debug!(%error, event, "an event did not reach everyone");
    }
}
