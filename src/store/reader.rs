//! Reads that are waited for: all of PostgreSQL, and those of SQLite that are not short.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement};

use crate::domain::Result;

use super::{connect::in_time, error::domain_error, heads::Heads, leases::Leases};

/// A database that is read; it sees every commit at once.
pub(super) struct Reader {
    connection: DatabaseConnection,
    server: Option<Server>,
}

/// What makes a server quick, to which every question is a way there and back.
struct Server {
    leases: Arc<Leases>,
    heads: Heads,
}

impl Reader {
    pub(super) fn new(connection: DatabaseConnection) -> Self {
        let server = (connection.get_database_backend() == DbBackend::Postgres).then(|| {
            let leases = Arc::new(Leases::of(connection.get_postgres_connection_pool().clone()));
            Server { heads: Heads::start(&leases), leases }
        });
        Self { connection, server }
    }

    /// The pool itself.
    pub(super) fn pool(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// The connections on lease, to write with; none of SQLite.
    pub(super) fn leases(&self) -> Option<&Arc<Leases>> {
        self.server.as_ref().map(|server| &server.leases)
    }

    /// Asks where histories stand; not of SQLite, of which a short read takes no longer.
    pub(super) fn heads(&self) -> Option<&Heads> {
        self.server.as_ref().map(|server| &server.heads)
    }

    /// The rows of a statement.
    ///
    /// # Errors
    /// UNAVAILABLE where the database does not answer in time.
    pub(super) async fn all(&self, statement: Statement) -> Result<Vec<QueryResult>> {
        let rows = async {
            match self.leases() {
                Some(leases) => leases.all(&statement).await,
                None => self.connection.query_all_raw(statement).await,
            }
            .map_err(domain_error)
        };
        in_time(self.connection.get_database_backend(), rows).await
    }

    /// Gives back the connections that are on lease, without which the pool would not close.
    pub(super) fn close(&self) {
        self.leases().iter().for_each(|leases| leases.close());
    }
}
