//! Input that cannot be used is refused at its field, and nothing of it is stored; what lies on a bound is taken.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, on_both, segment, with};

/// Sends what must be refused as BAD_USER_INPUT at `field`.
async fn refused(app: &Client, method: Method, path: &str, body: &Value, field: Option<&str>) {
    let answer = app.send(app.request(method.clone(), path).json(body)).await;
    let mut shown = body.to_string();
    shown.truncate(shown.char_indices().nth(120).map_or(shown.len(), |(index, _)| index));
    let case = format!("{method} {path} {shown}: {}", answer.text);
    assert_eq!(answer.status, 400, "{case}");
    assert_eq!(answer.rest_error(), ("BAD_USER_INPUT".to_owned(), field.map(str::to_owned)), "{case}");
}

/// Checks that nothing at all is stored of anybody.
async fn nothing_is_stored(app: &TestApp) {
    for feed in ["activities", "notifications"] {
        let page = app.get(&format!("/api/{feed}/ada")).await.expect(200);
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(0), &json!(0)), "{feed}");
    }
    assert_eq!(app.get("/api/analytics/leaderboard/all").await.expect(200)["total"], 0);
}

fn nested(levels: usize) -> Value {
    (0..levels)
        .fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({"a": inner}) })
}

fn activity(changes: &Value) -> Value {
    with(json!({"userId": "ada", "type": "login", "title": "t", "description": "d", "data": {}}), changes)
}

fn notification(changes: &Value) -> Value {
    with(json!({"userId": "ada", "type": "system", "title": "t", "message": "m", "actionUrl": "/"}), changes)
}

/// What a title, the user and the type of both feeds cannot be.
fn bad_of_both_feeds() -> Vec<(Value, &'static str)> {
    let mut cases: Vec<(Value, &str)> = Vec::new();
    for title in
        [json!(null), json!(""), json!("é".repeat(201)), json!("a\0b"), json!(1), json!(true), json!(["t"])]
    {
        cases.push((json!({"title": title}), "title"));
    }
    for user in [
        json!(""),
        json!("u".repeat(129)),
        json!("é".repeat(129)),
        json!("a\nb"),
        json!("a\0b"),
        json!("a\u{7f}b"),
        json!(7),
        json!({}),
    ] {
        cases.push((json!({"userId": user}), "userId"));
    }
    for kind in [json!(null), json!(""), json!("LOGIN"), json!("SYSTEM"), json!("other"), json!(1), json!([])]
    {
        cases.push((json!({"type": kind}), "type"));
    }
    cases
}

on_both!(
    async fn bad_activities_are_refused(app: TestApp) {
        let mut cases = bad_of_both_feeds();
        for description in [json!("é".repeat(2_001)), json!("a\0b"), json!(5), json!(["d"]), json!({})] {
            cases.push((json!({"description": description}), "description"));
        }
        cases.push((json!({"data": "a".repeat(16 * 1024 - 1)}), "data"));
        cases.push((json!({"data": {"é": "é".repeat(8 * 1024)}}), "data"));
        cases.push((json!({"data": nested(33)}), "data"));
        for (changes, field) in cases {
            refused(&app, Method::POST, "/api/activities", &activity(&changes), Some(field)).await;
        }
        // What is missing altogether; the user is that of the token.
        for (body, field) in [(json!({"title": "t"}), "type"), (json!({"type": "login"}), "title")] {
            refused(&app.user("ada"), Method::POST, "/api/activities", &body, Some(field)).await;
        }
        nothing_is_stored(&app).await;
    }
);

on_both!(
    async fn bad_notifications_are_refused(app: TestApp) {
        let mut cases = bad_of_both_feeds();
        for message in [json!(null), json!("é".repeat(2_001)), json!("a\0b"), json!(5), json!({})] {
            cases.push((json!({"message": message}), "message"));
        }
        for url in [
            json!("//evil.example"),
            json!("/\\evil.example"),
            json!("\\\\evil.example"),
            json!("javascript:alert(1)"),
            json!("JavaScript:alert(1)"),
            json!(" javascript:alert(1)"),
            json!("data:text/html,x"),
            json!("ftp://example.org"),
            json!("https://"),
            json!("https:/\\"),
            json!("goals"),
            json!("/a\nb"),
            json!("/\t/evil.example"),
            json!(format!("/{}", "a".repeat(2_048))),
            json!(""),
            json!(1),
        ] {
            cases.push((json!({"actionUrl": url}), "actionUrl"));
        }
        for time in [
            json!("2020-01-01T00:00:00.000Z"),
            json!("tomorrow"),
            json!("2999-01-01"),
            json!("2999-02-30T00:00:00Z"),
            json!("2999-01-01T00:00:00"),
            json!(""),
            json!(32_503_680_000_000_u64),
            json!(true),
        ] {
            cases.push((json!({"expiresAt": time}), "expiresAt"));
        }
        for (changes, field) in cases {
            refused(&app, Method::POST, "/api/notifications", &notification(&changes), Some(field)).await;
        }
        nothing_is_stored(&app).await;
    }
);

on_both!(
    async fn bad_analytics_are_refused(app: TestApp) {
        let mut cases: Vec<(Method, &str, Value, &str)> = Vec::new();
        for hours in [
            json!(null),
            json!(0),
            json!(-0.0),
            json!(1e308),
            json!(-1e308),
            json!("1"),
            json!("lots"),
            json!(true),
            json!([1]),
        ] {
            cases.push((Method::PATCH, "learning-hours", json!({"hours": hours}), "hours"));
        }
        cases.push((Method::PATCH, "learning-hours", json!({}), "hours"));
        for count in [
            json!(null),
            json!(-1),
            json!(1.5),
            json!("5"),
            json!(true),
            json!(3_000_000_000_u64),
            json!(1e300),
        ] {
            let body =
                |current: Value, longest: Value| json!({"currentStreak": current, "longestStreak": longest});
            cases.push((Method::PATCH, "streak", body(count.clone(), json!(1)), "currentStreak"));
            cases.push((Method::PATCH, "streak", body(json!(1), count), "longestStreak"));
        }
        for stat in [
            json!(null),
            json!(""),
            json!("currentStreak"),
            json!("LOGS_CREATED"),
            json!("logscreated"),
            json!(1),
        ] {
            cases.push((Method::PATCH, "increment", json!({"statName": stat}), "statName"));
        }
        for by in [json!(0), json!(0.5), json!("1"), json!(true), json!([]), json!(1e300), json!(-1e300)] {
            let body = json!({"statName": "logsCreated", "incrementBy": by});
            cases.push((Method::PATCH, "increment", body, "incrementBy"));
        }
        for (changes, field) in [
            (json!({"date": null}), "date"),
            (json!({"date": ""}), "date"),
            (json!({"date": "2026-02-30"}), "date"),
            (json!({"date": "31.01.2026"}), "date"),
            (json!({"date": "2026-1-1"}), "date"),
            (json!({"date": "2026-01-31T25:00:00Z"}), "date"),
            (json!({"date": 20_260_131}), "date"),
            (json!({"hoursLogged": null}), "hoursLogged"),
            (json!({"hoursLogged": 25}), "hoursLogged"),
            (json!({"hoursLogged": 24.001}), "hoursLogged"),
            (json!({"hoursLogged": -0.5}), "hoursLogged"),
            (json!({"hoursLogged": "2"}), "hoursLogged"),
            (json!({"logsCount": null}), "logsCount"),
            (json!({"logsCount": -1}), "logsCount"),
            (json!({"logsCount": 1.5}), "logsCount"),
            (json!({"logsCount": "1"}), "logsCount"),
        ] {
            let valid = json!({"date": "2026-01-31", "hoursLogged": 1, "logsCount": 1});
            cases.push((Method::POST, "weekly", with(valid, &changes), field));
        }
        for (method, path, body, field) in cases {
            refused(&app, method, &format!("/api/analytics/ada/{path}"), &body, Some(field)).await;
        }
        nothing_is_stored(&app).await;
    }
);

on_both!(
    async fn bad_queries_and_paths_are_refused(app: TestApp) {
        for path in ["/api/activities/ada", "/api/notifications/ada", "/api/analytics/leaderboard/all"] {
            for (query, field) in [
                ("limit=0", "limit"),
                ("limit=-1", "limit"),
                ("limit=abc", "limit"),
                ("limit=", "limit"),
                ("limit=1.5", "limit"),
                ("limit=0x10", "limit"),
                ("skip=-1", "skip"),
                ("skip=abc", "skip"),
                ("limit=5&skip=-1", "skip"),
            ] {
                refused(&app, Method::GET, &format!("{path}?{query}"), &json!({}), Some(field)).await;
            }
        }
        let ids =
            ["x", "0123456789abcdef0123456", "0123456789abcdef012345678", "0123456789abcdef0123456g", "%20"];
        for id in ids {
            for (feed, field) in [("activities", "activityId"), ("notifications", "notificationId")] {
                let path = format!("/api/{feed}/{id}");
                refused(&app, Method::PATCH, &format!("{path}/read"), &json!({}), Some(field)).await;
                refused(&app, Method::DELETE, &path, &json!({}), Some(field)).await;
            }
        }
        let long = segment(&"é".repeat(129));
        for user in ["%00", "a%0Ab", "%FF", "%C2%85", &long] {
            for (method, path) in [
                (Method::GET, format!("/api/activities/{user}")),
                (Method::GET, format!("/api/activities/{user}/unread/count")),
                (Method::PATCH, format!("/api/activities/{user}/read-all")),
                (Method::GET, format!("/api/notifications/{user}")),
                (Method::DELETE, format!("/api/notifications/{user}/clear-all")),
                (Method::GET, format!("/api/analytics/{user}")),
                (Method::POST, format!("/api/analytics/{user}/init")),
            ] {
                refused(&app, method, &path, &json!({}), Some("userId")).await;
            }
        }
        nothing_is_stored(&app).await;
    }
);

on_both!(
    async fn texts_on_their_bounds_are_taken(app: TestApp) {
        for changes in [
            json!({"title": " "}),
            json!({"title": "t"}),
            json!({"title": "é".repeat(200)}),
            json!({"title": "🎉".repeat(200)}),
            json!({"description": "🎉".repeat(2_000)}),
            json!({"description": "line\nand tab\t and \u{1}"}),
            json!({"data": "a".repeat(16 * 1024 - 2)}),
            json!({"data": nested(32)}),
            json!({"userId": "u".repeat(128)}),
            json!({"userId": "é".repeat(128)}),
            json!({"unknownField": [1, 2, 3]}),
        ] {
            let body = activity(&changes);
            let made = app.post("/api/activities", &body).await.expect(201);
            for field in ["userId", "title", "description", "data"] {
                assert_eq!(made[field], body[field], "{field}");
            }
            let path = format!("/api/activities/{}?limit=1", segment(body["userId"].as_str().unwrap()));
            assert_eq!(app.get(&path).await.expect(200)["activities"], json!([made]));
        }
        for changes in [
            json!({"message": ""}),
            json!({"message": "🎉".repeat(2_000)}),
            json!({"actionUrl": format!("/{}", "a".repeat(2_047))}),
            json!({"actionUrl": "http://example.org:8080/a?b=c#d"}),
            json!({"actionUrl": "/ü?q=a%20b"}),
            json!({"expiresAt": "9999-12-31T23:59:59.999Z"}),
        ] {
            let body = notification(&changes);
            let made = app.post("/api/notifications", &body).await.expect(201);
            for field in ["message", "actionUrl"] {
                assert_eq!(made[field], body[field], "{field}");
            }
            assert_eq!(
                app.get("/api/notifications/ada?limit=1").await.expect(200)["notifications"],
                json!([made])
            );
        }
    }
);

on_both!(
    async fn numbers_on_their_bounds_are_taken(app: TestApp) {
        let path = "/api/analytics/ada";
        for (change, body, field, expected) in [
            ("learning-hours", json!({"hours": 0.001}), "totalLearningHours", json!(0.001)),
            ("learning-hours", json!({"hours": 100_000}), "totalLearningHours", json!(100_000.001)),
            ("streak", json!({"currentStreak": 0, "longestStreak": 0}), "longestStreak", json!(0)),
            ("streak", json!({"currentStreak": 2.0, "longestStreak": 0}), "longestStreak", json!(2)),
            (
                "increment",
                json!({"statName": "skillsAdded", "incrementBy": 1e3}),
                "skillsAdded",
                json!(1_000),
            ),
        ] {
            let analytics = app.patch(&format!("{path}/{change}"), &body).await.expect(200);
            assert_eq!(analytics[field], expected, "{body}");
        }
        for (hours, logs) in [(0, 0), (24, 1)] {
            let body = json!({"date": "2024-02-29", "hoursLogged": hours, "logsCount": logs});
            let analytics = app.post(&format!("{path}/weekly"), &body).await.expect(200);
            assert_eq!(
                analytics["weeklyData"],
                json!([{"date": "2024-02-29", "hoursLogged": hours, "logsCount": logs}])
            );
        }
    }
);

on_both!(
    async fn user_ids_of_any_script_are_reached_by_their_encoded_path(app: TestApp) {
        for user in
            ["ünïcode", "用户", "🎉", "a b", "a/b", "a?b#c", "100%", "a+b", "{id}", "auth0|5f7c8", "all"]
        {
            let made = app.create_activity(user, "one").await;
            app.create_notification(user, "two").await;
            let user_path = segment(user);
            let page = app.get(&format!("/api/activities/{user_path}")).await.expect(200);
            assert_eq!(page["activities"], json!([made]), "{user}");
            let analytics =
                app.post(&format!("/api/analytics/{user_path}/init"), &json!({})).await.expect(201);
            assert_eq!(analytics["userId"], user);
            assert_eq!(app.get(&format!("/api/analytics/{user_path}")).await.expect(200), analytics);
            let cleared = app.delete(&format!("/api/notifications/{user_path}/clear-all")).await.expect(200);
            assert_eq!(cleared, json!({"deletedCount": 1}), "{user}");
        }
    }
);
