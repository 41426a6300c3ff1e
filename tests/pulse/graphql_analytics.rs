//! Analytics through every query and mutation of GraphQL that is about them.

use serde_json::{Value, json};

use crate::support::{TestApp, each, on_both};

const FIELDS: &str = "fragment All on Analytics { userId totalLearningHours currentStreak longestStreak logsCreated
    goalsCompleted skillsAdded weeklyData { date hoursLogged logsCount } monthlyData { month hoursLogged logsCount }
    updatedAt cursor }";

/// The answer of the one field of `operation`, which selects `...All`.
async fn ask(app: &TestApp, operation: &str, variables: Value) -> Value {
    let data = app.graphql(&format!("{operation} {FIELDS}"), variables).await.data();
    let fields = data.as_object().unwrap();
    assert_eq!(fields.len(), 1, "{data}");
    fields.values().next().unwrap().clone()
}

async fn stored(app: &TestApp, user: &str) -> Value {
    ask(app, "query($user: ID) { analytics(userId: $user) { ...All } }", json!({"user": user})).await
}

on_both!(
    async fn a_user_without_analytics_has_null(app: TestApp) {
        let answer = app.graphql("{ analytics(userId: \"nobody\") { cursor } }", json!({})).await;
        assert_eq!(answer.data(), json!({"analytics": null}));
    }
);

on_both!(
    async fn init_creates_once_and_then_leaves_as_it_stands(app: TestApp) {
        const INIT: &str = "mutation { initAnalytics(userId: \"ada\") { ...All } }";
        let created = ask(&app, INIT, json!({})).await;
        assert_eq!(created["userId"], "ada");
        assert_eq!(created["totalLearningHours"].as_f64(), Some(0.0));
        for counter in ["currentStreak", "longestStreak", "logsCreated", "goalsCompleted", "skillsAdded"] {
            assert_eq!(created[counter], 0, "{counter}");
        }
        assert_eq!((&created["weeklyData"], &created["monthlyData"]), (&json!([]), &json!([])));
        assert_eq!(stored(&app, "ada").await, created);
        let hours = "mutation { updateLearningHours(userId: \"ada\", hours: 2) { ...All } }";
        let changed = ask(&app, hours, json!({})).await;
        assert_eq!(ask(&app, INIT, json!({})).await, changed);
        assert_eq!(stored(&app, "ada").await, changed);
    }
);

on_both!(
    async fn hours_sum_without_binary_rounding_and_stop_at_zero(app: TestApp) {
        const HOURS: &str = "mutation($hours: Float!) {
            updateLearningHours(userId: \"ada\", hours: $hours) { ...All } }";
        for (hours, total) in [(0.1, 0.1), (0.2, 0.3), (-5.0, 0.0), (1.75, 1.75)] {
            let analytics = ask(&app, HOURS, json!({"hours": hours})).await;
            assert_eq!(analytics["totalLearningHours"].as_f64(), Some(total));
            assert_eq!(stored(&app, "ada").await, analytics);
        }
        let whole = ask(&app, HOURS, json!({"hours": 1})).await;
        assert_eq!(whole["totalLearningHours"].as_f64(), Some(2.75));
    }
);

on_both!(
    async fn the_longest_streak_never_falls(app: TestApp) {
        const STREAK: &str = "mutation($current: Int!, $longest: Int!) {
            updateStreak(userId: \"ada\", currentStreak: $current, longestStreak: $longest) { ...All } }";
        for (current, longest, expected) in [(5, 3, 5), (1, 9, 9), (0, 0, 9)] {
            let analytics = ask(&app, STREAK, json!({"current": current, "longest": longest})).await;
            let streaks = (&analytics["currentStreak"], &analytics["longestStreak"]);
            assert_eq!(streaks, (&json!(current), &json!(expected)));
        }
    }
);

on_both!(
    async fn counters_go_up_by_one_unless_told_and_stop_at_zero(app: TestApp) {
        const STEP: &str = "mutation($stat: StatName!, $by: Int! = 1) {
            incrementStat(userId: \"ada\", statName: $stat, incrementBy: $by) { ...All } }";
        for (stat, field) in [
            ("LOGS_CREATED", "logsCreated"),
            ("GOALS_COMPLETED", "goalsCompleted"),
            ("SKILLS_ADDED", "skillsAdded"),
        ] {
            let without =
                format!("mutation {{ incrementStat(userId: \"ada\", statName: {stat}) {{ ...All }} }}");
            assert_eq!(ask(&app, &without, json!({})).await[field], 1);
            for (variables, expected) in [
                (json!({"stat": stat}), 2),
                (json!({"stat": stat, "by": 5}), 7),
                (json!({"stat": stat, "by": -10}), 0),
            ] {
                assert_eq!(ask(&app, STEP, variables).await[field], expected, "{stat}");
            }
        }
    }
);

on_both!(
    async fn a_day_adds_up_to_24_hours(app: TestApp) {
        const DAY: &str = "mutation($date: Date!, $hours: Float!, $logs: Int!) {
            addWeeklyData(userId: \"ada\", date: $date, hoursLogged: $hours, logsCount: $logs) { ...All } }";
        for (date, hours, logs) in
            [("2026-02-01", 1.5, 0), ("2026-01-31", 0.1, 1), ("2026-02-01T00:30:00+01:00", 0.2, 2)]
        {
            ask(&app, DAY, json!({"date": date, "hours": hours, "logs": logs})).await;
        }
        let before = stored(&app, "ada").await;
        assert_eq!(
            before["weeklyData"],
            json!([
                {"date": "2026-01-31", "hoursLogged": 0.3, "logsCount": 3},
                {"date": "2026-02-01", "hoursLogged": 1.5, "logsCount": 0}
            ])
        );
        assert_eq!(
            before["monthlyData"],
            json!([
                {"month": "2026-01", "hoursLogged": 0.3, "logsCount": 3},
                {"month": "2026-02", "hoursLogged": 1.5, "logsCount": 0}
            ])
        );
        let variables = json!({"date": "2026-02-01", "hours": 23, "logs": 0});
        let refused = app.graphql(&format!("{DAY} {FIELDS}"), variables).await;
        assert_eq!(refused.graphql_error(), ("BAD_USER_INPUT".to_owned(), Some("hoursLogged".to_owned())));
        assert_eq!(stored(&app, "ada").await, before);
    }
);

on_both!(
    async fn a_user_id_that_is_left_out_is_the_viewers(app: TestApp) {
        const ALL: &str = "mutation { initAnalytics { userId } updateLearningHours(hours: 1) { userId }
            updateStreak(currentStreak: 1, longestStreak: 2) { userId } incrementStat(statName: LOGS_CREATED) { userId }
            addWeeklyData(date: \"2026-01-31\", hoursLogged: 1, logsCount: 1) { userId } }";
        let mine = json!({"userId": "ada"});
        assert_eq!(
            app.user("ada").graphql(ALL, json!({})).await.data(),
            json!({
                "initAnalytics": mine, "updateLearningHours": mine, "updateStreak": mine, "incrementStat": mine,
                "addWeeklyData": mine
            })
        );
        let answer = app.user("ada").graphql("{ analytics { userId logsCreated } }", json!({})).await;
        assert_eq!(answer.data(), json!({"analytics": {"userId": "ada", "logsCreated": 1}}));
        let error = app.graphql(ALL, json!({})).await.graphql_error();
        assert_eq!(error, ("BAD_USER_INPUT".to_owned(), Some("userId".to_owned())));
    }
);

on_both!(
    async fn the_leaderboard_has_most_hours_first_and_ties_by_user(app: TestApp) {
        const HOURS: &str = "mutation($user: ID, $hours: Float!) {
            updateLearningHours(userId: $user, hours: $hours) { cursor } }";
        const BOARD: &str = "query($limit: Int! = 100, $skip: Int! = 0) {
            leaderboard(limit: $limit, skip: $skip) { analytics { userId } total hasMore } }";
        for (user, hours) in [("carl", 5.0), ("bob", 7.5), ("ada", 5.0), ("dan", 0.25)] {
            app.graphql(HOURS, json!({"user": user, "hours": hours})).await.data();
        }
        let order = ["bob", "ada", "carl", "dan"];
        for (variables, users, more) in [
            (json!({}), &order[..], false),
            (json!({"limit": 3}), &order[..3], true),
            (json!({"limit": 3, "skip": 1}), &order[1..], false),
            (json!({"skip": 4}), &[], false),
        ] {
            // The leaderboard is for every viewer.
            let answer = app.user("zoe").graphql(BOARD, variables).await.data();
            let board = &answer["leaderboard"];
            assert_eq!(each(&board["analytics"], "userId"), users);
            assert_eq!((&board["total"], &board["hasMore"]), (&json!(4), &json!(more)));
        }
    }
);

on_both!(
    async fn active_users_counts_users_with_a_socket(app: TestApp) {
        const ACTIVE: &str = "{ activeUsers }";
        assert_eq!(app.graphql(ACTIVE, json!({})).await.data(), json!({"activeUsers": 0}));
        let ada = app.user("ada");
        let (_one, _two) = (ada.socket().await, ada.socket().await);
        assert_eq!(app.graphql(ACTIVE, json!({})).await.data(), json!({"activeUsers": 1}));
    }
);
