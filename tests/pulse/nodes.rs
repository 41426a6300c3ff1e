//! Several nodes on one PostgreSQL, with a bus and without: the same promises. Faults are in tests/cluster.

use std::time::Duration;

use futures_util::future::join_all;
use pulse::{
    config::{Config, Timing},
    domain::Clock,
    store::Store,
};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use crate::support::{
    Backend, Nats, Server, Socket, SocketIo, Subscription, TestApp, eventually, fresh_database, in_time,
};

const QUERY: &str = "subscription($user: ID, $after: String) {
    activityCreated(userId: $user, after: $after) { title cursor } }";

/// Two nodes on one database.
async fn two_nodes(nats: Option<&Nats>) -> (TestApp, TestApp) {
    let url = nats.map(|nats| nats.url.clone());
    let settings: Vec<(&'static str, &str)> = url.iter().map(|url| ("NATS_URL", url.as_str())).collect();
    let first = TestApp::with(Backend::Postgres, &settings).await;
    let database = [settings, vec![("DATABASE_URL", first.database_url.as_str())]].concat();
    let second = TestApp::with(Backend::Postgres, &database).await;
    (first, second)
}

async fn follow(app: &TestApp, user: &str) -> (Socket, Subscription) {
    let mut socket = app.socket().await;
    let subscription = socket.subscribe(QUERY, json!({"user": user})).await;
    socket.settle().await;
    (socket, subscription)
}

async fn titles(socket: &mut Socket, subscription: &Subscription, count: usize) -> Vec<Value> {
    let mut titles = Vec::new();
    for _ in 0..count {
        titles.push(socket.next(subscription).await["activityCreated"]["title"].clone());
    }
    titles
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_on_one_node_is_heard_on_the_other() {
    let nats = Nats::start(None);
    let (first, second) = two_nodes(Some(&nats)).await;
    for node in [&first, &second] {
        let ready =
            eventually("the bus", async || Some(node.get("/api/ready").await).filter(|it| it.status == 200));
        assert_eq!(ready.await.body["bus"], "ok");
    }
    let (mut ada, ada_follows) = follow(&first, "ada").await;
    let (mut bob, bob_follows) = follow(&second, "bob").await;
    let mut expected = Vec::new();
    for number in 0..40 {
        let title = number.to_string();
        let node = if number % 2 == 0 { &first } else { &second };
        node.create_activity("ada", &title).await;
        node.create_activity("bob", &title).await;
        expected.push(json!(title));
    }
    assert_eq!(titles(&mut ada, &ada_follows, 40).await, expected);
    assert_eq!(titles(&mut bob, &bob_follows, 40).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bus_the_check_of_positions_brings_it() {
    let second = TestApp::start(Backend::Postgres).await;
    let settings = [("DATABASE_URL", second.database_url.as_str())];
    let often = |timing: &mut Timing| timing.position_check_interval = Duration::from_millis(500);
    let first = TestApp::build(Backend::Postgres, &settings, Clock::default(), often).await;
    let (mut socket, follows) = follow(&first, "ada").await;
    for number in 0..3 {
        second.create_activity("ada", &number.to_string()).await;
    }
    assert_eq!(titles(&mut socket, &follows, 3).await, [json!("0"), json!("1"), json!("2")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_dies_costs_no_event() {
    let nats = Nats::start(None);
    let (first, second) = two_nodes(Some(&nats)).await;
    let (mut socket, follows) = follow(&first, "ada").await;
    second.create_activity("ada", "before").await;
    assert_eq!(titles(&mut socket, &follows, 1).await, [json!("before")]);
    let port = nats.kill();
    for node in [&first, &second] {
        let ready =
            eventually("the loss", async || Some(node.get("/api/ready").await).filter(|it| it.status == 503));
        assert_eq!(ready.await.body["bus"], "unavailable");
        let url = node.url("/api/ready");
        let asked = |more: &[&str]| {
            let arguments = [&["health", "--url", &url], more].concat();
            Server::command(&[]).args(arguments).status().unwrap().success()
        };
        assert_eq!((asked(&[]), asked(&["--tolerate-bus"])), (false, true));
    }
    second.create_activity("ada", "meanwhile").await;
    let _nats = Nats::start(Some(port));
    // The bus that is back costs a read of positions, and that brings what it did not.
    assert_eq!(titles(&mut socket, &follows, 1).await, [json!("meanwhile")]);
    for node in [&first, &second] {
        eventually("the bus", async || (node.get("/api/ready").await.status == 200).then_some(())).await;
    }
    second.create_activity("ada", "after").await;
    assert_eq!(titles(&mut socket, &follows, 1).await, [json!("after")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_with_a_password_is_joined_and_the_password_is_not_told() {
    let nats = Nats::with(None, &["--user", "pulse", "--pass", "hunter2"]);
    let url = nats.url.replace("//", "//pulse:hunter2@");
    let (database, _folder) = fresh_database(Backend::Postgres).await;
    let server = Server::start(&database, &[("NATS_URL", &url)]);
    let ready =
        eventually("the bus", async || Some(server.get("/api/ready").await).filter(|it| it.status == 200));
    assert_eq!(ready.await.body["bus"], "ok");
    let lines = server.log_until(|line| line.contains("bus "));
    assert!(!lines.concat().contains("hunter2"), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_activity_is_shown_on_every_node() {
    let nats = Nats::start(None);
    let (first, second) = two_nodes(Some(&nats)).await;
    for node in [&first, &second] {
        eventually("the bus", async || (node.get("/api/ready").await.status == 200).then_some(())).await;
    }
    let (mut here, mut there) = (SocketIo::connect(&first).await, SocketIo::connect(&second).await);
    let create =
        r#"42["activity:create",{"userId":"ada","type":"login","title":"for all","data":{"n":1.5}}]"#;
    here.send(create).await;
    for socket in [&mut here, &mut there] {
        let shown = socket.until(r#"42["activity:new""#).await;
        assert!(shown.contains(r#""title":"for all","data":{"n":1.5}"#), "{shown}");
    }
}

async fn active_users(app: &TestApp) -> Value {
    app.get("/api/health").await.expect(200)["activeUsers"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn active_users_are_those_of_all_nodes_each_once() {
    let (mut first, second) = two_nodes(None).await;
    let ada_here = first.user("ada").socket().await;
    let _ada_there = second.user("ada").socket().await;
    let _bob = second.user("bob").socket().await;
    let _cleo = first.user("cleo").socket().await;
    for node in [&first, &second] {
        eventually("the count", async || (active_users(node).await == 3).then_some(())).await;
    }
    let mut watcher = second.socket().await;
    let counts = watcher.subscribe("subscription { activeUsers }", json!({})).await;
    assert_eq!(watcher.next(&counts).await["activeUsers"], 3);
    drop(ada_here);
    drop(_cleo);
    assert_eq!(watcher.next(&counts).await["activeUsers"], 2);
    // A node that says goodbye takes its users along; another alone counts for itself.
    let _dan = first.user("dan").socket().await;
    assert_eq!(watcher.next(&counts).await["activeUsers"], 3);
    first.stop().await;
    assert_eq!(watcher.next(&counts).await["activeUsers"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_stops_counting() {
    let app = TestApp::start(Backend::Postgres).await;
    let _ada = app.user("ada").socket().await;
    let killed = Server::start(&app.database_url, &[]);
    let _bob = killed.user("bob").socket().await;
    eventually("the count", async || (active_users(&app).await == 2).then_some(())).await;
    drop(killed);
    // 10 s of silence and the next look, which is less than the deadline of a test.
    eventually("the end of the node", async || (active_users(&app).await == 1).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_nodes_that_start_together_set_the_database_up_once() {
    let (url, _folder) = fresh_database(Backend::Postgres).await;
    let starts = (0..10).map(|_| Store::open(&url, Clock::default(), std::sync::Arc::new(drop)));
    let stores = in_time("ten nodes", join_all(starts)).await;
    let epochs: Vec<_> = stores.into_iter().map(|store| store.unwrap().epoch()).collect();
    assert!(epochs.iter().all(|epoch| *epoch == epochs[0]), "{epochs:?}");
}

/// A replica that stands still: a copy of the database as it is now.
pub(crate) async fn frozen_copy(database_url: &str) -> String {
    let (server, name) = database_url.rsplit_once('/').unwrap();
    let copy = format!("{name}_copy");
    let connection = Database::connect(format!("{server}/postgres")).await.unwrap();
    let sql = format!("CREATE DATABASE {copy} TEMPLATE {name}");
    connection.execute_unprepared(&sql).await.unwrap();
    connection.close().await.unwrap();
    format!("{server}/{copy}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_lags_shows_nobody_a_hole() {
    let (url, _folder) = fresh_database(Backend::Postgres).await;
    let mut before = TestApp::with(Backend::Postgres, &[("DATABASE_URL", &url)]).await;
    for number in 0..5 {
        before.create_activity("ada", &format!("old {number}")).await;
    }
    before.stop().await;
    let replica = frozen_copy(&url).await;
    let writer = TestApp::with(Backend::Postgres, &[("DATABASE_URL", &url)]).await;
    let settings = [("DATABASE_URL", url.as_str()), ("DATABASE_READ_URL", replica.as_str())];
    let reader = TestApp::with(Backend::Postgres, &settings).await;
    let mut newest = Value::Null;
    for number in 0..5 {
        newest = writer.create_activity("ada", &format!("new {number}")).await;
    }
    // The page is that of the replica, and says so by its cursor: a subscription from there brings the rest.
    let page = reader.get("/api/activities/ada").await.expect(200);
    assert_eq!((&page["total"], &page["activities"][0]["title"]), (&json!(5), &json!("old 4")));
    let mut socket = reader.socket().await;
    let follows = socket.subscribe(QUERY, json!({"user": "ada", "after": page["cursor"]})).await;
    let expected: Vec<_> = (0..5).map(|number| json!(format!("new {number}"))).collect();
    assert_eq!(titles(&mut socket, &follows, 5).await, expected);
    // Counts are the primary's, and a cursor that the replica does not know yet is looked up there.
    assert_eq!(reader.get("/api/activities/ada/unread/count").await.expect(200)["unreadCount"], 10);
    let query = "query($after: String) { activityConnection(userId: \"ada\", first: 3, after: $after) {
        nodes { title } } }";
    let older = reader.graphql(query, json!({"after": newest["cursor"]})).await.data();
    let expected = json!([{"title": "new 3"}, {"title": "new 2"}, {"title": "new 1"}]);
    assert_eq!(older["activityConnection"]["nodes"], expected);
    // Who writes here reads what they wrote.
    reader.create_activity("ada", "own").await;
    let page = reader.get("/api/activities/ada").await.expect(200);
    assert_eq!((&page["total"], &page["activities"][0]["title"]), (&json!(11), &json!("own")));
    // A cursor of another database is refused as ever.
    let foreign = reader.graphql(query, json!({"after": "AAAAAAAAAAAAAAAAAAAAAQ"})).await;
    assert_eq!(foreign.graphql_error().0, "CURSOR_EXPIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_replica_of_the_database_is_refused() {
    let (url, _folder) = fresh_database(Backend::Postgres).await;
    let other = TestApp::start(Backend::Postgres).await;
    let values = [("DATABASE_URL", url), ("DATABASE_READ_URL", other.database_url.clone())];
    let config = Config::from_values(&values.into_iter().collect()).unwrap();
    let refused = pulse::app::App::build(&config, Clock::default()).await.unwrap_err();
    assert_eq!(refused.at_field(), Some("DATABASE_READ_URL"));
}
