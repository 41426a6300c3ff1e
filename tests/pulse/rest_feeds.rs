//! Feeds through REST: what its paths and bodies allow beside what the stories tell of every door.

use reqwest::Method;
use serde_json::json;

use crate::support::{FEEDS, TestApp, on_both};

on_both!(
    async fn the_commands_of_the_guide(app: TestApp) {
        let health = app.get("/api/health").await.expect(200);
        assert_eq!(health["status"], "Server is running");
        let body = json!({
            "userId": "user_id_here", "type": "login", "title": "User Login",
            "description": "User logged in", "data": {}
        });
        let activity = app.post("/api/activities", &body).await.expect(201);
        assert_eq!(activity["userId"], "user_id_here");
        assert_eq!(activity["data"], json!({}));
        let page = app.get("/api/activities/user_id_here").await.expect(200);
        let expected = json!({
            "activities": [activity], "total": 1, "unreadCount": 1, "hasMore": false, "cursor": activity["cursor"]
        });
        assert_eq!(page, expected);
    }
);

on_both!(
    async fn numbers_beyond_all_bounds_are_the_bounds(app: TestApp) {
        for feed in FEEDS {
            let path = format!("/api/{}", feed.name);
            app.post(&path, &feed.input("ada", "t")).await.expect(201);
            for (query, count) in [("limit=99999999999999999999", 1), ("skip=99999999999", 0)] {
                let page = app.get(&format!("{path}/ada?{query}")).await.expect(200);
                assert_eq!(page[feed.name].as_array().unwrap().len(), count, "{query}");
                assert_eq!((&page["hasMore"], &page["total"]), (&json!(false), &json!(1)), "{query}");
            }
        }
    }
);

on_both!(
    async fn a_patch_without_a_body_marks_read(app: TestApp) {
        for feed in FEEDS {
            let path = format!("/api/{}", feed.name);
            let item = app.post(&path, &feed.input("ada", "t")).await.expect(201);
            let path = format!("{path}/{}/read", item["_id"].as_str().unwrap());
            let answer = app.send(app.request(Method::PATCH, &path)).await.expect(200);
            assert_eq!(answer["read"], true);
        }
    }
);
