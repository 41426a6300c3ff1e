//! The routes that tell about the server itself.

use serde_json::{Value, json};

use crate::support::{TestApp, keys, on_both};

/// The routes of the contract, as OpenAPI writes them; a path with two meanings has a parameter of any name.
const ROUTES: [(&str, &str); 21] = [
    ("get", "/api/health"),
    ("get", "/api/ready"),
    ("get", "/api/activities/{}"),
    ("get", "/api/activities/{}/unread/count"),
    ("post", "/api/activities"),
    ("patch", "/api/activities/{}/read"),
    ("patch", "/api/activities/{}/read-all"),
    ("delete", "/api/activities/{}"),
    ("get", "/api/analytics/{}"),
    ("post", "/api/analytics/{}/init"),
    ("patch", "/api/analytics/{}/learning-hours"),
    ("patch", "/api/analytics/{}/streak"),
    ("patch", "/api/analytics/{}/increment"),
    ("post", "/api/analytics/{}/weekly"),
    ("get", "/api/analytics/leaderboard/all"),
    ("get", "/api/notifications/{}"),
    ("get", "/api/notifications/{}/unread/count"),
    ("post", "/api/notifications"),
    ("patch", "/api/notifications/{}/read"),
    ("delete", "/api/notifications/{}"),
    ("delete", "/api/notifications/{}/clear-all"),
];

on_both!(
    async fn health_says_that_the_server_runs(app: TestApp) {
        let health = app.get("/api/health").await.expect(200);
        assert_eq!(keys(&health), ["activeUsers", "status", "uptimeSeconds", "version"]);
        assert_eq!(health["status"], "Server is running");
        assert_eq!(health["activeUsers"], 0);
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
        assert!(health["uptimeSeconds"].as_f64().is_some_and(|seconds| seconds >= 0.0), "{health}");
    }
);

on_both!(
    async fn health_counts_a_user_with_two_sockets_once(app: TestApp) {
        let ada = app.user("ada");
        let (_one, _two) = (ada.socket().await, ada.socket().await);
        assert_eq!(app.get("/api/health").await.expect(200)["activeUsers"], 1);
        let _three = app.user("bob").socket().await;
        assert_eq!(app.get("/api/health").await.expect(200)["activeUsers"], 2);
    }
);

on_both!(
    async fn ready_asks_the_database(app: TestApp) {
        let ready = app.get("/api/ready").await.expect(200);
        assert!(ready.to_string().contains("database"), "{ready}");
    }
);

on_both!(
    async fn openapi_describes_every_route(app: TestApp) {
        let document = app.get("/api/openapi.json").await.expect(200);
        assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
        let described: Vec<(String, String)> = operations(&document["paths"]);
        for (method, path) in ROUTES {
            let route = (method.to_owned(), path.to_owned());
            assert!(described.contains(&route), "{route:?} is not in {described:#?}");
        }
    }
);

on_both!(
    async fn unknown_paths_are_404_in_json(app: TestApp) {
        for path in ["/api/nope", "/api/", "/api", "/api/activities/ada/nope", "/api/activities/ada/unread"] {
            let answer = app.get(path).await;
            assert_eq!((answer.status, answer.rest_error()), (404, ("NOT_FOUND".to_owned(), None)), "{path}");
            assert_eq!(answer.headers["content-type"], "application/json", "{path}");
        }
        let answer = app.post("/api/nope", &json!({})).await;
        assert_eq!((answer.status, answer.rest_error().0), (404, "NOT_FOUND".to_owned()));
    }
);

fn operations(paths: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, methods) in paths.as_object().unwrap() {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        found.extend(keys(methods).into_iter().map(|method| (method.to_owned(), path.clone())));
    }
    found
}
