//! The way of a user through the product, on every database.

use serde_json::{Value, json};

use crate::support::{TestApp, on_both};

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
        assert_eq!(page["activities"], json!([activity]));
        assert_eq!(
            (&page["total"], &page["unreadCount"], &page["hasMore"]),
            (&json!(1), &json!(1), &json!(false))
        );
    }
);

on_both!(
    async fn an_activity_reaches_its_subscriber_and_nobody_else(app: TestApp) {
        const QUERY: &str = "subscription($user: ID, $after: String) {
            activityCreated(userId: $user, after: $after) { id title cursor } }";
        let cursor = app.get("/api/activities/ada").await.expect(200)["cursor"].clone();
        let first = app.create_activity("ada", "before").await;
        let mut socket = app.socket().await;
        let ada = socket.subscribe(QUERY, json!({"user": "ada", "after": cursor})).await;
        let bob = socket.subscribe(QUERY, json!({"user": "bob", "after": cursor})).await;
        assert_eq!(socket.next(&ada).await["activityCreated"]["id"], first["_id"]);
        let live = app.create_activity("ada", "live").await;
        let event = socket.next(&ada).await;
        assert_eq!(event["activityCreated"]["id"], live["_id"]);
        assert_eq!(event["activityCreated"]["cursor"], live["cursor"]);
        let other = app.create_activity("bob", "other").await;
        assert_eq!(socket.next(&bob).await["activityCreated"]["id"], other["_id"]);
    }
);

on_both!(
    async fn unread_counts_are_pushed_as_they_change(app: TestApp) {
        const QUERY: &str = "subscription { unreadCounts(userId: \"ada\") { activities notifications } }";
        let counts = |activities: u64, notifications: u64| -> Value {
            json!({"unreadCounts": {"activities": activities, "notifications": notifications}})
        };
        let mut socket = app.socket().await;
        let unread = socket.subscribe(QUERY, json!({})).await;
        assert_eq!(socket.next(&unread).await, counts(0, 0));
        let activity = app.create_activity("ada", "one").await;
        assert_eq!(socket.next(&unread).await, counts(1, 0));
        app.create_notification("ada", "two").await;
        assert_eq!(socket.next(&unread).await, counts(1, 1));
        app.patch(&format!("/api/activities/{}/read", activity["_id"].as_str().unwrap()), &json!({}))
            .await
            .expect(200);
        assert_eq!(socket.next(&unread).await, counts(0, 1));
        app.delete("/api/notifications/ada/clear-all").await.expect(200);
        assert_eq!(socket.next(&unread).await, counts(0, 0));
    }
);
