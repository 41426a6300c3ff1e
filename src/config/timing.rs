use std::time::Duration;

/// Deadlines and intervals that are not settings. Tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long the head of a request may take to arrive, and how long a connection may be idle.
    pub head_timeout: Duration,
    /// How long the body of a request may take to arrive.
    pub body_timeout: Duration,
    /// How often a WebSocket client is pinged, and how long its pong may take.
    pub ping_interval: Duration,
    /// How often a subscription over plain HTTP sends something, so that proxies keep the connection open.
    pub keep_alive_interval: Duration,
    /// How long a WebSocket client may leave waiting data unread until the server closes the connection.
    pub slow_reader_timeout: Duration,
    /// How long waiting data may lie unread until the kernel ends a connection: longer than `slow_reader_timeout` and the
    /// close handshake after it.
    pub unread_timeout: Duration,
    /// Over how long sockets and streams are closed at a shutdown, so that clients do not all come back at once.
    pub drain_window: Duration,
    /// How often the positions of followed users are read; the longest time that a lost event stays unnoticed.
    pub position_check_interval: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(12),
            ping_interval: Duration::from_secs(20),
            keep_alive_interval: Duration::from_secs(12),
            slow_reader_timeout: Duration::from_secs(30),
            unread_timeout: Duration::from_secs(45),
            drain_window: Duration::from_secs(4),
            position_check_interval: Duration::from_secs(15),
        }
    }
}
