//! Connections to PostgreSQL that are used again at once, without going back to the pool between.
//!
//! A connection that goes back to the pool of sqlx is asked twice whether it still stands: by us within a bound, and by sqlx
//! without one. Beside a short read those are two round trips for one. So a connection is taken on a lease: whoever is done
//! with it leaves it for the next, and it goes back when its lease ends, when nobody wants it for a while, or when
//! anything went wrong with it. The pool's own checks see it then.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    DbErr, QueryResult, RuntimeErr, Statement, Value,
    sqlx::{
        self, AssertSqlSafe, Connection, PgPool, Postgres, Transaction,
        pool::PoolConnection,
        postgres::{PgArguments, PgConnection},
    },
};

use super::connect::TRUST_IDLE;

/// For how long a connection stays out of the pool.
const LEASE: Duration = Duration::from_secs(10);

/// The connections of one pool that are on lease. At most half of the pool lies here unused.
pub(super) struct Leases {
    pool: PgPool,
    /// Those that nobody uses, the last used last; `None` once closed.
    idle: Mutex<Option<Vec<Lease>>>,
    most: usize,
}

/// A connection out of the pool. Dropped, it goes back.
pub(super) struct Lease {
    connection: PoolConnection<Postgres>,
    taken: Instant,
    used: Instant,
}

impl Lease {
    /// Begins a transaction, which is taken back where it is dropped.
    pub(super) async fn begin(&mut self) -> Result<Transaction<'_, Postgres>, DbErr> {
        self.connection.begin().await.map_err(|error| DbErr::Query(failed(error)))
    }
}

impl Leases {
    pub(super) fn of(pool: PgPool) -> Self {
        let most = pool.options().get_max_connections() as usize / 2;
        Self { pool, idle: Mutex::new(Some(Vec::new())), most }
    }

    /// A connection that was used a moment ago, or else one of the pool.
    ///
    /// # Errors
    /// As the pool: none that is free in time, or none that can be made.
    pub(super) async fn take(&self) -> Result<Lease, DbErr> {
        if let Some(lease) = self.find() {
            return Ok(lease);
        }
        let connection = self.pool.acquire().await.map_err(|error| DbErr::Conn(failed(error)))?;
        let now = Instant::now();
        Ok(Lease { connection, taken: now, used: now })
    }

    fn find(&self) -> Option<Lease> {
        let mut idle = self.idle();
        let lease = idle.as_mut()?.pop()?;
        if lease.used.elapsed() < TRUST_IDLE {
            return Some(lease);
        }
        // Those below were used before it.
        let stale = idle.replace(Vec::new());
        drop(idle);
        drop((lease, stale));
        None
    }

    /// Leaves a connection, with which all went well, for the next one.
    pub(super) fn give_back(&self, mut lease: Lease) {
        lease.used = Instant::now();
        if lease.used - lease.taken < LEASE
            && let Some(idle) = self.idle().as_mut().filter(|idle| idle.len() < self.most)
        {
            idle.push(lease);
        }
    }

    /// The rows of one statement.
    pub(super) async fn all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.take().await?;
        let rows = rows(&mut lease.connection, statement).await?;
        self.give_back(lease);
        Ok(rows)
    }

    /// Gives back all that lies here and keeps no more.
    pub(super) fn close(&self) {
        self.idle().take();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Option<Vec<Lease>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Commits `transaction`.
pub(super) async fn commit(transaction: Transaction<'_, Postgres>) -> Result<(), DbErr> {
    transaction.commit().await.map_err(|error| DbErr::Query(failed(error)))
}

/// The rows of one statement on `connection`.
pub(super) async fn rows(
    connection: &mut PgConnection,
    statement: &Statement,
) -> Result<Vec<QueryResult>, DbErr> {
    let mut arguments = PgArguments::default();
    for value in statement.values.iter().flat_map(|values| &values.0) {
        bind(&mut arguments, value)?;
    }
    let query = sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), arguments);
    let rows = query.fetch_all(connection).await.map_err(|error| DbErr::Query(failed(error)))?;
    Ok(rows.into_iter().map(QueryResult::from).collect())
}

/// Binds a value. Our statements have numbers and texts alone.
fn bind(arguments: &mut PgArguments, value: &Value) -> Result<(), DbErr> {
    use sea_orm::sqlx::Arguments;
    let bound = match value {
        Value::BigInt(number) => arguments.add(*number),
        Value::String(text) => arguments.add(text.as_deref()),
        other => return Err(DbErr::Type(format!("no statement takes {other:?}"))),
    };
    bound.map_err(|error| DbErr::Type(error.to_string()))
}

fn failed(error: sqlx::Error) -> RuntimeErr {
    RuntimeErr::SqlxError(error.into())
}
