//! Feeds of many items: what takes long is done in slices or elsewhere, others go on, and every number stays exact.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use pulse::{
    domain::{
        Activity, ActivityType, Change, Clock, Event, FeedFilter, FeedKind, Keyset, NewActivity,
        Notification, Timestamp, UserId, Window,
    },
    store::{Announce, Store, Tuning},
};
use serde_json::json;

use crate::support::{Backend, Client, Server, Sql, TestApp, eventually, fresh_database, in_time, on_both};

const HOUR: Duration = Duration::from_secs(3_600);

/// Gives ada `count` activities, all unread, behind the back of whoever runs.
async fn fill_activities(url: &str, count: u64) {
    let database = Sql::connect(url).await;
    fill(&database, count, "activities", "'login', 't', NULL, NULL, 1000 + n, FALSE").await;
    run(&database, &format!("INSERT INTO user_position VALUES ('ada', {count}, {count}, {count}, 0, 0)"))
        .await;
    database.close().await;
}

/// Gives ada `count` notifications of which every second one is unread, that end at `end`.
async fn fill_notifications(url: &str, count: u64, end: Timestamp) {
    let (database, unread) = (Sql::connect(url).await, count / 2);
    let columns = format!("'system', 't', 'm', NULL, 1000 + n, {}, n % 2 = 0", end.millis());
    fill(&database, count, "notifications", &columns).await;
    run(&database, &format!("INSERT INTO user_position VALUES ('ada', {count}, 0, 0, {count}, {unread})"))
        .await;
    database.close().await;
}

async fn fill(database: &Sql, count: u64, table: &str, columns: &str) {
    let rows =
        format!("WITH RECURSIVE rows (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < {count})");
    let id = "substr('a00000000000000000000000', 1, 24 - length(CAST(n AS TEXT))) || n";
    let select = format!("SELECT 'ada', n, {id}, {columns} FROM rows");
    run(database, &format!("INSERT INTO {table} {rows} {select}")).await;
}

async fn run(database: &Sql, sql: &str) {
    database.execute(sql).await;
}

async fn count(url: &str, what: &str) -> i64 {
    let database = Sql::connect(url).await;
    let count = database.count(what).await;
    database.close().await;
    count
}

/// Asks for ada's notifications by everything that counts them.
async fn assert_notifications(client: &Client, titles: &[&str], unread: usize) {
    let page = client.get("/api/notifications/ada").await.expect(200);
    let shown: Vec<_> = page["notifications"].as_array().unwrap().iter().map(|item| &item["title"]).collect();
    assert_eq!(shown, titles);
    assert_eq!((&page["total"], &page["unreadCount"]), (&json!(titles.len()), &json!(unread)), "{page}");
    assert_eq!(page["hasMore"], false);
    let count = client.get("/api/notifications/ada/unread/count").await.expect(200);
    assert_eq!(count["unreadCount"], unread);
}

on_both!(
    start: TestApp::standing_still;
    async fn counts_are_exact_while_many_that_expired_are_swept(app: TestApp) {
        const MANY: u64 = 20_000;
        let end = Timestamp::from_millis(app.clock.now().millis() + HOUR.as_millis() as i64);
        fill_notifications(&app.database_url, MANY, end).await;
        let query = "subscription { unreadCounts(userId: \"ada\") { activities notifications } }";
        let mut socket = app.socket().await;
        let counts = socket.subscribe(query, json!({})).await;
        assert_eq!(socket.next(&counts).await["unreadCounts"]["notifications"], MANY / 2);
        app.create_notification("ada", "kept").await;
        app.clock.advance(HOUR);
        // By whoever comes first: a read, a write, the sweeper.
        app.create_activity("ada", "at once").await;
        assert_notifications(&app, &["kept"], 1).await;
        let late = app.create_notification("ada", "late").await;
        let read = format!("/api/notifications/{}/read", late["_id"].as_str().unwrap());
        app.patch(&read, &json!({})).await.expect(200);
        in_time("the sweep", async {
            while count(&app.database_url, "notifications").await > 2 {
                assert_notifications(&app, &["late", "kept"], 1).await;
            }
        })
        .await;
        assert_notifications(&app, &["late", "kept"], 1).await;
        eventually("the end of the count", || async {
            (count(&app.database_url, "expired_counts").await == 0).then_some(())
        })
        .await;
        assert_notifications(&app, &["late", "kept"], 1).await;
        let state = json!({"unreadCounts": {"activities": 1, "notifications": 1}});
        in_time("the newest counts", async { while socket.next(&counts).await != state {} }).await;
    }
);

on_both!(
    start: TestApp::standing_still;
    async fn what_expires_while_many_are_swept_is_counted_too(app: TestApp) {
        let end = Timestamp::from_millis(app.clock.now().millis() + HOUR.as_millis() as i64);
        fill_notifications(&app.database_url, 20_000, end).await;
        let later = Timestamp::from_millis(end.millis() + 1);
        for (title, end) in [("with them", end), ("a little later", later)] {
            let body = json!({"userId": "ada", "type": "system", "title": title, "message": "m",
                "expiresAt": end.to_string()});
            app.post("/api/notifications", &body).await.expect(201);
        }
        app.clock.advance(HOUR);
        app.create_activity("ada", "makes them be counted").await;
        assert_notifications(&app, &["a little later"], 1).await;
        app.clock.advance(Duration::from_millis(1));
        assert_notifications(&app, &[], 0).await;
        let cleared = app.delete("/api/notifications/ada/clear-all").await.expect(200);
        assert_eq!(cleared["deletedCount"], 0);
        eventually("the sweep", || async {
            (count(&app.database_url, "notifications").await == 0).then_some(())
        })
        .await;
        assert_notifications(&app, &[], 0).await;
    }
);

fn user(name: &str) -> UserId {
    UserId::parse("userId", name).unwrap()
}

fn activity(title: &str) -> NewActivity {
    NewActivity::parse(ActivityType::Login, title.to_owned(), None, None).unwrap()
}

/// The events of all commits, in order.
type Seen = Arc<Mutex<Vec<Arc<Event>>>>;

async fn watched(url: &str) -> (Store, Seen) {
    let seen = Seen::default();
    let announced = seen.clone();
    let announce: Announce = Arc::new(move |events| announced.lock().unwrap().extend(events));
    let store = Store::open_tuned(url, None, Clock::default(), announce, Tuning::default()).await.unwrap();
    (store, seen)
}

/// What others write meanwhile comes between the slices of a change of everything.
async fn others_go_between(backend: Backend, change: impl AsyncFn(Store) -> u64 + Send, clears: bool) {
    const MANY: u64 = 20_000;
    let (url, _folder) = fresh_database(backend).await;
    let (store, seen) = watched(&url).await;
    let end = Timestamp::from_millis(store.clock().now().millis() + HOUR.as_millis() as i64);
    if clears {
        fill_notifications(&url, MANY, end).await
    } else {
        fill_activities(&url, MANY).await
    }
    let has_begun = || async { (!seen.lock().unwrap().is_empty()).then_some(()) };
    let others = async {
        eventually("the first slice", has_begun).await;
        store.append::<Activity>(user("bob"), activity("between")).await.unwrap();
        store.append::<Activity>(user("ada"), activity("created meanwhile")).await.unwrap();
    };
    let (changed, ()) = tokio::join!(change(store.clone()), others);
    assert_eq!(changed, MANY, "one answer for all of it");

    let seen = seen.lock().unwrap().clone();
    let place = |wanted: &UserId| seen.iter().position(|event| event.user == *wanted);
    let bob = place(&user("bob")).unwrap();
    assert!(bob < seen.len() - 2, "bob's write came at {bob} of {}: after all slices", seen.len());
    let mut left = if clears { MANY / 2 } else { MANY };
    let mut position = MANY;
    for event in seen.iter().filter(|event| event.user == user("ada")) {
        position += 1;
        assert_eq!(event.position.0, position, "each slice is a change");
        let now = event.counts.of(if clears { FeedKind::Notifications } else { FeedKind::Activities });
        match event.change {
            Change::FeedChanged => assert!(now < left && left - now <= 1_000, "{left} to {now}"),
            _ => assert_eq!(now, left + u64::from(!clears), "an item that is created"),
        }
        left = now;
    }
    assert_eq!(left, u64::from(!clears), "what was created meanwhile is unread");
    let page = store.page::<Activity>(&user("ada"), Window::parse(5, 0).unwrap()).await.unwrap();
    assert_eq!(page.unread, 1);
    let total = store.page::<Notification>(&user("ada"), Window::parse(5, 0).unwrap()).await.unwrap().total;
    assert_eq!(total, 0);
}

async fn mark_all(store: Store) -> u64 {
    store.mark_all_read::<Activity>(user("ada")).await.unwrap()
}

async fn clear(store: Store) -> u64 {
    store.clear::<Notification>(user("ada")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn others_write_while_a_feed_is_marked_sqlite() {
    others_go_between(Backend::Sqlite, mark_all, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_write_while_a_feed_is_marked_postgres() {
    others_go_between(Backend::Postgres, mark_all, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_write_while_a_feed_is_cleared_sqlite() {
    others_go_between(Backend::Sqlite, clear, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_write_while_a_feed_is_cleared_postgres() {
    others_go_between(Backend::Postgres, clear, true).await;
}

async fn a_crash_in_the_middle(backend: Backend) {
    const MANY: u64 = 30_000;
    let (url, _folder) = fresh_database(backend).await;
    Store::migrate(&url).await.unwrap();
    fill_activities(&url, MANY).await;
    let server = Server::start(&url, &[]);
    let client = Client::clone(&server);
    let marking = tokio::spawn(async move {
        client.request(reqwest::Method::PATCH, "/api/activities/ada/read-all").send().await
    });
    eventually("the first slices", || async {
        let count = server.get("/api/activities/ada/unread/count").await.expect(200);
        (count["unreadCount"].as_u64().unwrap() < MANY).then_some(())
    })
    .await;
    server.kill();
    drop(in_time("the end of the request", marking).await.unwrap());

    let server = Server::start(&url, &[]);
    let page = server.get("/api/activities/ada?limit=1").await.expect(200);
    let unread = count(&url, "activities WHERE read = FALSE").await;
    assert_eq!((&page["total"], &page["unreadCount"]), (&json!(MANY), &json!(unread)));
    let marked = server.patch("/api/activities/ada/read-all", &json!({})).await.expect(200);
    assert_eq!(marked["modifiedCount"], unread);
    assert_eq!(server.get("/api/activities/ada?limit=1").await.expect(200)["unreadCount"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_a_feed_is_marked_leaves_true_counts_sqlite() {
    a_crash_in_the_middle(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_a_feed_is_marked_leaves_true_counts_postgres() {
    a_crash_in_the_middle(Backend::Postgres).await;
}

/// How often this thread could do something else while `read` was made: never where it was made on it.
async fn turns_during<T>(read: impl Future<Output = T>) -> (T, u64) {
    let (turns, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let read = async {
        let value = read.await;
        done.store(true, Ordering::Relaxed);
        value
    };
    let others = async {
        while !done.load(Ordering::Relaxed) {
            turns.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    };
    let (value, ()) = tokio::join!(read, others);
    (value, turns.into_inner())
}

#[tokio::test]
async fn a_filter_that_matches_nothing_of_a_long_feed_is_not_read_on_a_thread_that_serves() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let (store, _) = watched(&url).await;
    fill_activities(&url, 100_000).await;
    let keyset = Keyset { limit: 20, from_end: false, after: None, before: None };
    let mixed = FeedFilter { kind: Some(ActivityType::Login), unread_only: true };
    let (slice, turns) = turns_during(store.slice::<Activity>(&user("ada"), keyset, mixed)).await;
    assert_eq!(slice.unwrap().items.len(), 20);
    assert_eq!(turns, 0, "what is short is read at once");

    let database = Sql::connect(&url).await;
    run(&database, "UPDATE activities SET read = TRUE WHERE position > 10").await;
    run(&database, "UPDATE activities SET type = 'log_created' WHERE position <= 10").await;
    run(&database, "UPDATE user_position SET activities_unread = 10").await;
    database.close().await;
    let (slice, turns) = turns_during(store.slice::<Activity>(&user("ada"), keyset, mixed)).await;
    assert_eq!(slice.unwrap().items.len(), 0);
    assert!(turns > 0, "100,000 rows were walked on the thread that serves");
    let (page, turns) =
        turns_during(store.page::<Activity>(&user("ada"), Window::parse(200, 0).unwrap())).await;
    assert_eq!((page.unwrap().items.len(), turns), (200, 0), "the largest page is short");
}
