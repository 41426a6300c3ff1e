//! The composition root: settings to services to doors, and the life of the server.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, header},
    response::IntoResponse,
    serve::ListenerExt,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate, SizeAbove},
    },
    cors::{AllowOrigin, CorsLayer},
};

use crate::{
    config::Config,
    dev::{self, Dev},
    domain::{Clock, Error, Result},
    events::{Bus, BusAddress, Hub, check_heads_forever},
    graphql,
    http::{Bound, Origins, Surround, answer_panics},
    rest::{self, Rest},
    service::{Authenticator, Development, Roster, Services, random_secret},
    socketio,
    store::{Announce, Store, Tuning},
    telemetry::Metrics,
    web::{self, Pages},
};

/// How long sockets and streams may take to be closed after the shutdown began.
const CLOSING: Duration = Duration::from_secs(6);
/// How long requests under way may take after the shutdown began.
const DRAIN: Duration = Duration::from_secs(8);
/// How long all of it may take after the shutdown began: a database that has not answered by then is not waited for.
const END: Duration = Duration::from_secs(9);
/// How long waiting data may lie unread before the connection ends: longer than the 30 s and the goodbye of a WebSocket.
const UNREAD: Duration = Duration::from_secs(45);
/// The least that a response must have to be worth compressing, in bytes.
const COMPRESS_ABOVE: u64 = 1_024;
/// For how long a browser may remember what CORS allows.
const PREFLIGHT: Duration = Duration::from_secs(600);

/// The product, ready to serve.
pub struct App {
    router: Router,
    store: Store,
    hub: Hub,
    roster: Roster,
    draining: CancellationToken,
    metrics: Metrics,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("store", &self.store).finish_non_exhaustive()
    }
}

impl App {
    /// Opens the store and puts the doors before the services.
    ///
    /// # Errors
    /// UNAVAILABLE where the database cannot be reached.
    pub async fn build(config: &Config, clock: Clock) -> Result<Self> {
        let hub = Hub::default();
        let bus = Arc::new(OnceLock::<Bus>::new());
        let announce = announcer(hub.clone(), bus.clone());
        let (url, replica_url) = (&config.database_url, config.database_read_url.as_deref());
        let store = Store::open_tuned(url, replica_url, clock, announce, Tuning::default()).await?;
        if let Some(address) = bus_address(config) {
            // Nothing is written before the store is given away, so nothing is announced without the bus.
            let _ = bus.set(Bus::join(&address, hub.clone(), store.clone()).await?);
        }
        let services = Services::new(store.clone(), hub.clone(), bus.get().cloned());
        let roster = Roster::new(services.presence.clone(), store.clone());
        // Only a development server has none of its own: what it signs ends with it.
        let secret = config.jwt_secret.clone().unwrap_or_else(random_secret);
        let auth = Authenticator::new(&secret, config.production());
        let development = (!config.production()).then(|| {
            Dev::new(Development::new(store.clone(), &secret), auth.clone(), config.limits.body_bytes)
        });
        let pages = Pages::new(config.production());
        let (draining, metrics) = (CancellationToken::new(), Metrics::default());
        let api =
            graphql::Api::new(services.clone(), auth.clone(), config, draining.clone(), metrics.clone());
        let sockets =
            socketio::router(services.clone(), auth.clone(), config, draining.clone(), metrics.clone());
        let rest = Rest::new(services, auth, config.limits.body_bytes, draining.clone(), metrics.clone());
        let doors = Router::new()
            .merge(rest::router(rest))
            .merge(web::router(&pages))
            .merge(graphql::router(api, move |headers| pages.graphiql(headers)))
            .merge(development.map(dev::router).unwrap_or_default())
            .fallback(|| async { Error::unknown_path().into_response() });
        let router = surround(doors, sockets, config, draining.clone());
        Ok(Self { router, store, hub, roster, draining, metrics })
    }

    /// The name of the database system.
    pub fn database(&self) -> &'static str {
        self.store.backend()
    }

    /// The routes, with all that surrounds them.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Serves until `shutdown` ends, then refuses new connections, answers requests under way, closes sockets over a
    /// few seconds and returns, within 10 s.
    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let Self { router, store, hub, roster, draining, metrics } = self;
        let tasks = TaskTracker::new();
        tasks.spawn(store.clone().sweep_forever());
        tasks.spawn(check_heads_forever(hub, store.clone()));
        tasks.spawn(roster.clone().keep());

        let stopped = CancellationToken::new();
        let stop = {
            let (draining, stopped, metrics) = (draining.clone(), stopped.clone(), metrics.clone());
            async move {
                shutdown.await;
                tracing::info!("shutting down: new requests are refused, those under way are answered");
                draining.cancel();
                // While sockets are closed one by one, who asks how the server is gets an answer.
                let _ = tokio::time::timeout(CLOSING, metrics.all_closed()).await;
                stopped.cancel();
            }
        };
        let listener = listener.into_std()?;
        let latecomers = refuse_latecomers(listener.try_clone()?, stopped);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::from_std(listener)?.tap_io(end_when_unread);
        let serving = axum::serve(listener, service).with_graceful_shutdown(stop);
        let served = async {
            let outcome = serving.await;
            metrics.all_closed().await;
            outcome
        };
        let late = after(DRAIN, draining.clone());
        let over = tokio::spawn(after(END, draining.clone()));
        let outcome = tokio::select! {
            outcome = served => outcome,
            outcome = latecomers => outcome,
            () = late => {
                tracing::warn!("some connections did not end in time and are dropped");
                Ok(())
            }
        };
        draining.cancel();
        let closed = async {
            roster.leave().await;
            store.close().await;
            tasks.close();
            tasks.wait().await;
        };
        tokio::select! {
            () = closed => {}
            _ = over => tracing::warn!("the database does not answer: what waited to be written was answered with an error or not at all"),
        }
        outcome
    }
}

/// Ends `time` after the shutdown began.
async fn after(time: Duration, draining: CancellationToken) {
    draining.cancelled().await;
    tokio::time::sleep(time).await;
}

/// Tells of each commit: the followers of this node, and the other nodes.
fn announcer(hub: Hub, bus: Arc<OnceLock<Bus>>) -> Announce {
    Arc::new(move |events| {
        for event in events {
            if let Some(bus) = bus.get() {
                bus.publish(event.clone());
            }
            hub.publish(event);
        }
    })
}

fn bus_address(config: &Config) -> Option<BusAddress> {
    let url = config.nats_url.clone()?;
    Some(BusAddress {
        url,
        credentials: config.nats_credentials.clone(),
        authority: config.nats_authority.clone(),
    })
}

/// Lets the kernel end a connection whose client has not read for [`UNREAD`] while data waits. A WebSocket is closed with
/// a reason before that; a stream over HTTP has no other end, because nothing is asked of it while its client is stuck.
fn end_when_unread(connection: &mut TcpStream) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(&*connection).set_tcp_user_timeout(Some(UNREAD)) {
        tracing::debug!(%error, "a connection has no limit on unread data");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = connection;
}

/// Answers UNAVAILABLE to those who connect once the server takes no more connections; the port would refuse them
/// without a word.
async fn refuse_latecomers(listener: std::net::TcpListener, stopped: CancellationToken) -> io::Result<()> {
    stopped.cancelled().await;
    let refusal = || async { Error::unavailable("the server shuts down").into_response() };
    axum::serve(TcpListener::from_std(listener)?, Router::new().fallback(refusal)).await
}

/// What surrounds every request, from the outside in. Requests to `sockets` wait for events, for as long as it takes, and
/// end with the shutdown in their own way.
fn surround(doors: Router, sockets: Router, config: &Config, draining: CancellationToken) -> Router {
    let origins = Origins::new(config.client_origins.clone(), !config.production());
    // Streams must not wait in a compressor for more to come.
    let streams = NotForContentType::const_new("multipart/mixed");
    let worth_it = DefaultPredicate::new().and(SizeAbove::new(COMPRESS_ABOVE)).and(streams);
    let around = ServiceBuilder::new()
        .layer(Surround::new(origins))
        .layer(cors(&config.client_origins))
        .layer(CompressionLayer::new().gzip(true).compress_when(worth_it))
        .layer(CatchPanicLayer::custom(answer_panics));
    doors.layer(Bound::new(config.limits.request_timeout, draining)).merge(sockets).layer(around)
}

fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    let request_id = HeaderName::from_static("x-request-id");
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("last-event-id"),
            request_id.clone(),
        ])
        .expose_headers([header::RETRY_AFTER, request_id])
        .allow_credentials(true)
        .max_age(PREFLIGHT)
}
