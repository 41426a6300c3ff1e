//! What is measured: Pulse, and what people use now.

use std::fmt;

/// A server program with its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum System {
    Pulse,
    PulsePostgres,
    Express,
    ExpressFull,
    ExpressPostgres,
    Mercurius,
    MercuriusPostgres,
    PostGraphile,
    Yoga,
    AsyncGraphqlPeer,
    /// What no server can be faster than: these do nothing but what is measured.
    AxumBaseline,
    SqliteBaseline,
    WebSocketBaseline,
}

/// Where a server keeps things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// A way into a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Door {
    Rest,
    Graphql,
    SocketIo,
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rest => "REST",
            Self::Graphql => "GraphQL",
            Self::SocketIo => "Socket.IO",
        })
    }
}

impl System {
    /// Those that are asked over HTTP.
    pub(crate) const ASKED: [Self; 9] = [
        Self::Pulse,
        Self::Express,
        Self::ExpressFull,
        Self::Mercurius,
        Self::Yoga,
        Self::PulsePostgres,
        Self::ExpressPostgres,
        Self::MercuriusPostgres,
        Self::PostGraphile,
    ];
    /// Those that are followed, and by which door.
    pub(crate) const FOLLOWED: [(Self, Door); 6] = [
        (Self::Pulse, Door::Graphql),
        (Self::Mercurius, Door::Graphql),
        (Self::Yoga, Door::Graphql),
        (Self::AsyncGraphqlPeer, Door::Graphql),
        (Self::Pulse, Door::SocketIo),
        (Self::Express, Door::SocketIo),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pulse => "Pulse, SQLite FULL",
            Self::PulsePostgres => "Pulse, PostgreSQL",
            Self::Express => "Express + Socket.IO, better-sqlite3 NORMAL",
            Self::ExpressFull => "Express + Socket.IO, better-sqlite3 FULL",
            Self::ExpressPostgres => "Express + Socket.IO, pg",
            Self::Mercurius => "Fastify + Mercurius (JIT), better-sqlite3 NORMAL",
            Self::MercuriusPostgres => "Fastify + Mercurius (JIT), pg",
            Self::PostGraphile => "PostGraphile, pg",
            Self::Yoga => "GraphQL Yoga + graphql-ws, better-sqlite3 NORMAL",
            Self::AsyncGraphqlPeer => "async-graphql-axum + broadcast channel, no database",
            Self::AxumBaseline => "axum alone: the same answer every time",
            Self::SqliteBaseline => "SQLite FULL alone: one thread, 64 rows a commit",
            Self::WebSocketBaseline => "axum's WebSocket alone: the same frame every time, an echo",
        }
    }

    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Pulse | Self::PulsePostgres)
    }

    pub(crate) fn database(self) -> Database {
        match self {
            Self::PulsePostgres | Self::ExpressPostgres | Self::MercuriusPostgres | Self::PostGraphile => {
                Database::Postgres
            }
            _ => Database::Sqlite,
        }
    }

    /// The doors at which it answers requests.
    pub(crate) fn doors(self) -> &'static [Door] {
        match self {
            Self::Pulse | Self::PulsePostgres | Self::AxumBaseline => &[Door::Rest, Door::Graphql],
            Self::Express | Self::ExpressFull | Self::ExpressPostgres | Self::AsyncGraphqlPeer => {
                &[Door::Rest]
            }
            Self::Mercurius | Self::MercuriusPostgres | Self::PostGraphile | Self::Yoga => &[Door::Graphql],
            Self::SqliteBaseline | Self::WebSocketBaseline => &[],
        }
    }

    /// The door at which an event is written while `door` is followed.
    pub(crate) fn writes_by(self, door: Door) -> Door {
        match (self, door) {
            (Self::AsyncGraphqlPeer, _) | (_, Door::SocketIo) => Door::Rest,
            (_, door) => door,
        }
    }

    /// The program of a peer in Node.
    pub(crate) fn script(self) -> Option<&'static str> {
        match self {
            Self::Express | Self::ExpressFull | Self::ExpressPostgres => Some("express.mjs"),
            Self::Mercurius | Self::MercuriusPostgres => Some("mercurius.mjs"),
            Self::PostGraphile => Some("postgraphile.mjs"),
            Self::Yoga => Some("yoga.mjs"),
            _ => None,
        }
    }

    /// The command of this program that serves as it.
    pub(crate) fn verb(self) -> Option<&'static str> {
        match self {
            Self::AsyncGraphqlPeer => Some("async-graphql-peer"),
            Self::AxumBaseline | Self::WebSocketBaseline => Some("axum-baseline"),
            Self::SqliteBaseline => Some("sqlite"),
            _ => None,
        }
    }
}
