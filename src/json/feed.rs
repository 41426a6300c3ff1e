//! The JSON of a feed.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{FeedItem, Page, Result, Timestamp, UserId};

use super::fields::Fields;

/// An item of a feed that has a form in JSON.
pub(crate) trait FeedJson: FeedItem {
    /// The event of Socket.IO that sends a new item to the user's sockets.
    const CREATED_EVENT: &'static str;

    /// One item.
    type Item: for<'a> From<&'a Self> + Serialize + ToSchema;
    /// A page of items.
    type Page: From<Page<Self>> + Serialize + ToSchema;
    /// The body that creates an item; it documents what `from_fields` reads.
    type NewItem: ToSchema;

    /// Reads a new item and the user that it belongs to, if the client names one. `now` is the lower bound of times.
    fn from_fields(
        fields: &mut Fields,
        now: impl FnOnce() -> Timestamp,
    ) -> Result<(Option<UserId>, Self::New)>;
}
