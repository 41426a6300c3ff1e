//! The schema is the documented one, described throughout, and the copy in the repository is fresh.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use crate::support::{Backend, Introspected, TestApp, list, name, type_text};

/// What is promised: fields with their arguments, their types and defaults.
const PROMISED: &[(&str, &[&str])] = &[
    (
        "Query",
        &[
            "activities(userId: ID, limit: Int! = 20, skip: Int! = 0): ActivityPage!",
            "activityConnection(userId: ID, first: Int, after: String, last: Int, before: String, type: ActivityType, unreadOnly: Boolean): ActivityConnection!",
            "unreadActivityCount(userId: ID): Int!",
            "analytics(userId: ID): Analytics",
            "leaderboard(limit: Int! = 100, skip: Int! = 0): LeaderboardPage!",
            "notifications(userId: ID, limit: Int! = 50, skip: Int! = 0): NotificationPage!",
            "notificationConnection(userId: ID, first: Int, after: String, last: Int, before: String, type: NotificationType, unreadOnly: Boolean): NotificationConnection!",
            "unreadNotificationCount(userId: ID): Int!",
            "activeUsers: Int!",
        ],
    ),
    (
        "Mutation",
        &[
            "createActivity(input: CreateActivityInput!): Activity!",
            "markActivityRead(id: ID!): Activity!",
            "markAllActivitiesRead(userId: ID): MarkAllReadPayload!",
            "deleteActivity(id: ID!): DeletePayload!",
            "initAnalytics(userId: ID): Analytics!",
            "updateLearningHours(userId: ID, hours: Float!): Analytics!",
            "updateStreak(userId: ID, currentStreak: Int!, longestStreak: Int!): Analytics!",
            "incrementStat(userId: ID, statName: StatName!, incrementBy: Int! = 1): Analytics!",
            "addWeeklyData(userId: ID, date: Date!, hoursLogged: Float!, logsCount: Int!): Analytics!",
            "createNotification(input: CreateNotificationInput!): Notification!",
            "markNotificationRead(id: ID!): Notification!",
            "markAllNotificationsRead(userId: ID): MarkAllReadPayload!",
            "deleteNotification(id: ID!): DeletePayload!",
            "clearNotifications(userId: ID): ClearPayload!",
        ],
    ),
    (
        "Subscription",
        &[
            "activityCreated(userId: ID, after: String): Activity!",
            "notificationReceived(userId: ID, after: String): Notification!",
            "analyticsUpdated(userId: ID, after: String): Analytics!",
            "unreadCounts(userId: ID): UnreadCounts!",
            "activeUsers: Int!",
        ],
    ),
    (
        "Activity",
        &[
            "id: ID!",
            "userId: ID!",
            "type: ActivityType!",
            "title: String!",
            "description: String",
            "data: JSON",
            "timestamp: DateTime!",
            "read: Boolean!",
            "cursor: String!",
        ],
    ),
    (
        "Notification",
        &[
            "id: ID!",
            "userId: ID!",
            "type: NotificationType!",
            "title: String!",
            "message: String!",
            "read: Boolean!",
            "actionUrl: String",
            "createdAt: DateTime!",
            "expiresAt: DateTime!",
            "cursor: String!",
        ],
    ),
    (
        "Analytics",
        &[
            "userId: ID!",
            "totalLearningHours: Float!",
            "currentStreak: Int!",
            "longestStreak: Int!",
            "logsCreated: Int!",
            "goalsCompleted: Int!",
            "skillsAdded: Int!",
            "weeklyData: [WeeklyData!]!",
            "monthlyData: [MonthlyData!]!",
            "updatedAt: DateTime!",
            "cursor: String!",
        ],
    ),
    ("WeeklyData", &["date: Date!", "hoursLogged: Float!", "logsCount: Int!"]),
    ("MonthlyData", &["month: String!", "hoursLogged: Float!", "logsCount: Int!"]),
    (
        "ActivityPage",
        &[
            "activities: [Activity!]!",
            "total: Int!",
            "hasMore: Boolean!",
            "unreadCount: Int!",
            "cursor: String!",
        ],
    ),
    (
        "NotificationPage",
        &[
            "notifications: [Notification!]!",
            "total: Int!",
            "hasMore: Boolean!",
            "unreadCount: Int!",
            "cursor: String!",
        ],
    ),
    ("LeaderboardPage", &["analytics: [Analytics!]!", "total: Int!", "hasMore: Boolean!"]),
    ("ActivityConnection", &["edges: [ActivityEdge!]!", "pageInfo: PageInfo!"]),
    ("ActivityEdge", &["node: Activity!", "cursor: String!"]),
    ("NotificationConnection", &["edges: [NotificationEdge!]!", "pageInfo: PageInfo!"]),
    ("NotificationEdge", &["node: Notification!", "cursor: String!"]),
    (
        "PageInfo",
        &["hasPreviousPage: Boolean!", "hasNextPage: Boolean!", "startCursor: String", "endCursor: String"],
    ),
    ("MarkAllReadPayload", &["modifiedCount: Int!"]),
    ("DeletePayload", &["id: ID!", "message: String!"]),
    ("ClearPayload", &["deletedCount: Int!"]),
    ("UnreadCounts", &["activities: Int!", "notifications: Int!", "cursor: String!"]),
    (
        "CreateActivityInput",
        &["userId: ID", "type: ActivityType!", "title: String!", "description: String", "data: JSON"],
    ),
    (
        "CreateNotificationInput",
        &[
            "userId: ID",
            "type: NotificationType!",
            "title: String!",
            "message: String!",
            "actionUrl: String",
            "expiresAt: DateTime",
        ],
    ),
    (
        "ActivityType",
        &["LOGIN", "LOG_CREATED", "GOAL_COMPLETED", "SKILL_ADDED", "PORTFOLIO_UPDATED", "EMAIL_SENT"],
    ),
    ("NotificationType", &["ACHIEVEMENT", "MILESTONE", "REMINDER", "SYSTEM", "SOCIAL"]),
    ("StatName", &["LOGS_CREATED", "GOALS_COMPLETED", "SKILLS_ADDED"]),
];

/// Scalars that every schema has.
const BUILT_IN: &[&str] = &["Boolean", "Float", "ID", "Int", "String"];

/// The members of a type, each as the schema language has it.
fn members(of: &Value) -> BTreeMap<&str, String> {
    let all = [&of["fields"], &of["inputFields"], &of["enumValues"]].into_iter().flat_map(list);
    all.map(|member| (name(member), member_text(member))).collect()
}

/// A field, argument or enum value.
fn member_text(member: &Value) -> String {
    let arguments: Vec<_> = list(&member["args"]).iter().map(member_text).collect();
    let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
    if member["type"].is_null() {
        return name(member).to_owned();
    }
    let default = member["defaultValue"].as_str().map_or(String::new(), |value| format!(" = {value}"));
    format!("{}{arguments}: {}{default}", name(member), type_text(&member["type"]))
}

#[tokio::test]
async fn everything_that_is_promised_is_there_to_the_letter() {
    let app = TestApp::start(Backend::Sqlite).await;
    let schema = Introspected::of(&app).await;
    for (of, promised) in PROMISED {
        let members = members(schema.find(of));
        for promise in *promised {
            let name = promise.split(['(', ':']).next().unwrap();
            let found = members.get(name).unwrap_or_else(|| panic!("{of} has no {name}"));
            assert_eq!(found, promise, "{of}.{name}");
        }
    }
}

#[tokio::test]
async fn no_root_field_or_word_is_there_that_is_not_promised() {
    let app = TestApp::start(Backend::Sqlite).await;
    let schema = Introspected::of(&app).await;
    let closed = ["Query", "Mutation", "Subscription", "ActivityType", "NotificationType", "StatName"];
    for (of, promised) in PROMISED.iter().filter(|(of, _)| closed.contains(of)) {
        let members = members(schema.find(of));
        let unknown: Vec<_> =
            members.values().filter(|member| !promised.contains(&member.as_str())).collect();
        assert!(unknown.is_empty(), "{of}: {unknown:?}");
    }
}

#[tokio::test]
async fn everything_has_a_description() {
    let app = TestApp::start(Backend::Sqlite).await;
    let schema = Introspected::of(&app).await;
    let mut silent = Vec::new();
    let mut check = |place: String, of: &Value| {
        if of["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
            silent.push(place);
        }
    };
    for of in schema.types().filter(|of| !BUILT_IN.contains(&name(of))) {
        check(name(of).to_owned(), of);
        for member in [&of["fields"], &of["inputFields"], &of["enumValues"]].into_iter().flat_map(list) {
            let place = format!("{}.{}", name(of), name(member));
            for argument in list(&member["args"]) {
                check(format!("{place}({})", name(argument)), argument);
            }
            check(place, member);
        }
    }
    assert!(silent.is_empty(), "without a description: {silent:#?}");
}

#[test]
fn the_file_in_the_repository_is_fresh() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let stored = std::fs::read_to_string(file).unwrap();
    assert!(stored == pulse::graphql::sdl(), "schema.graphql is stale: run `make schema`");
}
