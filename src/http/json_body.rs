//! Bodies of JSON, bounded.

use std::{error::Error as StdError, io::Read};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, header},
};
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

use crate::domain::{Error, Result};

use super::request_body::BodyTimeout;

/// Some programs of Windows write it before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Deflate,
}

/// Reads and parses a body of JSON, by [`read_body`] and [`parse_json`].
///
/// # Errors
/// Those of both.
pub async fn read_json(headers: &HeaderMap, body: Body, limit: usize) -> Result<Option<Value>> {
    parse_json(&read_body(headers, body, limit).await?)
}

/// Reads a body of `application/json` in UTF-8, up to `limit` bytes, also when it is inflated; without a byte order mark.
///
/// Nothing is read of a body that its head rules out, so that a client that waits for "100 Continue" does not send it.
///
/// # Errors
/// UNSUPPORTED_MEDIA_TYPE for another type or encoding, PAYLOAD_TOO_LARGE past the limit, REQUEST_TIMEOUT where it does not
/// come in time.
pub async fn read_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes> {
    let announced = content_length(headers);
    if announced.is_some_and(|length| length > limit) {
        return Err(Error::PayloadTooLarge { limit });
    }
    let typed = headers.contains_key(header::CONTENT_TYPE);
    // A request without a body has nothing to be of a type; whether one in chunks has a body is not known yet.
    let sure = announced.is_some_and(|length| length > 0) || headers.contains_key(header::EXPECT);
    if typed || (sure && !body.is_end_stream()) {
        check_type(headers)?;
    }
    let encoding = encoding(headers)?;
    let bytes = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) => return Err(broken(&*error, limit)),
    };
    if bytes.is_empty() {
        return Ok(bytes);
    }
    if !typed {
        check_type(headers)?;
    }
    let bytes = inflate(bytes, encoding, limit)?;
    Ok(if bytes.starts_with(BYTE_ORDER_MARK) { bytes.slice(BYTE_ORDER_MARK.len()..) } else { bytes })
}

/// The length of the body, where its head has one.
pub fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Why a body could not be read; the libraries wrap the cause.
fn broken(error: &(dyn StdError + 'static), limit: usize) -> Error {
    if error.is::<LengthLimitError>() {
        return Error::PayloadTooLarge { limit };
    }
    if let Some(BodyTimeout(limit)) = error.downcast_ref() {
        return Error::RequestTimeout { limit: *limit };
    }
    match error.source() {
        Some(cause) => broken(cause, limit),
        None => Error::bad_input("The request body ended before it was complete."),
    }
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

fn encoding(headers: &HeaderMap) -> Result<Encoding> {
    let mut given = headers.get_all(header::CONTENT_ENCODING).iter();
    let Some(first) = given.next() else { return Ok(Encoding::Identity) };
    let name = first.to_str().unwrap_or_default().trim();
    let known = [
        ("identity", Encoding::Identity),
        ("gzip", Encoding::Gzip),
        ("x-gzip", Encoding::Gzip),
        ("deflate", Encoding::Deflate),
    ];
    let known = known.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
    match (known, given.next()) {
        (Some((_, encoding)), None) => Ok(*encoding),
        _ => {
            let message = "The Content-Encoding of the body must be gzip, deflate or identity.";
            Err(Error::UnsupportedMediaType(message.into()))
        }
    }
}

fn inflate(bytes: Bytes, encoding: Encoding, limit: usize) -> Result<Bytes> {
    let mut inflated = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = match encoding {
        Encoding::Identity => return Ok(bytes),
        Encoding::Gzip => MultiGzDecoder::new(&bytes[..]).take(most).read_to_end(&mut inflated),
        Encoding::Deflate => ZlibDecoder::new(&bytes[..]).take(most).read_to_end(&mut inflated),
    };
    if inflated.len() > limit {
        return Err(Error::PayloadTooLarge { limit });
    }
    read.map_err(|_| Error::bad_input("The request body does not match its Content-Encoding."))?;
    Ok(inflated.into())
}

/// Parses JSON; blanks alone are `None`.
///
/// # Errors
/// BAD_USER_INPUT.
pub fn parse_json(bytes: &[u8]) -> Result<Option<Value>> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    serde_json::from_slice(bytes)
        .map(Some)
        .map_err(|error| Error::bad_input(format!("The request body is not JSON: {error}.")))
}
