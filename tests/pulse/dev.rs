//! Development: tokens for whoever asks on this machine, and users to pick from. None of it in production.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Client, Server, TestApp, fresh_database, keys, millis, on_both};

async fn token_of(client: &Client, body: Value) -> String {
    let answer = client.post("/dev/token", &body).await.expect(200);
    answer["token"].as_str().unwrap().to_owned()
}

fn now() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

#[tokio::test]
async fn a_token_makes_its_user_of_whoever_asks() {
    let app = TestApp::start(Backend::Sqlite).await;
    let before = now();
    let answer = app.post("/dev/token", &json!({"user": "ada"})).await.expect(200);
    assert_eq!(keys(&answer), ["expiresAt", "token", "user"]);
    assert_eq!(answer["user"], "ada");
    let lifetime = millis(&answer["expiresAt"]) - before;
    assert!((3_599_000..3_660_000).contains(&lifetime), "an hour, and not {lifetime} ms");

    let ada = app.with_token(answer["token"].as_str().unwrap());
    app.create_activity("ada", "hers").await;
    let own = ada.graphql("{ activities { activities { userId } } }", json!({})).await.data();
    assert_eq!(own["activities"]["activities"][0]["userId"], "ada");
    assert_eq!(ada.get("/api/activities/bob").await.rest_error().0, "FORBIDDEN");
    let mut socket = ada.socket().await;
    let counts = socket.subscribe("subscription { unreadCounts { activities } }", json!({})).await;
    assert_eq!(socket.next(&counts).await["unreadCounts"]["activities"], 1);
}

#[tokio::test]
async fn role_and_lifetime_are_those_that_were_asked_for() {
    let app = TestApp::start(Backend::Sqlite).await;
    for (role, status) in [("user", 403), ("service", 200), ("admin", 200)] {
        let client = app.with_token(token_of(&app, json!({"user": "ops", "role": role})).await);
        assert_eq!(client.get("/api/activities/ada").await.status, status, "{role}");
    }
    let before = now();
    let answer = app.post("/dev/token", &json!({"user": "ada", "expires": "2s"})).await.expect(200);
    let end = millis(&answer["expiresAt"]);
    assert!((1_000..60_000).contains(&(end - before)), "{answer}");
    // The socket is closed when the token ends, and `expiresAt` says when that is.
    let mut socket = app.with_token(answer["token"].as_str().unwrap()).socket().await;
    let closed = socket.receive().await;
    assert_eq!((&closed["code"], &closed["reason"]), (&json!(4403), &json!("token expired")), "{closed}");
    assert!(now() >= end, "the token ended {} ms before it said", end - now());
}

#[tokio::test]
async fn what_cannot_be_a_token_is_refused_by_its_field() {
    let app = TestApp::start(Backend::Sqlite).await;
    for (body, field) in [
        (json!({}), Some("user")),
        (json!({"user": null}), Some("user")),
        (json!({"user": 7}), Some("user")),
        (json!({"user": ""}), Some("user")),
        (json!({"user": "a\u{0}b"}), Some("user")),
        (json!({"user": "a".repeat(129)}), Some("user")),
        (json!({"user": "ada", "role": "root"}), Some("role")),
        (json!({"user": "ada", "role": ["admin"]}), Some("role")),
        (json!({"user": "ada", "expires": "1w"}), Some("expires")),
        (json!({"user": "ada", "expires": "36501d"}), Some("expires")),
        (json!({"user": "ada", "expires": 60}), Some("expires")),
        (json!(["ada"]), None),
    ] {
        let answer = app.post("/dev/token", &body).await;
        let expected = ("BAD_USER_INPUT".to_owned(), field.map(str::to_owned));
        assert_eq!((answer.status, answer.rest_error()), (400, expected), "{body}");
    }
    let large = app.post("/dev/token", &json!({"user": "ada", "more": "x".repeat(70_000)})).await;
    assert_eq!((large.status, large.rest_error().0.as_str()), (413, "PAYLOAD_TOO_LARGE"));
    let form = app.request(Method::POST, "/dev/token").header(header::CONTENT_TYPE, "text/plain");
    assert_eq!(app.send(form.body("{\"user\": \"ada\"}")).await.status, 415);
    let get = app.get("/dev/token").await;
    assert_eq!((get.status, get.rest_error().0.as_str()), (405, "METHOD_NOT_ALLOWED"));
}

/// A request for a token, as a page of `origin` at `host` sends it.
async fn asked_by_page(app: &Client, origin: &str, host: Option<&str>) -> Answer {
    let mut request = app.request(Method::POST, "/dev/token").header(header::ORIGIN, origin);
    if let Some(host) = host {
        request = request.header(header::HOST, host);
    }
    app.send(request.json(&json!({"user": "ada", "role": "admin"}))).await
}

#[tokio::test]
async fn a_foreign_page_gets_no_token_and_reads_no_users() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.create_activity("ada", "hers").await;
    let own = format!("http://{}", app.address);
    // The frontend of CLIENT_URL is the developer's own, and so is what this machine serves.
    for origin in [own.as_str(), "http://localhost:3000", "http://localhost:5173"] {
        asked_by_page(&app, origin, None).await.expect(200);
    }
    for origin in
        ["https://evil.example", "null", "http://localhost.evil.example", "http://192.168.1.10:3000"]
    {
        let answer = asked_by_page(&app, origin, None).await;
        assert_eq!(
            (answer.status, answer.rest_error().0.as_str()),
            (403, "FORBIDDEN"),
            "{origin}: {}",
            answer.text
        );
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}");
        let users = app.send(app.request(Method::GET, "/dev/users").header(header::ORIGIN, origin)).await;
        assert!(!users.headers.contains_key("access-control-allow-origin"), "{origin} may read the users");
    }
    // A name that its owner points at this machine.
    let rebound = asked_by_page(&app, "http://evil.example:5000", Some("evil.example:5000")).await;
    assert_eq!((rebound.status, rebound.rest_error().0.as_str()), (403, "FORBIDDEN"));
    let users =
        app.send(app.request(Method::GET, "/dev/users").header(header::HOST, "evil.example:5000")).await;
    assert_eq!(users.status, 403, "{}", users.text);
}

#[tokio::test]
async fn a_user_makes_no_other_of_themselves() {
    let app = TestApp::start(Backend::Sqlite).await;
    let answer = app.user("bob").post("/dev/token", &json!({"user": "bob", "role": "admin"})).await;
    assert_eq!((answer.status, answer.rest_error().0.as_str()), (403, "FORBIDDEN"));
}

#[tokio::test]
async fn production_knows_no_such_paths() {
    let app = TestApp::production(Backend::Sqlite).await;
    let admin = app.with_token(crate::support::token("root", pulse::domain::Role::Admin));
    for client in [&*app, &admin] {
        for answer in
            [client.post("/dev/token", &json!({"user": "ada"})).await, client.get("/dev/users").await]
        {
            assert_eq!(
                (answer.status, answer.rest_error().0.as_str()),
                (404, "NOT_FOUND"),
                "{}",
                answer.text
            );
        }
    }
}

#[tokio::test]
async fn without_a_jwt_secret_tokens_work_and_end_with_the_process() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    // An empty value counts as unset.
    let unset = [("JWT_SECRET", "")];
    let server = Server::start(&url, &unset);
    server
        .log_line(|line| line.contains("JWT_SECRET is not set") && line.contains("invalid after a restart"));
    let token = token_of(&server, json!({"user": "ada"})).await;
    let ada = server.with_token(&token);
    assert_eq!(ada.get("/api/activities/ada").await.expect(200)["total"], 0);
    assert_eq!(ada.get("/api/activities/bob").await.status, 403);
    let bad = server.with_token("nonsense").get("/api/activities/ada").await;
    assert_eq!((bad.status, bad.rest_error().0.as_str()), (401, "UNAUTHENTICATED"));
    server.kill();
    let next = Server::start(&url, &unset);
    let stale = next.with_token(&token).get("/api/activities/ada").await;
    assert_eq!((stale.status, stale.rest_error().0.as_str()), (401, "UNAUTHENTICATED"));
}

on_both!(
    async fn users_are_those_of_the_leaderboard_and_then_others(app: TestApp) {
        let users = async || app.get("/dev/users").await.expect(200);
        assert_eq!(users().await, json!({"users": []}));
        for user in ["zoe", "ada"] {
            app.create_activity(user, "something").await;
        }
        assert_eq!(users().await, json!({"users": ["ada", "zoe"]}));
        for (user, hours) in [("bob", 1), ("eve", 5), ("zoe", 3)] {
            let body = json!({"hours": hours});
            app.patch(&format!("/api/analytics/{user}/learning-hours"), &body).await.expect(200);
        }
        assert_eq!(users().await, json!({"users": ["eve", "zoe", "bob", "ada"]}));
        for n in 0..25 {
            app.create_activity(&format!("more{n:02}"), "something").await;
        }
        let many = users().await;
        let many = many["users"].as_array().unwrap();
        assert_eq!((many.len(), &many[3], &many[4]), (20, &json!("ada"), &json!("more00")));
        assert_eq!(app.user("ada").get("/dev/users").await.status, 403);
    }
);
