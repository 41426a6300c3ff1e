//! Pieces of SQL in which the two databases differ.

use sea_orm::{DbBackend, Value};

use crate::domain::UserId;

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
