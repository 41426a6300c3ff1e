//! The tables as sea-orm sees them; nothing outside of the store does: this module is private.

#![expect(unreachable_pub, reason = "an associated type of a public trait may name only public types")]

pub mod activity;
pub mod analytics;
pub mod analytics_day;
pub mod notification;
pub mod user_position;
