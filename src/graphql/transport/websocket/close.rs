//! Close codes and their reasons.

use crate::http::ConnectionEnd;

/// The longest reason that a close frame can carry, in bytes (RFC 6455, section 5.5).
const MAX_REASON_BYTES: usize = 123;

/// Why a socket is closed. Clients decide by the code whether they reconnect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Close {
    /// The client closes the connection.
    Normal,
    /// Frames that RFC 6455 does not allow.
    ProtocolError,
    /// A text that is not UTF-8.
    InvalidText,
    /// A message over the limit.
    TooLarge,
    /// A message that the protocol does not know.
    BadRequest(String),
    /// An operation before the connection was acknowledged.
    Unauthorized,
    /// A token that is not valid.
    Forbidden,
    /// Its lifetime is over.
    Lifetime(ConnectionEnd),
    /// None of the offered subprotocols is supported.
    NoSubprotocol,
    /// No `connection_init` in time.
    InitTimeout,
    /// No pong in time.
    PongTimeout,
    /// An id that is in use.
    IdInUse(String),
    /// The client does not read.
    SlowConsumer,
    /// A second `connection_init`.
    TooManyInits,
}

impl From<ConnectionEnd> for Close {
    fn from(end: ConnectionEnd) -> Self {
        Self::Lifetime(end)
    }
}

impl Close {
    /// The code for an error of reading; `None` where the connection is lost.
    pub(super) fn by_error(error: axum::Error) -> Option<Self> {
        use tungstenite::{Error, error::ProtocolError};
        match error.into_inner().downcast_ref::<Error>()? {
            Error::Capacity(_) => Some(Self::TooLarge),
            Error::Utf8(_) => Some(Self::InvalidText),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
            Error::Protocol(_) => Some(Self::ProtocolError),
            _ => None,
        }
    }

    /// The code of the close frame.
    pub(super) fn code(&self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::ProtocolError => 1002,
            Self::InvalidText => 1007,
            Self::TooLarge => 1009,
            Self::Lifetime(ConnectionEnd::Shutdown) => 1012,
            Self::BadRequest(_) => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden | Self::Lifetime(ConnectionEnd::TokenExpired) => 4403,
            Self::NoSubprotocol => 4406,
            Self::InitTimeout | Self::PongTimeout => 4408,
            Self::IdInUse(_) => 4409,
            Self::SlowConsumer => 4410,
            Self::TooManyInits => 4429,
        }
    }

    /// The reason of the close frame; the protocol's own words where it has them.
    pub(super) fn reason(&self) -> String {
        let mut reason = match self {
            Self::Normal => String::new(),
            Self::ProtocolError => "protocol error".into(),
            Self::InvalidText => "a text is not UTF-8".into(),
            Self::TooLarge => "message too large".into(),
            Self::BadRequest(problem) => problem.clone(),
            Self::Unauthorized => "Unauthorized".into(),
            Self::Forbidden => "Forbidden".into(),
            Self::Lifetime(end) => end.reason().into(),
            Self::NoSubprotocol => "Subprotocol not acceptable".into(),
            Self::InitTimeout => "Connection initialisation timeout".into(),
            Self::PongTimeout => "pong timeout".into(),
            Self::IdInUse(id) => format!("Subscriber for {id} already exists"),
            Self::SlowConsumer => "slow consumer".into(),
            Self::TooManyInits => "Too many initialisation requests".into(),
        };
        let end = (0..=MAX_REASON_BYTES.min(reason.len())).rev().find(|end| reason.is_char_boundary(*end));
        reason.truncate(end.unwrap_or(0));
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_does_not_break_the_close_frame() {
        let close = Close::IdInUse("é".repeat(200));
        assert!(close.reason().len() <= MAX_REASON_BYTES);
    }
}
