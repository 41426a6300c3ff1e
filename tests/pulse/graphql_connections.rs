//! Paging by cursor, forwards and backwards, in both feeds.

use serde_json::{Value, json};

use crate::support::{TestApp, each, on_both};

/// A feed with a connection.
#[derive(Clone, Copy, Debug)]
struct Feed {
    field: &'static str,
    page: &'static str,
    items: &'static str,
}

const FEEDS: [Feed; 2] = [
    Feed { field: "activityConnection", page: "/api/activities/ada", items: "activities" },
    Feed { field: "notificationConnection", page: "/api/notifications/ada", items: "notifications" },
];

impl Feed {
    async fn create(self, app: &TestApp, title: &str) -> Value {
        match self.items {
            "activities" => app.create_activity("ada", title).await,
            _ => app.create_notification("ada", title).await,
        }
    }

    async fn fill(self, app: &TestApp) {
        for title in ["one", "two", "three", "four", "five"] {
            self.create(app, title).await;
        }
    }

    fn query(self, arguments: &str) -> String {
        let arguments = if arguments.is_empty() { String::new() } else { format!(", {arguments}") };
        format!(
            "{{ {}(userId: \"ada\"{arguments}) {{ edges {{ cursor node {{ id title cursor }} }} nodes {{ title }}
                pageInfo {{ hasPreviousPage hasNextPage startCursor endCursor }} }} }}",
            self.field
        )
    }

    async fn connection(self, app: &TestApp, arguments: &str) -> Connection {
        let answer = app.graphql(&self.query(arguments), json!({})).await.data();
        Connection(answer[self.field].clone())
    }
}

struct Connection(Value);

impl Connection {
    /// Checks what it holds and whether more stands before and after it.
    #[track_caller]
    fn is(&self, titles: &[&str], before: bool, after: bool) -> &Self {
        let Self(connection) = self;
        assert_eq!(each(&connection["nodes"], "title"), titles);
        let edges = connection["edges"].as_array().unwrap();
        let of_edges: Vec<&str> = edges.iter().map(|edge| edge["node"]["title"].as_str().unwrap()).collect();
        assert_eq!(of_edges, titles);
        assert!(edges.iter().all(|edge| edge["cursor"] == edge["node"]["cursor"]), "{connection}");
        let info = &connection["pageInfo"];
        assert_eq!(
            (&info["hasPreviousPage"], &info["hasNextPage"]),
            (&json!(before), &json!(after)),
            "{titles:?}"
        );
        let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
        assert_eq!(info["startCursor"], cursor(edges.first()));
        assert_eq!(info["endCursor"], cursor(edges.last()));
        self
    }

    fn start(&self) -> &str {
        self.0["pageInfo"]["startCursor"].as_str().unwrap()
    }

    fn end(&self) -> &str {
        self.0["pageInfo"]["endCursor"].as_str().unwrap()
    }
}

on_both!(
    async fn forwards_from_the_newest_to_the_oldest_and_back(app: TestApp) {
        for feed in FEEDS {
            feed.fill(&app).await;
            let first = feed.connection(&app, "first: 2").await;
            first.is(&["five", "four"], false, true);
            let second = feed.connection(&app, &format!("first: 2, after: \"{}\"", first.end())).await;
            second.is(&["three", "two"], true, true);
            let third = feed.connection(&app, &format!("first: 2, after: \"{}\"", second.end())).await;
            third.is(&["one"], true, false);
            let nothing = feed.connection(&app, &format!("first: 2, after: \"{}\"", third.end())).await;
            nothing.is(&[], true, false);

            let back = feed.connection(&app, &format!("last: 2, before: \"{}\"", third.start())).await;
            back.is(&["three", "two"], true, true);
            let front = feed.connection(&app, &format!("last: 3, before: \"{}\"", back.start())).await;
            front.is(&["five", "four"], false, true);
            let nothing = feed.connection(&app, &format!("last: 2, before: \"{}\"", front.start())).await;
            nothing.is(&[], false, true);
        }
    }
);

on_both!(
    async fn last_without_a_cursor_is_the_oldest(app: TestApp) {
        for feed in FEEDS {
            feed.fill(&app).await;
            feed.connection(&app, "last: 2").await.is(&["two", "one"], true, false);
            feed.connection(&app, "last: 5").await.is(&["five", "four", "three", "two", "one"], false, false);
        }
    }
);

on_both!(
    async fn both_cursors_bound_a_page(app: TestApp) {
        for feed in FEEDS {
            feed.fill(&app).await;
            let all = feed.connection(&app, "").await;
            all.is(&["five", "four", "three", "two", "one"], false, false);
            let bounds = format!("after: \"{}\", before: \"{}\"", all.start(), all.end());
            feed.connection(&app, &bounds).await.is(&["four", "three", "two"], true, true);
            feed.connection(&app, &format!("first: 1, {bounds}")).await.is(&["four"], true, true);
            feed.connection(&app, &format!("last: 1, {bounds}")).await.is(&["two"], true, true);
        }
    }
);

on_both!(
    async fn a_connection_has_20_by_itself_and_may_be_empty(app: TestApp) {
        for feed in FEEDS {
            feed.connection(&app, "").await.is(&[], false, false);
            for number in 0..21 {
                feed.create(&app, &number.to_string()).await;
            }
            let page = feed.connection(&app, "").await;
            assert_eq!(page.0["edges"].as_array().unwrap().len(), 20);
            assert_eq!(page.0["pageInfo"]["hasNextPage"], true);
            feed.connection(&app, "first: 0").await.is(&[], false, true);
            feed.connection(&app, "last: 0").await.is(&[], true, false);
            let all = feed.connection(&app, "first: 200").await;
            assert_eq!(all.0["edges"].as_array().unwrap().len(), 21);
        }
    }
);

on_both!(
    async fn the_cursor_of_a_page_parts_what_it_showed_from_what_came_after(app: TestApp) {
        for feed in FEEDS {
            feed.fill(&app).await;
            let page = app.get(feed.page).await.expect(200);
            let cursor = page["cursor"].as_str().unwrap();
            feed.connection(&app, &format!("before: \"{cursor}\"")).await.is(&[], false, true);
            feed.create(&app, "six").await;
            feed.connection(&app, &format!("before: \"{cursor}\"")).await.is(&["six"], false, true);
            let item = page[feed.items][2]["cursor"].as_str().unwrap();
            feed.connection(&app, &format!("after: \"{item}\"")).await.is(&["two", "one"], true, false);
        }
    }
);

on_both!(
    async fn a_cursor_holds_its_place_when_its_item_is_deleted(app: TestApp) {
        for feed in FEEDS {
            feed.fill(&app).await;
            let first = feed.connection(&app, "first: 2").await;
            let id = first.0["edges"][1]["node"]["id"].as_str().unwrap().to_owned();
            let path = format!("/api/{}/{id}", feed.items);
            app.delete(&path).await.expect(200);
            let next = feed.connection(&app, &format!("first: 2, after: \"{}\"", first.end())).await;
            next.is(&["three", "two"], true, true);
        }
    }
);

on_both!(
    async fn a_page_can_be_of_one_type_or_unread_only(app: TestApp) {
        for (kind, title) in
            [("login", "a"), ("skill_added", "b"), ("login", "c"), ("login", "d"), ("skill_added", "e")]
        {
            let body = json!({"userId": "ada", "type": kind, "title": title});
            app.post("/api/activities", &body).await.expect(201);
        }
        for (kind, title) in
            [("system", "a"), ("social", "b"), ("system", "c"), ("system", "d"), ("social", "e")]
        {
            let body = json!({"userId": "ada", "type": kind, "title": title, "message": "m"});
            app.post("/api/notifications", &body).await.expect(201);
        }
        for (feed, kind) in FEEDS.into_iter().zip(["LOGIN", "SYSTEM"]) {
            let all = format!("type: {kind}");
            feed.connection(&app, &all).await.is(&["d", "c", "a"], false, false);
            let first = feed.connection(&app, &format!("{all}, first: 2")).await;
            first.is(&["d", "c"], false, true);
            let rest = feed.connection(&app, &format!("{all}, first: 2, after: \"{}\"", first.end())).await;
            rest.is(&["a"], true, false);
            feed.connection(&app, &format!("{all}, last: 1")).await.is(&["a"], true, false);

            let id = first.0["edges"][1]["node"]["id"].as_str().unwrap().to_owned();
            app.patch(&format!("/api/{}/{id}/read", feed.items), &json!({})).await.expect(200);
            let unread = feed.connection(&app, "unreadOnly: true").await;
            unread.is(&["e", "d", "b", "a"], false, false);
            feed.connection(&app, &format!("{all}, unreadOnly: true")).await.is(&["d", "a"], false, false);
            feed.connection(&app, "unreadOnly: false").await.is(&["e", "d", "c", "b", "a"], false, false);
            feed.connection(&app, "unreadOnly: true, last: 2").await.is(&["b", "a"], true, false);
        }
    }
);

on_both!(
    async fn sizes_that_cannot_be_are_refused(app: TestApp) {
        for feed in FEEDS {
            for (arguments, field) in
                [("first: -1", "first"), ("last: -1", "last"), ("first: 1, last: 1", "last")]
            {
                let answer = app.graphql(&feed.query(arguments), json!({})).await;
                let expected = ("BAD_USER_INPUT".to_owned(), Some(field.to_owned()));
                assert_eq!(answer.graphql_error(), expected, "{arguments}");
                assert_eq!(answer.body["errors"][0]["path"], json!([feed.field]));
                assert_eq!(answer.body["data"], Value::Null);
            }
        }
    }
);
