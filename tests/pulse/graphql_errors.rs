//! Errors of fields: what becomes of `data`, and what an error says.

use insta::assert_json_snapshot;
use serde_json::json;

use crate::support::{TestApp, each, on_both};

on_both!(
    async fn an_error_nulls_what_cannot_be_null_and_says_where(app: TestApp) {
        let create = "mutation($input: CreateActivityInput!) { made: createActivity(input: $input) { id } }";
        let input = json!({"input": {"userId": "ada", "type": "LOGIN", "title": ""}});
        let answer = app.graphql(create, input).await;
        assert_eq!(answer.status, 200);
        assert_json_snapshot!(answer.body, @r#"
        {
          "errors": [
            {
              "message": "Title must have 1 to 200 characters.",
              "locations": [
                {
                  "line": 1,
                  "column": 42
                }
              ],
              "path": [
                "made"
              ],
              "extensions": {
                "code": "BAD_USER_INPUT",
                "field": "title"
              }
            }
          ],
          "data": null
        }
        "#);
    }
);

on_both!(
    async fn an_error_of_a_nullable_field_leaves_its_siblings(app: TestApp) {
        let query = "{ analytics(userId: \"\") { cursor } activeUsers }";
        let answer = app.graphql(query, json!({})).await;
        assert_json_snapshot!(answer.body, @r#"
        {
          "errors": [
            {
              "message": "userId must have 1 to 128 characters.",
              "locations": [
                {
                  "line": 1,
                  "column": 3
                }
              ],
              "path": [
                "analytics"
              ],
              "extensions": {
                "code": "BAD_USER_INPUT",
                "field": "userId"
              }
            }
          ],
          "data": {
            "analytics": null,
            "activeUsers": 0
          }
        }
        "#);
    }
);

on_both!(
    async fn mutations_run_one_after_the_other(app: TestApp) {
        let create = |alias: &str, title: &str| {
            format!(
                "{alias}: createActivity(input: {{userId: \"ada\", type: LOGIN, title: \"{title}\"}}) {{ id }}"
            )
        };
        let document =
            format!("mutation {{ {} {} {} }}", create("a", "one"), create("b", "two"), create("c", "three"));
        app.graphql(&document, json!({})).await.data();
        let page = app.get("/api/activities/ada").await.expect(200);
        assert_eq!(each(&page["activities"], "title"), ["three", "two", "one"]);
    }
);

on_both!(
    async fn another_users_things_are_forbidden_and_their_items_unknown(app: TestApp) {
        let (activity, notification) =
            (app.create_activity("bob", "one").await, app.create_notification("bob", "one").await);
        let ada = app.user("ada");
        for field in [
            "activities(userId: \"bob\") { total }",
            "activityConnection(userId: \"bob\") { nodes { id } }",
            "unreadActivityCount(userId: \"bob\")",
            "analytics(userId: \"bob\") { cursor }",
            "notifications(userId: \"bob\") { total }",
            "notificationConnection(userId: \"bob\") { nodes { id } }",
            "unreadNotificationCount(userId: \"bob\")",
        ] {
            let answer = ada.graphql(&format!("{{ {field} }}"), json!({})).await;
            assert_eq!(answer.graphql_error().0, "FORBIDDEN", "{field}");
        }
        for field in [
            "createActivity(input: {userId: \"bob\", type: LOGIN, title: \"t\"}) { id }",
            "markAllActivitiesRead(userId: \"bob\") { modifiedCount }",
            "initAnalytics(userId: \"bob\") { cursor }",
            "updateLearningHours(userId: \"bob\", hours: 1) { cursor }",
            "updateStreak(userId: \"bob\", currentStreak: 1, longestStreak: 1) { cursor }",
            "incrementStat(userId: \"bob\", statName: LOGS_CREATED) { cursor }",
            "addWeeklyData(userId: \"bob\", date: \"2026-01-31\", hoursLogged: 1, logsCount: 1) { cursor }",
            "markAllNotificationsRead(userId: \"bob\") { modifiedCount }",
            "clearNotifications(userId: \"bob\") { deletedCount }",
        ] {
            let answer = ada.graphql(&format!("mutation {{ {field} }}"), json!({})).await;
            assert_eq!(answer.graphql_error().0, "FORBIDDEN", "{field}");
        }
        for (field, item) in [
            ("markActivityRead", &activity),
            ("deleteActivity", &activity),
            ("markNotificationRead", &notification),
            ("deleteNotification", &notification),
        ] {
            let document = format!("mutation {{ {field}(id: {}) {{ id }} }}", item["_id"]);
            let answer = ada.graphql(&document, json!({})).await;
            assert_eq!(answer.graphql_error().0, "NOT_FOUND", "{field}");
        }
        let untouched = "{ activities(userId: \"bob\") { total unreadCount }
            notifications(userId: \"bob\") { total unreadCount } analytics(userId: \"bob\") { cursor } }";
        let one = json!({"total": 1, "unreadCount": 1});
        assert_eq!(
            app.graphql(untouched, json!({})).await.data(),
            json!({"activities": one, "notifications": one, "analytics": null})
        );
    }
);

on_both!(
    async fn a_bad_token_is_unauthenticated_even_in_development(app: TestApp) {
        let answer = app.with_token("nonsense").graphql("{ activeUsers }", json!({})).await;
        assert_eq!(answer.graphql_error().0, "UNAUTHENTICATED");
        assert_eq!(answer.status, 401);
    }
);
