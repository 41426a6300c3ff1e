//! `/api/notifications`, route by route. What expires stands in `expiry.rs`.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{TestApp, each, is_id, keys, millis, on_both};

const DAY: i64 = 86_400_000;

on_both!(
    async fn a_new_notification_shows_what_was_given(app: TestApp) {
        let body = json!({
            "userId": "ada", "type": "achievement", "title": "Well done", "message": "You did it.",
            "actionUrl": "/goals/1?tab=done#top", "expiresAt": "2999-12-31T23:59:59.999Z"
        });
        let notification = app.post("/api/notifications", &body).await.expect(201);
        assert_eq!(
            keys(&notification),
            [
                "_id",
                "actionUrl",
                "createdAt",
                "cursor",
                "expiresAt",
                "message",
                "read",
                "title",
                "type",
                "userId"
            ]
        );
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&notification[field], value);
        }
        assert!(is_id(&notification["_id"]), "{notification}");
        assert_eq!(notification["read"], false);
        let page = app.get("/api/notifications/ada").await.expect(200);
        assert_eq!(page["notifications"], json!([notification]));
    }
);

on_both!(
    async fn it_expires_after_30_days_and_has_no_action_unless_it_says_so(app: TestApp) {
        let plain = json!({"userId": "ada", "type": "system", "title": "t", "message": "m"});
        let nulls = json!({
            "userId": "ada", "type": "system", "title": "t", "message": "m", "actionUrl": null, "expiresAt": null
        });
        for body in [plain, nulls] {
            let notification = app.post("/api/notifications", &body).await.expect(201);
            assert_eq!(
                keys(&notification),
                ["_id", "createdAt", "cursor", "expiresAt", "message", "read", "title", "type", "userId"]
            );
            let lifetime = millis(&notification["expiresAt"]) - millis(&notification["createdAt"]);
            assert_eq!(lifetime, 30 * DAY);
        }
    }
);

on_both!(
    async fn every_type_is_kept_and_times_are_shown_in_utc(app: TestApp) {
        for kind in ["achievement", "milestone", "reminder", "system", "social"] {
            let body = json!({
                "userId": "ada", "type": kind, "title": kind, "message": "m",
                "actionUrl": "https://example.org/x", "expiresAt": "2999-01-01T01:30:00+02:00"
            });
            let notification = app.post("/api/notifications", &body).await.expect(201);
            assert_eq!(notification["type"], kind);
            assert_eq!(notification["actionUrl"], "https://example.org/x");
            assert_eq!(notification["expiresAt"], "2998-12-31T23:30:00.000Z");
        }
    }
);

on_both!(
    async fn a_user_without_notifications_has_an_empty_page(app: TestApp) {
        let page = app.get("/api/notifications/nobody").await.expect(200);
        assert_eq!(keys(&page), ["cursor", "hasMore", "notifications", "total", "unreadCount"]);
        assert_eq!(page["notifications"], json!([]));
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(0), &json!(0)));
        assert_eq!(page["hasMore"], false);
        let unread = app.get("/api/notifications/nobody/unread/count").await.expect(200);
        assert_eq!(unread, json!({"unreadCount": 0}));
        let cleared = app.delete("/api/notifications/nobody/clear-all").await.expect(200);
        assert_eq!(cleared, json!({"deletedCount": 0}));
    }
);

on_both!(
    async fn a_page_is_newest_first_and_goes_on_with_skip(app: TestApp) {
        for title in ["one", "two", "three", "four", "five"] {
            app.create_notification("ada", title).await;
        }
        app.create_notification("bob", "of somebody else").await;
        for (query, titles, more) in [
            ("", &["five", "four", "three", "two", "one"][..], false),
            ("?limit=2", &["five", "four"], true),
            ("?limit=2&skip=2", &["three", "two"], true),
            ("?limit=2&skip=4", &["one"], false),
            ("?skip=5", &[], false),
        ] {
            let page = app.get(&format!("/api/notifications/ada{query}")).await.expect(200);
            assert_eq!(each(&page["notifications"], "title"), titles, "{query}");
            assert_eq!(page["hasMore"], more, "{query}");
            assert_eq!((&page["total"], &page["unreadCount"]), (&json!(5), &json!(5)), "{query}");
        }
    }
);

on_both!(
    async fn a_page_has_50_by_itself_and_never_more_than_200(app: TestApp) {
        join_all((0..201).map(|_| app.create_notification("ada", "many"))).await;
        for (query, count, more) in [
            ("", 50, true),
            ("?limit=201", 200, true),
            ("?limit=201&skip=1", 200, false),
            ("?skip=200", 1, false),
        ] {
            let page = app.get(&format!("/api/notifications/ada{query}")).await.expect(200);
            let found = page["notifications"].as_array().unwrap().len();
            assert_eq!((found, &page["hasMore"]), (count, &json!(more)), "{query}");
            assert_eq!(page["total"], 201, "{query}");
        }
    }
);

on_both!(
    async fn marking_read_again_gives_the_same_answer(app: TestApp) {
        let notification = app.create_notification("ada", "one").await;
        app.create_notification("ada", "two").await;
        let path = format!("/api/notifications/{}/read", notification["_id"].as_str().unwrap());
        let first = app.patch(&path, &json!({})).await.expect(200);
        let mut expected = notification.clone();
        expected["read"] = json!(true);
        assert_eq!(first, expected);
        assert_eq!(app.patch(&path, &json!({})).await.expect(200), first);
        let unread = app.get("/api/notifications/ada/unread/count").await.expect(200);
        assert_eq!(unread, json!({"unreadCount": 1}));
    }
);

on_both!(
    async fn read_all_counts_what_was_unread(app: TestApp) {
        let first = app.create_notification("ada", "one").await;
        app.create_notification("ada", "two").await;
        app.create_notification("bob", "not touched").await;
        app.create_activity("ada", "another feed").await;
        let id = first["_id"].as_str().unwrap();
        app.patch(&format!("/api/notifications/{id}/read"), &json!({})).await.expect(200);
        for modified in [1, 0] {
            let answer = app.patch("/api/notifications/ada/read-all", &json!({})).await.expect(200);
            assert_eq!(answer, json!({"modifiedCount": modified}));
        }
        let page = app.get("/api/notifications/ada").await.expect(200);
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(2), &json!(0)));
        for other in ["/api/notifications/bob/unread/count", "/api/activities/ada/unread/count"] {
            assert_eq!(app.get(other).await.expect(200), json!({"unreadCount": 1}), "{other}");
        }
    }
);

on_both!(
    async fn a_deleted_notification_is_gone(app: TestApp) {
        let first = app.create_notification("ada", "one").await;
        let second = app.create_notification("ada", "two").await;
        let path = format!("/api/notifications/{}", first["_id"].as_str().unwrap());
        assert_eq!(app.delete(&path).await.expect(200), json!({"message": "Notification deleted"}));
        let again = app.delete(&path).await;
        assert_eq!((again.status, again.rest_error()), (404, ("NOT_FOUND".to_owned(), None)));
        let read = app.patch(&format!("{path}/read"), &json!({})).await;
        assert_eq!((read.status, read.rest_error().0), (404, "NOT_FOUND".to_owned()));
        let page = app.get("/api/notifications/ada").await.expect(200);
        assert_eq!(page["notifications"], json!([second]));
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(1), &json!(1)));
    }
);

on_both!(
    async fn clear_all_counts_what_it_deleted(app: TestApp) {
        for title in ["one", "two", "three"] {
            app.create_notification("ada", title).await;
        }
        app.create_notification("bob", "not touched").await;
        app.create_activity("ada", "another feed").await;
        for deleted in [3, 0] {
            let answer = app.delete("/api/notifications/ada/clear-all").await.expect(200);
            assert_eq!(answer, json!({"deletedCount": deleted}));
        }
        let page = app.get("/api/notifications/ada").await.expect(200);
        assert_eq!(page["notifications"], json!([]));
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(0), &json!(0)));
        assert_eq!(app.get("/api/notifications/bob").await.expect(200)["total"], 1);
        assert_eq!(app.get("/api/activities/ada").await.expect(200)["total"], 1);
    }
);

on_both!(
    async fn an_item_of_one_feed_is_unknown_in_the_other(app: TestApp) {
        let activity = app.create_activity("ada", "one").await;
        let id = activity["_id"].as_str().unwrap();
        assert_eq!(app.delete(&format!("/api/notifications/{id}")).await.status, 404);
        assert_eq!(app.patch(&format!("/api/notifications/{id}/read"), &json!({})).await.status, 404);
        assert_eq!(app.get("/api/activities/ada").await.expect(200)["activities"], json!([activity]));
    }
);
