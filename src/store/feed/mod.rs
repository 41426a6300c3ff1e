//! Feeds: pages, what a reader missed, and every change of items that exist. Written once for both feeds.

mod change;
mod read;

pub use read::Since;
