//! Pieces of SQL and values of parameters.

use sea_orm::{DbBackend, Value};

use crate::domain::{Position, UserId};

/// The members of the JSON list that is bound at `parameter`, for `IN`. One parameter for any number of members keeps
/// the statement the same, so it stays prepared.
pub(super) fn any_of(backend: DbBackend, parameter: &str) -> String {
    match backend {
        DbBackend::Sqlite => format!("(SELECT value FROM json_each({parameter}))"),
        _ => format!("(SELECT jsonb_array_elements_text({parameter}::jsonb))"),
    }
}

/// The value to bind for [`any_of`].
pub(super) fn json_list(users: &[&UserId]) -> Value {
    serde_json::Value::from_iter(users.iter().map(|user| user.as_str())).to_string().into()
}

/// The position as databases count.
pub(super) fn signed(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

/// The position that a database counted.
pub(super) fn unsigned(position: i64) -> Position {
    Position(count(position))
}

/// A count of a database; 0 where it is negative.
pub(super) fn count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
