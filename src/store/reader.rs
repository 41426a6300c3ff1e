//! Reads that are waited for: all of PostgreSQL, and those of SQLite that are not short.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement};

use crate::domain::Result;

use super::{connect::in_time, error::domain_error, heads::Heads};

/// A database that is read; it sees every commit at once.
pub(super) struct Reader {
    pool: DatabaseConnection,
    heads: Option<Heads>,
}

impl Reader {
    pub(super) fn new(pool: DatabaseConnection) -> Self {
        let is_server = pool.get_database_backend() == DbBackend::Postgres;
        Self { heads: is_server.then(|| Heads::start(&pool)), pool }
    }

    /// Its connections.
    pub(super) fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// Asks where histories stand; not of SQLite, of which a short read takes no longer.
    pub(super) fn heads(&self) -> Option<&Heads> {
        self.heads.as_ref()
    }

    /// The rows of a statement.
    ///
    /// # Errors
    /// UNAVAILABLE where the database does not answer in time.
    pub(super) async fn all(&self, statement: Statement) -> Result<Vec<QueryResult>> {
        let rows = async { self.pool.query_all_raw(statement).await.map_err(domain_error) };
        in_time(self.pool.get_database_backend(), rows).await
    }
}
