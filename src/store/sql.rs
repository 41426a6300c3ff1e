//! Pieces of SQL in which the two databases differ.

use sea_orm::{DbBackend, DbErr, QueryResult, Statement, Value};

use crate::domain::{Position, UserId};

use super::unsigned;

/// The members of the JSON list that is bound at `parameter`, for `IN`. One parameter for any number of members keeps
/// the statement the same, so it stays prepared.
pub(super) fn any_of(backend: DbBackend, parameter: &str) -> String {
    match backend {
        DbBackend::Sqlite => format!("(SELECT value FROM json_each({parameter}))"),
        _ => format!("(SELECT jsonb_array_elements_text({parameter}::jsonb))"),
    }
}

/// The value to bind for [`any_of`].
pub(super) fn list(users: &[&UserId]) -> Value {
    serde_json::Value::from_iter(users.iter().map(|user| user.as_str())).to_string().into()
}

/// Asks where the histories of `users` stand; those without one have no row.
pub(super) fn positions(backend: DbBackend, users: &[&UserId]) -> Statement {
    let users_of = any_of(backend, "$1");
    let text = format!("SELECT user_id, position FROM user_position WHERE user_id IN {users_of}");
    Statement::from_sql_and_values(backend, text, [list(users)])
}

/// A row of [`positions`].
pub(super) fn position(row: &QueryResult) -> Result<(String, Position), DbErr> {
    Ok((row.try_get("", "user_id")?, unsigned(row.try_get("", "position")?)))
}
