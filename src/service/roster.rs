//! One count of active users on several nodes: each tells the others, by the database, who is active on it.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::Result,
    store::{NodeId, Store},
};

use super::Presence;

/// The longest time until a change on another node is taken up.
const INTERVAL: Duration = Duration::from_secs(1);
/// The shortest time between two reports; what changes in between goes out together.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a node says that it is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);
/// How long a node that leaves waits for the database.
const GOODBYE: Duration = Duration::from_secs(1);
/// How often what is left of nodes that ended without a word is removed.
const CLEANING: Duration = Duration::from_secs(30);

/// A node among others. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Roster {
    presence: Presence,
    store: Store,
    node: NodeId,
    left: CancellationToken,
}

/// What a node has to do next.
struct Due {
    /// Everyone must be reported, and not only the changes.
    everyone: bool,
    sign: Instant,
    cleaning: Instant,
}

impl Roster {
    /// A node that nobody knows yet.
    pub fn new(presence: Presence, store: Store) -> Self {
        Self { presence, store, node: NodeId::generate(), left: CancellationToken::new() }
    }

    /// Keeps the count until the node leaves. While the database does not answer, the count stays as it was.
    pub async fn keep(self) {
        if !self.store.is_shared() {
            return;
        }
        self.left.run_until_cancelled(self.sync_forever()).await;
    }

    /// Takes the node away, for a shutdown. Where that fails, the others notice by its silence.
    pub async fn leave(&self) {
        self.left.cancel();
        if self.store.is_shared() {
            let _ = timeout(GOODBYE, self.store.forget_node(self.node)).await;
        }
    }

    async fn sync_forever(&self) {
        let now = Instant::now();
        let mut due = Due { everyone: true, sign: now, cleaning: now + CLEANING };
        loop {
            if let Err(error) = self.sync(&mut due).await {
                // What was reported of it is not known.
                due.everyone = true;
                tracing::warn!(cause = ?error.cause(), "active users were not counted: {error}");
                sleep(INTERVAL).await;
            }
            sleep(PAUSE).await;
            let _ = timeout(INTERVAL, self.presence.changed()).await;
        }
    }

    async fn sync(&self, due: &mut Due) -> Result<()> {
        let now = Instant::now();
        if due.everyone || now >= due.sign {
            // A database that lost its memory in a crash, or took this node for dead, knows none of its users.
            due.everyone |= self.store.report_node(self.node).await?;
            due.sign = now + SIGN_OF_LIFE;
        }
        let changes = if due.everyone {
            self.store.forget_users(self.node).await?;
            self.presence.take_all()
        } else {
            self.presence.take_changes()
        };
        self.store.report_users(self.node, &changes.entered, &changes.left).await?;
        due.everyone = false;
        if now >= due.cleaning {
            self.store.forget_silent_nodes().await?;
            due.cleaning = now + CLEANING;
        }
        let everywhere = self.store.active_everywhere(self.node).await?;
        let users = usize::try_from(everywhere.users).unwrap_or(usize::MAX);
        self.presence.counted((everywhere.others > 0).then_some(users));
        Ok(())
    }
}
