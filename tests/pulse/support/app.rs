//! The production app in this process, on a random port.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use pulse::{
    app::App,
    config::{Config, Timing},
    domain::{Clock, Role, Timestamp, UserId},
    http::listen,
    service,
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Answer, Backend, Socket, fresh_database, in_time};

/// What test servers sign tokens with.
pub const SECRET: &str = "a secret for tests, of thirty-two bytes or more";

/// Over how long test servers close sockets: most tests do not look at how.
const DRAIN_WINDOW: Duration = Duration::from_millis(200);

/// A token of `user`.
pub fn token(user: &str, role: Role) -> String {
    let user = UserId::parse("userId", user).unwrap();
    service::issue(SECRET, &user, role, Duration::from_secs(3_600)).unwrap()
}

/// Calls a server, with or without a token.
#[derive(Clone, Debug)]
pub struct Client {
    pub address: SocketAddr,
    pub http: reqwest::Client,
    pub token: Option<String>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, http: reqwest::Client::new(), token: None }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The same client with a token.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// A client that is `user`.
    pub fn user(&self, user: &str) -> Self {
        self.with_token(token(user, Role::User))
    }

    /// A request to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, self.url(path));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::of(in_time("a response", request.send()).await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn graphql(&self, query: &str, variables: Value) -> Answer {
        self.post("/graphql", &json!({"query": query, "variables": variables})).await
    }

    /// Creates an activity of `user` by REST.
    pub async fn create_activity(&self, user: &str, title: &str) -> Value {
        let body = json!({"userId": user, "type": "log_created", "title": title});
        self.post("/api/activities", &body).await.expect(201)
    }

    /// Creates a notification of `user` by REST.
    pub async fn create_notification(&self, user: &str, title: &str) -> Value {
        let body = json!({"userId": user, "type": "system", "title": title, "message": "m"});
        self.post("/api/notifications", &body).await.expect(201)
    }

    /// A socket that is acknowledged.
    pub async fn socket(&self) -> Socket {
        Socket::connect(self).await
    }
}

/// Shortens deadlines that a test would wait for.
pub type Tune = fn(&mut Timing);

/// A running app. Dereferences to a [`Client`] without a token.
pub struct TestApp {
    client: Client,
    pub database_url: String,
    pub clock: Clock,
    settings: BTreeMap<&'static str, String>,
    tune: Tune,
    shutdown: CancellationToken,
    running: JoinHandle<std::io::Result<()>>,
    // Holds the folder of a SQLite file.
    _folder: Option<tempfile::TempDir>,
}

impl std::ops::Deref for TestApp {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl TestApp {
    /// A development server on a fresh database. It knows [`SECRET`].
    pub async fn start(backend: Backend) -> Self {
        Self::with(backend, &[]).await
    }

    /// A production server on a fresh database.
    pub async fn production(backend: Backend) -> Self {
        Self::with(backend, &[("NODE_ENV", "production"), ("HOST", "127.0.0.1")]).await
    }

    /// A server with settings of its own.
    pub async fn with(backend: Backend, settings: &[(&'static str, &str)]) -> Self {
        Self::with_clock(backend, settings, Clock::default()).await
    }

    /// A development server whose clock stands still until the test moves it.
    pub async fn standing_still(backend: Backend) -> Self {
        Self::with_clock(backend, &[], Clock::standing_at(Timestamp::now())).await
    }

    pub async fn with_clock(backend: Backend, settings: &[(&'static str, &str)], clock: Clock) -> Self {
        Self::build(backend, settings, clock, |_| {}).await
    }

    /// A development server on SQLite with a timing of its own.
    pub async fn tuned(tune: Tune) -> Self {
        Self::build(Backend::Sqlite, &[], Clock::default(), tune).await
    }

    /// A server with settings, a clock and a timing of its own.
    pub async fn build(
        backend: Backend,
        settings: &[(&'static str, &str)],
        clock: Clock,
        tune: Tune,
    ) -> Self {
        let (database_url, folder) = fresh_database(backend).await;
        let mut all = BTreeMap::from([
            ("DATABASE_URL", database_url.clone()),
            ("PORT", "0".to_owned()),
            ("JWT_SECRET", SECRET.to_owned()),
        ]);
        all.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let (client, shutdown, running) = run(&all, &clock, tune).await;
        Self { client, database_url, clock, settings: all, tune, shutdown, running, _folder: folder }
    }

    /// Stops the server and starts another one on the same database, on another port.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    /// [`TestApp::restart`] on the same port, as an upgrade does.
    pub async fn restart_in_place(&mut self) {
        self.settings.insert("PORT", self.address.port().to_string());
        self.restart().await;
    }

    async fn start_again(&mut self) {
        let (client, shutdown, running) = run(&self.settings, &self.clock, self.tune).await;
        (self.client, self.shutdown, self.running) = (client, shutdown, running);
    }

    /// Begins to stop the server, and does not wait for its end.
    pub fn begin_to_stop(&self) {
        self.shutdown.cancel();
    }

    /// Stops the server as SIGTERM does, and waits for its end.
    pub async fn stop(&mut self) {
        self.shutdown.cancel();
        in_time("the end of the server", &mut self.running).await.unwrap().unwrap();
    }
}

async fn run(
    settings: &BTreeMap<&'static str, String>,
    clock: &Clock,
    tune: Tune,
) -> (Client, CancellationToken, JoinHandle<std::io::Result<()>>) {
    let mut config = Config::from_values(settings).unwrap();
    config.timing.drain_window = DRAIN_WINDOW;
    tune(&mut config.timing);
    let app = App::build(&config, clock.clone())
        .await
        .unwrap_or_else(|error| panic!("{error}: {:?}", error.cause()));
    let listener = listen((config.host, config.port).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(app.run(listener, shutdown.clone().cancelled_owned()));
    (Client::new(address), shutdown, running)
}
