//! How much is asked.

use std::time::Duration;

use crate::drive::Phase;

/// How much is asked of every system.
pub(crate) struct Size {
    pub(crate) rounds: usize,
    pub(crate) phase: Phase,
    /// Connections of a closed loop.
    pub(crate) connections: usize,
    /// Items in the long feed.
    pub(crate) feed: u64,
    /// Idle subscriptions, ascending; the last number stays connected while deliveries are timed.
    pub(crate) idle: [usize; 2],
    /// Events a second while deliveries are timed.
    pub(crate) events: f64,
    /// Subscribers of one topic.
    pub(crate) topic: usize,
    /// Events to that topic, and how many of them a second.
    pub(crate) topic_events: (u64, f64),
    pub(crate) growth: Growth,
    pub(crate) soak: Soak,
}

/// How far Pulse grows; each list ascends.
pub(crate) struct Growth {
    /// Items in a feed, and as many users in the leaderboard.
    pub(crate) items: &'static [u64],
    /// Idle subscriptions, as far as open files allow.
    pub(crate) idle: &'static [usize],
    /// Subscribers that come back after a crash.
    pub(crate) returning: usize,
    /// Events that they missed, one of each user that is followed.
    pub(crate) missed: usize,
}

/// The mixed load.
pub(crate) struct Soak {
    pub(crate) followers: usize,
    /// Of each so many a second.
    pub(crate) creates: f64,
    pub(crate) pages: f64,
    pub(crate) notices: f64,
    pub(crate) reconnects: f64,
    /// Time between two samples.
    pub(crate) sample: Duration,
    /// Samples of this time count for no slope.
    pub(crate) warm_up: Duration,
}

impl Size {
    pub(crate) fn full() -> Self {
        Self {
            rounds: 5,
            phase: phase(3.0, 8.0),
            connections: 64,
            feed: 10_000,
            idle: [2_000, 10_000],
            events: 1_000.0,
            topic: 5_000,
            topic_events: (60, 2.0),
            growth: Growth {
                items: &[10, 1_000, 100_000, 1_000_000],
                idle: &[1_000, 10_000, 50_000],
                returning: 10_000,
                missed: 1_000,
            },
            soak: Soak {
                followers: 2_000,
                creates: 300.0,
                pages: 100.0,
                notices: 10.0,
                reconnects: 20.0,
                sample: Duration::from_secs(30),
                warm_up: Duration::from_secs(60),
            },
        }
    }

    /// Minutes instead of an hour.
    pub(crate) fn quick() -> Self {
        Self { rounds: 2, phase: phase(1.0, 3.0), topic: 1_000, topic_events: (60, 10.0), ..Self::full() }
    }

    /// What measures nothing, but runs every line.
    pub(crate) fn tiny() -> Self {
        let full = Self::full();
        Self {
            rounds: 1,
            phase: phase(0.2, 0.5),
            connections: 8,
            feed: 100,
            idle: [50, 100],
            events: 100.0,
            topic: 50,
            topic_events: (20, 20.0),
            growth: Growth { items: &[10, 1_000], idle: &[50, 200], returning: 200, missed: 50 },
            soak: Soak {
                followers: 50,
                sample: Duration::from_secs(2),
                warm_up: Duration::from_secs(4),
                ..full.soak
            },
        }
    }
}

fn phase(warm_up: f64, counted: f64) -> Phase {
    Phase { warm_up: Duration::from_secs_f64(warm_up), counted: Duration::from_secs_f64(counted) }
}
