//! GraphQL over HTTP, to the letter of its specification.

use std::sync::Arc;

use async_graphql::{Variables, parser::types::OperationType};
use async_graphql_axum::{GraphQLRequest, rejection::GraphQLRejection};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Map, Value};

use crate::{
    domain::{Error, Result, Viewer},
    graphql::{
        engine::{Engine, Execution, rejected},
        request::{Operation, Params},
        schema::LastEventId,
    },
    http::{Authenticated, RequestLogContext, authorization, parse_json, read_body},
};

use super::{
    negotiation::{Accepted, Media, Streaming, encode, reject},
    streaming, websocket,
};

/// The routes: `/graphql` for queries, mutations and sockets, `/graphql/ws` for sockets alone. `page` responds to browsers,
/// by the headers of their request.
pub fn router(engine: Engine, page: impl Fn(&HeaderMap) -> Response + Send + Sync + 'static) -> Router {
    let page = Arc::new(page);
    let endpoint = Endpoint { engine, page };
    Router::new().route("/graphql", any(serve)).route("/graphql/ws", any(serve_socket)).with_state(endpoint)
}

#[derive(Clone)]
struct Endpoint {
    engine: Engine,
    page: Arc<dyn Fn(&HeaderMap) -> Response + Send + Sync>,
}

async fn serve(State(endpoint): State<Endpoint>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if asks_for_websocket(&parts.headers) {
        return open_socket(&endpoint, &mut parts).await;
    }
    let accepted = Accepted::of(&parts.headers);
    // Errors need a media type in any case.
    let media = accepted.single.unwrap_or(Media::Json);
    if accepted == Accepted::default() {
        let message = "None of the media types in Accept is served. Served: application/graphql-response+json, \
                       application/json, text/event-stream, multipart/mixed;subscriptionSpec=1.0, text/html.";
        return (StatusCode::NOT_ACCEPTABLE, reject(Error::bad_input(message), media)).into_response();
    }
    match (&parts.method, media) {
        (&Method::GET | &Method::HEAD, Media::Html) => vary_by_accept((endpoint.page)(&parts.headers)),
        (&Method::GET | &Method::HEAD | &Method::POST, _) => {
            let answer = answer(&endpoint.engine, parts, body, accepted).await;
            vary_by_accept(answer.unwrap_or_else(|error| reject(error, media)))
        }
        _ => not_allowed("GET, POST", media),
    }
}

fn vary_by_accept(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

async fn answer(engine: &Engine, parts: Parts, body: Body, accepted: Accepted) -> Result<Response> {
    let context = parts.extensions.get::<RequestLogContext>();
    let viewer = Authenticated::of(engine.auth(), &parts.headers, context)?;
    let get = parts.method != Method::POST;
    let params = if get {
        from_query(parts.uri.query().unwrap_or_default())?
    } else {
        let body = read_body(&parts.headers, body, engine.transport().body_bytes).await?;
        match extract(&body).await {
            Some(params) => params,
            None => decode(parse_json(&body)?)?,
        }
    };
    let prepared = engine.prepare(params);
    if let (Some(context), Ok(operation)) = (context, &prepared)
        && let Some(name) = &operation.plan.name
    {
        context.operation(name.clone());
    }
    let media = accepted.single.unwrap_or(Media::Json);
    match (prepared, accepted.single, accepted.streaming) {
        (Ok(operation), ..) if get && operation.kind() == OperationType::Mutation => {
            Ok(not_allowed("POST", media))
        }
        (Ok(operation), _, Some(format)) if operation.kind() == OperationType::Subscription => {
            Ok(open_stream(engine, operation, format, viewer, &parts.headers))
        }
        (Ok(operation), None, Some(format)) => {
            Ok(open_stream(engine, operation, format, viewer, &parts.headers))
        }
        (Ok(operation), ..) if operation.kind() == OperationType::Subscription => Err(Error::bad_input(
            "A subscription needs a connection that stays open: WebSocket with graphql-transport-ws, or Accept: \
             text/event-stream or multipart/mixed;subscriptionSpec=1.0.",
        )),
        (Ok(operation), ..) => Ok(encode(engine.run(operation, viewer).await, media)),
        (Err(errors), None, Some(format)) => {
            Ok(streaming::respond(rejected(errors), format, &viewer, engine))
        }
        (Err(errors), ..) => Ok(encode(Execution::Rejected(errors), media)),
    }
}

/// Responds with results as they come; after `Last-Event-ID`, where there is one.
fn open_stream(
    engine: &Engine,
    operation: Operation,
    format: Streaming,
    viewer: Viewer,
    headers: &HeaderMap,
) -> Response {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let last = last.filter(|text| !text.is_empty()).map(|text| LastEventId(text.to_owned()));
    let outcomes = engine.outcomes(operation, viewer.clone(), last);
    streaming::respond(outcomes, format, &viewer, engine)
}

fn not_allowed(allow: &'static str, media: Media) -> Response {
    let message = format!("Method not allowed. Allowed: {allow}.");
    ([(header::ALLOW, allow)], reject(Error::MethodNotAllowed(message.into()), media)).into_response()
}

/// Parameters of a GET: form-encoded, `variables` and `extensions` as JSON.
fn from_query(query: &str) -> Result<Params> {
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = match &*name {
            "variables" | "extensions" if value.is_empty() => Value::Null,
            "variables" | "extensions" => {
                serde_json::from_str(&value).map_err(|_| Error::bad_input(format!("{name} must be JSON.")))?
            }
            _ => Value::String(value.into_owned()),
        };
        fields.insert(name.into_owned(), value);
    }
    decode(Some(Value::Object(fields)))
}

/// Parameters of a POST, by the extractor of async-graphql-axum. `None` where it rejects the body, and where it would take
/// what [`decode`] does not: a list in place of the object, or no query.
async fn extract(body: &Bytes) -> Option<Params> {
    if body.first() != Some(&b'{') {
        return None;
    }
    let mut request = Request::new(Body::from(body.clone()));
    *request.method_mut() = Method::POST;
    let request = GraphQLRequest::<GraphQLRejection>::from_request(request, &()).await.ok()?.into_inner();
    let async_graphql::Request { query, operation_name, variables, extensions, .. } = request;
    let persisted = extensions.0.contains_key("persistedQuery");
    let operation_name = operation_name.filter(|name| !name.is_empty());
    (!query.is_empty()).then_some(Params { query, operation_name, variables, persisted })
}

/// Parameters of a GET, or of a POST that [`extract`] does not take: what is wrong with them, by field.
fn decode(body: Option<Value>) -> Result<Params> {
    let mut fields = match body {
        Some(Value::Object(fields)) => fields,
        Some(Value::Array(_)) => {
            return Err(Error::bad_input("Send one operation per request: batches are not served."));
        }
        Some(_) => return Err(Error::bad_input("The request body must be a JSON object.")),
        None => return Err(Error::bad_input("The request body must be a JSON object, but is empty.")),
    };
    let persisted = match fields.remove("extensions") {
        None | Some(Value::Null) => false,
        Some(Value::Object(extensions)) => extensions.contains_key("persistedQuery"),
        Some(_) => return Err(Error::field("extensions", "extensions must be an object.")),
    };
    let query = match fields.remove("query") {
        Some(Value::String(query)) => query,
        None | Some(Value::Null) if persisted => String::new(),
        Some(_) => return Err(Error::field("query", "query must be a string.")),
        None => return Err(Error::required("query")),
    };
    let operation_name = match fields.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
        Some(_) => return Err(Error::field("operationName", "operationName must be a string.")),
    };
    let variables = match fields.remove("variables") {
        None | Some(Value::Null) => Variables::default(),
        Some(variables @ Value::Object(_)) => Variables::from_json(variables),
        Some(_) => return Err(Error::field("variables", "variables must be an object.")),
    };
    Ok(Params { query, operation_name, variables, persisted })
}

async fn serve_socket(State(endpoint): State<Endpoint>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if asks_for_websocket(&parts.headers) {
        return open_socket(&endpoint, &mut parts).await;
    }
    let message = "This path is for WebSocket with the subprotocol graphql-transport-ws.";
    let rejection = reject(Error::bad_input(message), Media::Json);
    (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "websocket")], rejection).into_response()
}

/// Whether the client requests an upgrade to WebSocket. Other upgrades may be ignored (RFC 9110, section 7.8): Java's
/// HttpClient and `curl --http2` offer h2c with every request.
fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let offered = headers.get_all(header::UPGRADE).iter().filter_map(|value| value.to_str().ok());
    offered.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("websocket"))
}

/// Joins the lines of a list (RFC 9110, section 5.3): the extractor reads the first one only.
fn join_lines(headers: &mut HeaderMap, name: HeaderName) {
    let lines: Vec<_> = headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
    if lines.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&lines.join(&b", "[..]))
    {
        headers.insert(name, joined);
    }
}

async fn open_socket(endpoint: &Endpoint, parts: &mut Parts) -> Response {
    // An Authorization header that is not one text is rejected before the socket opens.
    if let Err(error) = authorization(&parts.headers) {
        return reject(error, Media::Json);
    }
    let authorization = parts.headers.get(header::AUTHORIZATION).cloned();
    join_lines(&mut parts.headers, header::CONNECTION);
    join_lines(&mut parts.headers, header::SEC_WEBSOCKET_PROTOCOL);
    match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Ok(upgrade) => websocket::open(endpoint.engine.clone(), upgrade, authorization),
        Err(_) => reject(Error::bad_input("This is not a WebSocket handshake."), Media::Json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `None` where the library does not take it.
    async fn extracted(body: &'static str) -> Option<Params> {
        extract(&Bytes::from_static(body.as_bytes())).await
    }

    #[tokio::test]
    async fn the_extractor_takes_what_the_strict_decoder_takes() {
        for body in [
            r#"{"query":"{a}"}"#,
            r#"{"query":"{a}","operationName":"","variables":null,"other":[1]}"#,
            r#"{"query":"{a}","operationName":"A","variables":{"x":[1,-2.5,1e300,18446744073709551615,null,{"y":"\u0001é"}]}}"#,
            r#"{"extensions":{"persistedQuery":{}},"query":"{a}","variables":{"x":1,"x":{"y":1,"y":2}}}"#,
            " {\"query\":\"{a}\"}",
        ] {
            let strict = decode(parse_json(body.as_bytes()).unwrap()).unwrap();
            if let Some(params) = extracted(body).await {
                assert_eq!(format!("{params:?}"), format!("{strict:?}"), "{body}");
            } else {
                assert!(body.starts_with(' '), "{body}");
            }
        }
    }

    #[tokio::test]
    async fn the_extractor_leaves_the_rest_to_the_strict_decoder() {
        for body in [
            "",
            "null",
            "{",
            "{}",
            r#"["{a}"]"#,
            r#"[{"query":"{a}"}]"#,
            r#"{"query":""}"#,
            r#"{"query":null,"extensions":{"persistedQuery":{}}}"#,
            r#"{"query":"{a}","query":"{b}"}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","variables":"{}"}"#,
            r#"{"query":"{a}","extensions":[]}"#,
            r#"{"query":"{a}","operationName":1}"#,
        ] {
            assert!(extracted(body).await.is_none(), "{body}");
        }
    }

    /// When this fails, the extractor agrees with the handshake, and can choose the protocol of a socket.
    #[tokio::test]
    async fn the_protocol_extractor_takes_the_first_name_of_the_client() {
        let protocol = async |offered: &'static str| {
            let mut parts = Request::new(Body::empty()).into_parts().0;
            parts.headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(offered));
            async_graphql_axum::GraphQLProtocol::from_request_parts(&mut parts, &()).await.unwrap()
        };
        assert_eq!(protocol("graphql-ws, graphql-transport-ws").await, protocol("graphql-ws").await);
    }
}
