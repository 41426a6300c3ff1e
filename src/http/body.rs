//! JSON bodies, bounded.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

use crate::domain::{Error, Result};

/// Reads a body of `application/json` in UTF-8, up to `limit` bytes. No body at all is `None`.
///
/// # Errors
/// UNSUPPORTED_MEDIA_TYPE for another type, PAYLOAD_TOO_LARGE past the limit, BAD_USER_INPUT for what is not JSON.
pub async fn read_json(headers: &HeaderMap, body: Body, limit: usize) -> Result<Option<Value>> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Error::PayloadTooLarge { limit });
    }
    let bytes = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Error::PayloadTooLarge { limit }),
        Err(_) => return Err(Error::bad_input("The request body ended before it was complete.")),
    };
    // A request without a body has nothing to be of a type.
    if !bytes.is_empty() || headers.contains_key(header::CONTENT_TYPE) {
        check_type(headers)?;
    }
    parse(&bytes)
}

fn check_type(headers: &HeaderMap) -> Result<()> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset") || {
            let charset = value.trim().trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        }
    });
    if json && utf8 {
        return Ok(());
    }
    let message = match given {
        "" => "The request body must have the content type application/json.".to_owned(),
        _ => format!("The request body must be application/json in UTF-8, but is {given:?}."),
    };
    Err(Error::UnsupportedMediaType(message.into()))
}

fn parse(bytes: &Bytes) -> Result<Option<Value>> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    serde_json::from_slice(bytes)
        .map(Some)
        .map_err(|error| Error::bad_input(format!("The request body is not JSON: {error}.")))
}
