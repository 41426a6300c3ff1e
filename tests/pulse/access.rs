//! Users never reach another's things: on every route of the router and every operation of the schema, so that one
//! that is added is walked too, or fails here until somebody says what it is.

use pulse::domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Backend, Client, Introspected, RootField, Route, SECRET, Socket, TestApp, on_both, routes, token,
};

/// Needs no token in production: they hold nobody's data.
const OPEN: &[&str] = &[
    "GET /",
    "GET /graphiql",
    "GET /docs/api",
    "GET /assets/{*path}",
    "GET /api/health",
    "GET /api/ready",
    "GET /api/openapi.json",
];
/// Takes a token, and answers every viewer alike.
const FOR_EVERY_VIEWER: &[&str] = &[
    "GET /api/analytics/leaderboard/all",
    "Query.leaderboard",
    "Query.activeUsers",
    "Subscription.activeUsers",
];
/// Tells of everyone, and takes a service or admin.
const FOR_SERVICES: &[&str] = &["GET /metrics", "POST /dev/token", "GET /dev/users"];
/// Not there in production.
const ONLY_IN_DEVELOPMENT: &[&str] = &["POST /dev/token", "GET /dev/users"];
/// Walked by their operations, by their events (tests/socketio), or nothing but a 404.
const NO_ROUTES: &[&str] =
    &["ANY /graphql", "ANY /graphql/ws", "ANY /socket.io", "ANY /socket.io/", "ANY /api/{*path}"];

/// Whose route it is.
fn is_personal(route: &Route) -> bool {
    let name = route.to_string();
    ![OPEN, FOR_EVERY_VIEWER, NO_ROUTES].concat().contains(&name.as_str())
}

/// One activity and one notification of a user, and where the user's history stood before them.
struct Items {
    activity: String,
    notification: String,
    cursor: String,
}

impl Items {
    /// Creates them, and changes the analytics: every subscription after the cursor has something to say.
    async fn create(service: &Client, user: &str) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let page = service.get(&format!("/api/activities/{user}")).await.expect(200);
        let hours = json!({"hours": 0.5});
        service.patch(&format!("/api/analytics/{user}/learning-hours"), &hours).await.expect(200);
        Self {
            activity: text(&service.create_activity(user, "private").await["_id"]),
            notification: text(&service.create_notification(user, "private").await["_id"]),
            cursor: text(&page["cursor"]),
        }
    }

    /// Of nobody.
    fn unknown() -> Self {
        let id = "0".repeat(24);
        Self { activity: id.clone(), notification: id, cursor: String::new() }
    }

    /// The one that a route or operation of this name is about.
    fn of(&self, name: &str) -> &str {
        if name.to_lowercase().contains("notification") { &self.notification } else { &self.activity }
    }
}

/// Whether the parameter of a path is an item and not a user.
fn is_about_an_item(route: &Route) -> bool {
    route.path.ends_with("/read") || (route.method == "DELETE" && route.path.ends_with('}'))
}

/// Calls a route on the things of `user`, with a body that suits every route.
async fn call(client: &Client, route: &Route, user: &str, items: &Items) -> Answer {
    let parameter = if is_about_an_item(route) { items.of(&route.path) } else { user };
    let segments = route.path.split('/').map(|part| if part.starts_with('{') { parameter } else { part });
    let path = segments.collect::<Vec<_>>().join("/");
    let method = Method::from_bytes(route.method.as_bytes()).unwrap();
    let request = client.request(method.clone(), &path);
    if method == Method::GET {
        return client.send(request).await;
    }
    let kind = if route.path.contains("notifications") { "system" } else { "login" };
    let body = json!({
        "userId": user, "user": user, "type": kind, "title": "t", "message": "m", "hours": 1, "currentStreak": 1,
        "longestStreak": 1, "statName": "logsCreated", "incrementBy": 1, "date": "2026-01-31",
        "hoursLogged": 0.25, "logsCount": 1
    });
    client.send(request.json(&body)).await
}

/// The code that an operation on the things of `user` ends with; none where it is carried out.
async fn code_of(
    client: &Client,
    socket: &mut Socket,
    field: &RootField,
    user: &str,
    items: &Items,
) -> Option<String> {
    let document = field.document(user, items.of(&field.name), &items.cursor);
    if field.root != "Subscription" {
        let answer = client.graphql(&document, json!({})).await;
        return answer.body["errors"].is_array().then(|| answer.graphql_error().0);
    }
    let subscription = socket.subscribe(&document, json!({})).await;
    let message = socket.message_of(&subscription).await;
    if message["type"] == "next" {
        assert!(message["payload"]["errors"].is_null(), "{field}: {message}");
        return None;
    }
    assert_eq!(message["type"], "error", "{field}: {message}");
    Some(message["payload"][0]["extensions"]["code"].as_str().unwrap().to_owned())
}

/// All that `user` has.
async fn things_of(service: &Client, user: &str) -> Value {
    let mut things = Vec::new();
    for part in ["activities", "notifications", "analytics"] {
        let page = if part == "analytics" { "" } else { "?limit=200" };
        things.push(service.get(&format!("/api/{part}/{user}{page}")).await.expect(200));
    }
    things.into()
}

on_both!(
    async fn no_route_reaches_anothers_things(app: TestApp) {
        let items = Items::create(&app, "ada").await;
        let (before, bob) = (things_of(&app, "ada").await, app.user("bob"));
        for route in routes().iter().filter(|route| is_personal(route)) {
            let expected = if is_about_an_item(route) { (404, "NOT_FOUND") } else { (403, "FORBIDDEN") };
            let answer = call(&bob, route, "ada", &items).await;
            assert_eq!(
                (answer.status, answer.body["code"].as_str().unwrap_or_default()),
                expected,
                "{route}: {}",
                answer.text
            );
            assert!(!answer.text.contains("private"), "{route}: {}", answer.text);
            assert_eq!(things_of(&app, "ada").await, before, "{route} changed another's things");
        }
    }
);

on_both!(
    async fn no_operation_reaches_anothers_things(app: TestApp) {
        let items = Items::create(&app, "ada").await;
        let (before, bob) = (things_of(&app, "ada").await, app.user("bob"));
        let mut socket = bob.socket().await;
        for field in Introspected::of(&app).await.root_fields() {
            let expected = match (field.takes_user, field.takes_id) {
                (true, _) => Some("FORBIDDEN"),
                (false, true) => Some("NOT_FOUND"),
                _ => None,
            };
            let listed = FOR_EVERY_VIEWER.contains(&field.to_string().as_str());
            assert_eq!(expected.is_none(), listed, "{field} names no user and no item: say here what it is");
            let code = code_of(&bob, &mut socket, &field, "ada", &items).await;
            assert_eq!(code.as_deref(), expected, "{field}");
            assert_eq!(things_of(&app, "ada").await, before, "{field} changed another's things");
        }
    }
);

#[tokio::test]
async fn no_subscription_over_plain_http_reaches_anothers_things() {
    let app = TestApp::start(Backend::Sqlite).await;
    let items = Items::create(&app, "ada").await;
    let fields = Introspected::of(&app).await.root_fields();
    for field in fields.iter().filter(|field| field.root == "Subscription" && field.takes_user) {
        let body = json!({"query": field.document("ada", "", &items.cursor)});
        for accept in ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0, application/json"] {
            let request = app.user("bob").request(Method::POST, "/graphql").header("accept", accept);
            // A refused stream ends: its text is complete.
            let answer = app.send(request.json(&body)).await;
            assert!(
                answer.text.contains("FORBIDDEN") && !answer.text.contains("private"),
                "{field}: {}",
                answer.text
            );
        }
    }
}

#[tokio::test]
async fn everybody_reaches_their_own_and_services_and_admins_everyones() {
    let app = TestApp::start(Backend::Sqlite).await;
    let callers = [
        app.user("ada"),
        app.with_token(token("courses", Role::Service)),
        app.with_token(token("root", Role::Admin)),
    ];
    let fields = Introspected::of(&app).await.root_fields();
    for caller in &callers {
        for route in routes().iter().filter(|route| is_personal(route)) {
            let items = Items::create(&app, "ada").await;
            let answer = call(caller, route, "ada", &items).await;
            if FOR_SERVICES.contains(&route.to_string().as_str()) && caller.token == callers[0].token {
                assert_eq!(answer.status, 403, "{route}: {}", answer.text);
                continue;
            }
            assert!((200..300).contains(&answer.status), "{route}: {} {}", answer.status, answer.text);
        }
        let mut socket = caller.socket().await;
        for field in &fields {
            let items = Items::create(&app, "ada").await;
            assert_eq!(code_of(caller, &mut socket, field, "ada", &items).await, None, "{field}");
        }
    }
}

#[tokio::test]
async fn a_user_may_notify_themselves_and_nobody_else() {
    let app = TestApp::start(Backend::Sqlite).await;
    let bob = app.user("bob");
    let notification = |user: &str| json!({"userId": user, "type": "system", "title": "t", "message": "m"});
    bob.post("/api/notifications", &notification("bob")).await.expect(201);
    let refused = bob.post("/api/notifications", &notification("ada")).await;
    assert_eq!((refused.status, refused.rest_error().0.as_str()), (403, "FORBIDDEN"));
    let service = app.with_token(token("courses", Role::Service));
    service.post("/api/notifications", &notification("ada")).await.expect(201);
}

/// Tokens that nobody may act by.
fn bad_tokens() -> Vec<(&'static str, String)> {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    let sign = |algorithm, secret: &str, exp: i64| {
        let claims = json!({"sub": "ada", "role": "admin", "exp": exp});
        encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    };
    let (past, future) = (1_000_000_000, 32_000_000_000);
    let unsigned = sign(Algorithm::HS256, SECRET, future);
    let (claims, none) = (unsigned.split('.').nth(1).unwrap(), "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0");
    vec![
        ("not a JWT", "nonsense".to_owned()),
        ("expired", sign(Algorithm::HS256, SECRET, past)),
        ("unsigned", format!("{none}.{claims}.")),
        ("of another secret", sign(Algorithm::HS256, "another secret, of thirty-two bytes or more", future)),
        ("of another algorithm", sign(Algorithm::HS512, SECRET, future)),
    ]
}

/// Fails unless every route and operation that is not open refuses `client`; `missing` are those that are not there.
async fn assert_nothing_answers(client: &Client, fields: &[RootField], missing: &[&str], why: &str) {
    let items = Items::unknown();
    let closed = |route: &&Route| ![OPEN, NO_ROUTES].concat().contains(&route.to_string().as_str());
    for route in routes().iter().filter(closed) {
        let answer = call(client, route, "ada", &items).await;
        if missing.contains(&route.to_string().as_str()) {
            assert_eq!(answer.status, 404, "{why}, {route}: {}", answer.text);
            continue;
        }
        assert_eq!(answer.status, 401, "{why}, {route}: {}", answer.text);
        assert_eq!(answer.rest_error().0, "UNAUTHENTICATED", "{why}, {route}");
    }
    for field in fields {
        let answer =
            client.graphql(&field.document("ada", items.of(&field.name), &items.cursor), json!({})).await;
        assert_eq!(answer.status, 401, "{why}, {field}: {}", answer.text);
        assert_eq!(answer.graphql_error().0, "UNAUTHENTICATED", "{why}, {field}");
    }
}

#[tokio::test]
async fn in_production_nothing_but_open_routes_answers_without_a_token() {
    let app = TestApp::production(Backend::Sqlite).await;
    let fields = Introspected::of(&app.user("ada")).await.root_fields();
    assert_nothing_answers(&app, &fields, ONLY_IN_DEVELOPMENT, "no token").await;
    for (why, token) in bad_tokens() {
        assert_nothing_answers(&app.with_token(token), &fields, ONLY_IN_DEVELOPMENT, why).await;
    }
    for route in routes().iter().filter(|route| OPEN.contains(&route.to_string().as_str())) {
        let answer = app.get(&route.path).await;
        // There is no asset of this name.
        let expected = if route.path.contains('{') { 404 } else { 200 };
        assert_eq!(answer.status, expected, "{route}: {}", answer.text);
    }
    let page = app.send(app.request(Method::GET, "/graphql").header("accept", "text/html")).await;
    assert_eq!(page.status, 200, "{}", page.text);
}

#[tokio::test]
async fn a_bad_token_is_refused_in_development_too() {
    let app = TestApp::start(Backend::Sqlite).await;
    let fields = Introspected::of(&app).await.root_fields();
    for (why, token) in bad_tokens() {
        assert_nothing_answers(&app.with_token(token), &fields, &[], why).await;
    }
}

#[tokio::test]
async fn sockets_close_with_4403_where_the_token_does_not_serve() {
    let production = TestApp::production(Backend::Sqlite).await;
    let development = TestApp::start(Backend::Sqlite).await;
    for app in [&production, &development] {
        for (why, token) in bad_tokens() {
            for payload in [
                json!({"authorization": token}),
                json!({"Authorization": format!("Bearer {token}")}),
                json!({"token": token}),
            ] {
                assert_eq!(code_after_init(app, &payload).await, 4403, "{why}");
            }
        }
    }
    assert_eq!(code_after_init(&production, &json!({})).await, 4403, "production without a token");
}

/// The code that a socket is closed with after `connection_init`.
async fn code_after_init(client: &Client, payload: &Value) -> Value {
    let mut socket = Socket::open(client, "graphql-transport-ws").await;
    socket.send(&json!({"type": "connection_init", "payload": payload})).await;
    let message = socket.receive().await;
    assert_eq!(message["type"], "closed", "{message}");
    message["code"].clone()
}
