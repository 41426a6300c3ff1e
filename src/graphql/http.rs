//! GraphQL over HTTP, to the letter of its specification.

use async_graphql::{Variables, parser::types::OperationType};
use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Map, Value};

use crate::{
    domain::{Error, Result},
    http::{Caller, Note, read_json},
};

use super::{
    operation::{Api, Params},
    response::{Media, encode, refuse},
    websocket,
};

/// The routes: `/graphql` for queries, mutations and sockets, `/graphql/ws` for sockets alone. `page` is what a
/// browser is shown.
pub fn router(api: Api, page: fn() -> Response) -> Router {
    let door = Door { api, page };
    Router::new().route("/graphql", any(serve)).route("/graphql/ws", any(serve_socket)).with_state(door)
}

#[derive(Clone)]
struct Door {
    api: Api,
    page: fn() -> Response,
}

async fn serve(State(door): State<Door>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if parts.headers.contains_key(header::UPGRADE) {
        return open_socket(&door, &mut parts).await;
    }
    let Some(media) = accepted(&parts.headers) else {
        let message = "none of the media types in Accept is served: application/graphql-response+json, \
                       application/json, text/html";
        let refusal = refuse(Error::bad_input(message), Media::Json);
        return (StatusCode::NOT_ACCEPTABLE, refusal).into_response();
    };
    match (&parts.method, media) {
        (&Method::GET | &Method::HEAD, Media::Html) => (door.page)(),
        (&Method::GET | &Method::HEAD | &Method::POST, _) => {
            let mut response =
                answer(&door.api, parts, body, media).await.unwrap_or_else(|error| refuse(error, media));
            response.headers_mut().append(header::VARY, header::HeaderValue::from_static("accept"));
            response
        }
        _ => not_allowed("GET, POST", media),
    }
}

/// Accept without a header is anything.
fn accepted(headers: &HeaderMap) -> Option<Media> {
    if headers.contains_key(header::ACCEPT) { Media::wanted(headers) } else { Some(Media::Json) }
}

async fn answer(api: &Api, parts: Parts, body: Body, media: Media) -> Result<Response> {
    let note = parts.extensions.get::<Note>();
    let viewer = Caller::of(api.auth(), &parts.headers, note)?;
    let get = parts.method != Method::POST;
    let params = if get {
        from_query(parts.uri.query().unwrap_or_default())?
    } else {
        from_body(read_json(&parts.headers, body, api.transport().body_bytes).await?)?
    };
    let operation = match api.prepare(params) {
        Ok(operation) => operation,
        Err(error) => return Ok(encode(&async_graphql::Response::from_errors(vec![error]), media)),
    };
    if let (Some(note), Some(name)) = (note, &operation.name) {
        note.operation(name.clone());
    }
    match operation.kind {
        OperationType::Mutation if get => Ok(not_allowed("POST", media)),
        OperationType::Subscription => Err(Error::bad_input(
            "a subscription needs a connection that stays open: WebSocket at /graphql/ws with graphql-transport-ws",
        )),
        _ => Ok(encode(&api.run(operation, viewer).await, media)),
    }
}

fn not_allowed(allow: &'static str, media: Media) -> Response {
    let message = format!("this method is not allowed here, {allow} is");
    ([(header::ALLOW, allow)], refuse(Error::MethodNotAllowed(message.into()), media)).into_response()
}

/// Parameters of a GET: form-encoded, `variables` and `extensions` as JSON.
fn from_query(query: &str) -> Result<Params> {
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = match &*name {
            "variables" | "extensions" if value.is_empty() => Value::Null,
            "variables" | "extensions" => {
                serde_json::from_str(&value).map_err(|_| Error::bad_input(format!("{name} is not JSON")))?
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
            return Err(Error::bad_input("batches are not served, send one operation a request"));
        }
        Some(_) => return Err(Error::bad_input("the body takes a JSON object")),
        None => return Err(Error::bad_input("the body is empty, it takes a JSON object")),
    };
    let query = match fields.remove("query") {
        Some(Value::String(query)) => query,
        Some(_) => return Err(Error::field("query", "query takes a string")),
        None => return Err(Error::required("query")),
    };
    let operation_name = match fields.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
        Some(_) => return Err(Error::field("operationName", "operationName takes a string")),
    };
    let variables = match fields.remove("variables") {
        None | Some(Value::Null) => Variables::default(),
        Some(variables @ Value::Object(_)) => Variables::from_json(variables),
        Some(_) => return Err(Error::field("variables", "variables takes an object")),
    };
    match fields.remove("extensions") {
        None | Some(Value::Null | Value::Object(_)) => Ok(Params { query, operation_name, variables }),
        Some(_) => Err(Error::field("extensions", "extensions takes an object")),
    }
}

async fn serve_socket(State(door): State<Door>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if parts.headers.contains_key(header::UPGRADE) {
        return open_socket(&door, &mut parts).await;
    }
    let message = "this path is for WebSocket, with the subprotocol graphql-transport-ws";
    let refusal = refuse(Error::bad_input(message), Media::Json);
    (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "websocket")], refusal).into_response()
}

async fn open_socket(door: &Door, parts: &mut Parts) -> Response {
    let authorization = parts.headers.get(header::AUTHORIZATION).cloned();
    match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Ok(upgrade) => websocket::open(door.api.clone(), upgrade, authorization),
        Err(_) => refuse(Error::bad_input("this is not a WebSocket handshake"), Media::Json),
    }
}
