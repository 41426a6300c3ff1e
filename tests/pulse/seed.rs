//! `pulse seed`: a demo that looks real, the same each time, and never twice.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    Backend, Files, SECRET, Server, complaints, each, fresh_database, printed, pulse, said,
};

/// The names of the dashboard's parts, which links lead to.
const DASHBOARD: &str = include_str!("../../web/src/dashboard/shell/BottomNav.tsx");

/// All that was seeded, as an export shows it.
fn exported(url: &str) -> Vec<String> {
    let files = Files::new();
    printed(&pulse(url, &["export", &files.argument("out")]));
    let read = |name| fs::read_to_string(files.path("out").join(name)).unwrap();
    ["activities.jsonl", "analytics.jsonl", "notifications.jsonl"].map(read).into()
}

async fn a_demo_is_there(backend: Backend) {
    let (url, _folder) = fresh_database(backend).await;
    let told = printed(&pulse(&url, &["seed"]));
    assert!(told.contains("12 users with ") && told.contains("pulse serve"), "{told}");
    assert_eq!(told.lines().count(), 3, "{told}");
    let first = exported(&url);
    // Again, on another day, and with another seed: users that are there stay as they are.
    for arguments in [vec!["seed"], vec!["seed", "--today", "2027-01-01"], vec!["seed", "--seed", "2"]] {
        let again = printed(&pulse(&url, &arguments));
        assert!(again.contains("0 users with 0 activities") && again.contains("12 users have"), "{again}");
        assert_eq!(exported(&url), first);
    }

    let server = Server::start(&url, &[]);
    let board = server.get("/api/analytics/leaderboard/all").await.expect(200);
    assert_eq!(board["total"], 12);
    let hours: Vec<f64> = board["analytics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["totalLearningHours"].as_f64().unwrap())
        .collect();
    assert!(
        hours.is_sorted_by(|more, less| more >= less) && hours[0] > 50.0 && hours[0] > hours[11],
        "{hours:?}"
    );
    let users = each(&board["analytics"], "userId");
    assert!(users.contains(&"ada") && users.contains(&"grace"), "{users:?}");

    let (mut unread, mut told) = (0, 0);
    for record in board["analytics"].as_array().unwrap() {
        let user = record["userId"].as_str().unwrap();
        let total = |kind: &str| {
            let query = "query($user: ID, $type: ActivityType, $after: String) {
                activityConnection(userId: $user, type: $type, first: 200, after: $after) {
                    nodes { id read } pageInfo { hasNextPage endCursor } } }";
            let variables = json!({"user": user, "type": kind});
            let server = &server;
            async move {
                let (mut count, mut unread, mut variables) = (0, 0, variables);
                loop {
                    let page =
                        server.graphql(query, variables.clone()).await.data()["activityConnection"].clone();
                    let nodes = page["nodes"].as_array().unwrap();
                    count += nodes.len() as u64;
                    unread += nodes.iter().filter(|node| node["read"] == false).count() as u64;
                    if page["pageInfo"]["hasNextPage"] == false {
                        return (count, unread);
                    }
                    variables["after"] = page["pageInfo"]["endCursor"].clone();
                }
            }
        };
        let (mut all, mut all_unread) = (0, 0);
        for kind in
            ["LOGIN", "LOG_CREATED", "GOAL_COMPLETED", "SKILL_ADDED", "PORTFOLIO_UPDATED", "EMAIL_SENT"]
        {
            let (count, unread) = total(kind).await;
            assert!(count > 0, "{user} has no {kind}");
            let counter = match kind {
                "LOG_CREATED" => "logsCreated",
                "GOAL_COMPLETED" => "goalsCompleted",
                "SKILL_ADDED" => "skillsAdded",
                _ => "",
            };
            assert!(counter.is_empty() || record[counter] == count, "{user}: {count} {kind}, {record}");
            (all, all_unread) = (all + count, all_unread + unread);
        }
        let page = server.get(&format!("/api/activities/{user}")).await.expect(200);
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(all), &json!(all_unread)), "{user}");
        let notifications = server.get(&format!("/api/notifications/{user}")).await.expect(200);
        unread += notifications["unreadCount"].as_u64().unwrap();
        told += notifications["total"].as_u64().unwrap();
        for link in each(&notifications["notifications"], "actionUrl") {
            let (page, part) = link.split_once('#').unwrap();
            // Where the pages are not built, the dashboard sends to the one that says so.
            assert!(matches!(server.get(page).await.status, 200 | 307), "{link}");
            assert!(DASHBOARD.contains(&format!("part: \"{part}\"")), "the dashboard has no {link}");
        }
        assert!(record["longestStreak"].as_u64() >= record["currentStreak"].as_u64(), "{record}");
        assert!(!record["weeklyData"].as_array().unwrap().is_empty(), "{record}");
    }
    // Some learned yesterday and some have stopped, and not everyone is at their best.
    let streak = |of: &Value, name: &str| of[name].as_u64().unwrap();
    let all = board["analytics"].as_array().unwrap();
    assert!(all.iter().any(|one| streak(one, "currentStreak") == 0), "{board}");
    assert!(all.iter().any(|one| streak(one, "currentStreak") > 2), "{board}");
    assert!(all.iter().any(|one| streak(one, "longestStreak") > streak(one, "currentStreak")), "{board}");
    assert!(0 < unread && unread < told, "{unread} of {told}");
    // The demo is alive: what comes is written after it.
    let live = server.create_activity("ada", "live").await;
    let page = server.get("/api/activities/ada?limit=1").await.expect(200);
    assert_eq!(each(&page["activities"], "_id"), [live["_id"].as_str().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_looks_real_on_sqlite() {
    a_demo_is_there(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_looks_real_on_postgres() {
    a_demo_is_there(Backend::Postgres).await;
}

#[tokio::test]
async fn the_same_seed_and_day_make_the_same_data_everywhere() {
    let day = pulse::domain::Timestamp::now().day().to_string();
    let mut made = Vec::new();
    for (backend, users, seed) in
        [(Backend::Sqlite, "14", "5"), (Backend::Postgres, "14", "5"), (Backend::Sqlite, "14", "6")]
    {
        let (url, _folder) = fresh_database(backend).await;
        printed(&pulse(&url, &["seed", "--users", users, "--seed", seed, "--today", &day]));
        made.push(exported(&url));
    }
    assert_eq!(made[0], made[1]);
    assert_ne!(made[0], made[2]);
    let numbers: Vec<Value> = made[0][1].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(numbers.iter().any(|record| record["userId"] == "user-14"));
}

#[tokio::test]
async fn production_and_a_running_server_refuse_it() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let production = [("DATABASE_URL", url.as_str()), ("NODE_ENV", "production"), ("JWT_SECRET", SECRET)];
    let seed =
        |arguments: &[&str]| Server::command(&production).arg("seed").args(arguments).output().unwrap();
    let refused = seed(&[]);
    let told = complaints(&refused);
    assert!(!refused.status.success() && told.len() == 1 && told[0].contains("--force"), "{told:?}");
    printed(&seed(&["--force", "--users", "1"]));

    let server = Server::start(&url, &[]);
    let refused = pulse(&url, &["seed"]);
    let told = complaints(&refused);
    assert!(!refused.status.success() && told.len() == 1 && told[0].contains("Stop the server"), "{told:?}");
    drop(server);
    for wrong in [["--users", "0"], ["--users", "10001"], ["--today", "tomorrow"], ["--seed", "x"]] {
        let refused = pulse(&url, &["seed", wrong[0], wrong[1]]);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    }
}
