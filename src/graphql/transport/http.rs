//! GraphQL over HTTP, to the letter of its specification.

use std::sync::Arc;

use async_graphql::{Variables, parser::types::OperationType};
use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Map, Value};

use crate::{
    domain::{Error, Result, Viewer},
    graphql::{
        engine::{Api, Execution, refused},
        request::{Operation, Params},
        schema::LastEventId,
    },
    http::{Caller, Note, authorization, read_json},
};

use super::{
    response::{Accepted, Media, Streaming, encode, refuse},
    streaming, websocket,
};

/// The routes: `/graphql` for queries, mutations and sockets, `/graphql/ws` for sockets alone. `page` is what a
/// browser is shown, as the answer to a request with the headers that it is given.
pub fn router(api: Api, page: impl Fn(&HeaderMap) -> Response + Send + Sync + 'static) -> Router {
    let page = Arc::new(page);
    let door = Door { api, page };
    Router::new().route("/graphql", any(serve)).route("/graphql/ws", any(serve_socket)).with_state(door)
}

#[derive(Clone)]
struct Door {
    api: Api,
    page: Arc<dyn Fn(&HeaderMap) -> Response + Send + Sync>,
}

async fn serve(State(door): State<Door>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if asks_for_websocket(&parts.headers) {
        return open_socket(&door, &mut parts).await;
    }
    let accepted = Accepted::of(&parts.headers);
    // A refusal that has to be said somehow is said in JSON.
    let media = accepted.single.unwrap_or(Media::Json);
    if accepted == Accepted::default() {
        let message = "None of the media types in Accept is served. Served: application/graphql-response+json, \
                       application/json, text/event-stream, multipart/mixed;subscriptionSpec=1.0, text/html.";
        return (StatusCode::NOT_ACCEPTABLE, refuse(Error::bad_input(message), media)).into_response();
    }
    match (&parts.method, media) {
        (&Method::GET | &Method::HEAD, Media::Html) => vary_by_accept((door.page)(&parts.headers)),
        (&Method::GET | &Method::HEAD | &Method::POST, _) => {
            let answer = answer(&door.api, parts, body, accepted).await;
            vary_by_accept(answer.unwrap_or_else(|error| refuse(error, media)))
        }
        _ => not_allowed("GET, POST", media),
    }
}

fn vary_by_accept(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

async fn answer(api: &Api, parts: Parts, body: Body, accepted: Accepted) -> Result<Response> {
    let note = parts.extensions.get::<Note>();
    let viewer = Caller::of(api.auth(), &parts.headers, note)?;
    let get = parts.method != Method::POST;
    let params = if get {
        from_query(parts.uri.query().unwrap_or_default())?
    } else {
        from_body(read_json(&parts.headers, body, api.transport().body_bytes).await?)?
    };
    let prepared = api.prepare(params);
    if let (Some(note), Ok(operation)) = (note, &prepared)
        && let Some(name) = &operation.plan.name
    {
        note.operation(name.clone());
    }
    let media = accepted.single.unwrap_or(Media::Json);
    match (prepared, accepted.single, accepted.streaming) {
        (Ok(operation), ..) if get && operation.kind() == OperationType::Mutation => {
            Ok(not_allowed("POST", media))
        }
        (Ok(operation), _, Some(format)) if operation.kind() == OperationType::Subscription => {
            Ok(open_stream(api, operation, format, viewer, &parts.headers))
        }
        (Ok(operation), None, Some(format)) => {
            Ok(open_stream(api, operation, format, viewer, &parts.headers))
        }
        (Ok(operation), ..) if operation.kind() == OperationType::Subscription => Err(Error::bad_input(
            "A subscription needs a connection that stays open: WebSocket with graphql-transport-ws, or Accept: \
             text/event-stream or multipart/mixed;subscriptionSpec=1.0.",
        )),
        (Ok(operation), ..) => Ok(encode(api.run(operation, viewer).await, media)),
        (Err(errors), None, Some(format)) => Ok(streaming::respond(refused(errors), format, &viewer, api)),
        (Err(errors), ..) => Ok(encode(Execution::Rejected(errors), media)),
    }
}

/// Answers with results as they come, after the event that the client saw last where it says so.
fn open_stream(
    api: &Api,
    operation: Operation,
    format: Streaming,
    viewer: Viewer,
    headers: &HeaderMap,
) -> Response {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let last = last.filter(|text| !text.is_empty()).map(|text| LastEventId(text.to_owned()));
    let outcomes = api.outcomes(operation, viewer.clone(), last);
    streaming::respond(outcomes, format, &viewer, api)
}

fn not_allowed(allow: &'static str, media: Media) -> Response {
    let message = format!("Method not allowed. Allowed: {allow}.");
    ([(header::ALLOW, allow)], refuse(Error::MethodNotAllowed(message.into()), media)).into_response()
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
    from_body(Some(Value::Object(fields)))
}

/// Parameters of a POST.
fn from_body(body: Option<Value>) -> Result<Params> {
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

async fn serve_socket(State(door): State<Door>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if asks_for_websocket(&parts.headers) {
        return open_socket(&door, &mut parts).await;
    }
    let message = "This path is for WebSocket with the subprotocol graphql-transport-ws.";
    let refusal = refuse(Error::bad_input(message), Media::Json);
    (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "websocket")], refusal).into_response()
}

/// Whether an upgrade to WebSocket is asked for. Other upgrades may be ignored (RFC 9110, section 7.8): Java's HttpClient and
/// `curl --http2` offer h2c with every request.
fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let offered = headers.get_all(header::UPGRADE).iter().filter_map(|value| value.to_str().ok());
    offered.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("websocket"))
}

/// Makes one line of a list that comes in several (RFC 9110, section 5.3): the extractor reads the first one only.
fn join_lines(headers: &mut HeaderMap, name: HeaderName) {
    let lines: Vec<_> = headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
    if lines.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&lines.join(&b", "[..]))
    {
        headers.insert(name, joined);
    }
}

async fn open_socket(door: &Door, parts: &mut Parts) -> Response {
    // Another header that has to be one, and text, is refused before the socket opens.
    if let Err(error) = authorization(&parts.headers) {
        return refuse(error, Media::Json);
    }
    let authorization = parts.headers.get(header::AUTHORIZATION).cloned();
    join_lines(&mut parts.headers, header::CONNECTION);
    join_lines(&mut parts.headers, header::SEC_WEBSOCKET_PROTOCOL);
    match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Ok(upgrade) => websocket::open(door.api.clone(), upgrade, authorization),
        Err(_) => refuse(Error::bad_input("This is not a WebSocket handshake."), Media::Json),
    }
}
