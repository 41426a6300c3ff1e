//! Tests of the product through its real doors: the production app on a random port, on SQLite and on PostgreSQL.

#![allow(unreachable_pub, missing_docs, clippy::unwrap_used, reason = "a test binary has no outside")]

#[path = "../hostile/documents/mod.rs"]
mod hostile;
mod support;

mod access;
mod analytics_doors;
mod backup;
mod bus;
mod commands;
mod concurrency;
mod connections;
mod cursors;
mod database_gone;
mod deploy;
mod dev;
mod drain;
mod durability;
mod expiry;
mod export;
mod failover;
mod fairness;
mod follow;
mod frames;
mod graphql_analytics;
mod graphql_connections;
mod graphql_errors;
mod graphql_feeds;
mod graphql_hostile;
mod graphql_http;
mod graphql_limits;
mod graphql_specification;
mod heads;
mod import;
mod import_alone;
mod indexes;
mod kept_pages;
mod large;
mod layers;
mod messages;
mod nodes;
mod openapi;
mod operation;
mod origins;
mod pages;
mod postgres;
mod readiness;
mod realtime;
mod records;
mod rest_analytics;
mod rest_bodies;
mod rest_feeds;
mod rest_health;
mod resume;
mod round_trip;
mod schema;
mod seed;
mod standard_streams;
mod stories;
mod tls;
mod tokens;
mod validation;
mod writer;
