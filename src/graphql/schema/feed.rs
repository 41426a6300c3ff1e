//! What activities and notifications have in common: pages by number and by cursor, and the payloads of their mutations.

use std::sync::Arc;

use async_graphql::{
    Context, ID, OutputType, Result, SimpleObject,
    connection::{Connection, Edge},
};

use crate::{
    domain::{self, Cursor, FeedItem, Keyset, Slice, UserId, Window},
    service::{EncodeOnce, StoredPage},
};

use super::{
    budget::{self, Place},
    context::user_id,
    record::{Field, Record},
};

/// An item that has pages.
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
        Field::new::<u64>("total", "How many there are.", |page, _, json| json.display(page.total)),
        Field::new::<bool>("hasMore", "Whether older ones follow.", |page, _, json| {
            json.display(page.has_more);
        }),
        Field::new::<u64>("unreadCount", "How many are unread.", |page, _, json| {
            json.display(page.unread_count);
        }),
        Field::new::<String>(
            "cursor",
            "Where the feed stood: a subscription with `after` this misses nothing and repeats nothing.",
            |page, _, json| json.str_unescaped(page.cursor),
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

/// The arguments of a page by number, and the page's place in memory.
pub(super) async fn page_arguments(
    ctx: &Context<'_>,
    user: Option<ID>,
    limit: i32,
    skip: i32,
) -> Result<(Option<UserId>, Window, Option<Place>)> {
    let window = Window::parse(limit.into(), skip.into())?;
    Ok((user_id(user)?, window, budget::place(ctx).await?))
}

/// The arguments of the Relay specification.
pub(super) fn keyset(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> domain::Result<Keyset> {
    Keyset::parse(first.map(Into::into), after.as_deref(), last.map(Into::into), before.as_deref())
}

/// A page by cursor. The library holds its items until the whole response is made, so their bytes are spent.
pub(super) async fn connection<T, G>(ctx: &Context<'_>, slice: Slice<T>) -> Result<Connection<String, G>>
where
    T: FeedItem,
    G: OutputType + From<T>,
{
    let bytes = slice.items.iter().map(|item| item.text_bytes()).sum();
    budget::spend(ctx, bytes).await?;
    let mut connection = Connection::new(slice.has_previous, slice.has_next);
    let edges = slice.items.into_iter().map(|item| Edge::new(item.cursor().to_string(), item.into()));
    connection.edges.extend(edges);
    Ok(connection)
}

/// How many times the complexity of a list counts the fields of its items.
pub(super) fn page_size(asked: Option<i32>) -> usize {
    let most = Window::MAX_LIMIT as usize;
    asked.map_or(Keyset::DEFAULT_LIMIT as usize, |asked| usize::try_from(asked).unwrap_or(0).min(most))
}

/// What marking a whole feed read did.
#[derive(SimpleObject)]
pub(super) struct MarkAllReadPayload {
    /// How many were unread.
    pub(super) modified_count: u64,
}

/// What deleting did.
#[derive(SimpleObject)]
pub(super) struct DeletePayload {
    /// The id of what is gone.
    pub(super) id: ID,
    /// One sentence.
    pub(super) message: String,
}

/// What clearing a feed did.
#[derive(SimpleObject)]
pub(super) struct ClearPayload {
    /// How many are gone.
    pub(super) deleted_count: u64,
}
