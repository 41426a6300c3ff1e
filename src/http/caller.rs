//! Who calls.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};

use crate::{
    domain::{Error, Result, Viewer},
    service::Authenticator,
};

use super::Note;

/// The viewer of a request, by its `Authorization` header.
#[derive(Debug)]
pub struct Caller(pub Viewer);

impl Caller {
    /// The viewer that `headers` name; noted for the log.
    pub fn of(auth: &Authenticator, headers: &HeaderMap, note: Option<&Note>) -> Result<Viewer> {
        let given = headers.get(header::AUTHORIZATION).map(|value| {
            value.to_str().map_err(|_| Error::Unauthenticated("The Authorization header is not text.".into()))
        });
        let viewer = auth.viewer(given.transpose()?)?;
        if let (Some(note), Some(user)) = (note, viewer.user()) {
            note.user(user.clone());
        }
        Ok(viewer)
    }
}

impl<S> FromRequestParts<S> for Caller
where
    Authenticator: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Self::of(&Authenticator::from_ref(state), &parts.headers, parts.extensions.get::<Note>()).map(Self)
    }
}
