//! Responses as JSON.

use async_graphql::{Response, ServerError};

use crate::graphql::json::Json;

/// The response of an operation that was executed, as JSON.
pub(in crate::graphql) fn executed_json(response: &Response) -> String {
    let mut json = Json::default();
    json.open('{');
    if !response.errors.is_empty() {
        json.key("errors");
        json.raw(&errors_json(&response.errors));
    }
    json.key("data");
    json.value(&response.data);
    json.close('}');
    json.into_text()
}

/// The response of a request that was rejected, as JSON: without `data`.
pub(in crate::graphql) fn rejected_json(errors: &[ServerError]) -> String {
    let mut json = Json::default();
    json.open('{');
    json.key("errors");
    json.raw(&errors_json(errors));
    json.close('}');
    json.into_text()
}

fn errors_json(errors: &[ServerError]) -> String {
    // Maps with keys that are no strings would fail; there are none.
    serde_json::to_string(errors).unwrap_or_default()
}
