//! Pulse: the real-time backend of a learning product.
//!
//! It keeps each user's activities, analytics and notifications, and pushes every change to that user's open apps.
//! Imports point down only: doors ([`graphql`], [`rest`], [`socketio`], [`web`], [`dev`]) to [`service`], that to [`events`]
//! and [`store`], these to [`domain`]. [`transfer`] brings whole collections in and out of the store. [`app`] puts the
//! parts together, and only it and the command line read [`config`].

pub mod app;
pub mod config;
pub mod dev;
pub mod domain;
pub mod events;
pub mod graphql;
pub mod http;
mod json;
pub mod rest;
pub mod service;
pub mod socketio;
pub mod store;
pub mod telemetry;
pub mod transfer;
pub mod web;
