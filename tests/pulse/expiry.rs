//! A notification is gone at the instant of its `expiresAt`, and its row a little later.

use std::time::Duration;

use futures_util::future::join_all;
use pulse::domain::Timestamp;
use serde_json::{Value, json};

use crate::support::{Sql, TestApp, each, eventually, millis, on_both};

const HOUR: Duration = Duration::from_secs(3_600);
const INSTANT: Duration = Duration::from_millis(1);
const COUNTS: &str = "subscription { unreadCounts(userId: \"ada\") { activities notifications } }";

/// Creates a notification of ada that lives for `lifetime`.
async fn remind(app: &TestApp, title: &str, lifetime: Duration) -> Value {
    let end = Timestamp::from_millis(app.clock.now().millis() + lifetime.as_millis() as i64);
    let body = json!({
        "userId": "ada", "type": "reminder", "title": title, "message": "m", "expiresAt": end.to_string()
    });
    let notification = app.post("/api/notifications", &body).await.expect(201);
    assert_eq!(notification["expiresAt"], end.to_string());
    notification
}

/// Checks everything that shows ada's notifications: the titles, newest first, all of them unread but for `read`.
async fn all_shows(app: &TestApp, titles: &[&str], read: usize) {
    let (total, unread) = (json!(titles.len()), json!(titles.len() - read));
    let page = app.get("/api/notifications/ada").await.expect(200);
    assert_eq!(each(&page["notifications"], "title"), titles);
    assert_eq!((&page["total"], &page["unreadCount"]), (&total, &unread));
    assert_eq!(page["hasMore"], false);
    let count = app.get("/api/notifications/ada/unread/count").await.expect(200);
    assert_eq!(count, json!({"unreadCount": unread}));
    let query = "{ notifications(userId: \"ada\") { notifications { title } total unreadCount hasMore }
        notificationConnection(userId: \"ada\") { nodes { title } pageInfo { hasNextPage } }
        unreadNotificationCount(userId: \"ada\") }";
    let nodes: Vec<Value> = titles.iter().map(|title| json!({"title": title})).collect();
    assert_eq!(
        app.graphql(query, json!({})).await.data(),
        json!({
            "notifications": {"notifications": nodes, "total": total, "unreadCount": unread, "hasMore": false},
            "notificationConnection": {"nodes": nodes, "pageInfo": {"hasNextPage": false}},
            "unreadNotificationCount": unread
        })
    );
}

/// Waits until the table holds `rows` notifications.
async fn rows_left(app: &TestApp, rows: i64) {
    let database = Sql::connect(&app.database_url).await;
    eventually("the sweep of expired rows", || async {
        (database.count("notifications").await == rows).then_some(())
    })
    .await;
    database.close().await;
}

on_both!(
    start: TestApp::standing_still;
    async fn it_is_shown_until_the_instant_of_its_expiry(app: TestApp) {
        remind(&app, "long", 2 * HOUR).await;
        remind(&app, "short", HOUR).await;
        app.create_notification("ada", "by itself").await;
        app.clock.advance(HOUR - INSTANT);
        all_shows(&app, &["by itself", "short", "long"], 0).await;
        app.clock.advance(INSTANT);
        all_shows(&app, &["by itself", "long"], 0).await;
        app.clock.advance(HOUR);
        all_shows(&app, &["by itself"], 0).await;
    }
);

on_both!(
    start: TestApp::standing_still;
    async fn without_an_expiry_it_lives_30_days(app: TestApp) {
        let notification = app.create_notification("ada", "by itself").await;
        let lifetime = millis(&notification["expiresAt"]) - millis(&notification["createdAt"]);
        assert_eq!(lifetime, 30 * 24 * 3_600 * 1_000);
        app.clock.advance(30 * 24 * HOUR - INSTANT);
        all_shows(&app, &["by itself"], 0).await;
        app.clock.advance(INSTANT);
        all_shows(&app, &[], 0).await;
    }
);

on_both!(
    start: TestApp::standing_still;
    async fn an_expired_one_cannot_be_changed(app: TestApp) {
        let expired = remind(&app, "short", HOUR).await;
        let id = expired["_id"].as_str().unwrap();
        app.patch(&format!("/api/notifications/{id}/read"), &json!({})).await.expect(200);
        app.clock.advance(HOUR);
        let not_found = ("NOT_FOUND".to_owned(), None);
        let read = app.patch(&format!("/api/notifications/{id}/read"), &json!({})).await;
        assert_eq!((read.status, read.rest_error()), (404, not_found.clone()));
        let deleted = app.delete(&format!("/api/notifications/{id}")).await;
        assert_eq!((deleted.status, deleted.rest_error()), (404, not_found.clone()));
        for field in ["markNotificationRead", "deleteNotification"] {
            let answer = app.graphql(&format!("mutation {{ {field}(id: \"{id}\") {{ id }} }}"), json!({})).await;
            assert_eq!(answer.graphql_error(), not_found, "{field}");
        }
    }
);

on_both!(
    start: TestApp::standing_still;
    async fn read_all_and_clear_all_count_only_what_lives(app: TestApp) {
        for (title, lifetime) in [("a", HOUR), ("b", 2 * HOUR), ("c", HOUR), ("d", 2 * HOUR), ("e", 3 * HOUR)] {
            remind(&app, title, lifetime).await;
        }
        app.clock.advance(HOUR);
        let read = app.patch("/api/notifications/ada/read-all", &json!({})).await.expect(200);
        assert_eq!(read, json!({"modifiedCount": 3}));
        all_shows(&app, &["e", "d", "b"], 3).await;
        app.clock.advance(HOUR);
        let cleared = app.delete("/api/notifications/ada/clear-all").await.expect(200);
        assert_eq!(cleared, json!({"deletedCount": 1}));
        all_shows(&app, &[], 0).await;

        remind(&app, "f", HOUR).await;
        remind(&app, "g", 2 * HOUR).await;
        app.clock.advance(HOUR);
        let both = "mutation { markAllNotificationsRead(userId: \"ada\") { modifiedCount }
            clearNotifications(userId: \"ada\") { deletedCount } }";
        assert_eq!(
            app.graphql(both, json!({})).await.data(),
            json!({"markAllNotificationsRead": {"modifiedCount": 1}, "clearNotifications": {"deletedCount": 1}})
        );
        rows_left(&app, 0).await;
        all_shows(&app, &[], 0).await;
    }
);

on_both!(
    start: TestApp::standing_still;
    async fn pages_are_right_before_and_after_the_rows_are_swept(app: TestApp) {
        let read = remind(&app, "read", HOUR).await;
        remind(&app, "unread", HOUR).await;
        let kept = remind(&app, "kept", 2 * HOUR).await;
        remind(&app, "also kept", 2 * HOUR).await;
        for notification in [&read, &kept] {
            let id = notification["_id"].as_str().unwrap();
            app.patch(&format!("/api/notifications/{id}/read"), &json!({})).await.expect(200);
        }
        app.clock.advance(HOUR);
        all_shows(&app, &["also kept", "kept"], 1).await;
        rows_left(&app, 2).await;
        all_shows(&app, &["also kept", "kept"], 1).await;
        remind(&app, "new", HOUR).await;
        all_shows(&app, &["new", "also kept", "kept"], 1).await;
        app.create_activity("ada", "of the other feed").await;
        app.clock.advance(365 * 24 * HOUR);
        rows_left(&app, 0).await;
        all_shows(&app, &[], 0).await;
        assert_eq!(app.get("/api/activities/ada").await.expect(200)["total"], 1);
    }
);

on_both!(
    start: TestApp::standing_still;
    async fn more_than_a_batch_is_swept(app: TestApp) {
        join_all((0..620).map(|_| remind(&app, "many", HOUR))).await;
        app.create_notification("bob", "of somebody else").await;
        remind(&app, "kept", 2 * HOUR).await;
        app.clock.advance(HOUR);
        all_shows(&app, &["kept"], 0).await;
        rows_left(&app, 2).await;
        all_shows(&app, &["kept"], 0).await;
    }
);

on_both!(
    start: TestApp::standing_still;
    async fn the_sweep_tells_those_who_follow_the_counts(app: TestApp) {
        let counts = |activities: u64, notifications: u64| -> Value {
            json!({"unreadCounts": {"activities": activities, "notifications": notifications}})
        };
        app.create_activity("ada", "one").await;
        remind(&app, "short", HOUR).await;
        remind(&app, "short too", HOUR).await;
        remind(&app, "long", 2 * HOUR).await;
        let mut socket = app.socket().await;
        let unread = socket.subscribe(COUNTS, json!({})).await;
        assert_eq!(socket.next(&unread).await, counts(1, 3));
        app.clock.advance(HOUR);
        assert_eq!(socket.next(&unread).await, counts(1, 1));
        app.clock.advance(HOUR);
        assert_eq!(socket.next(&unread).await, counts(1, 0));
    }
);

on_both!(
    start: TestApp::standing_still;
    async fn a_change_right_after_an_expiry_counts_it_out(app: TestApp) {
        remind(&app, "short", HOUR).await;
        let mut socket = app.socket().await;
        let unread = socket.subscribe(COUNTS, json!({})).await;
        let counts = socket.next(&unread).await;
        assert_eq!(counts["unreadCounts"]["notifications"], 1);
        app.clock.advance(HOUR);
        app.create_activity("ada", "at once").await;
        // The sweep may have come first; whichever did, the newest state has no notification.
        loop {
            let counts = socket.next(&unread).await;
            assert_eq!(counts["unreadCounts"]["notifications"], 0);
            if counts["unreadCounts"]["activities"] == 1 {
                break;
            }
        }
    }
);

on_both!(
    start: TestApp::standing_still;
    async fn the_cursor_of_an_expired_one_still_pages(app: TestApp) {
        remind(&app, "old", 2 * HOUR).await;
        let cursor = remind(&app, "short", HOUR).await["cursor"].clone();
        remind(&app, "new", 2 * HOUR).await;
        app.clock.advance(HOUR);
        let query = "query($cursor: String) {
            older: notificationConnection(userId: \"ada\", after: $cursor) { nodes { title } }
            newer: notificationConnection(userId: \"ada\", before: $cursor) { nodes { title } } }";
        let expected = json!({"older": {"nodes": [{"title": "old"}]}, "newer": {"nodes": [{"title": "new"}]}});
        assert_eq!(app.graphql(query, json!({"cursor": cursor})).await.data(), expected);
        rows_left(&app, 2).await;
        assert_eq!(app.graphql(query, json!({"cursor": cursor})).await.data(), expected);
    }
);
