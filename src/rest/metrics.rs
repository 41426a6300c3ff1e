//! `/metrics`: gauges for monitoring.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};

use crate::{domain::Result, http::Authenticated};

use super::state::Rest;

/// The text format of Prometheus.
pub(super) async fn metrics(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
) -> Result<impl IntoResponse> {
    let services = rest.services();
    let followed = services.status.followed_users(&viewer)?;
    let text = rest.metrics().text(followed, services.presence.count());
    let content_type = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, content_type)], text))
}
