//! A client of GraphQL over server-sent events.

use futures_util::{StreamExt, stream::BoxStream};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Client, in_time};

/// The results of an operation as they come.
pub struct EventStream {
    chunks: BoxStream<'static, Vec<u8>>,
    text: String,
}

impl EventStream {
    pub async fn open(client: &Client, document: &str, variables: Value) -> Self {
        let body = json!({"query": document, "variables": variables});
        let request =
            client.request(Method::POST, "/graphql").header("accept", "text/event-stream").json(&body);
        let response = in_time("a stream", request.send()).await.unwrap();
        assert_eq!(response.status(), 200);
        let chunks = response.bytes_stream().map(|chunk| chunk.unwrap().to_vec()).boxed();
        Self { chunks, text: String::new() }
    }

    /// The next result. None at the end of the operation.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let value =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let (kind, data) = (value("event:").map(str::to_owned), value("data:").map(str::to_owned));
                self.text = rest.to_owned();
                match kind.as_deref() {
                    Some("next") => return Some(serde_json::from_str(&data.unwrap()).unwrap()),
                    Some("complete") => return None,
                    Some(other) => panic!("an event of the type {other}: {data:?}"),
                    // A comment keeps the connection open.
                    None => {}
                }
            }
            let chunk = in_time("an event", self.chunks.next()).await;
            let chunk = chunk.unwrap_or_else(|| panic!("the stream broke off: {}", self.text));
            self.text += std::str::from_utf8(&chunk).unwrap();
        }
    }
}
