//! Activities through every query and mutation of GraphQL that is about them.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{TestApp, each, is_id, keys, millis, on_both};

const CREATE: &str = "mutation($input: CreateActivityInput!) { createActivity(input: $input) {
    id userId type title description data timestamp read cursor } }";
const PAGE: &str = "query($userId: ID, $limit: Int! = 20, $skip: Int! = 0) {
    activities(userId: $userId, limit: $limit, skip: $skip) {
        activities { id userId type title description data timestamp read cursor }
        total hasMore unreadCount cursor } }";

async fn create(app: &TestApp, input: Value) -> Value {
    app.graphql(CREATE, json!({"input": input})).await.data()["createActivity"].clone()
}

async fn page(app: &TestApp, variables: Value) -> Value {
    app.graphql(PAGE, variables).await.data()["activities"].clone()
}

on_both!(
    async fn a_new_activity_shows_what_was_given(app: TestApp) {
        let input = json!({
            "userId": "ada", "type": "GOAL_COMPLETED", "title": "Goal", "description": "The first one",
            "data": {"z": [1, null, {"deep": 0.5}], "a": "b"}
        });
        let activity = create(&app, input.clone()).await;
        for (field, value) in input.as_object().unwrap() {
            assert_eq!(&activity[field], value);
        }
        assert!(is_id(&activity["id"]), "{activity}");
        assert_eq!(activity["read"], false);
        assert!(millis(&activity["timestamp"]) > 1_700_000_000_000);
        assert_eq!(page(&app, json!({"userId": "ada"})).await["activities"], json!([activity]));
    }
);

on_both!(
    async fn optional_fields_that_were_not_given_are_null(app: TestApp) {
        let activity = create(&app, json!({"userId": "ada", "type": "LOGIN", "title": "Plain"})).await;
        assert_eq!((&activity["description"], &activity["data"]), (&Value::Null, &Value::Null));
        let nulls = json!({
            "userId": "ada", "type": "LOGIN", "title": "Nulls", "description": null, "data": null
        });
        let activity = create(&app, nulls).await;
        assert_eq!((&activity["description"], &activity["data"]), (&Value::Null, &Value::Null));
    }
);

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
    async fn every_type_is_kept(app: TestApp) {
        for kind in
            ["LOGIN", "LOG_CREATED", "GOAL_COMPLETED", "SKILL_ADDED", "PORTFOLIO_UPDATED", "EMAIL_SENT"]
        {
            let activity = create(&app, json!({"userId": "ada", "type": kind, "title": kind})).await;
            assert_eq!(activity["type"], kind);
            assert_eq!(
                page(&app, json!({"userId": "ada", "limit": 1})).await["activities"],
                json!([activity])
            );
        }
    }
);

on_both!(
    async fn a_user_without_activities_has_an_empty_page(app: TestApp) {
        let empty = page(&app, json!({"userId": "nobody"})).await;
        assert_eq!(keys(&empty), ["activities", "cursor", "hasMore", "total", "unreadCount"]);
        assert_eq!(empty["activities"], json!([]));
        assert_eq!((&empty["total"], &empty["unreadCount"]), (&json!(0), &json!(0)));
        assert_eq!(empty["hasMore"], false);
    }
);

on_both!(
    async fn a_page_is_newest_first_and_goes_on_with_skip(app: TestApp) {
        for title in ["one", "two", "three", "four", "five"] {
            app.create_activity("ada", title).await;
        }
        for (limit, skip, titles, more) in [
            (20, 0, &["five", "four", "three", "two", "one"][..], false),
            (2, 0, &["five", "four"], true),
            (2, 2, &["three", "two"], true),
            (2, 4, &["one"], false),
            (2, 5, &[], false),
        ] {
            let page = page(&app, json!({"userId": "ada", "limit": limit, "skip": skip})).await;
            assert_eq!(each(&page["activities"], "title"), titles, "{limit} {skip}");
            assert_eq!(page["hasMore"], more, "{limit} {skip}");
            assert_eq!((&page["total"], &page["unreadCount"]), (&json!(5), &json!(5)));
        }
    }
);

on_both!(
    async fn a_page_has_20_by_itself_and_never_more_than_200(app: TestApp) {
        join_all((0..201).map(|_| app.create_activity("ada", "many"))).await;
        for (arguments, count, more) in [
            ("", 20, true),
            (", limit: 201", 200, true),
            (", limit: 2147483647, skip: 1", 200, false),
            (", skip: 200", 1, false),
        ] {
            let query =
                format!("{{ activities(userId: \"ada\"{arguments}) {{ activities {{ id }} hasMore }} }}");
            let page = app.graphql(&query, json!({})).await.data()["activities"].clone();
            let found = page["activities"].as_array().unwrap().len();
            assert_eq!((found, &page["hasMore"]), (count, &json!(more)), "{arguments}");
        }
    }
);

on_both!(
    async fn marking_read_again_gives_the_same_answer(app: TestApp) {
        const MARK: &str = "mutation($id: ID!) { markActivityRead(id: $id) { id title read cursor } }";
        const UNREAD: &str = "{ unreadActivityCount(userId: \"ada\") }";
        let activity = create(&app, json!({"userId": "ada", "type": "LOGIN", "title": "one"})).await;
        app.create_activity("ada", "two").await;
        assert_eq!(app.graphql(UNREAD, json!({})).await.data(), json!({"unreadActivityCount": 2}));
        let expected = json!({"markActivityRead": {
            "id": activity["id"], "title": "one", "read": true, "cursor": activity["cursor"]
        }});
        for _ in 0..2 {
            assert_eq!(app.graphql(MARK, json!({"id": activity["id"]})).await.data(), expected);
            assert_eq!(app.graphql(UNREAD, json!({})).await.data(), json!({"unreadActivityCount": 1}));
        }
    }
);

on_both!(
    async fn mark_all_counts_what_was_unread(app: TestApp) {
        const MARK: &str = "mutation($user: ID) { markAllActivitiesRead(userId: $user) { modifiedCount } }";
        for title in ["one", "two", "three"] {
            app.create_activity("ada", title).await;
        }
        app.create_activity("bob", "not touched").await;
        for modified in [3, 0] {
            let answer = app.graphql(MARK, json!({"user": "ada"})).await.data();
            assert_eq!(answer, json!({"markAllActivitiesRead": {"modifiedCount": modified}}));
        }
        let both = "{ ada: unreadActivityCount(userId: \"ada\") bob: unreadActivityCount(userId: \"bob\") }";
        assert_eq!(app.graphql(both, json!({})).await.data(), json!({"ada": 0, "bob": 1}));
    }
);

on_both!(
    async fn a_deleted_activity_is_gone(app: TestApp) {
        const DELETE: &str = "mutation($id: ID!) { deleteActivity(id: $id) { id message } }";
        let activity = app.create_activity("ada", "one").await;
        let id = json!({"id": activity["_id"]});
        assert_eq!(
            app.graphql(DELETE, id.clone()).await.data(),
            json!({"deleteActivity": {"id": activity["_id"], "message": "Activity deleted"}})
        );
        for document in [DELETE, "mutation($id: ID!) { markActivityRead(id: $id) { id } }"] {
            let again = app.graphql(document, id.clone()).await;
            assert_eq!(again.graphql_error(), ("NOT_FOUND".to_owned(), None));
            assert_eq!(again.body["data"], Value::Null);
        }
        assert_eq!(page(&app, json!({"userId": "ada"})).await["total"], 0);
    }
);

on_both!(
    async fn a_user_id_that_is_left_out_is_the_viewers(app: TestApp) {
        const MINE: &str = "{ activities { activities { userId } total } unreadActivityCount
            activityConnection { nodes { userId } } }";
        app.create_activity("bob", "of somebody else").await;
        let ada = app.user("ada");
        let input = json!({"input": {"type": "LOGIN", "title": "mine"}});
        assert_eq!(ada.graphql(CREATE, input.clone()).await.data()["createActivity"]["userId"], "ada");
        assert_eq!(
            ada.graphql(MINE, json!({})).await.data(),
            json!({
                "activities": {"activities": [{"userId": "ada"}], "total": 1}, "unreadActivityCount": 1,
                "activityConnection": {"nodes": [{"userId": "ada"}]}
            })
        );
        let mark = "mutation { markAllActivitiesRead { modifiedCount } }";
        let answer = ada.graphql(mark, json!({})).await.data();
        assert_eq!(answer, json!({"markAllActivitiesRead": {"modifiedCount": 1}}));

        // Without a token nobody is the viewer.
        for (document, variables) in [(MINE, json!({})), (mark, json!({})), (CREATE, input)] {
            let error = app.graphql(document, variables).await.graphql_error();
            assert_eq!(error, ("BAD_USER_INPUT".to_owned(), Some("userId".to_owned())), "{document}");
        }
    }
);
