//! First pages that were read before. Apps read the same page when they open, come back or poll, and mostly nothing
//! has changed.
//!
//! A cached page is revalidated by position: the statement that reads a page gets the position of the cached one, and returns rows
//! only where the user's history stands elsewhere. Every write of a user moves that position, so one read validates the page
//! or brings the new one, whichever process wrote. On PostgreSQL the positions of many users are loaded at once first
//! ([`super::postgres::PositionLoader`]).

use std::{any::Any, sync::Arc, time::Duration};

use moka::sync::Cache;

use crate::domain::{Epoch, FeedKind, Page, UserId, Window};

use super::{encode_once::EncodeOnce, entity::StoredItem};

/// Bytes of the cache, about: of items, and of what is encoded of pages.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// How long a page is cached that nobody reads.
const IDLE_TTL: Duration = Duration::from_secs(10 * 60);
/// Bytes of an item apart from its texts, and of a page apart from its items.
const FIXED_BYTES: usize = 256;
/// Bytes for encodings of a page, for each of its items: twice what a usual one takes.
const ENCODED_BYTES_PER_ITEM: usize = 1_024;

/// A page, and what the doors encode of it.
#[derive(Clone, Debug)]
pub struct StoredPage<T> {
    /// The page.
    pub page: Page<T>,
    /// Where encodings of the page are kept, where the page is.
    pub encoded: Option<EncodeOnce>,
}

impl<T> std::ops::Deref for StoredPage<T> {
    type Target = Page<T>;

    fn deref(&self) -> &Page<T> {
        &self.page
    }
}

/// Cached pages, of all feeds whose items do not expire: there, counts change without a write.
pub(super) struct PageCache(Cache<(FeedKind, UserId, Window), Cached>);

#[derive(Clone)]
struct Cached {
    /// A [`StoredPage`] of the item of its feed.
    page: Arc<dyn Any + Send + Sync>,
    bytes: u32,
}

impl Default for PageCache {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(CACHE_BYTES).time_to_idle(IDLE_TTL);
        Self(cache.weigher(|_, cached: &Cached| cached.bytes).build())
    }
}

impl PageCache {
    /// The page that was cached for `user` in `epoch`; it may be out of date.
    pub(super) fn find<T: StoredItem>(
        &self,
        user: &UserId,
        window: Window,
        epoch: Epoch,
    ) -> Option<Arc<StoredPage<T>>> {
        // The first page only: nobody reads the others again and again.
        if window.skip() > 0 || T::expires() {
            return None;
        }
        let cached = self.0.get(&(T::FEED, user.clone(), window))?;
        let page = cached.page.downcast::<StoredPage<T>>().ok()?;
        page.page.cursor.is_of(epoch).then_some(page)
    }

    /// Caches a page that was read just now, where such are cached.
    pub(super) fn insert<T: StoredItem>(
        &self,
        user: &UserId,
        window: Window,
        page: Page<T>,
    ) -> StoredPage<T> {
        if window.skip() > 0 || T::expires() {
            return StoredPage { page, encoded: None };
        }
        let room = ENCODED_BYTES_PER_ITEM * page.items.len();
        let texts: usize = page.items.iter().map(|item| FIXED_BYTES + item.text_bytes()).sum();
        let bytes = u32::try_from(FIXED_BYTES + texts + room).unwrap_or(u32::MAX);
        let stored = StoredPage { page, encoded: Some(EncodeOnce::with_room(room)) };
        let page: Arc<dyn Any + Send + Sync> = Arc::new(stored.clone());
        self.0.insert((T::FEED, user.clone(), window), Cached { page, bytes });
        stored
    }
}
