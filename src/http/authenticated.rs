//! Authentication of requests by their `Authorization` header.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};

use crate::{
    domain::{Error, Result, Viewer},
    service::Authenticator,
};

use super::request_log::RequestLogContext;

/// The viewer of a request, by its `Authorization` header.
#[derive(Debug)]
pub struct Authenticated(pub Viewer);

impl Authenticated {
    /// The viewer by the token in `headers`, who is logged with the request.
    pub fn of(
        auth: &Authenticator,
        headers: &HeaderMap,
        context: Option<&RequestLogContext>,
    ) -> Result<Viewer> {
        let viewer = auth.viewer(authorization(headers)?)?;
        if let (Some(context), Some(user)) = (context, viewer.user()) {
            context.user(user.clone());
        }
        Ok(viewer)
    }
}

/// The value of the header `Authorization`.
///
/// # Errors
/// UNAUTHENTICATED where there are several, of which a proxy could have looked at another one, or it is not text.
pub fn authorization(headers: &HeaderMap) -> Result<Option<&str>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Error::Unauthenticated("The request has more than one Authorization header.".into()));
    }
    let text = value.map(|value| {
        value.to_str().map_err(|_| Error::Unauthenticated("The Authorization header is not text.".into()))
    });
    text.transpose()
}

impl<S> FromRequestParts<S> for Authenticated
where
    Authenticator: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Self::of(&Authenticator::from_ref(state), &parts.headers, parts.extensions.get::<RequestLogContext>())
            .map(Self)
    }
}
