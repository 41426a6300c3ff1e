//! How the fields of subscriptions are resolved.
//!
//! Each field is resolved in two phases. When an operation starts, the resolver finds out what is followed, checks
//! that the viewer may, and leaves the stream of items ([`Phase::Start`]). Then, for each item, the operation's
//! selection is executed on it ([`Phase::Encode`]): once per event and operation, however many subscribers share them.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{Context, Error, Result};
use futures_util::{Stream, StreamExt, stream::BoxStream};

use crate::{
    domain::{self, Cursor},
    service::{Delivery, Encodings},
};

/// The cursor of the last event that a reconnecting client received, from the header `Last-Event-ID`. It overrides `after`.
#[derive(Clone, Debug)]
pub(in crate::graphql) struct LastEventId(pub(in crate::graphql) String);

/// One item of a subscription: the value that [`delivered`] gives to its resolver. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::graphql) struct Item {
    value: Arc<dyn Any + Send + Sync>,
    cursor: Option<Cursor>,
}

impl Item {
    /// An item with the position of the user's history, where it belongs to one.
    pub(super) fn new<V: Any + Send + Sync>(cursor: Option<Cursor>, value: Arc<V>) -> Self {
        Self { value, cursor }
    }

    /// The position of the user's history, where the item belongs to one.
    pub(in crate::graphql) fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }
}

/// Items as they come, each with the place where its encodings are shared. An error is the last one.
pub(in crate::graphql) type Items = BoxStream<'static, (domain::Result<Item>, Option<Arc<Encodings>>)>;

/// Why a field is resolved.
pub(in crate::graphql) enum Phase {
    /// An operation starts: its items go here.
    Start(Arc<Mutex<Option<Items>>>),
    /// The selection is executed on this item.
    Encode(Item),
}

/// The value of the item on which the selection is executed; `None` where the operation starts.
pub(super) fn delivered<V: Any + Send + Sync>(ctx: &Context<'_>) -> Option<Arc<V>> {
    match ctx.data_unchecked() {
        Phase::Start(_) => None,
        Phase::Encode(item) => item.value.clone().downcast().ok(),
    }
}

/// Leaves the stream for the transport. There is no item yet to execute a selection on, so the field ends here.
pub(super) fn start<F, T, S>(ctx: &Context<'_>, deliveries: S, item: fn(F) -> Item) -> Result<T>
where
    F: 'static,
    S: Stream<Item = domain::Result<Delivery<F>>> + Send + 'static,
{
    if let Phase::Start(place) = ctx.data_unchecked() {
        let items = deliveries.map(move |delivery| match delivery {
            Ok(delivery) => (Ok(item(delivery.item)), delivery.shared),
            Err(error) => (Err(error), None),
        });
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(items.boxed());
    }
    Err(Error::new("the subscription has started"))
}

/// The cursor after which a subscription starts: [`LastEventId`], which is newer than the argument that an EventSource
/// repeats when it reconnects, else the argument.
pub(super) fn start_after(ctx: &Context<'_>, after: Option<String>) -> domain::Result<Option<Cursor>> {
    let last = ctx.data_opt::<LastEventId>().map(|last| last.0.clone());
    last.or(after).map(|text| Cursor::parse("after", &text)).transpose()
}
