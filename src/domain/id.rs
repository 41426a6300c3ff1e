//! Ids of activities and notifications.

use std::{
    fmt,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use super::{Error, Result, Timestamp};

/// 12 bytes in the layout of a MongoDB ObjectId (4 bytes of seconds, 5 random ones of the process, 3 of a counter),
/// written as 24 lower-case hex digits. New ids sort by the second of their creation.
///
/// Layout: <https://www.mongodb.com/docs/manual/reference/bson-types/#objectid>
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId([u8; 12]);

impl ItemId {
    /// A new id, unlike every other one of this process and, by 40 random bits, of all others.
    pub fn generate(now: Timestamp) -> Self {
        static PROCESS: LazyLock<[u8; 5]> = LazyLock::new(rand::random);
        static COUNTER: LazyLock<AtomicU32> = LazyLock::new(|| AtomicU32::new(rand::random()));

        let seconds = (now.millis() / 1000) as u32;
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        bytes[4..9].copy_from_slice(&*PROCESS);
        bytes[9..].copy_from_slice(&count.to_be_bytes()[1..]);
        Self(bytes)
    }

    /// Reads 24 hex digits (either case); `field` names the argument in the error.
    pub fn parse(field: &'static str, text: &str) -> Result<Self> {
        let digits = text.as_bytes();
        let mut bytes = [0; 12];
        if digits.len() != 24 {
            return Err(Self::unfit(field, text));
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (Some(high), Some(low)) = ((pair[0] as char).to_digit(16), (pair[1] as char).to_digit(16))
            else {
                return Err(Self::unfit(field, text));
            };
            *byte = (high << 4 | low) as u8;
        }
        Ok(Self(bytes))
    }

    /// The second in which the id was made, as its layout says.
    pub fn time(self) -> Timestamp {
        let [a, b, c, d, ..] = self.0;
        Timestamp::from_millis(i64::from(u32::from_be_bytes([a, b, c, d])) * 1000)
    }

    /// The id of 12 given bytes, for those who make ids that are the same each time.
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    fn unfit(field: &'static str, text: &str) -> Error {
        let shown: String = text.chars().take(40).collect();
        Error::field(field, format!("{field} must be an id of 24 hex digits, but is {shown:?}."))
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0u8; 24];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for ItemId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_the_same_id() {
        let id = ItemId::generate(Timestamp::now());
        assert_eq!(ItemId::parse("id", &id.to_string()).unwrap(), id);
        let upper = id.to_string().to_uppercase();
        assert_eq!(ItemId::parse("id", &upper).unwrap(), id);
    }

    #[test]
    fn new_ids_differ_and_hold_their_second() {
        let now = Timestamp::from_millis(0x65a0_b1c2 * 1000 + 7);
        let (first, second) = (ItemId::generate(now), ItemId::generate(now));
        assert_ne!(first, second);
        assert!(first.to_string().starts_with("65a0b1c2"));
        assert_eq!(first.time(), Timestamp::from_millis(0x65a0_b1c2 * 1000));
    }

    #[test]
    fn anything_else_is_refused_with_its_field() {
        for text in
            ["", "123", "zz0000000000000000000000", "6500000000000000000000001", "65000000000000000000000é"]
        {
            let error = ItemId::parse("activityId", text).unwrap_err();
            assert_eq!((error.code(), error.at_field()), ("BAD_USER_INPUT", Some("activityId")), "{text:?}");
        }
    }
}
