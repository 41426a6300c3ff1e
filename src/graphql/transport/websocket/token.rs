//! The token in the payload of a message.

use async_graphql::Value;

/// What the token of a payload is called: with or without "Bearer ".
const TOKEN_NAMES: [&str; 3] = ["authorization", "Authorization", "token"];

/// The token of a payload.
pub(super) fn token(payload: &Value) -> Option<&str> {
    let Value::Object(fields) = payload else { return None };
    TOKEN_NAMES.iter().find_map(|name| match fields.get(*name) {
        Some(Value::String(text)) => Some(text.as_str()),
        _ => None,
    })
}

/// Whether a payload has a token that is no text: who sends it means to be somebody, and must not be taken for nobody.
pub(super) fn has_odd_token(payload: &Value) -> bool {
    let Value::Object(fields) = payload else { return false };
    TOKEN_NAMES
        .iter()
        .filter_map(|name| fields.get(*name))
        .any(|value| !matches!(value, Value::String(_) | Value::Null))
}
