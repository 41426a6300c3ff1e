//! `/metrics`: gauges for whoever watches the server.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};

use crate::{
    domain::{Error, Result, Scope},
    http::Caller,
};

use super::Rest;

/// The text format of Prometheus. It tells how many users there are, so it takes a service or admin.
pub(super) async fn metrics(State(rest): State<Rest>, Caller(viewer): Caller) -> Result<impl IntoResponse> {
    if viewer.scope() != Scope::Everyone {
        return Err(Error::Forbidden("metrics take a service or admin".into()));
    }
    let services = rest.services();
    let text = rest.0.metrics.text(services.status.followed_users(), services.presence.count());
    let content_type = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, content_type)], text))
}
