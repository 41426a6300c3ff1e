//! `/api/analytics`, route by route.

use std::time::Duration;

use insta::assert_json_snapshot;
use pulse::domain::Day;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, each, millis, on_both};

async fn weekly(app: &TestApp, date: &str, hours: f64, logs: u32) -> Answer {
    let entry = json!({"date": date, "hoursLogged": hours, "logsCount": logs});
    app.post("/api/analytics/ada/weekly", &entry).await
}

async fn hours(app: &TestApp, user: &str, hours: f64) -> Value {
    app.patch(&format!("/api/analytics/{user}/learning-hours"), &json!({"hours": hours})).await.expect(200)
}

on_both!(
    async fn init_creates_once_and_then_leaves_as_it_stands(app: TestApp) {
        let missing = app.get("/api/analytics/ada").await;
        assert_eq!((missing.status, missing.rest_error()), (404, ("NOT_FOUND".to_owned(), None)));
        let created = app.post("/api/analytics/ada/init", &json!({})).await.expect(201);
        assert_json_snapshot!(created, {".updatedAt" => "[time]", ".cursor" => "[cursor]"}, @r#"
        {
          "userId": "ada",
          "totalLearningHours": 0,
          "currentStreak": 0,
          "longestStreak": 0,
          "logsCreated": 0,
          "goalsCompleted": 0,
          "skillsAdded": 0,
          "weeklyData": [],
          "monthlyData": [],
          "updatedAt": "[time]",
          "cursor": "[cursor]"
        }
        "#);
        assert_eq!(app.get("/api/analytics/ada").await.expect(200), created);

        let changed = hours(&app, "ada", 2.0).await;
        assert_eq!(app.post("/api/analytics/ada/init", &json!({})).await.expect(200), changed);
        assert_eq!(app.get("/api/analytics/ada").await.expect(200), changed);
    }
);

on_both!(
    async fn every_change_creates_the_record_where_it_is_missing(app: TestApp) {
        let entry = json!({"date": "2026-01-31", "hoursLogged": 1, "logsCount": 1});
        for (user, change, body) in [
            ("hours", "learning-hours", json!({"hours": 1})),
            ("streak", "streak", json!({"currentStreak": 1, "longestStreak": 1})),
            ("counter", "increment", json!({"statName": "logsCreated"})),
        ] {
            let path = format!("/api/analytics/{user}/{change}");
            let changed = app.patch(&path, &body).await.expect(200);
            assert_eq!(app.get(&format!("/api/analytics/{user}")).await.expect(200), changed);
        }
        let changed = app.post("/api/analytics/weekly/weekly", &entry).await.expect(200);
        assert_eq!(app.get("/api/analytics/weekly").await.expect(200), changed);
        assert_eq!(app.get("/api/analytics/leaderboard/all").await.expect(200)["total"], 4);
    }
);

on_both!(
    async fn hours_sum_without_binary_rounding_and_stop_at_zero(app: TestApp) {
        hours(&app, "ada", 0.1).await;
        assert_eq!(hours(&app, "ada", 0.2).await["totalLearningHours"], 0.3);
        assert_eq!(hours(&app, "ada", 0.4).await["totalLearningHours"], 0.7);
        assert_eq!(hours(&app, "ada", -0.7).await["totalLearningHours"], 0);
        hours(&app, "ada", 1.5).await;
        assert_eq!(hours(&app, "ada", -9.25).await["totalLearningHours"], 0);
        assert_eq!(hours(&app, "ada", 2.5).await["totalLearningHours"], 2.5);
        assert_eq!(app.get("/api/analytics/ada").await.expect(200)["totalLearningHours"], 2.5);
    }
);

on_both!(
    async fn the_longest_streak_never_falls(app: TestApp) {
        for (current, longest, expected) in [(5, 3, 5), (1, 9, 9), (0, 0, 9), (12, 4, 12), (0, 11, 12)] {
            let body = json!({"currentStreak": current, "longestStreak": longest});
            let analytics = app.patch("/api/analytics/ada/streak", &body).await.expect(200);
            let streaks = (&analytics["currentStreak"], &analytics["longestStreak"]);
            assert_eq!(streaks, (&json!(current), &json!(expected)));
        }
    }
);

on_both!(
    async fn counters_go_up_by_one_unless_told_and_stop_at_zero(app: TestApp) {
        for stat in ["logsCreated", "goalsCompleted", "skillsAdded"] {
            for (body, expected) in [
                (json!({"statName": stat}), 1),
                (json!({"statName": stat, "incrementBy": null}), 2),
                (json!({"statName": stat, "incrementBy": 5}), 7),
                (json!({"statName": stat, "incrementBy": -3}), 4),
                (json!({"statName": stat, "incrementBy": -10}), 0),
                (json!({"statName": stat, "incrementBy": 2}), 2),
            ] {
                let analytics = app.patch("/api/analytics/ada/increment", &body).await.expect(200);
                assert_eq!(analytics[stat], expected, "{body}");
            }
        }
        let analytics = app.get("/api/analytics/ada").await.expect(200);
        for stat in ["logsCreated", "goalsCompleted", "skillsAdded"] {
            assert_eq!(analytics[stat], 2);
        }
    }
);

on_both!(
    async fn a_second_entry_for_a_day_adds_to_it(app: TestApp) {
        weekly(&app, "2026-01-31", 0.1, 1).await.expect(200);
        weekly(&app, "2026-02-01", 3.0, 0).await.expect(200);
        let analytics = weekly(&app, "2026-01-31", 0.2, 2).await.expect(200);
        assert_eq!(
            analytics["weeklyData"],
            json!([
                {"date": "2026-01-31", "hoursLogged": 0.3, "logsCount": 3},
                {"date": "2026-02-01", "hoursLogged": 3, "logsCount": 0}
            ])
        );
        assert_eq!(
            analytics["monthlyData"],
            json!([
                {"month": "2026-01", "hoursLogged": 0.3, "logsCount": 3},
                {"month": "2026-02", "hoursLogged": 3, "logsCount": 0}
            ])
        );
        assert_eq!(analytics["totalLearningHours"], 0);
        assert_eq!(app.get("/api/analytics/ada").await.expect(200), analytics);
    }
);

on_both!(
    async fn a_day_takes_24_hours_and_no_more(app: TestApp) {
        weekly(&app, "2026-01-31", 20.0, 1).await.expect(200);
        let before = weekly(&app, "2026-01-31", 4.0, 1).await.expect(200);
        assert_eq!(before["weeklyData"], json!([{"date": "2026-01-31", "hoursLogged": 24, "logsCount": 2}]));
        let refused = weekly(&app, "2026-01-31", 0.001, 1).await;
        let expected = ("BAD_USER_INPUT".to_owned(), Some("hoursLogged".to_owned()));
        assert_eq!((refused.status, refused.rest_error()), (400, expected));
        assert_eq!(app.get("/api/analytics/ada").await.expect(200), before);
        let logs = weekly(&app, "2026-01-31", 0.0, 5).await.expect(200);
        assert_eq!(logs["weeklyData"][0]["logsCount"], 7);
    }
);

on_both!(
    async fn a_full_timestamp_is_taken_by_its_day_in_utc(app: TestApp) {
        for date in ["2026-01-31T23:59:59.999Z", "2026-02-01T01:00:00+02:00", "2026-01-30T22:30:00-02:00"] {
            weekly(&app, date, 1.0, 1).await.expect(200);
        }
        let analytics = app.get("/api/analytics/ada").await.expect(200);
        assert_eq!(
            analytics["weeklyData"],
            json!([{"date": "2026-01-31", "hoursLogged": 3, "logsCount": 3}])
        );
    }
);

on_both!(
    async fn the_newest_84_days_are_shown_ascending(app: TestApp) {
        let start = Day::parse("date", "2025-11-20").unwrap();
        let day = |offset: u64| start.plus_days(offset).to_string();
        // Every second day of 86, newest first, then those between.
        for offset in (0..86u64).rev().step_by(2).chain((0..85u64).rev().step_by(2)) {
            weekly(&app, &day(offset), 1.0, 2).await.expect(200);
        }
        let expected: Vec<String> = (2..86).map(day).collect();
        let analytics = app.get("/api/analytics/ada").await.expect(200);
        assert_eq!(each(&analytics["weeklyData"], "date"), expected);
        let months: Vec<Value> = [("2025-11", 11), ("2025-12", 31), ("2026-01", 31), ("2026-02", 13)]
            .into_iter()
            .map(|(month, days)| json!({"month": month, "hoursLogged": days, "logsCount": 2 * days}))
            .collect();
        assert_eq!(analytics["monthlyData"], json!(months));

        // A day that is too old to be shown still counts in its month, and is still one day.
        let analytics = weekly(&app, &day(0), 22.0, 0).await.expect(200);
        assert_eq!(each(&analytics["weeklyData"], "date"), expected);
        assert_eq!(analytics["monthlyData"][0]["hoursLogged"], 33);
        let full = weekly(&app, &day(0), 1.5, 0).await;
        assert_eq!((full.status, full.rest_error().1.as_deref()), (400, Some("hoursLogged")));
    }
);

on_both!(
    async fn the_newest_24_months_are_shown_ascending(app: TestApp) {
        let month = |number: u32| format!("{}-{:02}", 2023 + number / 12, number % 12 + 1);
        for number in (0..26).rev() {
            weekly(&app, &format!("{}-15", month(number)), 0.5, number).await.expect(200);
        }
        weekly(&app, &format!("{}-28", month(25)), 1.0, 1).await.expect(200);
        let analytics = app.get("/api/analytics/ada").await.expect(200);
        let expected: Vec<String> = (2..26).map(month).collect();
        assert_eq!(each(&analytics["monthlyData"], "month"), expected);
        assert_eq!(
            analytics["monthlyData"][23],
            json!({"month": month(25), "hoursLogged": 1.5, "logsCount": 26})
        );
        assert_eq!(analytics["monthlyData"][0]["logsCount"], 2);
    }
);

on_both!(
    start: TestApp::standing_still;
    async fn every_change_sets_updated_at(app: TestApp) {
        let entry = json!({"date": "2026-01-31", "hoursLogged": 1, "logsCount": 1});
        let mut last = millis(&app.post("/api/analytics/ada/init", &json!({})).await.expect(201)["updatedAt"]);
        for (change, body) in [
            ("learning-hours", json!({"hours": 1})),
            ("streak", json!({"currentStreak": 1, "longestStreak": 1})),
            ("increment", json!({"statName": "logsCreated"})),
        ] {
            app.clock.advance(Duration::from_millis(1));
            let path = format!("/api/analytics/ada/{change}");
            let updated = millis(&app.patch(&path, &body).await.expect(200)["updatedAt"]);
            assert_eq!(updated, last + 1, "{change}");
            last = updated;
        }
        app.clock.advance(Duration::from_millis(1));
        let weekly = app.post("/api/analytics/ada/weekly", &entry).await.expect(200);
        assert_eq!(millis(&weekly["updatedAt"]), last + 1);
        app.clock.advance(Duration::from_millis(1));
        assert_eq!(app.post("/api/analytics/ada/init", &json!({})).await.expect(200), weekly);
    }
);

on_both!(
    async fn the_leaderboard_has_most_hours_first_and_ties_by_user(app: TestApp) {
        let empty = app.get("/api/analytics/leaderboard/all").await.expect(200);
        assert_eq!(empty, json!({"analytics": [], "total": 0, "hasMore": false}));
        for (user, total) in
            [("carl", 5.0), ("Zoe", 5.0), ("bob", 7.5), ("ada", 5.0), ("émile", 5.0), ("dan", 0.25)]
        {
            hours(&app, user, total).await;
        }
        app.post("/api/analytics/none/init", &json!({})).await.expect(201);
        let order = ["bob", "Zoe", "ada", "carl", "émile", "dan", "none"];
        for (query, users, more) in [
            ("", &order[..], false),
            ("?limit=2", &order[..2], true),
            ("?limit=3&skip=3", &order[3..6], true),
            ("?limit=3&skip=4", &order[4..], false),
            ("?skip=7", &[], false),
        ] {
            let page = app.get(&format!("/api/analytics/leaderboard/all{query}")).await.expect(200);
            assert_eq!(each(&page["analytics"], "userId"), users, "{query}");
            assert_eq!((&page["total"], &page["hasMore"]), (&json!(7), &json!(more)), "{query}");
        }
        let first = app.get("/api/analytics/leaderboard/all?limit=1").await.expect(200);
        assert_eq!(first["analytics"][0], app.get("/api/analytics/bob").await.expect(200));
    }
);

on_both!(
    async fn the_leaderboard_has_100_by_itself_and_never_more_than_200(app: TestApp) {
        let users: Vec<String> = (0..201).map(|number| format!("user{number:03}")).collect();
        futures_util::future::join_all(users.iter().map(|user| hours(&app, user, 1.0))).await;
        for (query, count, more) in [
            ("", 100, true),
            ("?limit=201", 200, true),
            ("?limit=201&skip=1", 200, false),
            ("?skip=200", 1, false),
        ] {
            let page = app.get(&format!("/api/analytics/leaderboard/all{query}")).await.expect(200);
            let found = page["analytics"].as_array().unwrap().len();
            assert_eq!((found, &page["hasMore"]), (count, &json!(more)), "{query}");
        }
    }
);

on_both!(
    async fn concurrent_changes_are_all_counted(app: TestApp) {
        let increment = json!({"statName": "logsCreated", "incrementBy": 2});
        let changes = (0..30).map(|_| async {
            app.patch("/api/analytics/ada/increment", &increment).await.expect(200);
            hours(&app, "ada", 0.1).await;
        });
        futures_util::future::join_all(changes).await;
        let analytics = app.get("/api/analytics/ada").await.expect(200);
        assert_eq!((&analytics["logsCreated"], &analytics["totalLearningHours"]), (&json!(60), &json!(3)));
    }
);
