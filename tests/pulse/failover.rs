//! A database that goes back to an earlier state: cursors and subscriptions of the lost history end, and nobody has to run
//! a command.

use std::sync::Arc;

use pulse::{
    domain::{Activity, ActivityType, Clock, Cursor, Event, NewActivity, Title, UserId, Window},
    events::{CurrentAnalytics, Following, Hub, Start, check, follow, follow_epochs},
    store::{Store, Tuning},
};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use crate::nodes::frozen_copy;
use crate::support::{
    Backend, Client, Cluster, Nats, Server, Socket, SocketIo, Sql, Subscription, Switch, TestApp, eventually,
    fresh_database, in_time, on_both_databases,
};

const QUERY: &str =
    "subscription($after: String) { activityCreated(userId: \"ada\", after: $after) { title cursor } }";
const COUNTS: &str = "subscription { unreadCounts(userId: \"ada\") { activities } }";

/// Follows ada from `after` on, or from now on.
async fn subscribe(socket: &mut Socket, after: &Value) -> Subscription {
    let subscription = socket.subscribe(QUERY, json!({"after": after})).await;
    socket.settle().await;
    subscription
}

/// The code of the error that ends an operation.
async fn error_code(socket: &mut Socket, subscription: &Subscription) -> Value {
    let message = socket.message_of(subscription).await;
    if message["type"] == "next" {
        assert_eq!(socket.message_of(subscription).await["type"], "complete");
    }
    let errors = if message["type"] == "error" { &message["payload"] } else { &message["payload"]["errors"] };
    assert!(errors[0].is_object(), "no error: {message}");
    errors[0]["extensions"]["code"].clone()
}

/// The epoch of a cursor: the first half of its 16 bytes.
fn epoch_of(cursor: &Value) -> String {
    cursor.as_str().unwrap()[..10].to_owned()
}

async fn page(app: &Client) -> Value {
    app.get("/api/activities/ada").await.expect(200)
}

fn titles(page: &Value) -> Vec<&str> {
    page["activities"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect()
}

/// How far ada's history has come on the server at `url`.
async fn position(url: &str) -> Option<i64> {
    let connection = Database::connect(url).await.ok()?;
    let sql = "SELECT position FROM user_position WHERE user_id = 'ada'";
    let row =
        connection.query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql)).await;
    connection.close().await.unwrap();
    row.ok().flatten()?.try_get("", "position").ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_that_loses_commits_ends_what_hangs_on_them() {
    let nats = Nats::start(None);
    let primary = Cluster::start();
    let standby = primary.standby();
    let switch = Switch::to(primary.port()).await;
    let url = format!("postgres://postgres@{}/postgres", switch.address);
    let settings = [("NATS_URL", nats.url.as_str())];
    let first = Server::with_frequent_checks(&url, &settings);
    let second = Server::with_frequent_checks(&url, &settings);
    for number in 0..3 {
        first.create_activity("ada", &format!("kept {number}")).await;
    }
    eventually("the standby", async || position(&standby.url).await.filter(|position| *position == 3)).await;
    let kept = page(&first).await["cursor"].clone();

    // These reach nobody but the primary and those who follow.
    standby.stop();
    let mut live = Vec::new();
    for node in [&first, &second] {
        let mut socket = node.socket().await;
        let items = subscribe(&mut socket, &Value::Null).await;
        let counts = socket.subscribe(COUNTS, json!({})).await;
        assert_eq!(socket.next(&counts).await["unreadCounts"]["activities"], 3);
        live.push((socket, items, counts));
    }
    let mut old = SocketIo::connect(&first).await;
    old.send(r#"420["user:login","ada"]"#).await;
    old.until("430").await;
    let mut lost = Value::Null;
    for number in 0..3 {
        let title = format!("lost {number}");
        second.create_activity("ada", &title).await;
        for (socket, items, _) in &mut live {
            let item = socket.next(items).await["activityCreated"].clone();
            assert_eq!(item["title"], title.as_str());
            lost = item["cursor"].clone();
        }
    }
    assert_eq!(epoch_of(&kept), epoch_of(&lost));

    primary.crash();
    standby.come_back();
    standby.promote();
    switch.turn(standby.port());

    // Nobody writes, and nobody asks: each node finds out by itself, says so, and tells who is live.
    for (node, (socket, items, counts)) in [&first, &second].into_iter().zip(&mut live) {
        assert_eq!(error_code(socket, items).await, "CURSOR_EXPIRED");
        // Nothing of it before and nothing after: these go on as they are now.
        while socket.next(counts).await["unreadCounts"]["activities"] != 3 {}
        node.log_line(|line| line.contains("went back to an earlier state") && line.contains("WARN"));
    }

    let told = old.until(r#"42["error:message""#).await;
    assert!(told.contains("CURSOR_EXPIRED"), "{told}");

    let fresh = page(&second).await;
    assert_eq!(titles(&fresh), ["kept 2", "kept 1", "kept 0"]);
    assert_ne!(epoch_of(&fresh["cursor"]), epoch_of(&lost));
    assert_eq!(fresh["cursor"], page(&first).await["cursor"]);
    // Positions are given out again: of four new ones the old cursor would skip three.
    let mut follower = first.socket().await;
    let follows = subscribe(&mut follower, &fresh["cursor"]).await;
    for number in 0..4 {
        let title = format!("new {number}");
        second.create_activity("ada", &title).await;
        assert_eq!(follower.next(&follows).await["activityCreated"]["title"], title.as_str());
        // Who speaks Socket.IO goes on without doing anything.
        let created = old.until(r#"42["activity:created""#).await;
        assert!(created.contains(&title), "{created}");
    }
    for node in [&first, &second] {
        for cursor in [&lost, &kept] {
            let mut socket = node.socket().await;
            let resumed = subscribe(&mut socket, cursor).await;
            assert_eq!(error_code(&mut socket, &resumed).await, "CURSOR_EXPIRED");
            let query = "query($after: String) { activityConnection(userId: \"ada\", after: $after) { nodes { id } } }";
            let older = node.graphql(query, json!({"after": cursor})).await;
            assert_eq!(older.graphql_error().0, "CURSOR_EXPIRED");
        }
        assert_eq!(titles(&page(node).await)[..2], ["new 3", "new 2"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_that_loses_nothing_goes_on_too() {
    let primary = Cluster::start();
    let standby = primary.standby();
    let switch = Switch::to(primary.port()).await;
    let url = format!("postgres://postgres@{}/postgres", switch.address);
    let app = TestApp::with(Backend::Postgres, &[("DATABASE_URL", &url)]).await;
    let before = app.create_activity("ada", "before").await;
    eventually("the standby", async || position(&standby.url).await.filter(|position| *position == 1)).await;
    primary.crash();
    standby.promote();
    switch.turn(standby.port());
    // A write that is answered is of the new epoch: none is given a cursor of the old one.
    let after = eventually("a write", async || {
        let body = json!({"userId": "ada", "type": "login", "title": "after"});
        let answer = app.post("/api/activities", &body).await;
        (answer.status == 201).then_some(answer.body)
    });
    let after = after.await;
    assert_ne!(epoch_of(&after["cursor"]), epoch_of(&before["cursor"]));
    let mut socket = app.socket().await;
    let resumed = subscribe(&mut socket, &before["cursor"]).await;
    assert_eq!(error_code(&mut socket, &resumed).await, "CURSOR_EXPIRED");
    let follows = subscribe(&mut socket, &after["cursor"]).await;
    app.create_activity("ada", "next").await;
    assert_eq!(socket.next(&follows).await["activityCreated"]["title"], "next");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_not_taken_for_the_database() {
    let primary = Cluster::start();
    let mut app = TestApp::with(Backend::Postgres, &[("DATABASE_URL", &primary.url)]).await;
    app.create_activity("ada", "a").await;
    app.stop().await;
    let standby = primary.standby();
    let mut server = Server::command(&[
        ("DATABASE_URL", &standby.url),
        ("JWT_SECRET", crate::support::SECRET),
        ("PORT", "0"),
    ]);
    let output = server.arg("serve").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && stderr.contains("standby"), "{stderr}");
}

/// A copy has another history from now on, though it begins with the same one.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_database_gets_an_epoch_of_its_own() {
    let mut app = TestApp::start(Backend::Postgres).await;
    let cursor = app.create_activity("ada", "a").await["cursor"].clone();
    app.restart().await;
    let again = app.create_activity("ada", "b").await["cursor"].clone();
    assert_eq!(epoch_of(&cursor), epoch_of(&again));
    app.stop().await;
    let (server, name) = app.database_url.rsplit_once('/').unwrap();
    let copy = format!("{name}_restored");
    let connection = Database::connect(format!("{server}/postgres")).await.unwrap();
    connection.execute_unprepared(&format!("CREATE DATABASE {copy} TEMPLATE {name}")).await.unwrap();
    connection.close().await.unwrap();
    let restored = TestApp::with(Backend::Postgres, &[("DATABASE_URL", &format!("{server}/{copy}"))]).await;
    let fresh = page(&restored).await;
    assert_eq!(titles(&fresh), ["b", "a"]);
    assert_ne!(epoch_of(&fresh["cursor"]), epoch_of(&cursor));
    let mut socket = restored.socket().await;
    let resumed = subscribe(&mut socket, &cursor).await;
    assert_eq!(error_code(&mut socket, &resumed).await, "CURSOR_EXPIRED");
}

/// One node without its doors.
struct Node {
    hub: Hub,
    store: Store,
}

impl Node {
    async fn open(url: &str) -> Self {
        Self::with_replica(url, None).await
    }

    async fn with_replica(url: &str, replica: Option<&str>) -> Self {
        let hub = Hub::default();
        let announce = {
            let hub = hub.clone();
            Arc::new(move |events: Vec<Arc<Event>>| events.into_iter().for_each(|event| hub.publish(event)))
        };
        let tuning = Tuning::default();
        let store = Store::open_tuned(url, replica, Clock::default(), announce, tuning).await.unwrap();
        tokio::spawn(follow_epochs(hub.clone(), store.clone()));
        Self { hub, store }
    }

    async fn follow(&self, start: Start) -> pulse::domain::Result<Following<Arc<Activity>>> {
        follow(&self.hub, &self.store, ada(), start).await
    }

    async fn create(&self, title: &str) -> Cursor {
        let new = NewActivity {
            kind: ActivityType::Login,
            title: Title::parse("title", title.into()).unwrap(),
            description: None,
            data: None,
        };
        self.store.append::<Activity>(ada(), new).await.unwrap().cursor
    }
}

fn ada() -> UserId {
    UserId::parse("userId", "ada").unwrap()
}

async fn ends(following: &mut Following<Arc<Activity>>) {
    let error = in_time("the end", following.next()).await.unwrap_err();
    assert_eq!(error.code(), "CURSOR_EXPIRED");
}

/// Takes ada's newest items away, as if they had never been committed.
async fn go_back(url: &str, to: i64) {
    let connection = Sql::connect(url).await;
    for sql in [
        format!("DELETE FROM activities WHERE user_id = 'ada' AND position > {to}"),
        format!(
            "UPDATE user_position SET position = {to}, activities_unread = {to}, activities_total = {to} \
             WHERE user_id = 'ada'"
        ),
    ] {
        connection.execute(&sql).await;
    }
    connection.close().await;
}

on_both_databases! {
    async fn a_history_behind_what_was_seen_is_another_epoch(url: &str) {
        let node = Node::open(url).await;
        for title in ["1", "2", "3", "4"] {
            node.create(title).await;
        }
        let mut live = node.follow(Start::Now).await.unwrap();
        let mut numbers: Following<CurrentAnalytics> =
            follow(&node.hub, &node.store, ada(), Start::Current).await.unwrap();
        let cursor = node.create("5").await;
        assert_eq!(in_time("an item", live.next()).await.unwrap().item.cursor, cursor);
        // The check of positions finds nothing wrong as long as nothing is.
        check(&node.hub, &node.store).await;
        assert_eq!(cursor, node.store.epoch().at(cursor.position()));

        go_back(url, 2).await;
        check(&node.hub, &node.store).await;
        assert_ne!(cursor, node.store.epoch().at(cursor.position()));
        ends(&mut live).await;
        let refused = node.follow(Start::After(cursor)).await.unwrap_err();
        assert_eq!(refused.code(), "CURSOR_EXPIRED");
        let again = node.create("3, again").await;
        assert_eq!(again, node.store.epoch().at(pulse::domain::Position(3)));
        // A state goes on.
        let hours = pulse::domain::AnalyticsChange::add_hours(1.5).unwrap();
        let changed = node.store.change_analytics(ada(), hours).await.unwrap().analytics;
        assert_eq!(*in_time("the state", numbers.next()).await.unwrap().item.0, changed);
        node.store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_finds_the_others_take_up() {
    let (url, _folder) = fresh_database(Backend::Postgres).await;
    let (first, second) = (Node::open(&url).await, Node::open(&url).await);
    for title in ["1", "2", "3"] {
        first.create(title).await;
    }
    // The second has seen nothing that is gone, so it cannot find out by itself.
    let mut here = first.follow(Start::Now).await.unwrap();
    let cursor = first.store.epoch().at(pulse::domain::Position(1));
    go_back(&url, 1).await;
    let mut there = second.follow(Start::After(cursor)).await.unwrap();
    check(&first.hub, &first.store).await;
    ends(&mut here).await;
    assert_ne!(first.store.epoch(), second.store.epoch());
    check(&second.hub, &second.store).await;
    ends(&mut there).await;
    assert_eq!(first.store.epoch(), second.store.epoch());
    assert_eq!(second.create("2, again").await, first.store.epoch().at(pulse::domain::Position(2)));
    first.store.close().await;
    second.store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_of_the_lost_history_is_not_shown() {
    let (url, _folder) = fresh_database(Backend::Postgres).await;
    let before = Node::open(&url).await;
    for title in ["1", "2", "3"] {
        before.create(title).await;
    }
    before.store.close().await;
    let copy = frozen_copy(&url).await;
    let (writer, reader) = (Node::open(&url).await, Node::with_replica(&url, Some(&copy)).await);
    let page = async || {
        let window = Window::parse(10, 0).unwrap();
        reader.store.page::<Activity>(&ada(), window).await.unwrap()
    };
    let _live = writer.follow(Start::Now).await.unwrap();
    writer.create("4").await;
    // The replica is read: it stands still.
    assert_eq!(page().await.total, 3);
    go_back(&url, 1).await;
    for node in [&writer, &reader] {
        check(&node.hub, &node.store).await;
    }
    let shown = page().await;
    assert_eq!((shown.total, shown.cursor), (1, reader.store.epoch().at(pulse::domain::Position(1))));
    // It comes to the new epoch, as one that replicates does, and is read again.
    let connection = Database::connect(&copy).await.unwrap();
    let sql = format!("UPDATE settings SET value = '{}' WHERE name = 'epoch'", reader.store.epoch());
    connection.execute_unprepared(&sql).await.unwrap();
    connection.close().await.unwrap();
    eventually("the replica", async || (page().await.total == 3).then_some(())).await;
    writer.store.close().await;
    reader.store.close().await;
}
