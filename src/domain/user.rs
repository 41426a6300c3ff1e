//! User ids of the host product.

use std::{borrow::Borrow, fmt, sync::Arc};

use super::{Error, Result};

/// The host product's id of a user: 1 to 128 characters, none of them a control character. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct UserId(Arc<str>);

impl UserId {
    /// The most characters that a user id has.
    pub const MAX_CHARS: usize = 128;

    /// Takes `text` as it is (it is not trimmed); `field` names the argument in the error.
    pub fn parse(field: &'static str, text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::field(
                field,
                format!("{field} must have 1 to {} characters.", Self::MAX_CHARS),
            ));
        }
        let count = text.chars().count();
        if count > Self::MAX_CHARS {
            let message = format!("{field} must have 1 to {} characters, but has {count}.", Self::MAX_CHARS);
            return Err(Error::field(field, message));
        }
        if text.chars().any(char::is_control) {
            return Err(Error::field(field, format!("{field} must not contain control characters.")));
        }
        Ok(Self(text.into()))
    }

    /// The id as the host product wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An id that the database holds, and that was therefore parsed once.
    pub(crate) fn trusted(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }
}

impl Borrow<str> for UserId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
