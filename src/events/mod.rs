//! Who hears of a change, and the promise that they miss none.
//!
//! The [`Hub`] tells those who follow a user on this node; it may lose, repeat and reorder. [`follow()`] makes a promise
//! of it: whoever follows gets every committed change of the kind they follow exactly once and in order, because a gap
//! is noticed by the position and read from the tables.

mod bus;
mod changes;
mod encodings;
mod follow;
mod hub;
mod mac;
mod position_check;
mod wire;

pub use bus::{Bus, BusAddress};
pub use encodings::Encodings;
pub use follow::{CurrentAnalytics, Delivery, Followed, Following, Start, follow};
pub use hub::{Follower, Hub, Signal};
pub use position_check::{check, check_positions_forever, follow_epochs};
