//! A restart as an EventSource sees it, which comes back after a lost connection, and never again after a refusal.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt, future::join_all};
use pulse::{config::Timing, domain::Clock};
use serde_json::Value;
use tokio::sync::watch;

use crate::support::{Backend, Client, TestApp, eventually, in_time};

const CLIENTS: usize = 30;

/// A browser's EventSource, as the standard has it.
struct EventSource {
    client: Client,
    url: String,
    /// Until the server says otherwise; shorter than any browser's, so that it comes back while the server drains.
    retry: Duration,
    last_event_id: String,
    titles: Vec<String>,
    seen: watch::Sender<BTreeSet<String>>,
}

impl EventSource {
    fn new(client: &Client, seen: watch::Sender<BTreeSet<String>>) -> Self {
        let mut url = url::Url::parse(&client.url("/graphql")).unwrap();
        let query = "subscription { activityCreated(userId: \"ada\") { title } }";
        url.query_pairs_mut().append_pair("query", query);
        Self {
            client: client.clone(),
            url: url.into(),
            retry: Duration::from_millis(5),
            last_event_id: String::new(),
            titles: Vec::new(),
            seen,
        }
    }

    /// Listens until `last` comes. Fails where a browser would give up.
    async fn run(mut self, last: &str) -> Vec<String> {
        while self.titles.last().is_none_or(|title| title != last) {
            let mut request = self.client.http.get(&self.url).header("accept", "text/event-stream");
            if !self.last_event_id.is_empty() {
                request = request.header("last-event-id", &self.last_event_id);
            }
            if let Ok(response) = request.send().await {
                assert_eq!(response.status(), 200, "an EventSource gives up");
                let media = response.headers()["content-type"].to_str().unwrap();
                assert!(media.starts_with("text/event-stream"), "an EventSource gives up: {media}");
                self.listen(response, last).await;
            }
            tokio::time::sleep(self.retry).await;
        }
        self.titles
    }

    async fn listen(&mut self, response: reqwest::Response, last: &str) {
        let mut chunks = response.bytes_stream();
        let (mut buffer, mut id) = (String::new(), String::new());
        while let Some(Ok(chunk)) = chunks.next().await {
            buffer.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some((line, rest)) = buffer.split_once('\n') {
                match line.split_once(": ").unwrap_or((line, "")) {
                    ("retry", millis) => self.retry = Duration::from_millis(millis.parse().unwrap()),
                    ("id", cursor) => cursor.clone_into(&mut id),
                    ("data", data) if !data.is_empty() => {
                        let data: Value = serde_json::from_str(data).unwrap();
                        let title = data["data"]["activityCreated"]["title"].as_str();
                        let title = title.unwrap_or_else(|| panic!("no activity: {data}")).to_owned();
                        self.titles.push(title.clone());
                        self.last_event_id.clone_from(&id);
                        self.seen.send_modify(|seen| {
                            seen.insert(title);
                        });
                    }
                    _ => {}
                }
                buffer = rest.to_owned();
            }
            if self.titles.last().is_some_and(|title| title == last) {
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_source_comes_back_after_a_restart() {
    let mut app = TestApp::tuned(|timing| timing.drain_window = Duration::from_secs(1)).await;
    let mut listening = Vec::new();
    let mut first = Vec::new();
    for _ in 0..CLIENTS {
        let (seen, sees) = watch::channel(BTreeSet::new());
        first.push(sees);
        listening.push(tokio::spawn(EventSource::new(&app, seen).run("after")));
    }
    let open = format!("pulse_open_streams {CLIENTS}");
    eventually("open streams", async || app.get("/metrics").await.text.contains(&open).then_some(())).await;
    app.create_activity("ada", "before").await;
    for sees in &mut first {
        in_time("an event", sees.wait_for(|seen| seen.contains("before"))).await.unwrap();
    }
    app.restart_in_place().await;
    app.create_activity("ada", "after").await;
    for titles in in_time("the events after the restart", join_all(listening)).await {
        assert_eq!(titles.unwrap(), ["before", "after"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_server_tells_an_event_source_to_come_back_and_refuses_the_rest() {
    let slowly = |timing: &mut Timing| timing.drain_window = Timing::default().drain_window;
    let settings = [("CLIENT_URL", "https://app.example")];
    let app = TestApp::build(Backend::Sqlite, &settings, Clock::default(), slowly).await;
    // Keeps the server draining until it is closed, within some seconds.
    let mut held = app.socket().await;
    app.begin_to_stop();
    let ready = || async { (app.get("/api/ready").await.status == 503).then_some(()) };
    eventually("draining", ready).await;
    let request = app.http.get(app.url("/graphql?query=subscription{activeUsers}"));
    let request = request.header("accept", "text/event-stream").header("origin", "https://app.example");
    let response = in_time("an answer", request.send()).await.unwrap();
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    let text = in_time("the end of the stream", response.text()).await.unwrap();
    assert!(text.starts_with("retry: "), "{text}");
    let millis: u64 = text["retry: ".len()..].lines().next().unwrap().parse().unwrap();
    assert!((1_000..=3_000).contains(&millis), "{text}");
    // Without it, a browser takes the answer for a refusal.
    assert_eq!(headers["access-control-allow-origin"], "https://app.example");
    for request in [
        app.request(reqwest::Method::GET, "/graphql?query={activeUsers}"),
        app.request(reqwest::Method::POST, "/graphql").header("accept", "text/event-stream"),
        app.request(reqwest::Method::GET, "/api/activities/ada"),
    ] {
        // Its end may have come meanwhile.
        if let Ok(response) = request.send().await {
            assert_eq!(response.status(), 503);
        }
    }
    assert_eq!(held.receive().await["code"], 1012);
}
