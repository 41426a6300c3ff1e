//! Feeds through GraphQL: what its documents allow beside what the stories tell of every door.

use serde_json::{Value, json};

use crate::support::{FEEDS, TestApp, on_both};

on_both!(
    async fn arguments_can_stand_in_the_document(app: TestApp) {
        let document = "mutation { createActivity(input: {userId: \"ada\", type: SKILL_ADDED, title: \"\"\"A \"block\" of text\"\"\",
            data: {list: [1, 2.5, \"three\", true, null], nested: {a: {b: {}}}}}) { type title data } }";
        let activity = app.graphql(document, json!({})).await.data()["createActivity"].clone();
        assert_eq!(
            activity,
            json!({
                "type": "SKILL_ADDED", "title": "A \"block\" of text",
                "data": {"list": [1, 2.5, "three", true, null], "nested": {"a": {"b": {}}}}
            })
        );
    }
);

on_both!(
    async fn data_takes_variables_inside(app: TestApp) {
        let document = "mutation($deep: JSON!, $title: String!) {
            createActivity(input: {userId: \"ada\", type: LOGIN, title: $title, data: {deep: $deep}}) { title data } }";
        let variables = json!({"deep": [{"x": 1}], "title": "t"});
        let activity = app.graphql(document, variables).await.data()["createActivity"].clone();
        assert_eq!(activity, json!({"title": "t", "data": {"deep": [{"x": 1}]}}));
    }
);

on_both!(
    async fn a_user_id_that_is_left_out_is_the_viewers(app: TestApp) {
        let ada = app.user("ada");
        for feed in FEEDS {
            let (name, noun) = (feed.name, feed.noun);
            let path = format!("/api/{name}");
            for user in ["ada", "bob"] {
                app.post(&path, &feed.input(user, "t")).await.expect(201);
            }
            let connection = format!("{}Connection", noun.to_lowercase());
            let mine = format!(
                "{{ page: {name} {{ {name} {{ userId }} total }} unread: unread{noun}Count
                connection: {connection} {{ nodes {{ userId }} }} }}"
            );
            let item = json!({"userId": "ada"});
            assert_eq!(
                ada.graphql(&mine, json!({})).await.data(),
                json!({"page": {name: [item], "total": 1}, "unread": 1, "connection": {"nodes": [item]}})
            );
            let mark = format!("mutation {{ marked: markAll{}Read {{ modifiedCount }} }}", feed.plural);
            assert_eq!(ada.graphql(&mark, json!({})).await.data(), json!({"marked": {"modifiedCount": 1}}));
            // Without a token nobody is the viewer.
            for document in [&mine, &mark] {
                let error = app.graphql(document, json!({})).await.graphql_error();
                assert_eq!(error, ("BAD_USER_INPUT".to_owned(), Some("userId".to_owned())), "{document}");
            }
        }
        let clear = "mutation { clearNotifications { deletedCount } }";
        let cleared = ada.graphql(clear, json!({})).await.data();
        assert_eq!(cleared, json!({"clearNotifications": {"deletedCount": 1}}));
        assert_eq!(app.graphql(clear, json!({})).await.graphql_error().1.as_deref(), Some("userId"));
    }
);

on_both!(
    async fn unread_counts_are_pushed_as_they_change(app: TestApp) {
        const QUERY: &str = "subscription { unreadCounts(userId: \"ada\") { activities notifications } }";
        let counts = |activities: u64, notifications: u64| -> Value {
            json!({"unreadCounts": {"activities": activities, "notifications": notifications}})
        };
        let mut socket = app.socket().await;
        let unread = socket.subscribe(QUERY, json!({})).await;
        assert_eq!(socket.next(&unread).await, counts(0, 0));
        let activity = app.create_activity("ada", "one").await;
        assert_eq!(socket.next(&unread).await, counts(1, 0));
        app.create_notification("ada", "two").await;
        assert_eq!(socket.next(&unread).await, counts(1, 1));
        app.patch(&format!("/api/activities/{}/read", activity["_id"].as_str().unwrap()), &json!({}))
            .await
            .expect(200);
        assert_eq!(socket.next(&unread).await, counts(0, 1));
        app.delete("/api/notifications/ada/clear-all").await.expect(200);
        assert_eq!(socket.next(&unread).await, counts(0, 0));
    }
);
