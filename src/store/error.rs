//! What a database error means for a caller.

use rusqlite::ErrorCode;
use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::domain::{Error, UserId};

/// Whether a transaction that failed so may succeed when it is run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The database does not answer, or not now.
    Gone,
    /// PostgreSQL gave up one of several transactions that were in each other's way.
    Conflict,
    /// Anything else: a defect of ours.
    Defect,
}

/// UNAVAILABLE where the database is gone or busy, INTERNAL otherwise; the cause goes to the log only.
pub(super) fn domain_error(error: DbErr) -> Error {
    // A sentence of ours.
    if let DbErr::Conn(RuntimeErr::Internal(problem)) = error {
        return Error::unavailable(problem);
    }
    match fault(&error) {
        Fault::Gone | Fault::Conflict => Error::unavailable(error),
        Fault::Defect => Error::internal(error),
    }
}

/// As [`domain_error`], of an error of SQLite.
pub(super) fn sqlite_error(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::DiskFull,
        ) => Error::unavailable(error),
        _ => Error::internal(error),
    }
}

/// Whether another connection of SQLite is in the way: <https://www.sqlite.org/rescode.html#busy>
pub(super) fn is_sqlite_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// An import has the database to itself.
pub(super) fn locked_by_import() -> Error {
    Error::unavailable("an import has the database to itself; try again when it is done")
}

/// A connection that could not be made.
pub(super) fn unreachable(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}

/// More notifications of some users have expired than a write counts.
#[derive(Debug, thiserror::Error)]
#[error("more notifications of {} users have expired than a write counts", .0.len())]
pub(super) struct Uncounted(Vec<UserId>);

impl Uncounted {
    /// The error of a write that gives up over `users`.
    pub(super) fn error(users: Vec<UserId>) -> Error {
        Error::unavailable(Self(users))
    }

    /// The users over whom a write gave up, where that is what went wrong.
    pub(super) fn users(error: &Error) -> Option<&[UserId]> {
        let cause: &(dyn std::error::Error + 'static) = error.cause()?;
        cause.downcast_ref::<Self>().map(|uncounted| uncounted.0.as_slice())
    }
}

/// Whether the transaction lost against another one and should be tried again.
pub(super) fn is_conflict(error: &Error) -> bool {
    let cause: Option<&(dyn std::error::Error + 'static)> = match error.cause() {
        Some(cause) => Some(cause),
        None => None,
    };
    cause.and_then(|cause| cause.downcast_ref::<DbErr>()).is_some_and(|error| fault(error) == Fault::Conflict)
}

/// What a failed write says of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing: the write itself, or a lock on its rows, was in the way.
    OfTheWrite,
    /// It takes no writes now.
    Gone,
    /// It takes some at most: its disk is full or fails, or its file is malformed.
    Damage,
}

/// What `error`, by which a write failed, says of the database.
pub(super) fn failure(error: &Error) -> Failure {
    let cause: &(dyn std::error::Error + 'static) = match error.cause() {
        Some(cause) => cause,
        None => return Failure::OfTheWrite,
    };
    let unavailable = matches!(error, Error::Unavailable(_)) && Uncounted::users(error).is_none();
    let (postgres, code) = code(cause).unwrap_or_default();
    let is_damage = match postgres {
        // Disk full, I/O errors, corruption.
        true => ["53100", "58", "XX001", "XX002"].iter().any(|class| code.starts_with(class)),
        // IOERR, CORRUPT, FULL, NOTADB.
        false => code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 10 | 11 | 13 | 26)),
    };
    let is_lock_of_a_row = postgres && ["55P03", "40001", "40P01"].contains(&&*code);
    match (is_damage, unavailable && !is_lock_of_a_row) {
        (true, _) => Failure::Damage,
        (false, true) => Failure::Gone,
        (false, false) => Failure::OfTheWrite,
    }
}

/// Whether PostgreSQL gave up because a row was locked by others.
pub(super) fn is_lock_timeout(error: &Error) -> bool {
    error.cause().and_then(|cause| code(cause)).is_some_and(|code| code == (true, "55P03".to_owned()))
}

/// Whether PostgreSQL said that the session, or the server, is read-only.
pub(super) fn is_read_only(error: &Error) -> bool {
    error.cause().and_then(|cause| code(cause)).is_some_and(|code| code == (true, "25006".to_owned()))
}

/// The database's own code of an error, and whether it is PostgreSQL's.
fn code(cause: &(dyn std::error::Error + 'static)) -> Option<(bool, String)> {
    if let Some(error) = cause.downcast_ref::<rusqlite::Error>() {
        return Some((false, error.sqlite_error()?.extended_code.to_string()));
    }
    match cause.downcast_ref::<DbErr>()? {
        DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error)) => {
            Some((true, error.as_database_error()?.code()?.into_owned()))
        }
        _ => None,
    }
}

fn fault(error: &DbErr) -> Fault {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Fault::Gone,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            sqlx_fault(error)
        }
        _ => Fault::Defect,
    }
}

fn sqlx_fault(error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Fault::Gone,
        sqlx::Error::Database(error) => postgres_fault(&error.code().unwrap_or_default()),
        _ => Fault::Defect,
    }
}

/// Classes of <https://www.postgresql.org/docs/current/errcodes-appendix.html>: 08 connection, 53 resources,
/// 57 operator intervention (shutdown, statement timeout); 55P03 a lock timeout, 25006 a read-only server, 25P03 a
/// transaction that was ended because nothing was heard of it.
fn postgres_fault(code: &str) -> Fault {
    match code {
        "40001" | "40P01" => Fault::Conflict,
        "55P03" | "25006" | "25P03" => Fault::Gone,
        _ if ["08", "53", "57"].iter().any(|class| code.starts_with(class)) => Fault::Gone,
        _ => Fault::Defect,
    }
}
