//! Documents and variables that are made to be costly: each is answered, in little, and the server goes on.

use futures_util::{StreamExt, stream};
use reqwest::{Method, header};
use serde_json::json;

use crate::{
    hostile::{self, DOCUMENT_BYTES, around, fill_to, name},
    support::{Answer, Backend, Client, Server, Socket, fresh_database, in_time},
};

/// Bytes of the largest answer: a document that is refused is not sent back in its errors.
const ANSWER_BYTES: usize = 16 * 1024;
/// Requests at once.
const AT_ONCE: usize = 4;

/// Bodies of requests whose variables are what is costly, by name.
fn bodies() -> Vec<(&'static str, String)> {
    let body =
        |query: &str, variables: String| format!("{{\"query\":\"{query}\",\"variables\":{variables}}}");
    let stored = |ty: &str, value: String| {
        let query = format!(
            "mutation($v:{ty}){{createActivity(input:{{type:LOGIN,title:\\\"t\\\",data:{{v:$v}}}}){{id}}}}"
        );
        body(&query, format!("{{\"v\":{value}}}"))
    };
    let room = DOCUMENT_BYTES - 300;
    vec![
        ("a deep list", stored("JSON", around(room / 2, "[", "1", "]"))),
        ("a deep object", stored("JSON", around(room / 6, "{\"a\":", "1", "}"))),
        ("a deep list for a flat one", stored("[Int]", around(100, "[", "1", "]"))),
        ("a list", stored("[Int]", fill_to(room, "[1", "]", |_| ",1".into()))),
        ("a list of lists", stored("[[[[Int]]]]", fill_to(room, "[1", "]", |_| ",1".into()))),
        ("a list of nulls", stored("[Int!]", fill_to(room, "[null", "]", |_| ",null".into()))),
        ("a list of objects", stored("[CreateActivityInput]", fill_to(room, "[{}", "]", |_| ",{}".into()))),
        ("keys", stored("JSON", fill_to(room, "{\"_\":1", "}", |index| format!(",\"{}\":1", name(index))))),
        (
            "keys of an input",
            stored("CreateActivityInput", {
                fill_to(room, "{\"_\":1", "}", |index| format!(",\"{}\":1", name(index)))
            }),
        ),
        ("one key", stored("JSON", fill_to(room, "{\"a\":1", "}", |_| ",\"a\":1".into()))),
        ("a string", stored("ActivityType", format!("\"{}\"", "x".repeat(room)))),
        ("a number", stored("Int", "9".repeat(room))),
        ("a fraction", stored("Int", format!("1.{}", "0".repeat(room)))),
        ("an exponent", stored("Float", format!("1e{}", "9".repeat(room)))),
        (
            "variables that are not declared",
            body("{activeUsers}", {
                fill_to(room, "{\"_\":1", "}", |index| format!(",\"{}\":1", name(index)))
            }),
        ),
    ]
}

/// The real binary, so that what ends it does not end the tests, and with room for JSON that is all escapes.
async fn server() -> (Server, Option<tempfile::TempDir>) {
    let (url, folder) = fresh_database(Backend::Sqlite).await;
    let settings = [("MAX_BODY_BYTES", "1048576"), ("WS_MAX_MESSAGE_BYTES", "1048576")];
    (Server::start(&url, &settings), folder)
}

/// What is wrong with the answer to `body`.
async fn problem(client: &Client, name: &str, body: String) -> Result<(), String> {
    let request = client.request(Method::POST, "/graphql").header(header::CONTENT_TYPE, "application/json");
    let response = in_time(name, request.body(body).send()).await;
    let answer = Answer::of(response.map_err(|error| format!("{name}: {error:?}"))?).await;
    let start: String = answer.text.chars().take(200).collect();
    if answer.status != 200 && !(400..500).contains(&answer.status) {
        return Err(format!("{name}: {} {start}", answer.status));
    }
    if answer.text.len() > ANSWER_BYTES {
        return Err(format!("{name}: {} bytes: {start}", answer.text.len()));
    }
    if answer.body.get("data").is_none() && answer.body["errors"][0]["extensions"]["code"].is_null() {
        return Err(format!("{name}: neither data nor a code: {start}"));
    }
    Ok(())
}

async fn all_are_answered(bodies: impl Iterator<Item = (&'static str, String)>) {
    let (server, _folder) = server().await;
    let client: &Client = &server;
    let found: Vec<String> = stream::iter(bodies)
        .map(|(name, body)| async move { problem(client, name, body).await.err() })
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(found.is_empty(), "{} of them:\n{}", found.len(), found.join("\n"));
    assert_eq!(client.graphql("{ activeUsers }", json!({})).await.data(), json!({"activeUsers": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_documents_are_answered_in_little() {
    let documents = hostile::documents().into_iter();
    all_are_answered(documents.map(|(name, query)| (name, json!({"query": query}).to_string()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_variables_are_answered_in_little() {
    all_are_answered(bodies().into_iter()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_documents_end_neither_their_socket_nor_the_server() {
    let (server, _folder) = server().await;
    let mut socket = Socket::connect(&server).await;
    for (name, query) in hostile::documents() {
        let operation = socket.subscribe(&query, json!({})).await;
        let message = socket.message_of(&operation).await;
        assert!(message["type"] == "error" || message["type"] == "next", "{name}: {message}");
        assert!(message.to_string().len() <= ANSWER_BYTES, "{name}");
        if message["type"] == "next" {
            assert_eq!(socket.message_of(&operation).await["type"], "complete", "{name}");
        }
    }
    let operation = socket.subscribe("{ activeUsers }", json!({})).await;
    assert!(socket.next(&operation).await["activeUsers"].is_u64());
}
