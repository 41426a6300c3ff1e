//! The composition root: settings to services to doors, and the life of the server.

use std::{
    future::Future,
    io,
    num::NonZeroUsize,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{Router, response::IntoResponse};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate, SizeAbove},
    },
};

use crate::{
    config::Config,
    dev::{self, Dev},
    domain::{Clock, Error, Result},
    events::{Bus, BusAddress, Hub, check_positions_forever, follow_epochs},
    graphql,
    http::{ConnectionLimits, EdgeLayer, OriginPolicy, RequestTimeoutLayer, Server, cors, panic_response},
    rest::{self, Rest},
    service::{Authenticator, Development, Roster, Services, random_secret},
    socketio,
    store::{Announce, Store, Tuning},
    telemetry::Metrics,
    web::{self, Pages},
};

/// How long after the shutdown began sockets and streams may take to close.
const CONNECTION_CLOSE_TIME: Duration = Duration::from_secs(6);
/// How long requests under way may take after the shutdown began.
const REQUEST_DRAIN_TIME: Duration = Duration::from_secs(8);
/// How long the whole shutdown may take: then a database that does not answer is abandoned.
const SHUTDOWN_TIME: Duration = Duration::from_secs(9);
/// Bytes of the smallest response that is compressed.
const COMPRESS_MIN_BYTES: u64 = 1_024;

/// The product, ready to serve.
pub struct App {
    router: Router,
    store: Store,
    hub: Hub,
    roster: Roster,
    draining: CancellationToken,
    metrics: Metrics,
    limits: ConnectionLimits,
    position_check_interval: Duration,
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
        let store = Store::open_tuned(url, replica_url, clock.clone(), announce, Tuning::default()).await?;
        if let Some(address) = bus_address(config) {
            // Nothing is written before the store is shared, so every event is published to the bus.
            let _ = bus.set(Bus::join(&address, hub.clone(), store.clone()).await?);
        }
        let services = Services::new(store.clone(), hub.clone(), bus.get().cloned());
        let roster = Roster::new(services.presence.clone(), store.clone());
        // A development server without a secret signs tokens that are valid until it ends.
        let secret = config.jwt_secret.clone().unwrap_or_else(random_secret);
        let auth = Authenticator::new(&secret, config.production(), config.token_rules, clock.clone());
        let development = (!config.production()).then(|| {
            Dev::new(
                Development::new(store.clone(), &secret, config.token_rules),
                auth.clone(),
                config.limits.body_bytes,
            )
        });
        let pages = Pages::new(config.production());
        let (draining, metrics) = (CancellationToken::new(), Metrics::default());
        let engine =
            graphql::Engine::new(services.clone(), auth.clone(), config, draining.clone(), metrics.clone());
        let sockets =
            socketio::router(services.clone(), auth.clone(), config, draining.clone(), metrics.clone());
        let rest = Rest::new(services, auth, config.limits.body_bytes, draining.clone(), metrics.clone());
        let doors = Router::new()
            .merge(rest::router(rest))
            .merge(web::router(&pages))
            .merge(graphql::router(engine, move |headers| pages.graphiql(headers)))
            .merge(development.map(dev::router).unwrap_or_default())
            .fallback(|| async { Error::unknown_path().into_response() });
        let router = surround(doors, sockets, config, draining.clone());
        let limits = ConnectionLimits {
            connections: config.limits.connections,
            per_address: NonZeroUsize::new(config.limits.connections_per_address),
            head: config.timing.head_timeout,
            unread: config.timing.unread_timeout,
        };
        let position_check_interval = config.timing.position_check_interval;
        Ok(Self { router, store, hub, roster, draining, metrics, limits, position_check_interval })
    }

    /// The name of the database system.
    pub fn database(&self) -> &'static str {
        self.store.backend()
    }

    /// The routes, with all that surrounds them.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Serves until `shutdown` ends, then refuses new requests, answers those under way, closes sockets over a few seconds
    /// and returns, within 10 s.
    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let Self { router, store, hub, roster, draining, metrics, limits, position_check_interval } = self;
        let tasks = TaskTracker::new();
        tasks.spawn(store.clone().sweep_forever());
        tasks.spawn(follow_epochs(hub.clone(), store.clone()));
        tasks.spawn(check_positions_forever(hub, store.clone(), position_check_interval));
        tasks.spawn(roster.clone().keep());

        let stopped = CancellationToken::new();
        let stop = {
            let (draining, stopped, metrics) = (draining.clone(), stopped.clone(), metrics.clone());
            async move {
                shutdown.await;
                tracing::info!("shutting down: new requests are rejected, requests in flight are answered");
                draining.cancel();
                // While sockets are closed one by one, health and readiness are still answered.
                let _ = tokio::time::timeout(CONNECTION_CLOSE_TIME, metrics.all_closed()).await;
                stopped.cancel();
            }
        };
        let server = Server::new(router, limits, stopped);
        let connections = server.connections();
        // To the end: late requests are answered with the reason, where a closed port would refuse the connection.
        let serving = server.run(listener);
        let served = async {
            stop.await;
            connections.close();
            connections.wait().await;
            metrics.all_closed().await;
        };
        let late = after(REQUEST_DRAIN_TIME, draining.clone());
        let over = tokio::spawn(after(SHUTDOWN_TIME, draining.clone()));
        tokio::select! {
            () = served => {}
            never = serving => match never {},
            () = late => tracing::warn!("some connections did not close in time and are dropped"),
        }
        draining.cancel();
        let closed = async {
            roster.leave().await;
            store.close().await;
            tasks.close();
            tasks.wait().await;
        };
        tokio::select! {
            () = closed => {}
            _ = over => tracing::warn!("the database does not answer: writes that waited failed or were not answered"),
        }
        Ok(())
    }
}

/// Ends `time` after the shutdown began.
async fn after(time: Duration, draining: CancellationToken) {
    draining.cancelled().await;
    tokio::time::sleep(time).await;
}

/// Publishes the events of each commit: to the followers of this node, and to the other nodes.
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

/// The middleware of every request, from the outside in. Requests to `sockets` wait for events, for as long as it takes, and
/// end with the shutdown in their own way.
fn surround(doors: Router, sockets: Router, config: &Config, draining: CancellationToken) -> Router {
    let origins = OriginPolicy::new(config.client_origins.clone(), !config.production());
    // Streams must not wait in a compressor for more to come.
    let streams = NotForContentType::const_new("multipart/mixed");
    let worth_it = DefaultPredicate::new().and(SizeAbove::new(COMPRESS_MIN_BYTES)).and(streams);
    let around = ServiceBuilder::new()
        .layer(EdgeLayer::new(origins.clone(), config.timing.body_timeout))
        .layer(cors(&origins))
        .layer(CompressionLayer::new().gzip(true).compress_when(worth_it))
        .layer(CatchPanicLayer::custom(panic_response));
    doors
        .layer(RequestTimeoutLayer::new(config.limits.request_timeout, draining))
        .merge(sockets)
        .layer(around)
}
