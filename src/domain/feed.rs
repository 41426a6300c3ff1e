//! Feeds: lists of a user's items, newest first, and pages of them.

use std::sync::Arc;

use super::{Cursor, Error, Result, UserId};

/// Whose items an id may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only those of one user: another's id does not exist.
    Only(UserId),
    /// Anyone's.
    Everyone,
}

/// A page by number: `skip` items from the newest, then `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    limit: u32,
    skip: u64,
}

impl Window {
    /// The most items of a page; a client that asks for more gets these.
    pub const MAX_LIMIT: u32 = 200;

    /// Takes a client's numbers.
    pub fn parse(limit: i64, skip: i64) -> Result<Self> {
        if limit < 1 {
            return Err(Error::field(
                "limit",
                format!("limit must be from 1 to {}, but is {limit}.", Self::MAX_LIMIT),
            ));
        }
        let skip = u64::try_from(skip)
            .map_err(|_| Error::field("skip", format!("skip must be 0 or more, but is {skip}.")))?;
        Ok(Self { limit: limit.min(i64::from(Self::MAX_LIMIT)) as u32, skip })
    }

    /// How many items at most.
    pub fn limit(self) -> u32 {
        self.limit
    }

    /// How many of the newest to leave out.
    pub fn skip(self) -> u64 {
        self.skip
    }
}

/// A page of a feed, with the counts of the same instant.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items, newest first.
    pub items: Vec<Arc<T>>,
    /// How many the feed has.
    pub total: u64,
    /// How many of them are unread.
    pub unread: u64,
    /// Whether older ones follow.
    pub has_more: bool,
    /// Where the feed stood: a subscription that starts here misses nothing and repeats nothing.
    pub cursor: Cursor,
}

/// A page by key, as the Relay specification has it: `first` after a cursor, or `last` before one.
///
/// Specification: <https://relay.dev/graphql/connections.htm>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyset {
    /// Only items older than this one.
    pub after: Option<Cursor>,
    /// Only items newer than this one.
    pub before: Option<Cursor>,
    /// How many at most, 0 to 200.
    pub limit: u32,
    /// Whether the `limit` counts from the oldest (`last`) and not from the newest (`first`).
    pub from_end: bool,
}

impl Keyset {
    /// What a page has when the client names no size.
    pub const DEFAULT_LIMIT: u32 = 20;

    /// Takes a client's arguments. Asking with `first` and `last` at once is refused, as the specification advises.
    pub fn parse(
        first: Option<i64>,
        after: Option<&str>,
        last: Option<i64>,
        before: Option<&str>,
    ) -> Result<Self> {
        let size = |field, size: i64| match size {
            0.. => Ok(size.min(i64::from(Window::MAX_LIMIT)) as u32),
            _ => Err(Error::field(
                field,
                format!("{field} must be from 0 to {}, but is {size}.", Window::MAX_LIMIT),
            )),
        };
        let (limit, from_end) = match (first, last) {
            (Some(_), Some(_)) => {
                return Err(Error::field("last", "first and last cannot be given together."));
            }
            (Some(first), None) => (size("first", first)?, false),
            (None, Some(last)) => (size("last", last)?, true),
            (None, None) => (Self::DEFAULT_LIMIT, false),
        };
        Ok(Self {
            after: after.map(|text| Cursor::parse("after", text)).transpose()?,
            before: before.map(|text| Cursor::parse("before", text)).transpose()?,
            limit,
            from_end,
        })
    }
}

/// Which items of a feed.
#[derive(Clone, Copy, Debug)]
pub struct FeedFilter<K> {
    /// Only those of one type.
    pub kind: Option<K>,
    /// Only those that are not read.
    pub unread_only: bool,
}

/// A page by key.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// The items, newest first.
    pub items: Vec<T>,
    /// Whether newer ones stand before the first.
    pub has_previous: bool,
    /// Whether older ones stand after the last.
    pub has_next: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_taken_as_the_contract_says() {
        assert_eq!(Window::parse(500, 0).unwrap().limit(), 200);
        assert_eq!(Window::parse(0, 0).unwrap_err().at_field(), Some("limit"));
        assert_eq!(Window::parse(-1, 0).unwrap_err().at_field(), Some("limit"));
        assert_eq!(Window::parse(1, -1).unwrap_err().at_field(), Some("skip"));
    }

    #[test]
    fn first_and_last_exclude_each_other() {
        assert_eq!(Keyset::parse(Some(1), None, Some(1), None).unwrap_err().at_field(), Some("last"));
        assert_eq!(Keyset::parse(Some(-1), None, None, None).unwrap_err().at_field(), Some("first"));
        assert!(Keyset::parse(None, None, Some(3), None).unwrap().from_end);
    }
}
