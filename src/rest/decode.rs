//! Requests to domain types: shapes are checked here, meanings by the domain.

use std::borrow::Cow;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::request::Parts,
};
use serde_json::{Map, Value};

use crate::{
    domain::{Error, ItemId, Result, UserId, Window, words::proposal},
    http::read_json,
    json::Fields,
};

use super::Rest;

/// The `:userId` of a path.
pub(super) struct PathUser(pub(super) UserId);

impl<S: Send + Sync> FromRequestParts<S> for PathUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        UserId::parse("userId", &segment(parts, state, "userId").await?).map(Self)
    }
}

/// The `:activityId` of a path.
pub(super) struct ActivityId(pub(super) ItemId);

impl<S: Send + Sync> FromRequestParts<S> for ActivityId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        ItemId::parse("activityId", &segment(parts, state, "activityId").await?).map(Self)
    }
}

/// The `:notificationId` of a path.
pub(super) struct NotificationId(pub(super) ItemId);

impl<S: Send + Sync> FromRequestParts<S> for NotificationId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        ItemId::parse("notificationId", &segment(parts, state, "notificationId").await?).map(Self)
    }
}

async fn segment<S: Send + Sync>(parts: &mut Parts, state: &S, field: &'static str) -> Result<String> {
    let segment = Path::<String>::from_request_parts(parts, state).await;
    segment.map(|Path(text)| text).map_err(|_| Error::field(field, format!("{field} must be text in UTF-8.")))
}

/// `?limit=&skip=`, with the default limit of the route.
pub(super) struct PageQuery<const LIMIT: i64>(pub(super) Window);

impl<const LIMIT: i64, S: Send + Sync> FromRequestParts<S> for PageQuery<LIMIT> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let [limit, skip] = parameters(parts, ["limit", "skip"])?;
        let number = |field, text: Option<_>, default| {
            text.map_or(Ok(default), |text: Cow<'_, str>| number(field, &text))
        };
        Window::parse(number("limit", limit, LIMIT)?, number("skip", skip, 0)?).map(Self)
    }
}

/// A route without query parameters.
pub(super) struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parameters(parts, []).map(|[]| Self)
    }
}

/// The values of the query parameters that a route has.
///
/// # Errors
/// BAD_USER_INPUT for a parameter that it does not have, so that `?limt=5` is no page of the usual size, and for one that is
/// given twice.
fn parameters<'a, const N: usize>(
    parts: &'a Parts,
    known: [&'static str; N],
) -> Result<[Option<Cow<'a, str>>; N]> {
    let mut values = [const { None }; N];
    for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        let Some(index) = known.iter().position(|known| *known == name) else {
            return Err(unknown_parameter(&name, &known));
        };
        if values[index].replace(value).is_some() {
            return Err(Error::field(known[index], format!("{} must be given only once.", known[index])));
        }
    }
    Ok(values)
}

fn unknown_parameter(name: &str, known: &[&str]) -> Error {
    let shown: String = name.chars().take(40).collect();
    let taken = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let mut message = format!("Query parameter {shown:?} is unknown. Parameters of this route: {taken}.");
    message.extend(proposal(name, known));
    Error::field(shown, message)
}

/// A whole number; one that is too large for our type is as large as can be.
fn number(field: &'static str, text: &str) -> Result<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let shown: String = text.chars().take(20).collect();
        return Err(Error::field(field, format!("{field} must be a whole number, but is {shown:?}.")));
    }
    let far = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Ok(text.parse().unwrap_or(far))
}

impl FromRequest<Rest> for Fields {
    type Rejection = Error;

    /// A JSON object as a body; no body at all is an empty one.
    async fn from_request(request: Request<Body>, rest: &Rest) -> Result<Self> {
        let (parts, body) = request.into_parts();
        match read_json(&parts.headers, body, rest.0.body_bytes).await? {
            Some(Value::Object(fields)) => Ok(fields.into()),
            Some(_) => Err(Error::bad_input("The request body must be a JSON object.")),
            None => Ok(Map::new().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_queries_are_whole() {
        assert_eq!(number("limit", "7").unwrap(), 7);
        assert_eq!(number("limit", "99999999999999999999").unwrap(), i64::MAX);
        for text in ["", "x", "1.5", "1e3", "-", "٣"] {
            assert_eq!(number("limit", text).unwrap_err().at_field(), Some("limit"), "{text}");
        }
    }
}
