//! Every statement that the server runs finds its rows by an index, at any size of the tables.
//!
//! The statements are those of the server itself: it is asked for everything, and its log of statements is read. So
//! one that is added is checked too.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Backend, Client, Server, Socket, Sql, fresh_database};

/// Tables of a few rows, which no index makes faster.
const SMALL: &[&str] = &["counters", "settings", "nodes", "expired_counts"];
/// One piece of each read that grows with its table: without it, that statement was not seen.
const EXPECTED: &[&str] = &[
    "FROM activities WHERE user_id = $1 ORDER BY position DESC LIMIT $2 OFFSET $3",
    "FROM notifications WHERE user_id = $1 AND +expires_at > $5 ORDER BY position DESC LIMIT $2 OFFSET $3",
    "FROM activities WHERE user_id = $1 AND type = $3 AND read = FALSE AND position < $4",
    "FROM notifications WHERE user_id = $1 AND +expires_at > $3 AND type = $4 AND read = FALSE",
    "FROM activities WHERE user_id = $1 AND position > $3 ORDER BY position LIMIT $2",
    "FROM notifications WHERE user_id = $1 AND position > $3 AND +expires_at > $4 ORDER BY position LIMIT $2",
    "FROM notifications WHERE user_id = $1 AND expires_at > COALESCE((SELECT until FROM expired_counts WHERE user_id = $1), -1)",
    "FROM analytics ORDER BY total_hours DESC, user_id LIMIT $1 OFFSET $2",
    "FROM notifications WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
    "DELETE FROM notifications WHERE user_id = $1 AND position IN",
    "SELECT user_id, position FROM user_position WHERE user_id IN",
    "SELECT user_id FROM user_position WHERE user_id > '' ORDER BY user_id LIMIT $1",
];

/// Asks for everything that reads, resumes, counts or changes.
async fn ask_for_everything(client: &Client) {
    let ids = |items: Value| {
        items
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for feed in ["activities", "notifications"] {
        for n in 0..4 {
            match feed {
                "activities" => drop(client.create_activity("ada", &n.to_string()).await),
                _ => drop(client.create_notification("ada", &n.to_string()).await),
            }
        }
        let page = client.get(&format!("/api/{feed}/ada?limit=2&skip=1")).await.expect(200);
        client.get(&format!("/api/{feed}/ada/unread/count")).await.expect(200);
        ask_for_connections(client, feed, page["cursor"].as_str().unwrap()).await;
        let ids = ids(page[feed].clone());
        client.patch(&format!("/api/{feed}/{}/read", ids[0]), &json!({})).await.expect(200);
        client.delete(&format!("/api/{feed}/{}", ids[1])).await.expect(200);
        client.patch(&format!("/api/{feed}/ada/read-all"), &json!({})).await.expect(200);
    }
    client.patch("/api/analytics/ada/learning-hours", &json!({"hours": 1})).await.expect(200);
    let day = json!({"date": "2026-01-31", "hoursLogged": 1, "logsCount": 1});
    client.post("/api/analytics/ada/weekly", &day).await.expect(200);
    client.get("/api/analytics/ada").await.expect(200);
    client.get("/api/analytics/leaderboard/all?limit=5").await.expect(200);
    client.get("/dev/users").await.expect(200);
    client.delete("/api/notifications/ada/clear-all").await.expect(200);
}

/// Each mix of directions, cursors and filters is a statement of its own.
async fn ask_for_connections(client: &Client, feed: &str, cursor: &str) {
    let (field, kind) = match feed {
        "activities" => ("activityConnection", "LOG_CREATED"),
        _ => ("notificationConnection", "SYSTEM"),
    };
    for direction in ["first: 2", "last: 2"] {
        for bounds in ["", ", after: $cursor", ", before: $cursor", ", after: $cursor, before: $cursor"] {
            for filter in ["", ", type: KIND", ", unreadOnly: true", ", type: KIND, unreadOnly: true"] {
                let arguments = format!("{direction}{bounds}{}", filter.replace("KIND", kind));
                let arguments = arguments.replace("$cursor", &format!("{cursor:?}"));
                let document = format!("{{ {field}(userId: \"ada\", {arguments}) {{ nodes {{ id }} }} }}");
                client.graphql(&document, json!({})).await.data();
            }
        }
    }
}

/// Opens one subscription of each kind that resumes from `cursor`.
async fn follow_everything(client: &Client, cursor: &Value) -> Socket {
    let mut socket = client.socket().await;
    for field in ["activityCreated", "notificationReceived", "analyticsUpdated"] {
        let query = format!(
            "subscription($after: String) {{ {field}(userId: \"ada\", after: $after) {{ cursor }} }}"
        );
        let resumed = socket.subscribe(&query, json!({"after": cursor})).await;
        socket.next(&resumed).await;
    }
    let counts =
        socket.subscribe("subscription { unreadCounts(userId: \"ada\") { cursor } }", json!({})).await;
    socket.next(&counts).await;
    socket
}

/// Every statement that a server ran for clients and in the background.
async fn statements(url: &str) -> BTreeSet<String> {
    let server =
        Server::with_frequent_checks(url, &[("LOG_FORMAT", "json"), ("RUST_LOG", "info,sqlx::query=debug")]);
    let start = server.get("/api/activities/ada").await.expect(200)["cursor"].clone();
    ask_for_everything(&server).await;
    // In the future when it arrives, on a busy machine too.
    let soon = chrono::Utc::now() + chrono::Duration::seconds(2);
    let expiring = json!({
        "userId": "ada", "type": "system", "title": "t", "message": "m", "expiresAt": soon.to_rfc3339()
    });
    server.post("/api/notifications", &expiring).await.expect(201);
    server.create_activity("ada", "to resume").await;
    server.create_notification("ada", "to resume").await;
    let socket = follow_everything(&server, &start).await;
    // The sweeper and the check of heads run by themselves.
    let mut lines = server
        .log_until(|line| line.contains("DELETE FROM notifications WHERE user_id = $1 AND position IN"));
    lines.extend(server.log_until(|line| line.contains("SELECT user_id, position FROM user_position")));
    drop(socket);
    lines.iter().filter_map(|line| statement_in(line)).collect()
}

/// The statement that a line of the log tells of, on one line; none where it changes nothing that is there.
fn statement_in(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
    let long = line["db.statement"].as_str().filter(|text| !text.trim().is_empty());
    let text = long.or(line["summary"].as_str())?;
    let statement = text.split_whitespace().collect::<Vec<_>>().join(" ");
    ["SELECT ", "UPDATE ", "DELETE "].iter().any(|verb| statement.starts_with(verb)).then_some(statement)
}

/// Fills the tables behind the server's back, with what makes a scan dear: 100,000 users, and feeds of some of them.
async fn fill(connection: &Sql) {
    const ROWS: &str =
        "WITH RECURSIVE rows (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < 100000) ";
    for insert in [
        "INSERT INTO user_position SELECT 'user' || n, 100, 20, 10, 20, 10 FROM rows",
        "INSERT INTO activities SELECT 'user' || (n % 500), n, 'a' || n, 'login', 't', NULL, NULL, 1000 + n, \
         n % 2 = 0 FROM rows",
        "INSERT INTO notifications SELECT 'user' || (n % 500), n, 'n' || n, 'system', 't', 'm', NULL, 1000 + n, \
         9000000000000 + n, n % 2 = 0 FROM rows",
        "INSERT INTO analytics SELECT 'user' || n, 1, n, 0, 0, 0, 0, 0, '[]', '[]', 1000 + n FROM rows",
        "INSERT INTO analytics_days SELECT 'user' || n, '2026-01-31', 1, 1 FROM rows",
    ] {
        let (into, select) = insert.split_once(" SELECT ").unwrap();
        connection.execute(&format!("{into} {ROWS} SELECT {select}")).await;
    }
    if !connection.is_sqlite() {
        let insert = format!("INSERT INTO presence {ROWS} SELECT 'user' || n, 'node' || n % 50 FROM rows");
        connection.execute(&insert).await;
        connection.execute("INSERT INTO nodes SELECT DISTINCT node, now() FROM presence").await;
    }
    connection.execute("ANALYZE").await;
}

/// What is wrong with the plan of a statement on SQLite.
async fn sqlite_faults(connection: &Sql, sql: &str) -> Vec<String> {
    let plan = connection.rows(&format!("EXPLAIN QUERY PLAN {sql}")).await;
    let steps = plan.iter().map(|row| row["detail"].as_str().unwrap());
    let is_fault = |step: &&str| scans_a_table(step, sql) || step.contains("USE TEMP B-TREE FOR ORDER BY");
    steps.filter(is_fault).map(str::to_owned).collect()
}

/// Whether a step goes through all rows of a table, and not of a function or of a subquery that LIMIT bounds.
fn scans_a_table(step: &str, sql: &str) -> bool {
    let Some(scanned) = step.strip_prefix("SCAN ") else { return false };
    let name = scanned.split(' ').next().unwrap();
    let pieces: Vec<_> = sql.split(") ").collect();
    let bounded = pieces.windows(2).any(|pair| {
        let inside = pair[0].rsplit('(').next().unwrap();
        inside.contains(" LIMIT ") && pair[1].split(' ').next() == Some(name)
    });
    let small = SMALL.contains(&name) || name == "json_each";
    !(bounded || small || scanned.contains(" USING "))
}

/// What is wrong with the plan of a statement on PostgreSQL, whatever its parameters are.
async fn postgres_faults(connection: &Sql, sql: &str) -> Vec<String> {
    let parameters = (1..=20).rev().find(|n| sql.contains(&format!("${n}"))).unwrap_or(0);
    let nulls =
        if parameters == 0 { String::new() } else { format!("({})", vec!["NULL"; parameters].join(", ")) };
    connection.execute("SET plan_cache_mode = force_generic_plan").await;
    connection.execute(&format!("PREPARE checked AS {sql}")).await;
    let plan = connection.rows(&format!("EXPLAIN (FORMAT JSON) EXECUTE checked{nulls}")).await;
    connection.execute("DEALLOCATE checked").await;
    let mut faults = Vec::new();
    walk(&plan[0]["value"][0]["Plan"], &mut faults);
    faults
}

/// Finds scans of whole tables, and sorts of what no LIMIT bounds; returns whether one does.
fn walk(node: &Value, faults: &mut Vec<String>) -> bool {
    let kind = node["Node Type"].as_str().unwrap();
    let children = node["Plans"].as_array().into_iter().flatten();
    let bounded = children.map(|child| walk(child, faults)).fold(kind == "Limit", |any, child| any | child);
    if let ("Seq Scan", Some(table)) = (kind, node["Relation Name"].as_str())
        && !SMALL.contains(&table)
        // The catalogs of PostgreSQL.
        && !table.starts_with("pg_")
    {
        faults.push(format!("Seq Scan of {table}"));
    }
    if kind.contains("Sort") && !bounded {
        faults.push(format!("{kind} by {}", node["Sort Key"]));
    }
    bounded
}

async fn assert_no_statement_scans(backend: Backend) {
    let (url, _folder) = fresh_database(backend).await;
    let statements = statements(&url).await;
    for expected in EXPECTED {
        let seen = statements.iter().any(|statement| statement.contains(expected));
        assert!(seen, "no statement has {expected:?}: {statements:#?}");
    }
    let connection = Sql::connect(&url).await;
    fill(&connection).await;
    let mut wrong = Vec::new();
    for sql in &statements {
        let faults = match connection.is_sqlite() {
            true => sqlite_faults(&connection, sql).await,
            false => postgres_faults(&connection, sql).await,
        };
        if !faults.is_empty() {
            wrong.push(format!("{faults:?} in {sql}"));
        }
    }
    connection.close().await;
    assert!(wrong.is_empty(), "{} of {} statements: {wrong:#?}", wrong.len(), statements.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_scans_or_sorts_a_table_on_sqlite() {
    assert_no_statement_scans(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_scans_or_sorts_a_table_on_postgres() {
    assert_no_statement_scans(Backend::Postgres).await;
}
