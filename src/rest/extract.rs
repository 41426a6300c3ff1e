//! Extractors that turn requests into domain types. They check the shape of a value; the domain checks its meaning.

use std::borrow::Cow;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::request::Parts,
};
use serde_json::{Map, Value};

use crate::{
    domain::{Error, Result, UserId, Window, words::proposal},
    http::read_json,
    json::Fields,
};

use super::state::Rest;

/// The user in a path.
pub(super) struct PathUser(pub(super) UserId);

impl<S: Send + Sync> FromRequestParts<S> for PathUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        UserId::parse("userId", &segment(parts, state, "userId").await?).map(Self)
    }
}

/// The only parameter of a path, as text; `field` names it in errors.
pub(super) async fn segment<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    field: &'static str,
) -> Result<String> {
    let segment = Path::<String>::from_request_parts(parts, state).await;
    segment.map(|Path(text)| text).map_err(|_| Error::field(field, format!("{field} must be text in UTF-8.")))
}

/// `?limit=&skip=`.
pub(super) struct PageQuery {
    limit: Option<i64>,
    skip: i64,
}

impl PageQuery {
    pub(super) fn window(self, default_limit: i64) -> Result<Window> {
        Window::parse(self.limit.unwrap_or(default_limit), self.skip)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let [limit, skip] = parameters(parts, ["limit", "skip"])?;
        Ok(Self {
            limit: limit.map(|text| number("limit", &text)).transpose()?,
            skip: skip.map_or(Ok(0), |text| number("skip", &text))?,
        })
    }
}

/// Rejects every query parameter.
pub(super) struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parameters(parts, []).map(|[]| Self)
    }
}

/// The values of the query parameters that a route takes.
///
/// # Errors
/// BAD_USER_INPUT for an unknown parameter, so that `?limt=5` does not return a page of the default size, and for a parameter
/// that is given twice.
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

/// A whole number, saturated to the range of the type.
fn number(field: &'static str, text: &str) -> Result<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let shown: String = text.chars().take(20).collect();
        return Err(Error::field(field, format!("{field} must be a whole number, but is {shown:?}.")));
    }
    let bound = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Ok(text.parse().unwrap_or(bound))
}

impl FromRequest<Rest> for Fields {
    type Rejection = Error;

    /// The fields of a JSON object. A missing body is an empty object.
    async fn from_request(request: Request<Body>, rest: &Rest) -> Result<Self> {
        let (parts, body) = request.into_parts();
        match read_json(&parts.headers, body, rest.body_bytes()).await? {
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
