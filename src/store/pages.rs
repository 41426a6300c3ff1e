//! First pages that were read before. Apps read the same page when they open, come back or poll, and mostly nothing
//! has changed.
//!
//! A kept page is never shown for itself: the statement that reads a page is told the position of the kept one, and
//! answers with rows only where the user's history stands elsewhere. Every write of a user moves that position, so one
//! read finds out whether the page still holds or brings the new one, whichever process wrote. PostgreSQL is asked first,
//! for many users at once, where they stand (`super::heads`).

use std::time::Duration;

use moka::sync::Cache;

use crate::domain::{Activity, Epoch, Page, UserId, Window, Written};

use super::StoredItem;

/// Bytes of items that are kept, about, and of what was written of them.
const KEPT: u64 = 16 * 1024 * 1024;
/// For how long a page is kept that nobody reads.
const IDLE: Duration = Duration::from_secs(10 * 60);
/// Bytes of an item apart from its texts, and of a page apart from its items.
const FIXED: usize = 256;

/// Bytes that there are of what is written of a page, for each of its items: twice what a usual one takes.
const WRITTEN: usize = 1_024;

/// Pages of one feed.
pub(super) type Kept<T> = Cache<(UserId, Window), Page<T>>;

/// The pages that are kept. Only of feeds whose items do not end by themselves: there, counts change without a write.
pub struct Pages {
    pub(super) activities: Kept<Activity>,
}

impl Default for Pages {
    fn default() -> Self {
        let weigher = |_: &(UserId, Window), page: &Page<Activity>| {
            let items = page.items.iter().map(|item| {
                let description = item.description.as_ref().map_or(0, |text| text.as_str().len());
                let data = item.data.as_ref().map_or(0, |data| data.as_str().len());
                FIXED + item.title.as_str().len() + description + data
            });
            let written = page.written.as_ref().map_or(0, Written::room);
            u32::try_from(FIXED + items.sum::<usize>() + written).unwrap_or(u32::MAX)
        };
        Self { activities: Cache::builder().max_capacity(KEPT).weigher(weigher).time_to_idle(IDLE).build() }
    }
}

impl Pages {
    /// What was kept for `user` in `epoch`; it may be out of date.
    pub(super) fn find<T: StoredItem>(&self, user: &UserId, window: Window, epoch: Epoch) -> Option<Page<T>> {
        // The first page only: nobody reads the others again and again.
        let kept = T::kept(self).filter(|_| window.skip() == 0)?;
        kept.get(&(user.clone(), window)).filter(|page| page.cursor.is_of(epoch))
    }

    /// Keeps a page that was read just now, where such are kept.
    pub(super) fn keep<T: StoredItem>(&self, user: &UserId, window: Window, mut page: Page<T>) -> Page<T> {
        if let Some(kept) = T::kept(self).filter(|_| window.skip() == 0) {
            page.written = Some(Written::with_room(WRITTEN * page.items.len()));
            kept.insert((user.clone(), window), page.clone());
        }
        page
    }
}
