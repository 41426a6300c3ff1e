//! The safety net under the bus: where the histories of followed users really stand.

use std::time::Duration;

use crate::{domain::UserId, store::Store};

use super::Hub;

/// How long a lost event can stay unnoticed.
const INTERVAL: Duration = Duration::from_secs(15);
/// Users asked for in one statement.
const USERS: usize = 1_000;

/// Every 15 s reads the positions of the users that are followed on this node, and wakes those followers that are
/// behind; until the store is closed.
pub async fn check_heads_forever(hub: Hub, store: Store) {
    let closed = store.closed();
    loop {
        tokio::select! {
            () = closed.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        check_heads(&hub, &store, &hub.followed()).await;
    }
}

/// Reads the positions of `users`, and wakes those followers that are behind.
pub(super) async fn check_heads(hub: &Hub, store: &Store, users: &[UserId]) {
    for users in users.chunks(USERS) {
        match store.positions(users).await {
            Ok(positions) => positions.iter().for_each(|(user, position)| hub.moved(user, *position)),
            Err(error) => tracing::warn!(cause = ?error.cause(), "positions were not checked: {error}"),
        }
    }
}
