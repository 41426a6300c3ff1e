//! REST and GraphQL are doors to the same things: what one wrote, the other reads, and both refuse alike.

use serde_json::{Map, Value, json};

use crate::support::{Answer, TestApp, on_both, with};

const ACTIVITY: &str = "id userId type title description data timestamp read cursor";
const NOTIFICATION: &str = "id userId type title message read actionUrl createdAt expiresAt cursor";
const ANALYTICS: &str =
    "userId totalLearningHours currentStreak longestStreak logsCreated goalsCompleted skillsAdded
    weeklyData { date hoursLogged logsCount } monthlyData { month hoursLogged logsCount } updatedAt cursor";

/// What REST shows, as GraphQL would: `id`, types in upper case, null where a field is absent, numbers as numbers.
fn as_graphql(shown: &Value) -> Value {
    match shown {
        Value::Object(fields) => {
            let mut mapped: Map<String, Value> =
                fields.iter().map(|(name, value)| (name.clone(), as_graphql(value))).collect();
            if let Some(id) = mapped.remove("_id") {
                mapped.insert("id".to_owned(), id);
                let kind = mapped["type"].as_str().unwrap().to_uppercase();
                mapped.insert("type".to_owned(), json!(kind));
                let optional: &[&str] =
                    if mapped.contains_key("message") { &["actionUrl"] } else { &["description", "data"] };
                for name in optional {
                    mapped.entry(*name).or_insert(Value::Null);
                }
            }
            Value::Object(mapped)
        }
        Value::Array(items) => items.iter().map(as_graphql).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

/// The same with every number as a floating-point one.
fn plain(shown: &Value) -> Value {
    match shown {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

/// The only field of a GraphQL answer.
async fn ask(app: &TestApp, document: &str, variables: Value) -> Value {
    let data = app.graphql(document, variables).await.data();
    plain(data.as_object().unwrap().values().next().unwrap())
}

fn pages() -> [(&'static str, String); 2] {
    [
        (
            "/api/activities/ada",
            format!(
                "{{ activities(userId: \"ada\") {{ activities {{ {ACTIVITY} }} total hasMore unreadCount cursor }} }}"
            ),
        ),
        (
            "/api/notifications/ada",
            format!(
                "{{ notifications(userId: \"ada\") {{ notifications {{ {NOTIFICATION} }} total unreadCount hasMore
                cursor }} }}"
            ),
        ),
    ]
}

/// Both doors show the same of ada.
async fn the_same_is_shown(app: &TestApp) {
    for (path, document) in pages() {
        let rest = app.get(path).await.expect(200);
        assert_eq!(ask(app, &document, json!({})).await, as_graphql(&rest), "{path}");
    }
    let board = app.get("/api/analytics/leaderboard/all").await.expect(200);
    let document = format!("{{ leaderboard {{ analytics {{ {ANALYTICS} }} total hasMore }} }}");
    assert_eq!(ask(app, &document, json!({})).await, as_graphql(&board));
    let document = format!("{{ analytics(userId: \"ada\") {{ {ANALYTICS} }} }}");
    let analytics = app.get("/api/analytics/ada").await;
    let expected = if analytics.status == 404 { Value::Null } else { as_graphql(&analytics.body) };
    assert_eq!(ask(app, &document, json!({})).await, expected);
}

on_both!(
    async fn what_rest_wrote_graphql_reads(app: TestApp) {
        the_same_is_shown(&app).await;
        let full = json!({
            "userId": "ada", "type": "portfolio_updated", "title": "t", "description": "", "data": {"a": [1.5, null]}
        });
        let made = app.post("/api/activities", &full).await.expect(201);
        app.create_activity("ada", "plain").await;
        let full = json!({
            "userId": "ada", "type": "achievement", "title": "t", "message": "m", "actionUrl": "/x",
            "expiresAt": "2999-01-01T00:00:00.000Z"
        });
        app.post("/api/notifications", &full).await.expect(201);
        app.create_notification("ada", "plain").await;
        the_same_is_shown(&app).await;
        app.patch(&format!("/api/activities/{}/read", made["_id"].as_str().unwrap()), &json!({}))
            .await
            .expect(200);
        app.patch("/api/notifications/ada/read-all", &json!({})).await.expect(200);
        the_same_is_shown(&app).await;
        app.patch("/api/analytics/ada/learning-hours", &json!({"hours": 0.1})).await.expect(200);
        app.patch("/api/analytics/ada/increment", &json!({"statName": "goalsCompleted"})).await.expect(200);
        let entry = json!({"date": "2026-01-31", "hoursLogged": 1.5, "logsCount": 2});
        app.post("/api/analytics/ada/weekly", &entry).await.expect(200);
        the_same_is_shown(&app).await;
        app.delete("/api/notifications/ada/clear-all").await.expect(200);
        the_same_is_shown(&app).await;
    }
);

on_both!(
    async fn what_graphql_wrote_rest_reads(app: TestApp) {
        let create = format!(
            "mutation($input: CreateActivityInput!) {{ createActivity(input: $input) {{ {ACTIVITY} }} }}"
        );
        let input =
            json!({"userId": "ada", "type": "EMAIL_SENT", "title": "t", "data": {"a": {"b": [true]}}});
        let activity = ask(&app, &create, json!({"input": input})).await;
        let page = app.get("/api/activities/ada").await.expect(200);
        assert_eq!(as_graphql(&page["activities"][0]), activity);
        assert_eq!(page["activities"][0]["type"], "email_sent");
        let create = format!(
            "mutation($input: CreateNotificationInput!) {{ createNotification(input: $input) {{ {NOTIFICATION} }} }}"
        );
        let input =
            json!({"userId": "ada", "type": "MILESTONE", "title": "t", "message": "m", "actionUrl": "/y"});
        let notification = ask(&app, &create, json!({"input": input})).await;
        let page = app.get("/api/notifications/ada").await.expect(200);
        assert_eq!(as_graphql(&page["notifications"][0]), notification);

        for change in [
            "updateLearningHours(userId: \"ada\", hours: 0.3)",
            "updateStreak(userId: \"ada\", currentStreak: 4, longestStreak: 2)",
            "incrementStat(userId: \"ada\", statName: SKILLS_ADDED, incrementBy: 3)",
            "addWeeklyData(userId: \"ada\", date: \"2026-01-31\", hoursLogged: 0.7, logsCount: 1)",
            "initAnalytics(userId: \"ada\")",
        ] {
            let answer = ask(&app, &format!("mutation {{ {change} {{ {ANALYTICS} }} }}"), json!({})).await;
            let rest = app.get("/api/analytics/ada").await.expect(200);
            assert_eq!(as_graphql(&rest), answer, "{change}");
        }
        let mark = format!("mutation {{ markActivityRead(id: {}) {{ {ACTIVITY} }} }}", activity["id"]);
        let marked = ask(&app, &mark, json!({})).await;
        assert_eq!(as_graphql(&app.get("/api/activities/ada").await.expect(200)["activities"][0]), marked);
        the_same_is_shown(&app).await;
        let delete = format!("mutation {{ deleteActivity(id: {}) {{ id }} }}", activity["id"]);
        ask(&app, &delete, json!({})).await;
        assert_eq!(app.get("/api/activities/ada").await.expect(200)["total"], 0);
        the_same_is_shown(&app).await;
    }
);

/// Both doors refused with the same code and field, and with the same sentence.
#[track_caller]
fn alike(rest: &Answer, graphql: &Answer) {
    assert_eq!(rest.rest_error(), graphql.graphql_error(), "{} {}", rest.text, graphql.text);
    assert_eq!(rest.body["error"], graphql.body["errors"][0]["message"]);
    assert!(rest.status >= 400);
}

on_both!(
    async fn bad_activities_are_refused_alike(app: TestApp) {
        const CREATE: &str =
            "mutation($input: CreateActivityInput!) { createActivity(input: $input) { id } }";
        let deep = (0..33).fold(json!(1), |inner, _| json!([inner]));
        for changes in [
            json!({"title": ""}),
            json!({"title": "é".repeat(201)}),
            json!({"title": "a\0b"}),
            json!({"description": "é".repeat(2_001)}),
            json!({"data": "a".repeat(16 * 1024)}),
            json!({"data": deep}),
            json!({"userId": ""}),
            json!({"userId": "u".repeat(129)}),
            json!({"userId": "a\nb"}),
            json!({"userId": null}),
        ] {
            let body = json!({"userId": "ada", "type": "login", "title": "t"});
            let rest = with(body, &changes);
            let graphql = with(rest.clone(), &json!({"type": "LOGIN"}));
            alike(
                &app.post("/api/activities", &rest).await,
                &app.graphql(CREATE, json!({"input": graphql})).await,
            );
        }
        the_same_is_shown(&app).await;
        assert_eq!(app.get("/api/activities/ada").await.expect(200)["total"], 0);
    }
);

on_both!(
    async fn bad_notifications_are_refused_alike(app: TestApp) {
        const CREATE: &str =
            "mutation($input: CreateNotificationInput!) { createNotification(input: $input) { id } }";
        for changes in [
            json!({"title": ""}),
            json!({"message": "é".repeat(2_001)}),
            json!({"message": "\0"}),
            json!({"actionUrl": "//evil.example"}),
            json!({"actionUrl": "javascript:alert(1)"}),
            json!({"actionUrl": format!("/{}", "a".repeat(2_048))}),
            json!({"expiresAt": "2020-01-01T00:00:00Z"}),
            json!({"expiresAt": "tomorrow"}),
        ] {
            let body = json!({"userId": "ada", "type": "system", "title": "t", "message": "m"});
            let rest = with(body, &changes);
            let graphql = with(rest.clone(), &json!({"type": "SYSTEM"}));
            alike(
                &app.post("/api/notifications", &rest).await,
                &app.graphql(CREATE, json!({"input": graphql})).await,
            );
        }
        assert_eq!(app.get("/api/notifications/ada").await.expect(200)["total"], 0);
    }
);

on_both!(
    async fn bad_analytics_are_refused_alike(app: TestApp) {
        for (path, body, field) in [
            ("learning-hours", json!({"hours": 0}), "updateLearningHours(userId: \"ada\", hours: 0)"),
            ("learning-hours", json!({"hours": 1e300}), "updateLearningHours(userId: \"ada\", hours: 1e300)"),
            (
                "streak",
                json!({"currentStreak": -1, "longestStreak": 0}),
                "updateStreak(userId: \"ada\", currentStreak: -1, longestStreak: 0)",
            ),
            (
                "streak",
                json!({"currentStreak": 0, "longestStreak": -1}),
                "updateStreak(userId: \"ada\", currentStreak: 0, longestStreak: -1)",
            ),
            (
                "increment",
                json!({"statName": "logsCreated", "incrementBy": 0}),
                "incrementStat(userId: \"ada\", statName: LOGS_CREATED, incrementBy: 0)",
            ),
        ] {
            let rest = app.patch(&format!("/api/analytics/ada/{path}"), &body).await;
            alike(&rest, &app.graphql(&format!("mutation {{ {field} {{ cursor }} }}"), json!({})).await);
        }
        for (date, hours, logs) in [
            ("2026-02-30", 1.0, 1),
            ("2026-01-31", 24.5, 1),
            ("2026-01-31", -1.0, 1),
            ("2026-01-31", 1.0, -1),
        ] {
            let body = json!({"date": date, "hoursLogged": hours, "logsCount": logs});
            let document = "mutation($date: Date!, $hoursLogged: Float!, $logsCount: Int!) {
                addWeeklyData(userId: \"ada\", date: $date, hoursLogged: $hoursLogged, logsCount: $logsCount) { cursor } }";
            let rest = app.post("/api/analytics/ada/weekly", &body).await;
            alike(&rest, &app.graphql(document, body).await);
        }
        assert_eq!(app.get("/api/analytics/ada").await.status, 404);
    }
);

on_both!(
    async fn bad_pages_and_unknown_items_are_refused_alike(app: TestApp) {
        for (query, arguments) in
            [("limit=0", "limit: 0"), ("limit=-5", "limit: -5"), ("skip=-1", "skip: -1")]
        {
            for (path, field, part) in [
                ("/api/activities/ada", "activities", "userId: \"ada\", "),
                ("/api/notifications/ada", "notifications", "userId: \"ada\", "),
                ("/api/analytics/leaderboard/all", "leaderboard", ""),
            ] {
                let rest = app.get(&format!("{path}?{query}")).await;
                let document = format!("{{ {field}({part}{arguments}) {{ total }} }}");
                alike(&rest, &app.graphql(&document, json!({})).await);
            }
        }
        let id = "0123456789abcdef01234567";
        for (feed, noun) in [("activities", "Activity"), ("notifications", "Notification")] {
            let rest = app.patch(&format!("/api/{feed}/{id}/read"), &json!({})).await;
            let document = format!("mutation {{ mark{noun}Read(id: \"{id}\") {{ id }} }}");
            alike(&rest, &app.graphql(&document, json!({})).await);
            let rest = app.delete(&format!("/api/{feed}/{id}")).await;
            let document = format!("mutation {{ delete{noun}(id: \"{id}\") {{ id }} }}");
            alike(&rest, &app.graphql(&document, json!({})).await);
        }
        let ada = app.user("ada");
        let rest = ada.get("/api/activities/bob").await;
        assert_eq!(rest.status, 403);
        alike(&rest, &ada.graphql("{ activities(userId: \"bob\") { total } }", json!({})).await);
    }
);
