//! Where a reader stands.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Error, Result};

/// A number that goes up by one with every committed change of one user; 0 before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// Before every change.
    pub const START: Self = Self(0);

    /// The position after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The random mark of one database: a cursor of another one, or of one that was set up anew, does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(u64);

impl Epoch {
    /// A new mark, for a new database.
    pub fn generate() -> Self {
        Self(rand::random())
    }

    /// Reads the 16 hex digits that the database keeps.
    pub fn parse(text: &str) -> Option<Self> {
        u64::from_str_radix(text, 16).ok().map(Self)
    }

    /// The cursor at `position` of this database.
    pub fn at(self, position: Position) -> Cursor {
        Cursor { epoch: self, position }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// An opaque string that holds the database's epoch and a position: URL-safe base64 of 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    epoch: Epoch,
    position: Position,
}

impl Cursor {
    /// Reads what [`Display`](fmt::Display) wrote; `field` names the argument in the error.
    pub fn parse(field: &'static str, text: &str) -> Result<Self> {
        let bytes: Option<[u8; 16]> =
            URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        let unfit = || Error::field(field, format!("{field} is not a cursor of this service."));
        let number = u128::from_be_bytes(bytes.ok_or_else(unfit)?);
        // Databases count in signed 64-bit numbers.
        let position =
            Some(number as u64).filter(|position| i64::try_from(*position).is_ok()).ok_or_else(unfit)?;
        Ok(Self { epoch: Epoch((number >> 64) as u64), position: Position(position) })
    }

    /// The position, where the cursor is one of this database and not past `head`; `field` names the argument in the
    /// error.
    ///
    /// # Errors
    /// CURSOR_EXPIRED otherwise: never a silent hole.
    pub fn position_within(self, field: &'static str, epoch: Epoch, head: Position) -> Result<Position> {
        if self.epoch != epoch {
            return Err(Error::CursorExpired { field, reason: "it belongs to another database" });
        }
        if self.position > head {
            return Err(Error::CursorExpired { field, reason: "it lies in the future of this database" });
        }
        Ok(self.position)
    }

    /// Whether it belongs to `epoch`.
    pub fn is_of(self, epoch: Epoch) -> bool {
        self.epoch == epoch
    }

    /// The position, whatever the database.
    pub fn position(self) -> Position {
        self.position
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = u128::from(self.epoch.0) << 64 | u128::from(self.position.0);
        f.write_str(&URL_SAFE_NO_PAD.encode(number.to_be_bytes()))
    }
}

impl serde::Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let epoch = Epoch::generate();
        let text = epoch.at(Position(42)).to_string();
        let cursor = Cursor::parse("after", &text).unwrap();
        assert_eq!(cursor.position_within("after", epoch, Position(42)).unwrap(), Position(42));
    }

    #[test]
    fn another_epoch_and_the_future_are_refused() {
        let epoch = Epoch(1);
        assert_eq!(
            epoch.at(Position(3)).position_within("after", epoch, Position(2)).unwrap_err().code(),
            "CURSOR_EXPIRED"
        );
        assert_eq!(
            Epoch(2).at(Position(1)).position_within("after", epoch, Position(2)).unwrap_err().code(),
            "CURSOR_EXPIRED"
        );
    }

    #[test]
    fn what_is_no_cursor_is_bad_input() {
        for text in ["", "abc", "!!!!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAD__________w"] {
            let error = Cursor::parse("after", text).unwrap_err();
            assert_eq!((error.code(), error.at_field()), ("BAD_USER_INPUT", Some("after")), "{text}");
        }
    }
}
