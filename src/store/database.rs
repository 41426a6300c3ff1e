//! The seam between the store and its two drivers: every read and write is written once, against what is here.
//!
//! A statement has the same text on both databases where their SQL agrees. Parameters are `$1`, `$2` and so on. Rows are decoded
//! by the index of their columns, so a statement lists the columns that it returns.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Statement, TransactionTrait, Value,
};

use crate::domain::{Epoch, Error, Result};

use super::{
    epoch::Epochs,
    error::{domain_error, locked_by_import},
    postgres::{self, PositionLoader, Sessions, with_timeout},
    row::{Row, Table},
    sqlite::{self, DatabaseFile, Location, Mode},
};

/// An open database. Cheap to clone.
#[derive(Clone)]
pub(super) enum Database {
    /// A file.
    Sqlite(Sqlite),
    /// A server.
    Postgres(Postgres),
}

/// An SQLite file: one connection that writes, others that read.
#[derive(Clone)]
pub(super) struct Sqlite {
    pub(super) writer: sqlite::Connection,
    pub(super) reader: sqlite::Reader,
    pub(super) file: DatabaseFile,
}

/// A pool of connections to a PostgreSQL.
#[derive(Clone)]
pub(super) struct Postgres {
    pub(super) pool: DatabaseConnection,
    pub(super) sessions: Sessions,
    /// Loads positions of many users at once.
    pub(super) positions: Arc<PositionLoader>,
}

impl Postgres {
    /// Connects to the server at `url`.
    ///
    /// # Errors
    /// UNAVAILABLE where it cannot be reached or used.
    pub(super) async fn connect(url: &str, server: postgres::Server, epochs: &Epochs) -> Result<Self> {
        let sessions = Sessions::default();
        let pool = postgres::connect(url, server, epochs, &sessions).await.map_err(domain_error)?;
        let positions = Arc::new(PositionLoader::start(&pool));
        Ok(Self { pool, sessions, positions })
    }

    /// The rows of a statement that reads.
    ///
    /// # Errors
    /// UNAVAILABLE where the server does not answer in time.
    pub(super) async fn query<T>(
        &self,
        sql: &str,
        values: Vec<Value>,
        decode: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        with_timeout(Executor::Postgres(&self.pool).query(sql, values, decode)).await
    }
}

/// How much a statement may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadLength {
    /// A page by an index, from its start.
    Bounded,
    /// Any number of rows.
    Unbounded,
}

impl Database {
    /// Opens the database at `url`, which starts with `sqlite:` or `postgres:`.
    ///
    /// # Errors
    /// UNAVAILABLE where it cannot be reached, or an import has it to itself.
    pub(super) async fn open(url: &str, epochs: &Epochs) -> Result<Self> {
        if !url.starts_with("sqlite:") {
            return Postgres::connect(url, postgres::Server::Primary, epochs).await.map(Self::Postgres);
        }
        let location = Location::parse(url)?;
        let writer = sqlite::Connection::open(&location, Mode::Write, locked_by_import()).await?;
        // Creates the log and its index where they are missing.
        writer.begin()?.commit()?;
        let file = DatabaseFile::new(location.path);
        Ok(Self::Sqlite(Sqlite { writer, reader: sqlite::Reader::new(file.clone()), file }))
    }

    /// The database system.
    pub(super) fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    /// The connection of a server's set-up, outside of any transaction.
    pub(super) fn executor(&self) -> Executor<'_> {
        match self {
            Self::Sqlite(sqlite) => Executor::Sqlite(&sqlite.writer),
            Self::Postgres(postgres) => Executor::Postgres(&postgres.pool),
        }
    }

    /// The rows of a statement that reads, each as `decode` takes it.
    ///
    /// # Errors
    /// UNAVAILABLE where the database does not answer in time.
    pub(super) async fn query<T: Send + 'static>(
        &self,
        length: ReadLength,
        sql: &str,
        values: Vec<Value>,
        decode: impl Fn(&Row<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Vec<T>> {
        match (self, length) {
            (Self::Sqlite(sqlite), ReadLength::Bounded) => sqlite.reader.query(sql, values, decode).await,
            (Self::Sqlite(sqlite), ReadLength::Unbounded) => {
                sqlite.reader.query_long(sql, values, decode).await
            }
            (Self::Postgres(postgres), _) => postgres.query(sql, values, decode).await,
        }
    }

    /// Begins a transaction that writes, and says in which epoch: exactly that of the server that it runs on.
    pub(super) async fn begin(&self, epochs: &Epochs) -> Result<(Transaction<'_>, Epoch)> {
        loop {
            let epoch = epochs.current();
            let transaction = match self {
                Self::Sqlite(sqlite) => Transaction::Sqlite(sqlite.writer.begin()?),
                Self::Postgres(postgres) => {
                    Transaction::Postgres(postgres.pool.begin().await.map_err(domain_error)?)
                }
            };
            if epochs.current() == epoch {
                return Ok((transaction, epoch));
            }
        }
    }

    /// Closes the connections. Of SQLite that one last that writes: the last one brings the log into the file and takes the
    /// log away, which one that only reads cannot.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.reader.close();
                sqlite.writer.close();
            }
            Self::Postgres(postgres) => postgres.close().await,
        }
    }
}

impl Postgres {
    /// Closes the connections.
    pub(super) async fn close(&self) {
        if let Err(error) = self.pool.clone().close().await {
            tracing::warn!(%error, "the database connections did not close cleanly");
        }
    }
}

/// A transaction that writes; rolled back where it is dropped before its commit.
pub(super) enum Transaction<'a> {
    /// Of the one connection that writes.
    Sqlite(sqlite::Transaction<'a>),
    /// Of a connection of the pool.
    Postgres(DatabaseTransaction),
}

impl Transaction<'_> {
    /// What statements run on.
    pub(super) fn executor(&self) -> Executor<'_> {
        match self {
            Self::Sqlite(transaction) => Executor::Sqlite(transaction.connection()),
            Self::Postgres(transaction) => Executor::PostgresTransaction(transaction),
        }
    }

    /// Commits where `outcome` is good, else rolls back.
    pub(super) async fn finish<T>(self, outcome: Result<T>) -> Result<T> {
        match (self, outcome) {
            (Self::Sqlite(transaction), Ok(done)) => transaction.commit().map(|()| done),
            (Self::Postgres(transaction), Ok(done)) => {
                transaction.commit().await.map_err(domain_error)?;
                Ok(done)
            }
            (Self::Sqlite(transaction), Err(error)) => {
                drop(transaction);
                Err(error)
            }
            (Self::Postgres(transaction), Err(error)) => {
                // Where even this fails the connection is gone, and the transaction with it.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    }
}

/// Runs statements: a connection, a pool or a transaction.
#[derive(Clone, Copy)]
pub(super) enum Executor<'a> {
    /// A connection to a file.
    Sqlite(&'a sqlite::Connection),
    /// A pool.
    Postgres(&'a DatabaseConnection),
    /// A transaction of a connection of the pool.
    PostgresTransaction(&'a DatabaseTransaction),
}

impl Executor<'_> {
    /// The database system.
    pub(super) fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) | Self::PostgresTransaction(_) => DbBackend::Postgres,
        }
    }

    /// Runs a statement; returns how many rows it changed.
    pub(super) async fn execute(self, sql: &str, values: impl Into<Vec<Value>>) -> Result<u64> {
        let values = values.into();
        let done = match self {
            Self::Sqlite(connection) => return connection.execute(sql, &values),
            Self::Postgres(pool) => pool.execute_raw(postgres_statement(sql, values)).await,
            Self::PostgresTransaction(transaction) => {
                transaction.execute_raw(postgres_statement(sql, values)).await
            }
        };
        Ok(done.map_err(domain_error)?.rows_affected())
    }

    /// Runs a statement that sea-query built.
    pub(super) async fn run(self, statement: Statement) -> Result<u64> {
        self.execute(&statement.sql, statement.values.map(|values| values.0).unwrap_or_default()).await
    }

    /// The rows of a statement, each as `decode` takes it.
    pub(super) async fn query<T>(
        self,
        sql: &str,
        values: impl Into<Vec<Value>>,
        decode: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let values = values.into();
        let rows = match self {
            Self::Sqlite(connection) => return connection.query(sql, &values, decode),
            Self::Postgres(pool) => pool.query_all_raw(postgres_statement(sql, values)).await,
            Self::PostgresTransaction(transaction) => {
                transaction.query_all_raw(postgres_statement(sql, values)).await
            }
        };
        rows.map_err(domain_error)?.iter().map(|row| decode(&Row::Postgres(row))).collect()
    }

    /// The first row of a statement.
    pub(super) async fn query_one<T>(
        self,
        sql: &str,
        values: impl Into<Vec<Value>>,
        decode: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, values, decode).await?.into_iter().next())
    }

    /// The first row of a statement that sea-query built to select an entity.
    pub(super) async fn find<M: Table>(self, statement: Statement) -> Result<Option<M>> {
        let values = statement.values.map(|values| values.0).unwrap_or_default();
        self.query_one(&statement.sql, values, |row| M::read(&mut row.columns(0))).await
    }

    /// Inserts rows: one prepared statement each on SQLite, one statement with a list on PostgreSQL.
    pub(super) async fn insert<M: Table>(self, rows: &[M]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        match self {
            Self::Sqlite(connection) => connection.insert(rows),
            _ => {
                let list = serde_json::to_string(rows).map_err(Error::internal)?;
                self.execute(&M::sql().insert_list, [list.into()]).await.map(drop)
            }
        }
    }

    /// Marks a point in the transaction that [`Executor::end_savepoint`] keeps or returns to.
    pub(super) async fn savepoint(self) -> Result<()> {
        self.execute("SAVEPOINT step", []).await.map(drop)
    }

    /// Keeps what was done since the savepoint, or takes it back.
    pub(super) async fn end_savepoint(self, keep: bool) -> Result<()> {
        if !keep {
            self.execute("ROLLBACK TO step", []).await?;
        }
        self.execute("RELEASE step", []).await.map(drop)
    }
}

fn postgres_statement(sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
