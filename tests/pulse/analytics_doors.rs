//! Analytics through REST and GraphQL: each shows what the other wrote, and both refuse alike. Feeds are in `stories.rs`.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, on_both};

const ANALYTICS: &str =
    "userId totalLearningHours currentStreak longestStreak logsCreated goalsCompleted skillsAdded
    weeklyData { date hoursLogged logsCount } monthlyData { month hoursLogged logsCount } updatedAt cursor";

/// The same with every number as a floating-point one: REST writes whole hours without a fraction.
fn with_floats(shown: &Value) -> Value {
    match shown {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), with_floats(value))).collect()
        }
        Value::Array(items) => items.iter().map(with_floats).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

/// The only field of a GraphQL answer.
async fn ask(app: &TestApp, document: &str) -> Value {
    let data = app.graphql(document, json!({})).await.data();
    with_floats(data.as_object().unwrap().values().next().unwrap())
}

/// Checks that both doors show the same analytics of ada; returns them.
async fn the_same_is_shown(app: &TestApp) -> Value {
    let board = app.get("/api/analytics/leaderboard/all").await.expect(200);
    let document = format!("{{ leaderboard {{ analytics {{ {ANALYTICS} }} total hasMore }} }}");
    assert_eq!(ask(app, &document).await, with_floats(&board));
    let shown = ask(app, &format!("{{ analytics(userId: \"ada\") {{ {ANALYTICS} }} }}")).await;
    let analytics = app.get("/api/analytics/ada").await;
    let expected = if analytics.status == 404 { Value::Null } else { with_floats(&analytics.body) };
    assert_eq!(shown, expected);
    shown
}

on_both!(
    async fn what_rest_wrote_graphql_reads(app: TestApp) {
        assert_eq!(the_same_is_shown(&app).await, Value::Null);
        app.patch("/api/analytics/ada/learning-hours", &json!({"hours": 0.1})).await.expect(200);
        app.patch("/api/analytics/ada/increment", &json!({"statName": "goalsCompleted"})).await.expect(200);
        let entry = json!({"date": "2026-01-31", "hoursLogged": 1.5, "logsCount": 2});
        let written = app.post("/api/analytics/ada/weekly", &entry).await.expect(200);
        assert_eq!(the_same_is_shown(&app).await, with_floats(&written));
    }
);

on_both!(
    async fn what_graphql_wrote_rest_reads(app: TestApp) {
        for change in [
            "updateLearningHours(userId: \"ada\", hours: 0.3)",
            "updateStreak(userId: \"ada\", currentStreak: 4, longestStreak: 2)",
            "incrementStat(userId: \"ada\", statName: SKILLS_ADDED, incrementBy: 3)",
            "addWeeklyData(userId: \"ada\", date: \"2026-01-31\", hoursLogged: 0.7, logsCount: 1)",
            "initAnalytics(userId: \"ada\")",
        ] {
            let written = ask(&app, &format!("mutation {{ {change} {{ {ANALYTICS} }} }}")).await;
            assert_eq!(the_same_is_shown(&app).await, written, "{change}");
        }
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
    async fn bad_pages_are_refused_alike(app: TestApp) {
        for (query, arguments) in
            [("limit=0", "limit: 0"), ("limit=-5", "limit: -5"), ("skip=-1", "skip: -1")]
        {
            let rest = app.get(&format!("/api/analytics/leaderboard/all?{query}")).await;
            let document = format!("{{ leaderboard({arguments}) {{ total }} }}");
            alike(&rest, &app.graphql(&document, json!({})).await);
        }
    }
);
