//! Gauges of open connections and operations, in the text format of Prometheus.

use std::sync::Arc;

use prometheus_client::{encoding::text::encode, metrics::gauge::Gauge, registry::Registry};
use tokio::sync::watch;

/// The gauges of the server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    sockets: Gauge,
    streams: Gauge,
    operations: Gauge,
    followed_users: Gauge,
    active_users: Gauge,
    /// Sockets and streams together, to wait for their end.
    connections: watch::Sender<usize>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("pulse");
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let sockets = gauge("open_sockets", "Sockets that are open: WebSocket and Socket.IO");
        let streams = gauge("open_streams", "Event streams and multipart responses that are open");
        let operations = gauge("open_operations", "GraphQL operations that run on sockets and streams");
        let followed_users = gauge("followed_users", "Users with at least one follower on this node");
        let active_users = gauge("active_users", "Users with at least one open socket");
        let connections = watch::Sender::new(0);
        Self(Arc::new(Inner {
            registry,
            sockets,
            streams,
            operations,
            followed_users,
            active_users,
            connections,
        }))
    }
}

/// Something that counts as open until it is dropped.
#[derive(Debug)]
pub struct ConnectionGuard {
    metrics: Metrics,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Socket,
    Stream,
    Operation,
}

impl Metrics {
    /// Counts a WebSocket or a Socket.IO connection.
    pub fn socket(&self) -> ConnectionGuard {
        self.open(Kind::Socket)
    }

    /// Counts a response that brings results one by one.
    pub fn stream(&self) -> ConnectionGuard {
        self.open(Kind::Stream)
    }

    /// Counts an operation.
    pub fn operation(&self) -> ConnectionGuard {
        self.open(Kind::Operation)
    }

    /// Waits until no socket and no stream is open.
    pub async fn all_closed(&self) {
        // The sender lives as long as `self`, so this ends only when the count is 0.
        let _ = self.0.connections.subscribe().wait_for(|open| *open == 0).await;
    }

    /// The gauges as text, with two that are counted elsewhere.
    pub fn text(&self, followed_users: usize, active_users: usize) -> String {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.0.followed_users.set(count(followed_users));
        self.0.active_users.set(count(active_users));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }

    fn open(&self, kind: Kind) -> ConnectionGuard {
        self.gauge(kind).inc();
        if kind != Kind::Operation {
            self.0.connections.send_modify(|open| *open += 1);
        }
        ConnectionGuard { metrics: self.clone(), kind }
    }

    fn gauge(&self, kind: Kind) -> &Gauge {
        match kind {
            Kind::Socket => &self.0.sockets,
            Kind::Stream => &self.0.streams,
            Kind::Operation => &self.0.operations,
        }
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.metrics.gauge(self.kind).dec();
        if self.kind != Kind::Operation {
            self.metrics.0.connections.send_modify(|open| *open = open.saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_dropped_is_closed() {
        let metrics = Metrics::default();
        let (socket, operation) = (metrics.socket(), metrics.operation());
        let text = metrics.text(3, 2);
        for line in [
            "pulse_open_sockets 1",
            "pulse_open_operations 1",
            "pulse_followed_users 3",
            "pulse_active_users 2",
        ] {
            assert!(text.contains(line), "{text}");
        }
        drop((socket, operation));
        metrics.all_closed().await;
        assert!(metrics.text(0, 0).contains("pulse_open_operations 0"));
    }
}
