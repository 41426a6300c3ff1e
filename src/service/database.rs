//! Whether the database is there: for those who run the server.

use crate::store::Store;

/// Answers whether the database does. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DatabaseService {
    store: Store,
}

impl DatabaseService {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Whether the database answers now.
    pub async fn answers(&self) -> bool {
        self.store.ping().await.is_ok()
    }

    /// The name of the database system.
    pub fn name(&self) -> &'static str {
        self.store.backend()
    }
}
