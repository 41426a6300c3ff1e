//! The one error of the product.
//!
//! Every layer returns [`Error`]; each door maps it once: [`code`](Error::code) is the stable word that clients
//! branch on, [`field`](Error::field) the input at fault, and the `Display` text a sentence for people that names
//! the field, what it must be and what it held ("Limit must be from 1 to 200, but is 0."). What went wrong inside ([`Error::Internal`], [`Error::Unavailable`])
//! travels as a source for the log and never reaches a client.

use std::{borrow::Cow, error::Error as StdError, sync::Arc, time::Duration};

/// `Result` with the product's [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Arc<dyn StdError + Send + Sync>;

/// Why a request was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The input cannot be used; `field` names the argument at fault where one is.
    #[error("{message}")]
    BadUserInput {
        /// The argument at fault, by its outside name.
        field: Option<Cow<'static, str>>,
        /// One sentence: the field, what it must be, what it held.
        message: Cow<'static, str>,
    },
    /// There is no token, or not one that can be trusted.
    #[error("{0}")]
    Unauthenticated(Cow<'static, str>),
    /// The viewer is known but may not do this.
    #[error("{0}")]
    Forbidden(Cow<'static, str>),
    /// There is no such thing, or not for this viewer.
    #[error("{0}")]
    NotFound(Cow<'static, str>),
    /// The path exists, the method does not.
    #[error("{0}")]
    MethodNotAllowed(Cow<'static, str>),
    /// The thing exists already, or changed meanwhile.
    #[error("{0}")]
    Conflict(Cow<'static, str>),
    /// The request body is larger than the limit.
    #[error("The request body is larger than {limit} bytes.")]
    PayloadTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The answer would be larger than the limit.
    #[error("The answer has more than {limit} bytes. Ask for fewer items or fields.")]
    AnswerTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body is not of a type that this door reads.
    #[error("{0}")]
    UnsupportedMediaType(Cow<'static, str>),
    /// The request body did not come in time.
    #[error("The request body did not arrive within {} s.", limit.as_secs())]
    RequestTimeout {
        /// How long it may take.
        limit: Duration,
    },
    /// The request asks for a part of HTTP that is not served.
    #[error("{0}")]
    NotImplemented(Cow<'static, str>),
    /// The caller asks too often.
    #[error("Too many requests. Try again in {} s.", retry_after.as_secs().max(1))]
    RateLimited {
        /// When asking again makes sense.
        retry_after: Duration,
    },
    /// The cursor belongs to another database, or lies in the future of this one.
    #[error("The cursor cannot be resumed from: {reason}. Read a fresh page and continue from its cursor.")]
    CursorExpired {
        /// The argument that holds it, by its outside name.
        field: &'static str,
        /// What does not fit.
        reason: &'static str,
    },
    /// A part that is needed does not answer or is full; trying again later makes sense.
    #[error("The service is unavailable. Try again shortly.")]
    Unavailable(#[source] Source),
    /// A defect on our side.
    #[error("internal error")]
    Internal(#[source] Source),
}

impl Error {
    /// An input error without a single field at fault.
    pub fn bad_input(message: impl Into<Cow<'static, str>>) -> Self {
        Self::BadUserInput { field: None, message: sentence(message.into()) }
    }

    /// An input error at `field`.
    pub fn field(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::BadUserInput { field: Some(field.into()), message: sentence(message.into()) }
    }

    /// `field` must be given and was not.
    pub fn required(field: &'static str) -> Self {
        Self::field(field, format!("{field} is required."))
    }

    /// There is no `noun` with this id, or not for this viewer.
    pub fn not_found(noun: &str, id: impl std::fmt::Display) -> Self {
        Self::NotFound(sentence(format!("{noun} {id} was not found.").into()))
    }

    /// There is nothing at this path.
    pub fn unknown_path() -> Self {
        Self::NotFound("This path does not exist.".into())
    }

    /// A defect, with its cause for the log.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(Arc::from(source.into()))
    }

    /// A passing failure, with its cause for the log.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(Arc::from(source.into()))
    }

    /// The stable word that clients branch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadUserInput { .. } => "BAD_USER_INPUT",
            Self::Unauthenticated(_) => "UNAUTHENTICATED",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::NotFound(_) => "NOT_FOUND",
            Self::MethodNotAllowed(_) => "METHOD_NOT_ALLOWED",
            Self::Conflict(_) => "CONFLICT",
            Self::PayloadTooLarge { .. } | Self::AnswerTooLarge { .. } => "PAYLOAD_TOO_LARGE",
            Self::UnsupportedMediaType(_) => "UNSUPPORTED_MEDIA_TYPE",
            Self::RequestTimeout { .. } => "REQUEST_TIMEOUT",
            Self::NotImplemented(_) => "NOT_IMPLEMENTED",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::CursorExpired { .. } => "CURSOR_EXPIRED",
            Self::Unavailable(_) => "UNAVAILABLE",
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// The argument at fault, by its outside name.
    pub fn at_field(&self) -> Option<&str> {
        match self {
            Self::BadUserInput { field, .. } => field.as_deref(),
            Self::CursorExpired { field, .. } => Some(field),
            _ => None,
        }
    }

    /// How long a client should wait before it tries again, where that would help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => Some(*retry_after),
            Self::Unavailable(_) => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// The cause, for the log: only failures of ours have one.
    pub fn cause(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        match self {
            Self::Unavailable(source) | Self::Internal(source) => Some(source.as_ref()),
            _ => None,
        }
    }
}

/// The text with a capital first letter. Names with a form of their own (`userId`, `_id`) keep it.
fn sentence(text: Cow<'static, str>) -> Cow<'static, str> {
    let word = text.split(' ').next().unwrap_or_default();
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return text;
    }
    let mut text = text.into_owned();
    text[..1].make_ascii_uppercase();
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_sentences() {
        for (error, message) in [
            (Error::required("title"), "Title is required."),
            (Error::required("userId"), "userId is required."),
            (Error::field("_id", "_id must be an ObjectId."), "_id must be an ObjectId."),
            (Error::not_found("activity", "65f0"), "Activity 65f0 was not found."),
            (Error::bad_input(""), ""),
            (Error::internal("secret"), "internal error"),
        ] {
            assert_eq!(error.to_string(), message);
        }
    }
}
