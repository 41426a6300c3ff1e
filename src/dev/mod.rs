//! Development routes: they issue tokens and list users. A production server does not have them.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{FromRef, MatchedPath, Request, State},
    routing::{get, post},
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    domain::{Error, Lifetime, Result, Role, UserId},
    http::{Authenticated, method_not_allowed, read_json},
    service::{Authenticator, Development},
};

/// The state of the development routes. Cheap to clone.
#[derive(Clone)]
pub struct Dev(Arc<Inner>);

struct Inner {
    development: Development,
    auth: Authenticator,
    body_bytes: usize,
}

impl Dev {
    /// Serves `development` with bodies of at most `body_bytes`.
    pub fn new(development: Development, auth: Authenticator, body_bytes: usize) -> Self {
        Self(Arc::new(Inner { development, auth, body_bytes }))
    }
}

impl FromRef<Dev> for Authenticator {
    fn from_ref(dev: &Dev) -> Self {
        dev.0.auth.clone()
    }
}

/// The routes under `/dev`.
pub fn router(dev: Dev) -> Router {
    Router::new()
        .route("/dev/token", post(token))
        .route("/dev/users", get(users))
        .method_not_allowed_fallback(async |path: MatchedPath| match path.as_str() {
            "/dev/token" => method_not_allowed(&["POST"]),
            _ => method_not_allowed(&["GET"]),
        })
        .with_state(dev)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    token: String,
    expires_at: String,
    user: UserId,
}

/// Issues a token for `{"user": "ada", "role"?: "user", "expires"?: "1h"}`.
async fn token(
    State(dev): State<Dev>,
    Authenticated(viewer): Authenticated,
    request: Request<Body>,
) -> Result<Json<Token>> {
    let (parts, body) = request.into_parts();
    let Some(Value::Object(fields)) = read_json(&parts.headers, body, dev.0.body_bytes).await? else {
        return Err(Error::bad_input("The request body must be a JSON object like {\"user\": \"ada\"}."));
    };
    let user = text(&fields, "user")?.ok_or_else(|| Error::required("user"))?;
    let user = UserId::parse("user", user)?;
    let role = text(&fields, "role")?.map_or(Ok(Role::User), |text| {
        Role::parse(text).ok_or_else(|| Error::field("role", "role must be user, service or admin."))
    })?;
    let lifetime = text(&fields, "expires")?.map(|text| {
        Lifetime::parse(text)
            .ok_or_else(|| Error::field("expires", format!("expires must be {}.", Lifetime::TAKES)))
    });
    let lifetime = lifetime.transpose()?;
    let token = dev.0.development.token(&viewer, &user, role, lifetime)?;
    Ok(Json(Token { token: token.text, expires_at: token.expires_at.to_string(), user }))
}

/// The field, if it is present and not null.
fn text<'a>(fields: &'a Map<String, Value>, field: &'static str) -> Result<Option<&'a str>> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::field(field, format!("{field} must be a string."))),
    }
}

#[derive(Serialize)]
struct Users {
    users: Vec<UserId>,
}

/// Lists users that a page can act as.
async fn users(State(dev): State<Dev>, Authenticated(viewer): Authenticated) -> Result<Json<Users>> {
    Ok(Json(Users { users: dev.0.development.users(&viewer).await? }))
}
