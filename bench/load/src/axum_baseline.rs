//! What a server on axum costs before it does anything: requests are read and answered with the same bytes every time, an
//! event is the same frame to every socket, one after the other. Nothing is parsed, checked or stored.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::{
        State,
        ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    },
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use tokio::sync::Mutex;

/// What is answered: what Pulse answered and sent.
pub(crate) struct Answers {
    pub(crate) created: Bytes,
    pub(crate) page: Bytes,
    pub(crate) graphql_created: Bytes,
    pub(crate) graphql_page: Bytes,
    /// The message of an event.
    pub(crate) event: Bytes,
}

impl Answers {
    const FILES: [&str; 5] = ["created", "page", "graphql-created", "graphql-page", "event"];

    /// Puts them where [`serve`] finds them.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let all = [&self.created, &self.page, &self.graphql_created, &self.graphql_page, &self.event];
        for (name, answer) in Self::FILES.into_iter().zip(all) {
            fs::write(folder.join(name), answer)?;
        }
        Ok(())
    }

    /// Those of the current folder.
    fn read() -> Result<Self> {
        let read = |name| fs::read(name).map(Bytes::from).with_context(|| format!("the answer {name}"));
        let [created, page, graphql_created, graphql_page, event] = Self::FILES.map(read);
        Ok(Self {
            created: created?,
            page: page?,
            graphql_created: graphql_created?,
            graphql_page: graphql_page?,
            event: event?,
        })
    }
}

struct Baseline {
    answers: Answers,
    event: Utf8Bytes,
    /// Those who follow, whomever.
    followers: Mutex<Vec<SplitSink<WebSocket, Message>>>,
}

impl Baseline {
    async fn tell_all(&self) {
        for follower in &mut *self.followers.lock().await {
            // Who has gone needs no event.
            let _ = follower.send(Message::Text(self.event.clone())).await;
        }
    }
}

/// Serves on PORT.
pub(crate) async fn serve() -> Result<()> {
    let port: u16 = std::env::var("PORT").context("PORT")?.parse().context("PORT")?;
    let answers = Answers::read()?;
    let event = Utf8Bytes::try_from(answers.event.clone()).context("the event")?;
    let baseline = Arc::new(Baseline { answers, event, followers: Mutex::default() });
    let router = Router::new()
        .route("/api/activities", post(create))
        .route("/api/activities/{user}", get(page))
        .route("/graphql", post(graphql).get(upgrade))
        .with_state(baseline);
    let listener = tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    axum::serve(listener, router).await?;
    Ok(())
}

async fn create(State(baseline): State<Arc<Baseline>>, body: Bytes) -> Response {
    drop(body);
    baseline.tell_all().await;
    json(StatusCode::CREATED, &baseline.answers.created)
}

async fn page(State(baseline): State<Arc<Baseline>>) -> Response {
    json(StatusCode::OK, &baseline.answers.page)
}

async fn graphql(State(baseline): State<Arc<Baseline>>, body: Bytes) -> Response {
    if !body.starts_with(br#"{"query":"mutation"#) {
        return json(StatusCode::OK, &baseline.answers.graphql_page);
    }
    baseline.tell_all().await;
    json(StatusCode::OK, &baseline.answers.graphql_created)
}

fn json(status: StatusCode, body: &Bytes) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.clone()).into_response()
}

async fn upgrade(State(baseline): State<Arc<Baseline>>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.protocols(["graphql-transport-ws"]).write_buffer_size(0);
    upgrade.on_upgrade(move |socket| session(socket, baseline))
}

/// As much of the protocol as a follower needs; anything else comes back as it is.
async fn session(socket: WebSocket, baseline: Arc<Baseline>) {
    let (sender, mut receiver) = socket.split();
    let mut sender = Some(sender);
    while let Some(Ok(message)) = receiver.next().await {
        let Message::Text(text) = message else { continue };
        if text.contains(r#""type":"subscribe""#) {
            baseline.followers.lock().await.extend(sender.take());
        } else if let Some(sender) = &mut sender {
            let init = text.contains("connection_init");
            let answer = if init { Utf8Bytes::from_static(r#"{"type":"connection_ack"}"#) } else { text };
            if sender.send(Message::Text(answer)).await.is_err() {
                return;
            }
        }
    }
}
