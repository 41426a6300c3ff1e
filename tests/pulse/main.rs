//! Tests of the product through its real doors: the production app on a random port, on SQLite and on PostgreSQL.

#![allow(unreachable_pub, missing_docs, clippy::unwrap_used, reason = "a test binary has no outside")]
#![allow(dead_code, unused_imports, reason = "helpers for tests that are to come")]

mod support;

mod follow;
mod resume;
mod story;
