//! Feeds through REST: what its paths and bodies allow beside what the stories tell of every door.

use insta::assert_json_snapshot;
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
        let page = app.get("/api/activities/user_id_here").await.expect(200);
        assert_eq!(page["activities"], json!([activity]));
        assert_eq!(page["cursor"], activity["cursor"]);
        assert_json_snapshot!(page, {
            ".**._id" => "[id]", ".**.timestamp" => "[time]", ".**.cursor" => "[cursor]"
        }, @r#"
        {
          "activities": [
            {
              "_id": "[id]",
              "userId": "user_id_here",
              "type": "login",
              "title": "User Login",
              "description": "User logged in",
              "data": {},
              "timestamp": "[time]",
              "read": false,
              "cursor": "[cursor]"
            }
          ],
          "total": 1,
          "hasMore": false,
          "unreadCount": 1,
          "cursor": "[cursor]"
        }
        "#);
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
