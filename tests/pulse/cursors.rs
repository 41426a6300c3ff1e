//! A cursor holds across restarts of the server, and one that cannot be resumed from is refused.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{Backend, Socket, Subscription, TestApp, on_both};

/// A feed that can be followed.
#[derive(Clone, Copy, Debug)]
struct Feed {
    rest: &'static str,
    field: &'static str,
    connection: &'static str,
}

const ACTIVITIES: Feed =
    Feed { rest: "activities", field: "activityCreated", connection: "activityConnection" };
const NOTIFICATIONS: Feed =
    Feed { rest: "notifications", field: "notificationReceived", connection: "notificationConnection" };
const FEEDS: [Feed; 2] = [ACTIVITIES, NOTIFICATIONS];
const ANALYTICS: &str = "subscription($after: String) {
    analyticsUpdated(userId: \"ada\", after: $after) { logsCreated cursor } }";

impl Feed {
    async fn create(self, app: &TestApp, title: &str) -> Value {
        match self.rest {
            "activities" => app.create_activity("ada", title).await,
            _ => app.create_notification("ada", title).await,
        }
    }

    async fn page(self, app: &TestApp) -> Value {
        app.get(&format!("/api/{}/ada", self.rest)).await.expect(200)
    }

    fn query(self) -> String {
        let field = self.field;
        format!(
            "subscription($after: String) {{ {field}(userId: \"ada\", after: $after) {{ title cursor }} }}"
        )
    }

    async fn follow(self, socket: &mut Socket, after: &Value) -> Subscription {
        socket.subscribe(&self.query(), json!({"after": after})).await
    }

    async fn next(self, socket: &mut Socket, subscription: &Subscription) -> Value {
        socket.next(subscription).await[self.field].clone()
    }

    /// The next items have these titles, in this order.
    async fn brings(self, socket: &mut Socket, subscription: &Subscription, titles: &[&str]) {
        for title in titles {
            let item = self.next(socket, subscription).await;
            assert_eq!(item["title"], *title, "{titles:?}");
        }
    }
}

/// Changes of other kinds, which take positions too.
async fn something_else_happens(app: &TestApp) {
    app.patch("/api/activities/ada/read-all", &json!({})).await.expect(200);
    app.patch("/api/notifications/ada/read-all", &json!({})).await.expect(200);
    count(app).await;
}

/// Counts one more log; returns the analytics.
async fn count(app: &TestApp) -> Value {
    app.patch("/api/analytics/ada/increment", &json!({"statName": "logsCreated"})).await.expect(200)
}

/// A cursor of the same database, `steps` positions later.
fn later(cursor: &Value, steps: u128) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(cursor.as_str().unwrap()).unwrap();
    let number = u128::from_be_bytes(bytes.try_into().unwrap());
    URL_SAFE_NO_PAD.encode((number + steps).to_be_bytes())
}

/// A cursor of a database that has gone further than the one of the test.
async fn of_another_database() -> String {
    let other = TestApp::start(Backend::Sqlite).await;
    let mut cursor = Value::Null;
    for _ in 0..30 {
        cursor = other.create_activity("ada", "elsewhere").await["cursor"].clone();
    }
    cursor.as_str().unwrap().to_owned()
}

on_both!(
    async fn a_feed_goes_on_after_a_restart_from_any_cursor(mut app: TestApp) {
        for feed in FEEDS {
            let start = feed.page(&app).await["cursor"].clone();
            let of_item = feed.create(&app, "one").await["cursor"].clone();
            feed.create(&app, "two").await;
            let of_page = feed.page(&app).await["cursor"].clone();
            let mut socket = app.socket().await;
            let live = feed.follow(&mut socket, &of_page).await;
            feed.create(&app, "three").await;
            let of_subscription = feed.next(&mut socket, &live).await["cursor"].clone();
            drop(socket);
            something_else_happens(&app).await;
            feed.create(&app, "four").await;

            app.restart().await;
            something_else_happens(&app).await;
            feed.create(&app, "five").await;
            let mut socket = app.socket().await;
            let all = ["one", "two", "three", "four", "five"];
            let mut followers = Vec::new();
            for (cursor, missed) in [
                (&start, &all[..]),
                (&of_item, &all[1..]),
                (&of_page, &all[2..]),
                (&of_subscription, &all[3..]),
            ] {
                let follower = feed.follow(&mut socket, cursor).await;
                feed.brings(&mut socket, &follower, missed).await;
                followers.push(follower);
            }
            something_else_happens(&app).await;
            feed.create(&app, "six").await;
            feed.create(&app, "seven").await;
            for follower in &followers {
                feed.brings(&mut socket, follower, &["six", "seven"]).await;
            }
        }
    }
);

on_both!(
    async fn a_long_absence_is_made_up_for_in_order(mut app: TestApp) {
        for feed in FEEDS {
            let cursor = feed.page(&app).await["cursor"].clone();
            let titles: Vec<String> = (0..230).map(|number| number.to_string()).collect();
            for title in &titles {
                feed.create(&app, title).await;
            }
            app.restart().await;
            let mut socket = app.socket().await;
            let follower = feed.follow(&mut socket, &cursor).await;
            let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
            feed.brings(&mut socket, &follower, &titles).await;
        }
    }
);

on_both!(
    async fn the_cursor_of_one_kind_serves_another(mut app: TestApp) {
        app.create_activity("ada", "before").await;
        let cursor = count(&app).await["cursor"].clone();
        app.create_notification("ada", "notification").await;
        app.create_activity("ada", "activity").await;
        app.restart().await;
        let mut socket = app.socket().await;
        let activities = ACTIVITIES.follow(&mut socket, &cursor).await;
        ACTIVITIES.brings(&mut socket, &activities, &["activity"]).await;
        let notifications = NOTIFICATIONS.follow(&mut socket, &cursor).await;
        NOTIFICATIONS.brings(&mut socket, &notifications, &["notification"]).await;
    }
);

on_both!(
    async fn analytics_go_on_with_their_newest_state_alone(mut app: TestApp) {
        let first = count(&app).await;
        for _ in 0..3 {
            count(&app).await;
        }
        app.restart().await;
        let newest = count(&app).await;
        let mut socket = app.socket().await;
        let behind = socket.subscribe(ANALYTICS, json!({"after": first["cursor"]})).await;
        let state = json!({"analyticsUpdated": {"logsCreated": 5, "cursor": newest["cursor"]}});
        assert_eq!(socket.next(&behind).await, state);
        // Who has the newest state gets nothing before the next change.
        let up_to_date = socket.subscribe(ANALYTICS, json!({"after": newest["cursor"]})).await;
        socket.settle().await;
        app.create_activity("ada", "another kind").await;
        let next = count(&app).await;
        let state = json!({"analyticsUpdated": {"logsCreated": 6, "cursor": next["cursor"]}});
        assert_eq!(socket.next(&behind).await, state);
        assert_eq!(socket.next(&up_to_date).await, state);
    }
);

on_both!(
    async fn without_a_cursor_nothing_old_comes(mut app: TestApp) {
        for feed in FEEDS {
            feed.create(&app, "old").await;
        }
        count(&app).await;
        app.restart().await;
        let mut socket = app.socket().await;
        let analytics = socket.subscribe(ANALYTICS, json!({})).await;
        let mut followers = Vec::new();
        for feed in FEEDS {
            followers.push((feed, feed.follow(&mut socket, &Value::Null).await));
        }
        socket.settle().await;
        for (feed, follower) in &followers {
            feed.create(&app, "new").await;
            feed.brings(&mut socket, follower, &["new"]).await;
        }
        count(&app).await;
        assert_eq!(socket.next(&analytics).await["analyticsUpdated"]["logsCreated"], 2);
    }
);

on_both!(
    async fn a_subscription_that_cannot_go_on_is_refused_before_it_starts(mut app: TestApp) {
        let cursor = app.create_activity("ada", "one").await["cursor"].clone();
        app.restart().await;
        let foreign = of_another_database().await;
        let queries = [ACTIVITIES.query(), NOTIFICATIONS.query(), ANALYTICS.to_owned()];
        let mut socket = app.socket().await;
        for (after, code) in [
            (foreign, "CURSOR_EXPIRED"),
            (later(&cursor, 1), "CURSOR_EXPIRED"),
            (later(&cursor, 1_000_000), "CURSOR_EXPIRED"),
            (String::new(), "BAD_USER_INPUT"),
            ("nonsense".to_owned(), "BAD_USER_INPUT"),
            ("Ω".to_owned(), "BAD_USER_INPUT"),
            (format!("{}AAAA", cursor.as_str().unwrap()), "BAD_USER_INPUT"),
        ] {
            for query in &queries {
                let refused = socket.subscribe(query, json!({"after": after})).await;
                let message = socket.message_of(&refused).await;
                assert_eq!(message["type"], "error", "{message}");
                let extensions = &message["payload"][0]["extensions"];
                assert_eq!(extensions, &json!({"code": code, "field": "after"}), "{after} {message}");
            }
        }
        // The socket goes on, and so does whoever reads a fresh page.
        let fresh = ACTIVITIES.page(&app).await["cursor"].clone();
        let follower = ACTIVITIES.follow(&mut socket, &fresh).await;
        app.create_activity("ada", "two").await;
        ACTIVITIES.brings(&mut socket, &follower, &["two"]).await;
    }
);

on_both!(
    async fn a_connection_that_cannot_go_on_is_an_error_of_its_field(mut app: TestApp) {
        let cursor = app.create_activity("ada", "one").await["cursor"].clone();
        app.restart().await;
        let foreign = of_another_database().await;
        for feed in FEEDS {
            for argument in ["after", "before"] {
                let query = format!(
                    "query($cursor: String) {{ {}(userId: \"ada\", {argument}: $cursor) {{ nodes {{ id }} }} }}",
                    feed.connection
                );
                for (cursor, code) in [
                    (foreign.clone(), "CURSOR_EXPIRED"),
                    (later(&cursor, 1), "CURSOR_EXPIRED"),
                    ("nonsense".to_owned(), "BAD_USER_INPUT"),
                ] {
                    let answer = app.graphql(&query, json!({"cursor": cursor})).await;
                    assert_eq!(
                        answer.graphql_error(),
                        (code.to_owned(), Some(argument.to_owned())),
                        "{query}"
                    );
                    assert_eq!(answer.body["errors"][0]["path"], json!([feed.connection]));
                    assert_eq!(answer.body["data"], Value::Null);
                }
                app.graphql(&query, json!({"cursor": cursor})).await.data();
            }
        }
    }
);

on_both!(
    async fn the_cursor_of_unread_counts_goes_on(mut app: TestApp) {
        const COUNTS: &str = "subscription { unreadCounts(userId: \"ada\") { activities cursor } }";
        app.create_activity("ada", "one").await;
        let mut socket = app.socket().await;
        let counts = socket.subscribe(COUNTS, json!({})).await;
        let cursor = socket.next(&counts).await["unreadCounts"]["cursor"].clone();
        drop(socket);
        app.create_activity("ada", "two").await;
        app.restart().await;
        let mut socket = app.socket().await;
        let follower = ACTIVITIES.follow(&mut socket, &cursor).await;
        ACTIVITIES.brings(&mut socket, &follower, &["two"]).await;
        let counts = socket.subscribe(COUNTS, json!({})).await;
        assert_eq!(socket.next(&counts).await["unreadCounts"]["activities"], 2);
    }
);
