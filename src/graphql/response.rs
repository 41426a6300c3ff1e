//! GraphQL over HTTP: which media type a client wants, and a response in it.
//!
//! Specification: <https://graphql.github.io/graphql-over-http/draft/>

use async_graphql::{Response, ServerError, Value};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use serde::Serialize;

use crate::{domain::Error, http};

/// What a client wants to be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status says how it went.
    GraphqlResponse,
    /// `application/json`: a well-formed request is 200 whatever became of it.
    Json,
    /// A page for people.
    Html,
}

impl Media {
    fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json | Self::Html => "application/json; charset=utf-8",
        }
    }

    /// The media type that `Accept` prefers; the first named among equals, JSON where it does not say.
    /// `None` where none of ours is wanted.
    pub(super) fn wanted(headers: &HeaderMap) -> Option<Self> {
        let mut accepts = headers.get_all(header::ACCEPT).iter().peekable();
        accepts.peek()?;
        let ranges = accepts.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let mut best: Option<(f32, Self)> = None;
        let mut named_any = false;
        for range in ranges {
            named_any |= !range.trim().is_empty();
            let mut parts = range.split(';').map(str::trim);
            let media = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "application/graphql-response+json" => Self::GraphqlResponse,
                "application/json" | "application/*" | "*/*" => Self::Json,
                "text/html" | "application/xhtml+xml" => Self::Html,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            if quality > 0.0 && best.is_none_or(|(highest, _)| quality > highest) {
                best = Some((quality, media));
            }
        }
        if named_any { best.map(|(_, media)| media) } else { Some(Self::Json) }
    }
}

/// A response as the specification has it: no `data` where the request was not executed.
#[derive(Serialize)]
pub(super) struct Payload<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl<'a> Payload<'a> {
    pub(super) fn of(response: &'a Response) -> Self {
        let data = (!is_request_error(response)).then_some(&response.data);
        Self { errors: &response.errors, data }
    }
}

/// Whether the request failed before it was executed: what fails afterwards has a path.
pub(super) fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// Encodes the outcome of an operation.
pub(super) fn encode(response: &Response, media: Media) -> axum::response::Response {
    let status = match media {
        Media::GraphqlResponse if is_request_error(response) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    match serde_json::to_vec(&Payload::of(response)) {
        Ok(json) => {
            let content_type = HeaderValue::from_static(media.content_type());
            (status, [(header::CONTENT_TYPE, content_type)], json).into_response()
        }
        Err(error) => Error::internal(error).into_response(),
    }
}

/// Encodes a refusal that has its own status in every media type: no token, a body that cannot be read.
pub(super) fn refuse(error: Error, media: Media) -> axum::response::Response {
    let response = super::operation::refused(error.clone());
    http::respond(&error, encode(&response, media))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &[&'static str]) -> Option<Media> {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, HeaderValue::from_static(value));
        }
        if headers.is_empty() { Some(Media::Json) } else { Media::wanted(&headers) }
    }

    #[test]
    fn the_best_media_type_is_chosen() {
        use Media::{GraphqlResponse, Html, Json};
        for (accept, media) in [
            (&["*/*"][..], Some(Json)),
            (&["application/graphql-response+json, application/json;q=0.9"], Some(GraphqlResponse)),
            (&["application/json;q=0.5, application/graphql-response+json;q=0.6"], Some(GraphqlResponse)),
            (&["application/json", "application/graphql-response+json"], Some(Json)),
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], Some(Html)),
            (&["application/json;q=0"], None),
            (&["image/png"], None),
        ] {
            assert_eq!(wanted(accept), media, "{accept:?}");
        }
    }
}
