//! The routes that tell about the server itself.

use insta::assert_json_snapshot;
use serde_json::json;

use crate::support::{TestApp, on_both};

on_both!(
    async fn health_says_that_the_server_runs(app: TestApp) {
        let health = app.get("/api/health").await.expect(200);
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
        assert!(health["uptimeSeconds"].as_f64().is_some_and(|seconds| seconds >= 0.0), "{health}");
        assert_json_snapshot!(health, {".version" => "[version]", ".uptimeSeconds" => "[seconds]"}, @r#"
        {
          "status": "Server is running",
          "activeUsers": 0,
          "version": "[version]",
          "uptimeSeconds": "[seconds]"
        }
        "#);
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
        assert_json_snapshot!(ready, {".backend" => "[backend]"}, @r#"
        {
          "status": "ready",
          "database": "ok",
          "backend": "[backend]"
        }
        "#);
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
