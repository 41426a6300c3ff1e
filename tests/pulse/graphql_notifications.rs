//! Notifications through every query and mutation of GraphQL that is about them.

use futures_util::future::join_all;
use pulse::domain::Role;
use serde_json::{Value, json};

use crate::support::{TestApp, each, is_id, millis, on_both, token};

const CREATE: &str = "mutation($input: CreateNotificationInput!) { createNotification(input: $input) {
    id userId type title message read actionUrl createdAt expiresAt cursor } }";
const PAGE: &str = "query($userId: ID, $limit: Int! = 50, $skip: Int! = 0) {
    notifications(userId: $userId, limit: $limit, skip: $skip) {
        notifications { id userId type title message read actionUrl createdAt expiresAt cursor }
        total hasMore unreadCount cursor } }";
const UNREAD: &str = "{ unreadNotificationCount(userId: \"ada\") }";

async fn create(app: &TestApp, input: Value) -> Value {
    app.graphql(CREATE, json!({"input": input})).await.data()["createNotification"].clone()
}

async fn page(app: &TestApp, variables: Value) -> Value {
    app.graphql(PAGE, variables).await.data()["notifications"].clone()
}

on_both!(
    async fn a_new_notification_shows_what_was_given(app: TestApp) {
        let input = json!({
            "userId": "ada", "type": "ACHIEVEMENT", "title": "Well done", "message": "You did it.",
            "actionUrl": "https://example.org/x", "expiresAt": "2999-12-31T23:59:59.999Z"
        });
        let notification = create(&app, input.clone()).await;
        for (field, value) in input.as_object().unwrap() {
            assert_eq!(&notification[field], value);
        }
        assert!(is_id(&notification["id"]), "{notification}");
        assert_eq!(notification["read"], false);
        assert_eq!(page(&app, json!({"userId": "ada"})).await["notifications"], json!([notification]));
    }
);

on_both!(
    async fn it_expires_after_30_days_unless_it_says_so(app: TestApp) {
        let plain = json!({"userId": "ada", "type": "SYSTEM", "title": "t", "message": "m"});
        let nulls = json!({
            "userId": "ada", "type": "SYSTEM", "title": "t", "message": "m", "actionUrl": null, "expiresAt": null
        });
        for input in [plain, nulls] {
            let notification = create(&app, input).await;
            assert_eq!(notification["actionUrl"], Value::Null);
            let lifetime = millis(&notification["expiresAt"]) - millis(&notification["createdAt"]);
            assert_eq!(lifetime, 30 * 86_400_000);
        }
    }
);

on_both!(
    async fn every_type_is_kept(app: TestApp) {
        for kind in ["ACHIEVEMENT", "MILESTONE", "REMINDER", "SYSTEM", "SOCIAL"] {
            let input = json!({"userId": "ada", "type": kind, "title": "t", "message": "m"});
            let notification = create(&app, input).await;
            assert_eq!(notification["type"], kind);
            let page = page(&app, json!({"userId": "ada", "limit": 1})).await;
            assert_eq!(page["notifications"], json!([notification]));
        }
    }
);

on_both!(
    async fn a_page_is_newest_first_and_goes_on_with_skip(app: TestApp) {
        for title in ["one", "two", "three"] {
            app.create_notification("ada", title).await;
        }
        for (limit, skip, titles, more) in [
            (50, 0, &["three", "two", "one"][..], false),
            (2, 0, &["three", "two"], true),
            (2, 1, &["two", "one"], false),
            (2, 3, &[], false),
        ] {
            let page = page(&app, json!({"userId": "ada", "limit": limit, "skip": skip})).await;
            assert_eq!(each(&page["notifications"], "title"), titles, "{limit} {skip}");
            assert_eq!(page["hasMore"], more, "{limit} {skip}");
            assert_eq!((&page["total"], &page["unreadCount"]), (&json!(3), &json!(3)));
        }
    }
);

on_both!(
    async fn a_page_has_50_by_itself(app: TestApp) {
        join_all((0..51).map(|_| app.create_notification("ada", "many"))).await;
        let query = "{ notifications(userId: \"ada\") { notifications { id } hasMore total } }";
        let page = app.graphql(query, json!({})).await.data()["notifications"].clone();
        assert_eq!(page["notifications"].as_array().unwrap().len(), 50);
        assert_eq!((&page["hasMore"], &page["total"]), (&json!(true), &json!(51)));
    }
);

on_both!(
    async fn marking_read_again_gives_the_same_answer(app: TestApp) {
        const MARK: &str = "mutation($id: ID!) { markNotificationRead(id: $id) { id title read cursor } }";
        let notification = app.create_notification("ada", "one").await;
        app.create_notification("ada", "two").await;
        let expected = json!({"markNotificationRead": {
            "id": notification["_id"], "title": "one", "read": true, "cursor": notification["cursor"]
        }});
        for _ in 0..2 {
            assert_eq!(app.graphql(MARK, json!({"id": notification["_id"]})).await.data(), expected);
            assert_eq!(app.graphql(UNREAD, json!({})).await.data(), json!({"unreadNotificationCount": 1}));
        }
    }
);

on_both!(
    async fn mark_all_and_clear_count_what_they_change(app: TestApp) {
        const MARK: &str = "mutation { markAllNotificationsRead(userId: \"ada\") { modifiedCount } }";
        const CLEAR: &str = "mutation { clearNotifications(userId: \"ada\") { deletedCount } }";
        for title in ["one", "two", "three"] {
            app.create_notification("ada", title).await;
        }
        app.create_notification("bob", "not touched").await;
        for modified in [3, 0] {
            let answer = app.graphql(MARK, json!({})).await.data();
            assert_eq!(answer, json!({"markAllNotificationsRead": {"modifiedCount": modified}}));
        }
        app.create_notification("ada", "four").await;
        for deleted in [4, 0] {
            let answer = app.graphql(CLEAR, json!({})).await.data();
            assert_eq!(answer, json!({"clearNotifications": {"deletedCount": deleted}}));
        }
        assert_eq!(app.graphql(UNREAD, json!({})).await.data(), json!({"unreadNotificationCount": 0}));
        assert_eq!(page(&app, json!({"userId": "ada"})).await["notifications"], json!([]));
        assert_eq!(page(&app, json!({"userId": "bob"})).await["unreadCount"], 1);
    }
);

on_both!(
    async fn a_deleted_notification_is_gone(app: TestApp) {
        const DELETE: &str = "mutation($id: ID!) { deleteNotification(id: $id) { id message } }";
        let notification = app.create_notification("ada", "one").await;
        let id = json!({"id": notification["_id"]});
        assert_eq!(
            app.graphql(DELETE, id.clone()).await.data(),
            json!({"deleteNotification": {"id": notification["_id"], "message": "Notification deleted"}})
        );
        for document in [DELETE, "mutation($id: ID!) { markNotificationRead(id: $id) { id } }"] {
            let again = app.graphql(document, id.clone()).await;
            assert_eq!(again.graphql_error(), ("NOT_FOUND".to_owned(), None));
            assert_eq!(again.body["data"], Value::Null);
        }
        assert_eq!(page(&app, json!({"userId": "ada"})).await["total"], 0);
    }
);

on_both!(
    async fn a_user_id_that_is_left_out_is_the_viewers(app: TestApp) {
        const MINE: &str = "{ notifications { total } unreadNotificationCount
            notificationConnection { nodes { userId } } }";
        app.create_notification("bob", "of somebody else").await;
        let ada = app.user("ada");
        let input = json!({"input": {"type": "REMINDER", "title": "mine", "message": ""}});
        assert_eq!(ada.graphql(CREATE, input).await.data()["createNotification"]["userId"], "ada");
        assert_eq!(
            ada.graphql(MINE, json!({})).await.data(),
            json!({
                "notifications": {"total": 1}, "unreadNotificationCount": 1,
                "notificationConnection": {"nodes": [{"userId": "ada"}]}
            })
        );
        let mark =
            "mutation { markAllNotificationsRead { modifiedCount } clearNotifications { deletedCount } }";
        assert_eq!(
            ada.graphql(mark, json!({})).await.data(),
            json!({"markAllNotificationsRead": {"modifiedCount": 1}, "clearNotifications": {"deletedCount": 1}})
        );
        let error = app.graphql(mark, json!({})).await.graphql_error();
        assert_eq!(error, ("BAD_USER_INPUT".to_owned(), Some("userId".to_owned())));
    }
);

on_both!(
    async fn telling_somebody_else_takes_a_service_or_admin(app: TestApp) {
        let input = json!({"input": {"userId": "bob", "type": "SOCIAL", "title": "t", "message": "m"}});
        let refused = app.user("ada").graphql(CREATE, input.clone()).await;
        assert_eq!(refused.graphql_error().0, "FORBIDDEN");
        assert_eq!(refused.body["data"], Value::Null);
        for role in [Role::Service, Role::Admin] {
            let teller = app.with_token(token("teller", role));
            let answer = teller.graphql(CREATE, input.clone()).await.data();
            assert_eq!(answer["createNotification"]["userId"], "bob");
        }
        assert_eq!(page(&app, json!({"userId": "bob"})).await["total"], 2);
    }
);
