//! Requests to domain types: shapes are checked here, meanings by the domain.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::request::Parts,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    domain::{Error, ItemId, Result, UserId, Window},
    http::read_json,
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
    segment.map(|Path(text)| text).map_err(|_| Error::field(field, format!("{field} is not text in UTF-8")))
}

/// `?limit=&skip=`, with the default limit of the route.
pub(super) struct PageQuery<const LIMIT: i64>(pub(super) Window);

impl<const LIMIT: i64, S: Send + Sync> FromRequestParts<S> for PageQuery<LIMIT> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let (mut limit, mut skip) = (LIMIT, 0);
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            match &*name {
                "limit" => limit = number("limit", &value)?,
                "skip" => skip = number("skip", &value)?,
                _ => {}
            }
        }
        Window::parse(limit, skip).map(Self)
    }
}

/// A whole number; one that is too large for our type is as large as can be.
fn number(field: &'static str, text: &str) -> Result<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let shown: String = text.chars().take(20).collect();
        return Err(Error::field(field, format!("{field} is {shown:?}, it takes a whole number")));
    }
    let far = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Ok(text.parse().unwrap_or(far))
}

/// A JSON object as a body; no body at all is an empty one.
pub(super) struct Fields(Map<String, Value>);

impl FromRequest<Rest> for Fields {
    type Rejection = Error;

    async fn from_request(request: Request<Body>, rest: &Rest) -> Result<Self> {
        let (parts, body) = request.into_parts();
        match read_json(&parts.headers, body, rest.0.body_bytes).await? {
            Some(Value::Object(fields)) => Ok(Self(fields)),
            Some(_) => Err(Error::bad_input("the body takes a JSON object")),
            None => Ok(Self(Map::new())),
        }
    }
}

impl Fields {
    /// The field, where it is there and not null.
    pub(super) fn value(&mut self, field: &'static str) -> Option<Value> {
        self.0.remove(field).filter(|value| !value.is_null())
    }

    /// The field as `T`, where it is there and not null; `takes` says what it takes.
    fn optional<T: DeserializeOwned>(&mut self, field: &'static str, takes: &str) -> Result<Option<T>> {
        let Some(value) = self.value(field) else { return Ok(None) };
        serde_json::from_value(value)
            .map(Some)
            .map_err(|_| Error::field(field, format!("{field} takes {takes}")))
    }

    pub(super) fn optional_text(&mut self, field: &'static str) -> Result<Option<String>> {
        self.optional(field, "a string")
    }

    pub(super) fn text(&mut self, field: &'static str) -> Result<String> {
        self.optional_text(field)?.ok_or_else(|| Error::required(field))
    }

    pub(super) fn number(&mut self, field: &'static str) -> Result<f64> {
        self.optional(field, "a number")?.ok_or_else(|| Error::required(field))
    }

    /// A whole number; JSON has no other than floating-point ones, so `2.0` is one too.
    pub(super) fn optional_whole(&mut self, field: &'static str) -> Result<Option<i64>> {
        let Some(number) = self.optional::<f64>(field, "a whole number")? else { return Ok(None) };
        if number.fract() != 0.0 {
            return Err(Error::field(field, format!("{field} is {number}, it takes a whole number")));
        }
        // Saturates: what is out of range is refused by its meaning.
        Ok(Some(number as i64))
    }

    pub(super) fn whole(&mut self, field: &'static str) -> Result<i64> {
        self.optional_whole(field)?.ok_or_else(|| Error::required(field))
    }

    /// The `userId` of a body.
    pub(super) fn user(&mut self) -> Result<Option<UserId>> {
        let text = self.optional_text("userId")?;
        text.map(|text| UserId::parse("userId", &text)).transpose()
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
