//! GraphQL over HTTP: which media type a client wants, and a response in it.
//!
//! Specification: <https://graphql.github.io/graphql-over-http/draft/>

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::IntoResponse,
};

use crate::{
    domain::Error,
    graphql::{engine::Execution, errors::server_error, json::rejected_json, schema::HeldMemory},
    http,
};

/// The media type of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells the outcome.
    GraphqlResponse,
    /// `application/json`: a well-formed request is 200 whatever its outcome.
    Json,
    /// A page for people.
    Html,
}

/// The format of results that come one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Streaming {
    /// Server-sent events.
    Events,
    /// Apollo's multipart subscriptions.
    Multipart,
}

/// The formats that the header `Accept` allows; of equals the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Accepted {
    /// For one result.
    pub(super) single: Option<Media>,
    /// For results that come one by one.
    pub(super) streaming: Option<Streaming>,
}

impl Media {
    fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json | Self::Html => "application/json; charset=utf-8",
        }
    }
}

impl Accepted {
    /// Reads `Accept`; without one, JSON is assumed.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        if ranges.iter().all(|range| range.is_empty()) {
            return Self { single: Some(Media::Json), streaming: None };
        }
        let (mut single, mut streaming) = (Negotiated::default(), Negotiated::default());
        for range in ranges {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let (mut quality, mut subscription) = (None, false);
            for (key, value) in parts.filter_map(|part| part.split_once('=')) {
                if key.eq_ignore_ascii_case("q") {
                    quality = quality.or_else(|| value.parse().ok());
                }
                subscription |=
                    key.eq_ignore_ascii_case("subscriptionSpec") && value.trim_matches('"') == "1.0";
            }
            let quality = quality.unwrap_or(1.0);
            let is_one_of = |names: &[&str]| names.iter().any(|other| name.eq_ignore_ascii_case(other));
            if is_one_of(&["application/json", "application/*", "*/*"]) {
                single.offer(quality, Media::Json);
            } else if is_one_of(&["application/graphql-response+json"]) {
                single.offer(quality, Media::GraphqlResponse);
            } else if is_one_of(&["text/html", "application/xhtml+xml"]) {
                single.offer(quality, Media::Html);
            } else if is_one_of(&["text/event-stream"]) {
                streaming.offer(quality, Streaming::Events);
            } else if subscription && is_one_of(&["multipart/mixed"]) {
                streaming.offer(quality, Streaming::Multipart);
            }
        }
        Self { single: single.0.map(|(_, media)| media), streaming: streaming.0.map(|(_, media)| media) }
    }
}

/// The format with the highest quality; of equals the first.
struct Negotiated<T>(Option<(f32, T)>);

impl<T> Default for Negotiated<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Negotiated<T> {
    fn offer(&mut self, quality: f32, value: T) {
        if quality > 0.0 && self.0.as_ref().is_none_or(|(best, _)| quality > *best) {
            self.0 = Some((quality, value));
        }
    }
}

/// Encodes the outcome of an operation.
pub(super) fn encode(execution: Execution, media: Media) -> axum::response::Response {
    let (status, json, held) = match execution {
        Execution::Executed(json, held) => (StatusCode::OK, json, held),
        Execution::Rejected(errors) => {
            let status = match media {
                Media::GraphqlResponse => StatusCode::BAD_REQUEST,
                Media::Json | Media::Html => StatusCode::OK,
            };
            (status, rejected_json(&errors), HeldMemory::default())
        }
    };
    // Dropped when it is sent.
    let json = Bytes::from_owner(SentBytes { json, _held: held });
    let content_type = HeaderValue::from_static(media.content_type());
    (status, [(header::CONTENT_TYPE, content_type)], json).into_response()
}

/// A response body, and the memory that it holds until it is sent.
struct SentBytes {
    json: String,
    _held: HeldMemory,
}

impl AsRef<[u8]> for SentBytes {
    fn as_ref(&self) -> &[u8] {
        self.json.as_bytes()
    }
}

/// Encodes an error that has its own status in every media type: no token, a body that cannot be read.
pub(super) fn reject(error: Error, media: Media) -> axum::response::Response {
    let rejected = Execution::Rejected(vec![server_error(error.clone())]);
    http::respond(&error, encode(rejected, media))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &[&'static str]) -> (Option<Media>, Option<Streaming>) {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, HeaderValue::from_static(value));
        }
        let accepted = Accepted::of(&headers);
        (accepted.single, accepted.streaming)
    }

    #[test]
    fn the_best_media_type_is_chosen() {
        use Media::{GraphqlResponse, Html, Json};
        for (accept, media) in [
            (&[][..], Some(Json)),
            (&["*/*"], Some(Json)),
            (&["application/graphql-response+json, application/json;q=0.9"], Some(GraphqlResponse)),
            (&["application/json;q=0.5, application/graphql-response+json;q=0.6"], Some(GraphqlResponse)),
            (&["application/json", "application/graphql-response+json"], Some(Json)),
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], Some(Html)),
            (&["application/json;q=0"], None),
            (&["image/png"], None),
        ] {
            assert_eq!(accepted(accept).0, media, "{accept:?}");
        }
    }

    #[test]
    fn streams_are_chosen_apart() {
        use Streaming::{Events, Multipart};
        for (accept, streaming) in [
            (&["text/event-stream"][..], Some(Events)),
            (
                &["multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json;q=0.9"],
                Some(Multipart),
            ),
            (&["multipart/mixed;deferSpec=20220824, text/event-stream"], Some(Events)),
            (&["application/json"], None),
        ] {
            assert_eq!(accepted(accept).1, streaming, "{accept:?}");
        }
    }
}
