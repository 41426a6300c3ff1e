//! Pages of a feed by number: the same for each kind of item but for their names.

use std::sync::Arc;

use async_graphql::OutputType;

use crate::{
    domain::Cursor,
    service::{EncodeOnce, StoredPage},
};

use super::{
    budget::Place,
    record::{Field, Record},
};

/// An item of which there are pages.
pub(super) trait Paged: Record + OutputType {
    /// The name of the type of its pages.
    const PAGE: &'static str;
    /// What a page is, for people.
    const PAGE_DESCRIPTION: &'static str;
    /// The field of a page that has the items.
    const ITEMS: &'static str;
    /// What that field has, for people.
    const ITEMS_DESCRIPTION: &'static str;
}

/// A page of items, newest first, with the counts of the same instant.
pub(super) struct FeedPage<G> {
    items: Vec<G>,
    total: u64,
    has_more: bool,
    unread_count: u64,
    cursor: Cursor,
    encoded: Option<EncodeOnce>,
    /// While it is held, the page counts as one of those that its request has in memory.
    _place: Option<Place>,
}

impl<G: Paged> Record for FeedPage<G> {
    const NAME: &'static str = G::PAGE;
    const DESCRIPTION: &'static str = G::PAGE_DESCRIPTION;
    const FIELDS: &'static [Field<Self>] = &[
        Field::new::<Vec<G>>(G::ITEMS, G::ITEMS_DESCRIPTION, |page, selected, json| {
            selected.list(&page.items, json);
        }),
        Field::new::<u64>("total", "How many there are.", |page, _, json| json.literal(page.total)),
        Field::new::<bool>("hasMore", "Whether older ones follow.", |page, _, json| {
            json.literal(page.has_more);
        }),
        Field::new::<u64>("unreadCount", "How many are unread.", |page, _, json| {
            json.literal(page.unread_count);
        }),
        Field::new::<String>(
            "cursor",
            "Where the feed stood: a subscription with `after` this misses nothing and repeats nothing.",
            |page, _, json| json.plain(page.cursor),
        ),
    ];

    fn encoded(&self) -> Option<&EncodeOnce> {
        self.encoded.as_ref()
    }
}

impl<G> FeedPage<G> {
    /// The page as the schema has it.
    pub(super) fn new<T>(StoredPage { page, encoded }: StoredPage<T>, place: Option<Place>) -> Self
    where
        G: From<Arc<T>>,
    {
        Self {
            items: page.items.into_iter().map(G::from).collect(),
            total: page.total,
            has_more: page.has_more,
            unread_count: page.unread,
            cursor: page.cursor,
            encoded,
            _place: place,
        }
    }
}
