//! The sentences that clients read.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, TestApp};

const UNKNOWN_ID: &str = "65f0a1b2c3d4e5f6a7b8c9d0";

fn message(answer: &Answer) -> (u16, &str, Option<&str>) {
    (answer.status, answer.body["error"].as_str().unwrap_or_default(), answer.body["field"].as_str())
}

#[tokio::test]
async fn a_refusal_is_a_sentence_that_names_the_field_and_what_it_must_be() {
    let app = TestApp::start(Backend::Sqlite).await;
    let activity = |kind: &str, title: &str| json!({"userId": "ada", "type": kind, "title": title});
    let types = "login, log_created, goal_completed, skill_added, portfolio_updated, email_sent";
    for (body, sentence, field) in [
        (activity("login", ""), "Title must have 1 to 200 characters.".to_owned(), "title"),
        (json!({"userId": "ada", "type": "login"}), "Title is required.".to_owned(), "title"),
        (
            json!({"userId": "", "type": "login"}),
            "userId must have 1 to 128 characters.".to_owned(),
            "userId",
        ),
        (json!({"userId": 7}), "userId must be a string.".to_owned(), "userId"),
        (
            activity("Login", "x"),
            format!("Type must be one of {types}, but is \"Login\". Did you mean login?"),
            "type",
        ),
        (
            activity("logn", "x"),
            format!("Type must be one of {types}, but is \"logn\". Did you mean login?"),
            "type",
        ),
        (activity("danced", "x"), format!("Type must be one of {types}, but is \"danced\"."), "type"),
    ] {
        let answer = app.post("/api/activities", &body).await;
        assert_eq!(message(&answer), (400, &*sentence, Some(field)));
    }
    let stat = app.patch("/api/analytics/ada/increment", &json!({"statName": "LOGS_CREATED"})).await;
    assert!(message(&stat).1.ends_with("Did you mean logsCreated?"), "{}", stat.text);
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let app = TestApp::start(Backend::Sqlite).await;
    let none = json!({});
    for (method, path, sentence) in [
        (
            Method::PATCH,
            format!("/api/activities/{UNKNOWN_ID}/read"),
            format!("Activity {UNKNOWN_ID} was not found."),
        ),
        (
            Method::DELETE,
            format!("/api/activities/{UNKNOWN_ID}"),
            format!("Activity {UNKNOWN_ID} was not found."),
        ),
        (
            Method::DELETE,
            format!("/api/notifications/{UNKNOWN_ID}"),
            format!("Notification {UNKNOWN_ID} was not found."),
        ),
        (Method::GET, "/api/analytics/ada".to_owned(), "User ada has no analytics yet.".to_owned()),
        (Method::GET, "/api/nothing".to_owned(), "This path does not exist.".to_owned()),
        (Method::GET, "/nothing".to_owned(), "This path does not exist.".to_owned()),
    ] {
        let answer = app.send(app.request(method, &path).json(&none)).await;
        assert_eq!(message(&answer), (404, &*sentence, None), "{path}");
    }
    let query = "mutation($id: ID!) { markNotificationRead(id: $id) { id } }";
    let answer = app.graphql(query, json!({"id": UNKNOWN_ID})).await;
    let said = &answer.body["errors"][0]["message"];
    assert_eq!(*said, Value::from(format!("Notification {UNKNOWN_ID} was not found.")));
}

#[tokio::test]
async fn a_method_that_is_not_allowed_is_answered_with_those_that_are() {
    let app = TestApp::start(Backend::Sqlite).await;
    for (path, allowed) in [
        ("/api/activities", &["POST"][..]),
        ("/api/activities/ada", &["GET", "DELETE"]),
        ("/api/analytics/ada/streak", &["PATCH"]),
        ("/dev/token", &["POST"]),
        ("/dev/users", &["GET"]),
        ("/metrics", &["GET"]),
        ("/api/openapi.json", &["GET"]),
        ("/graphiql", &["GET"]),
        ("/graphql", &["GET", "POST"]),
    ] {
        let answer = app.send(app.request(Method::PUT, path)).await;
        assert_eq!(answer.status, 405, "{path}");
        let said = answer.body["error"].as_str().or(answer.body["errors"][0]["message"].as_str()).unwrap();
        let named =
            said.strip_prefix("Method not allowed. Allowed: ").and_then(|rest| rest.strip_suffix('.'));
        let named = named.unwrap_or_else(|| panic!("{path}: {said}")).split(", ").collect::<BTreeSet<_>>();
        let header = answer.headers["allow"].to_str().unwrap();
        assert_eq!(named, header.split(',').map(str::trim).collect(), "{path}");
        assert!(allowed.iter().all(|method| named.contains(method)), "{path}: {said}");
        if path != "/graphql" {
            assert_eq!(answer.body["code"], "METHOD_NOT_ALLOWED");
        }
    }
}

#[tokio::test]
async fn query_parameters_that_a_route_does_not_have_are_refused() {
    let app = TestApp::start(Backend::Sqlite).await;
    for (path, field, sentence) in [
        (
            "/api/activities/ada?limt=5",
            "limt",
            "Query parameter \"limt\" is unknown. Parameters of this route: limit, skip. Did you mean limit?",
        ),
        (
            "/api/notifications/ada?limit=5&offset=1",
            "offset",
            "Query parameter \"offset\" is unknown. Parameters of this route: limit, skip.",
        ),
        (
            "/api/analytics/leaderboard/all?Skip=1",
            "Skip",
            "Query parameter \"Skip\" is unknown. Parameters of this route: limit, skip. Did you mean skip?",
        ),
        (
            "/api/activities/ada/unread/count?limit=1",
            "limit",
            "Query parameter \"limit\" is unknown. Parameters of this route: none.",
        ),
        ("/api/activities/ada?limit=1&limit=2", "limit", "Limit must be given only once."),
        ("/api/activities/ada?limit=x", "limit", "Limit must be a whole number, but is \"x\"."),
        ("/api/activities/ada?limit=0", "limit", "Limit must be from 1 to 200, but is 0."),
    ] {
        let answer = app.get(path).await;
        assert_eq!(message(&answer), (400, sentence, Some(field)), "{path}");
        assert_eq!(answer.body["code"], "BAD_USER_INPUT");
    }
    let write = app.post("/api/analytics/ada/init?userId=bob", &json!({})).await;
    assert_eq!((write.status, write.body["field"].as_str()), (400, Some("userId")));
    // Balancers and browsers may add what they like to these.
    for path in
        ["/api/health?x=1", "/api/ready?x=1", "/api/activities/ada?limit=1&skip=0&", "/api/activities/ada?"]
    {
        app.get(path).await.expect(200);
    }
    // Who may not ask at all is not told what to ask.
    let production = TestApp::production(Backend::Sqlite).await;
    production.get("/api/activities/ada?limt=5").await.expect(401);
}
