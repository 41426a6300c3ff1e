//! The settings that the environment can hold.

/// What the environment can say, in the order of the documentation, and what each means.
pub(super) const SETTINGS: &[(&str, &str)] = &[
    ("DATABASE_URL", "SQLite file (sqlite://...) or postgres://..."),
    ("DATABASE_READ_URL", "a replica of DATABASE_URL that pages are read from"),
    ("NATS_URL", "the bus between nodes"),
    ("NATS_CREDENTIALS", "credentials file of the bus (.creds)"),
    ("NATS_CA", "certificates of the bus's authority (PEM file); asks for TLS"),
    ("PORT", "port to listen on; 0 takes a free one"),
    ("HOST", "address to listen on"),
    ("NODE_ENV", "development or production"),
    ("JWT_SECRET", "the secret that tokens are signed with; development: a random one if unset"),
    ("JWT_REQUIRE_EXP", "whether a token without exp is refused"),
    ("JWT_MAX_LIFETIME", "the longest that a token may hold, such as 24h"),
    ("CLIENT_URL", "allowed origins of browsers, by commas"),
    ("PUBLIC_FEED", "whether new activities go to everyone on Socket.IO"),
    ("LOG_FORMAT", "text or json"),
    ("RUST_LOG", "what is logged"),
    ("MONGODB_URI", "not used"),
    ("EMAIL_USER", "kept for the e-mail channel"),
    ("EMAIL_PASSWORD", "kept for the e-mail channel"),
    ("REQUEST_TIMEOUT_SECONDS", "how long a request may take"),
    ("MAX_BODY_BYTES", "largest request body"),
    ("MAX_CONNECTIONS", "open connections; default: what the limit on open files allows"),
    ("MAX_CONNECTIONS_PER_ADDRESS", "open connections of one address; 0: no limit"),
    ("GRAPHQL_MAX_DEPTH", "levels of a GraphQL selection"),
    ("GRAPHQL_MAX_COMPLEXITY", "fields that a GraphQL operation may cost"),
    ("GRAPHQL_MAX_ALIASES", "aliases of a GraphQL operation"),
    ("GRAPHQL_MAX_ROOT_FIELDS", "root fields of a GraphQL operation"),
    ("GRAPHQL_MAX_RESPONSE_BYTES", "bytes of a GraphQL answer"),
    ("GRAPHQL_INTROSPECTION", "whether the schema may be asked for"),
    ("WS_MAX_MESSAGE_BYTES", "largest WebSocket message"),
    ("WS_MAX_SUBSCRIPTIONS", "subscriptions of one WebSocket"),
    ("SOCKETIO_MAX_EVENTS_PER_SECOND", "events that a Socket.IO client may send"),
    ("SOCKETIO_MAX_SOCKETS_PER_USER", "open Socket.IO sockets of one user"),
];

/// What DATABASE_URL takes.
pub(super) const DATABASES: &str = "sqlite://FILE?mode=rwc or postgres://USER:PASSWORD@HOST/DATABASE";

/// The least that a secret has in production.
pub(super) const SECRET_BYTES: usize = 32;

/// The most that MAX_CONNECTIONS takes.
pub(super) const MOST_CONNECTIONS: usize = 10_000_000;
/// The widest value that the columns of `pulse config` are made for, in characters.
pub(super) const VALUE_COLUMN: usize = 60;

/// A setting as `pulse config` shows it.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) given: bool,
}
