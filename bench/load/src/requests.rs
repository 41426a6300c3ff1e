//! Requests of the users of the load, the same for every server, and the connections that they go over.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::{server::SECRET, system::Door};

const FIELDS: &str = "id userId type title description data timestamp read";

/// A user and their token.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) token: String,
}

impl User {
    pub(crate) fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        // Far beyond the end of a run.
        let claims = json!({"sub": name, "exp": 4_000_000_000_u64});
        let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
        let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key)?;
        Ok(Self { name, token })
    }

    /// `count` users whose names begin with `prefix`.
    pub(crate) fn crowd(prefix: &str, count: usize) -> Result<Vec<Self>> {
        (0..count).map(|number| Self::new(format!("{prefix}-{number}"))).collect()
    }
}

/// What is asked of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Creates an activity.
    Create,
    /// Reads the 20 newest activities with the counts.
    FirstPage,
    /// Reads the 20 oldest activities; by GraphQL, and ours alone. Such a page is read anew each time.
    LastPage,
    /// Reads the 10 users with the most hours. Ours alone, by REST, as all that follow.
    Leaderboard,
    /// Reads how many users are connected; by GraphQL.
    ActiveUsers,
    /// Creates a notification.
    Notify,
    /// Marks all notifications of the user read.
    ReadNotifications,
}

impl Task {
    /// The request of `user`; `number` is in the title of what is created.
    fn request(self, door: Door, user: &User, number: u64) -> Result<Request<Full<Bytes>>> {
        let (method, path, body) = match (self, door) {
            (Self::Create, Door::Graphql) => {
                let query = format!(
                    "mutation Create($input: CreateActivityInput!) {{ createActivity(input: $input) {{ {FIELDS} }} }}"
                );
                let input = activity(user, "LOG_CREATED", number);
                (Method::POST, "/graphql".into(), json!({"query": query, "variables": {"input": input}}))
            }
            (Self::FirstPage, Door::Graphql) => {
                let query = format!(
                    "query Page($userId: ID!) {{ activities(userId: $userId, limit: 20) \
                     {{ activities {{ {FIELDS} }} total hasMore unreadCount }} }}"
                );
                (Method::POST, "/graphql".into(), json!({"query": query, "variables": {"userId": user.name}}))
            }
            (Self::LastPage, _) => {
                let query = format!(
                    "query Page($userId: ID!) {{ activityConnection(userId: $userId, last: 20) \
                     {{ nodes {{ {FIELDS} }} pageInfo {{ hasPreviousPage }} }} }}"
                );
                (Method::POST, "/graphql".into(), json!({"query": query, "variables": {"userId": user.name}}))
            }
            (Self::ActiveUsers, _) => (Method::POST, "/graphql".into(), json!({"query": "{ activeUsers }"})),
            (Self::Leaderboard, _) => {
                (Method::GET, "/api/analytics/leaderboard/all?limit=10".into(), Value::Null)
            }
            (Self::Notify, _) => (Method::POST, "/api/notifications".into(), notification(user, number)),
            (Self::ReadNotifications, _) => {
                (Method::PATCH, format!("/api/notifications/{}/read-all", user.name), Value::Null)
            }
            (Self::Create, _) => {
                (Method::POST, "/api/activities".into(), activity(user, "log_created", number))
            }
            (Self::FirstPage, _) => {
                (Method::GET, format!("/api/activities/{}?limit=20", user.name), Value::Null)
            }
        };
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let mut request = Request::builder().method(method).uri(path);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        Ok(request.header(AUTHORIZATION, format!("Bearer {}", user.token)).body(Full::new(body))?)
    }

    /// What a good answer has.
    fn status(self, door: Door) -> StatusCode {
        match (self, door) {
            (Self::Create | Self::Notify, Door::Rest) => StatusCode::CREATED,
            _ => StatusCode::OK,
        }
    }
}

/// The usual activity: all fields, half a kilobyte with its headers.
fn activity(user: &User, kind: &str, number: u64) -> Value {
    json!({
        "userId": user.name,
        "type": kind,
        "title": format!("event {number}"),
        "description": "Finished the second lesson about borrowing, and wrote down what was new",
        "data": {"lesson": "borrowing-2", "minutes": 25, "tags": ["rust", "memory"]},
    })
}

fn notification(user: &User, number: u64) -> Value {
    json!({
        "userId": user.name,
        "type": "milestone",
        "title": format!("notice {number}"),
        "message": "Ten lessons are done, and the next one is about lifetimes",
    })
}

/// An HTTP/1.1 connection that is kept alive.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: HeaderValue::from_str(&address.to_string())? })
    }

    /// Does `task`, and checks that it was done.
    pub(crate) async fn perform(
        &mut self,
        task: Task,
        door: Door,
        user: &User,
        number: u64,
    ) -> Result<Bytes> {
        let (status, body) = self.ask(task.request(door, user, number)?).await?;
        let refused = door == Door::Graphql && contains(&body, b"\"errors\"");
        ensure!(
            status == task.status(door) && !refused,
            "{task:?} by {door} was answered {status}: {}",
            String::from_utf8_lossy(&body[..body.len().min(500)])
        );
        Ok(body)
    }

    async fn ask(&mut self, mut request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)> {
        request.headers_mut().insert(HOST, self.host.clone());
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }

    /// Whether the server does what the others do: stores and answers all fields, counts exactly, keeps to the bounds.
    pub(crate) async fn check_same_work(&mut self, door: Door) -> Result<()> {
        let user = User::new(format!("check-{door}"))?;
        for number in 0..3 {
            let answer = serde_json::from_slice(&self.perform(Task::Create, door, &user, number).await?)?;
            check_activity(&answer, door, &user, "createActivity", number)?;
        }
        let answer: Value = serde_json::from_slice(&self.perform(Task::FirstPage, door, &user, 0).await?)?;
        let page = field(&answer, door, "activities");
        for (name, value) in [("total", json!(3)), ("unreadCount", json!(3)), ("hasMore", json!(false))] {
            ensure!(page[name] == value, "{name} of a page by {door} is wrong: {page}");
        }
        ensure!(page["activities"][0]["title"] == "event 2", "the newest is not first by {door}: {page}");
        ensure!(page["activities"].as_array().is_some_and(|items| items.len() == 3), "{page}");

        let mut long = activity(&user, if door == Door::Graphql { "LOGIN" } else { "login" }, 0);
        long["title"] = "x".repeat(201).into();
        let (path, body) = match door {
            Door::Graphql => {
                let query =
                    "mutation M($input: CreateActivityInput!) { createActivity(input: $input) { id } }";
                ("/graphql", json!({"query": query, "variables": {"input": long}}))
            }
            _ => ("/api/activities", long),
        };
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", user.token))
            .body(Full::new(Bytes::from(body.to_string())))?;
        let (status, body) = self.ask(request).await?;
        let refused = contains(&body, b"BAD_USER_INPUT")
            && (door == Door::Graphql || status == StatusCode::BAD_REQUEST);
        ensure!(refused, "a title of 201 characters was answered {status} by {door}: {body:?}");
        Ok(())
    }
}

fn field<'a>(answer: &'a Value, door: Door, name: &str) -> &'a Value {
    if door == Door::Graphql { &answer["data"][name] } else { answer }
}

fn check_activity(answer: &Value, door: Door, user: &User, name: &str, number: u64) -> Result<()> {
    let shown = field(answer, door, name);
    let (id, kind) = if door == Door::Graphql { ("id", "LOG_CREATED") } else { ("_id", "log_created") };
    let sent = activity(user, kind, number);
    for (name, value) in sent.as_object().context("an activity is an object")? {
        ensure!(shown[name] == *value, "{name} was not answered by {door} as it was sent: {answer}");
    }
    let complete = shown[id].as_str().is_some_and(|id| id.len() == 24)
        && shown["timestamp"].is_string()
        && shown["read"] == false;
    ensure!(complete, "a field is missing in the answer of {door}: {answer}");
    Ok(())
}

/// Whether `needle` is in `text`.
pub(crate) fn contains(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|part| part == needle)
}
