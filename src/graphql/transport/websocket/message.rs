//! The messages of both protocols.

use async_graphql::Value;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The operation that a client starts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartPayload {
    #[serde(default)]
    pub(super) query: Option<String>,
    #[serde(default)]
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

impl StartPayload {
    /// Whether a hash of the text came, instead of it or with it.
    pub(super) fn is_persisted(&self) -> bool {
        self.extensions.as_ref().is_some_and(|extensions| extensions.contains_key("persistedQuery"))
    }
}

/// A message of a client.
#[derive(Deserialize)]
pub(super) struct Incoming<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: std::borrow::Cow<'a, str>,
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
    #[serde(default, borrow)]
    pub(super) payload: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Outgoing<'a, T: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<T>,
}

/// Writes a message of the server.
pub(super) fn message(kind: &'static str, id: Option<&str>, payload: Option<impl Serialize>) -> String {
    // Maps with keys that are no strings would fail; there are none.
    serde_json::to_string(&Outgoing { id, kind, payload }).unwrap_or_default()
}

pub(super) fn bare(kind: &'static str, id: Option<&str>) -> String {
    message(kind, id, None::<()>)
}

impl Incoming<'_> {
    /// The id of an operation.
    pub(super) fn id(&self) -> Option<String> {
        let id: String = serde_json::from_str(self.id?.get()).ok()?;
        Some(id).filter(|id| !id.is_empty())
    }
}

/// A payload that is an object, null or absent; `None` for anything else.
pub(super) fn object(payload: Option<&RawValue>) -> Option<Value> {
    let Some(payload) = payload else { return Some(Value::Null) };
    match serde_json::from_str(payload.get()) {
        Ok(payload @ (Value::Object(_) | Value::Null)) => Some(payload),
        _ => None,
    }
}

/// The keys of a token in a payload. Its value may begin with "Bearer ".
const TOKEN_KEYS: [&str; 3] = ["authorization", "Authorization", "token"];

/// The token of a payload.
pub(super) fn token(payload: &Value) -> Option<&str> {
    let Value::Object(fields) = payload else { return None };
    TOKEN_KEYS.iter().find_map(|name| match fields.get(*name) {
        Some(Value::String(text)) => Some(text.as_str()),
        _ => None,
    })
}

/// Whether a payload has a token that is not a string: it must not be taken for an anonymous client's.
pub(super) fn has_malformed_token(payload: &Value) -> bool {
    let Value::Object(fields) = payload else { return false };
    TOKEN_KEYS
        .iter()
        .filter_map(|name| fields.get(*name))
        .any(|value| !matches!(value, Value::String(_) | Value::Null))
}
