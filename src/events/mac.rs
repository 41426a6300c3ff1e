//! Authentication of bus messages: HMAC-SHA256 with a key that all nodes of a database share.
//!
//! Whoever may publish on the bus could otherwise make up events: one with the position of a real event would replace it,
//! one far ahead would silence the user. The code covers the subject, so a message of one user, or of one epoch, does not
//! pass for another's. Format: <https://www.rfc-editor.org/rfc/rfc2104>

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::{Error, Result};

/// Bytes of the code at the end of each message.
const TAG_BYTES: usize = 32;

/// The key, with the work done that does not depend on a message. Cheap to clone.
#[derive(Clone)]
pub(super) struct MessageKey(Arc<Hmac<Sha256>>);

impl std::fmt::Debug for MessageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MessageKey")
    }
}

impl MessageKey {
    pub(super) fn new(key: &[u8; 32]) -> Result<Self> {
        Hmac::new_from_slice(key).map(|key| Self(Arc::new(key))).map_err(Error::internal)
    }

    /// `payload` with its code appended.
    pub(super) fn sign(&self, subject: &str, mut payload: Vec<u8>) -> Vec<u8> {
        let tag = self.mac(subject, &payload).finalize().into_bytes();
        payload.extend_from_slice(&tag);
        payload
    }

    /// The payload of a message that a node of this database sent on `subject`; `None` for any other.
    pub(super) fn verify<'a>(&self, subject: &str, message: &'a [u8]) -> Option<&'a [u8]> {
        let (payload, tag) = message.split_at_checked(message.len().checked_sub(TAG_BYTES)?)?;
        self.mac(subject, payload).verify_slice(tag).ok()?;
        Some(payload)
    }

    fn mac(&self, subject: &str, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::clone(&self.0);
        mac.update(subject.as_bytes());
        // No subject holds it, so that no other split of the same bytes has the same code.
        mac.update(&[0]);
        mac.update(payload);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_for_the_subject_passes() {
        let [key, other] = [[7; 32], [8; 32]].map(|key| MessageKey::new(&key).unwrap());
        let message = key.sign("pulse.1.user.a", b"{}".to_vec());
        assert_eq!(key.verify("pulse.1.user.a", &message), Some(&b"{}"[..]));
        assert_eq!(key.verify("pulse.1.user.b", &message), None);
        assert_eq!(other.verify("pulse.1.user.a", &message), None);
        for index in 0..message.len() {
            let mut changed = message.clone();
            changed[index] ^= 1;
            assert_eq!(key.verify("pulse.1.user.a", &changed), None, "byte {index}");
            assert_eq!(key.verify("pulse.1.user.a", &message[..index]), None, "{index} bytes");
        }
    }
}
