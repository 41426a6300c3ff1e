//! `/api/activities`, route by route.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{TestApp, each, is_id, keys, millis, on_both};

const TYPES: [&str; 6] =
    ["login", "log_created", "goal_completed", "skill_added", "portfolio_updated", "email_sent"];

on_both!(
    async fn a_new_activity_shows_what_was_given(app: TestApp) {
        let body = json!({
            "userId": "ada", "type": "goal_completed", "title": "Goal", "description": "The first one",
            "data": {"z": [1, null, {"deep": 0.5}], "a": "b"}
        });
        let activity = app.post("/api/activities", &body).await.expect(201);
        assert_eq!(
            keys(&activity),
            ["_id", "cursor", "data", "description", "read", "timestamp", "title", "type", "userId"]
        );
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&activity[field], value);
        }
        assert!(is_id(&activity["_id"]), "{activity}");
        assert_eq!(activity["read"], false);
        let seconds = millis(&activity["timestamp"]) / 1_000;
        assert!(seconds > 1_700_000_000);
        // The layout of an ObjectId starts with the second of its creation.
        let id = activity["_id"].as_str().unwrap();
        assert_eq!(i64::from_str_radix(&id[..8], 16).unwrap(), seconds);
        let page = app.get("/api/activities/ada").await.expect(200);
        assert_eq!(page["activities"], json!([activity]));
    }
);

on_both!(
    async fn optional_fields_that_were_not_given_are_absent(app: TestApp) {
        let plain = json!({"userId": "ada", "type": "login", "title": "Plain"});
        let nulls =
            json!({"userId": "ada", "type": "login", "title": "Nulls", "description": null, "data": null});
        for body in [plain, nulls] {
            let activity = app.post("/api/activities", &body).await.expect(201);
            assert_eq!(keys(&activity), ["_id", "cursor", "read", "timestamp", "title", "type", "userId"]);
            let page = app.get("/api/activities/ada?limit=1").await.expect(200);
            assert_eq!(page["activities"], json!([activity]));
        }
    }
);

on_both!(
    async fn every_type_and_every_kind_of_data_is_kept(app: TestApp) {
        let data = [json!("text"), json!(1.25), json!(true), json!([]), json!({}), json!({"ключ": "🎉"})];
        for (kind, data) in TYPES.into_iter().zip(data) {
            let body = json!({"userId": "ada", "type": kind, "title": kind, "data": data});
            let activity = app.post("/api/activities", &body).await.expect(201);
            assert_eq!((&activity["type"], &activity["data"]), (&json!(kind), &data));
            let page = app.get("/api/activities/ada?limit=1").await.expect(200);
            assert_eq!(page["activities"][0], activity);
        }
    }
);

on_both!(
    async fn a_user_without_activities_has_an_empty_page(app: TestApp) {
        let page = app.get("/api/activities/nobody").await.expect(200);
        assert_eq!(keys(&page), ["activities", "cursor", "hasMore", "total", "unreadCount"]);
        assert_eq!(page["activities"], json!([]));
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(0), &json!(0)));
        assert_eq!(page["hasMore"], false);
        assert!(page["cursor"].is_string());
        let unread = app.get("/api/activities/nobody/unread/count").await.expect(200);
        assert_eq!(unread, json!({"unreadCount": 0}));
        let read_all = app.patch("/api/activities/nobody/read-all", &json!({})).await.expect(200);
        assert_eq!(read_all, json!({"modifiedCount": 0}));
    }
);

on_both!(
    async fn a_page_is_newest_first_and_goes_on_with_skip(app: TestApp) {
        for title in ["one", "two", "three", "four", "five"] {
            app.create_activity("ada", title).await;
        }
        app.create_activity("bob", "of somebody else").await;
        for (query, titles, more) in [
            ("", &["five", "four", "three", "two", "one"][..], false),
            ("?limit=2", &["five", "four"], true),
            ("?limit=2&skip=2", &["three", "two"], true),
            ("?limit=2&skip=4", &["one"], false),
            ("?skip=3", &["two", "one"], false),
            ("?limit=3&skip=2", &["three", "two", "one"], false),
            ("?skip=5", &[], false),
            ("?skip=99999999999", &[], false),
        ] {
            let page = app.get(&format!("/api/activities/ada{query}")).await.expect(200);
            assert_eq!(each(&page["activities"], "title"), titles, "{query}");
            assert_eq!(page["hasMore"], more, "{query}");
            assert_eq!((&page["total"], &page["unreadCount"]), (&json!(5), &json!(5)), "{query}");
        }
    }
);

on_both!(
    async fn a_page_has_20_by_itself_and_never_more_than_200(app: TestApp) {
        join_all((0..201).map(|number| app.create_activity("ada", if number == 0 { "x" } else { "y" })))
            .await;
        for (query, count, more) in [
            ("", 20, true),
            ("?limit=200", 200, true),
            ("?limit=201", 200, true),
            ("?limit=99999999999999999999", 200, true),
            ("?limit=201&skip=1", 200, false),
            ("?limit=200&skip=200", 1, false),
        ] {
            let page = app.get(&format!("/api/activities/ada{query}")).await.expect(200);
            let found = page["activities"].as_array().unwrap().len();
            assert_eq!((found, &page["hasMore"]), (count, &json!(more)), "{query}");
            assert_eq!(page["total"], 201, "{query}");
        }
    }
);

on_both!(
    async fn marking_read_again_gives_the_same_answer(app: TestApp) {
        let activity = app.create_activity("ada", "one").await;
        app.create_activity("ada", "two").await;
        let path = format!("/api/activities/{}/read", activity["_id"].as_str().unwrap());
        let first = app.patch(&path, &json!({})).await.expect(200);
        let mut expected = activity.clone();
        expected["read"] = json!(true);
        assert_eq!(first, expected);
        assert_eq!(app.patch(&path, &json!({})).await.expect(200), first);
        assert_eq!(app.get("/api/activities/ada/unread/count").await.expect(200), json!({"unreadCount": 1}));
        let page = app.get("/api/activities/ada").await.expect(200);
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(2), &json!(1)));
        assert_eq!(page["activities"][1], first);
    }
);

on_both!(
    async fn a_patch_without_a_body_marks_read(app: TestApp) {
        let activity = app.create_activity("ada", "one").await;
        let path = format!("/api/activities/{}/read", activity["_id"].as_str().unwrap());
        let answer = app.send(app.request(reqwest::Method::PATCH, &path)).await.expect(200);
        assert_eq!(answer["read"], true);
    }
);

on_both!(
    async fn read_all_counts_what_was_unread(app: TestApp) {
        for title in ["one", "two", "three"] {
            app.create_activity("ada", title).await;
        }
        app.create_activity("bob", "not touched").await;
        let page = app.get("/api/activities/ada").await.expect(200);
        let id = page["activities"][1]["_id"].as_str().unwrap();
        app.patch(&format!("/api/activities/{id}/read"), &json!({})).await.expect(200);
        for modified in [2, 0] {
            let answer = app.patch("/api/activities/ada/read-all", &json!({})).await.expect(200);
            assert_eq!(answer, json!({"modifiedCount": modified}));
        }
        let page = app.get("/api/activities/ada").await.expect(200);
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(3), &json!(0)));
        assert!(page["activities"].as_array().unwrap().iter().all(|activity| activity["read"] == true));
        assert_eq!(app.get("/api/activities/bob/unread/count").await.expect(200), json!({"unreadCount": 1}));
    }
);

on_both!(
    async fn a_deleted_activity_is_gone(app: TestApp) {
        let (first, second) =
            (app.create_activity("ada", "one").await, app.create_activity("ada", "two").await);
        let id = first["_id"].as_str().unwrap();
        let path = format!("/api/activities/{id}");
        assert_eq!(app.delete(&path).await.expect(200), json!({"message": "Activity deleted"}));
        let again = app.delete(&path).await;
        assert_eq!((again.status, again.rest_error()), (404, ("NOT_FOUND".to_owned(), None)));
        let read = app.patch(&format!("{path}/read"), &json!({})).await;
        assert_eq!((read.status, read.rest_error().0), (404, "NOT_FOUND".to_owned()));
        let page = app.get("/api/activities/ada").await.expect(200);
        assert_eq!(page["activities"], json!([second]));
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(1), &json!(1)));
    }
);

on_both!(
    async fn deleting_what_was_read_leaves_the_unread_count(app: TestApp) {
        let activity = app.create_activity("ada", "one").await;
        app.create_activity("ada", "two").await;
        let path = format!("/api/activities/{}", activity["_id"].as_str().unwrap());
        app.patch(&format!("{path}/read"), &json!({})).await.expect(200);
        app.delete(&path).await.expect(200);
        let page = app.get("/api/activities/ada").await.expect(200);
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(1), &json!(1)));
    }
);

on_both!(
    async fn the_user_of_a_token_need_not_be_named(app: TestApp) {
        let body = json!({"type": "login", "title": "Mine"});
        let activity = app.user("ada").post("/api/activities", &body).await.expect(201);
        assert_eq!(activity["userId"], "ada");
        let nobody = app.post("/api/activities", &body).await;
        let expected = ("BAD_USER_INPUT".to_owned(), Some("userId".to_owned()));
        assert_eq!((nobody.status, nobody.rest_error()), (400, expected));
    }
);

on_both!(
    async fn counts_stay_exact_under_concurrent_writes(app: TestApp) {
        let created: Vec<Value> = join_all((0..40).map(|_| app.create_activity("ada", "busy"))).await;
        let changes = created.iter().enumerate().map(|(number, activity)| {
            let path = format!("/api/activities/{}", activity["_id"].as_str().unwrap());
            let app = &app;
            async move {
                match number % 4 {
                    0 => app.delete(&path).await.expect(200),
                    1 => app.patch(&format!("{path}/read"), &json!({})).await.expect(200),
                    _ => app.create_activity("ada", "more").await,
                }
            }
        });
        join_all(changes).await;
        let page = app.get("/api/activities/ada?limit=200").await.expect(200);
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(50), &json!(40)));
        let listed = page["activities"].as_array().unwrap();
        assert_eq!(listed.len(), 50);
        assert_eq!(listed.iter().filter(|activity| activity["read"] == false).count(), 40);
    }
);
