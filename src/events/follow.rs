//! The promise to a reader: everything of one kind after a cursor, once, in order.

use std::{collections::VecDeque, future::Future, sync::Arc, time::Duration};

use futures_util::Stream;

use crate::{
    domain::{Analytics, Change, Cursor, Epoch, Error, Event, Position, Result, UnreadCounts, UserId},
    store::{Store, StoredItem},
};

use super::{Encodings, Follower, Hub, Signal, position_check::renew_epoch};

/// Items that one read of the tables takes up.
pub(super) const CATCH_UP_ITEMS: u32 = 100;
/// The first and the longest pause before the tables are read again after a failure.
const RETRY_PAUSE_MIN: Duration = Duration::from_millis(100);
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(5);

/// What the tables say to a reader that stands at some position.
#[derive(Debug)]
pub struct CaughtUp<F> {
    pub(super) items: Vec<F>,
    /// Everything up to here is in `items` or was not of this kind.
    pub(super) reached: Position,
    /// Where the history stood.
    pub(super) head: Position,
}

/// A kind of thing that can be followed.
pub trait Followed: Clone + Send + Sync + 'static {
    /// Whether only the newest one counts: a reader that is behind gets that one and not each step.
    const STATE: bool;

    /// The one that `event` brings, if it brings one.
    fn from_event(event: &Event) -> Option<Self>;

    /// What came after `after`, read from the tables.
    fn read(
        store: &Store,
        user: &UserId,
        after: Position,
    ) -> impl Future<Output = Result<CaughtUp<Self>>> + Send;

    /// Whether a reader who was sent `before` learns anything from this one.
    fn differs_from(&self, _before: &Self) -> bool {
        true
    }
}

impl<T: StoredItem> Followed for Arc<T> {
    const STATE: bool = false;

    fn from_event(event: &Event) -> Option<Self> {
        match &event.change {
            Change::Created(item) => T::from_item(item).cloned(),
            _ => None,
        }
    }

    async fn read(store: &Store, user: &UserId, after: Position) -> Result<CaughtUp<Self>> {
        let since = store.since::<T>(user, after, CATCH_UP_ITEMS).await?;
        let reached = since.reached;
        Ok(CaughtUp { items: since.items.into_iter().map(Arc::new).collect(), reached, head: since.head })
    }
}

/// A user's analytics, as they are after a change.
#[derive(Clone, Debug)]
pub struct CurrentAnalytics(pub Arc<Analytics>);

impl Followed for CurrentAnalytics {
    const STATE: bool = true;

    fn from_event(event: &Event) -> Option<Self> {
        match &event.change {
            Change::AnalyticsUpdated(analytics) => Some(Self(analytics.clone())),
            _ => None,
        }
    }

    async fn read(store: &Store, user: &UserId, after: Position) -> Result<CaughtUp<Self>> {
        let head = store.head(user).await?;
        let newest = store.analytics(user).await?.filter(|analytics| analytics.cursor.position() > after);
        // A change between the two reads is newer than `head`; it is read now and dropped when it comes by the hub.
        let reached = newest.as_ref().map_or(head, |analytics| analytics.cursor.position().max(head));
        let items = newest.into_iter().map(|analytics| Self(Arc::new(analytics))).collect();
        Ok(CaughtUp { items, reached, head: reached })
    }
}

impl Followed for UnreadCounts {
    const STATE: bool = true;

    fn from_event(event: &Event) -> Option<Self> {
        Some(event.counts)
    }

    async fn read(store: &Store, user: &UserId, _after: Position) -> Result<CaughtUp<Self>> {
        let counts = store.counts(user).await?;
        let head = counts.cursor.position();
        Ok(CaughtUp { items: vec![counts], reached: head, head })
    }

    fn differs_from(&self, before: &Self) -> bool {
        self.unread != before.unread
    }
}

/// Where a reader starts.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    /// After this cursor.
    After(Cursor),
    /// With what is committed from now on.
    Now,
    /// With the state as it is, then every change.
    Current,
}

/// Follows what `F` is of `user`.
///
/// Everything of that kind after the start comes, in order, none lost and none twice, whatever the hub loses, repeats
/// or reorders. States come as the newest one after a gap. While the database does not answer, the stream waits and tries
/// again. It ends where the database went back to an earlier state: items with CURSOR_EXPIRED; states go on with the newest.
///
/// # Errors
/// CURSOR_EXPIRED where the cursor is of another database or from the future; UNAVAILABLE where the database does not
/// answer at the start.
pub async fn follow<F: Followed>(
    hub: &Hub,
    store: &Store,
    user: UserId,
    start: Start,
) -> Result<Following<F>> {
    // First the hub, then the tables: what is committed in between is heard, and dropped if it was read as well.
    let follower = hub.join(&user);
    let _permit = hub.start_permit().await;
    let mut following = Following {
        follower,
        store: store.clone(),
        user,
        // Before anything is read: it is never newer than what is read.
        epoch: store.epoch(),
        last: Position::START,
        ready: VecDeque::new(),
        behind: false,
        sent: None,
    };
    match start {
        Start::Now => following.last = store.head(&following.user).await?,
        Start::Current => following.catch_up().await?,
        Start::After(cursor) => {
            following.last = cursor.position();
            let head = following.read().await?;
            cursor.position_within("after", following.epoch, head)?;
        }
    }
    following.follower.saw(following.last, following.epoch);
    Ok(following)
}

/// An item on its way to a reader.
#[derive(Clone, Debug)]
pub struct Delivery<F> {
    /// The item.
    pub item: F,
    /// Where its encodings are shared with other readers; none where it was read from the tables.
    pub shared: Option<Arc<Encodings>>,
}

/// A reader, and where they stand.
#[derive(Debug)]
pub struct Following<F> {
    follower: Follower,
    store: Store,
    user: UserId,
    /// In which `last` is a position.
    epoch: Epoch,
    /// Everything up to here was sent, waits in `ready`, or was of another kind.
    last: Position,
    ready: VecDeque<Delivery<F>>,
    /// Whether the tables hold something newer than `last`.
    behind: bool,
    /// What was sent last, for states.
    sent: Option<F>,
}

impl<F: Followed> Following<F> {
    /// Everything up to here was returned by [`Following::next`], waits to be, or was of another kind.
    pub fn reached(&self) -> Cursor {
        self.epoch.at(self.last)
    }

    /// The next one. Dropping the future loses nothing.
    ///
    /// # Errors
    /// CURSOR_EXPIRED where the database went back to an earlier state. Nothing comes after it: whoever follows reads a
    /// fresh page and follows from there.
    pub async fn next(&mut self) -> Result<Delivery<F>> {
        loop {
            let epoch = self.store.epoch();
            if self.epoch != epoch {
                if !F::STATE {
                    return Err(Error::CursorExpired {
                        field: "after",
                        reason: "the database went back to an earlier state",
                    });
                }
                self.start_anew(epoch);
            }
            if self.behind {
                if self.ready.is_empty() || F::STATE {
                    // In a box, so that whoever waits keeps no room for a read of the tables.
                    Box::pin(self.catch_up_with_retry()).await;
                    continue;
                }
            } else if F::STATE && !self.follower.is_empty() {
                // A newer state may wait behind this one.
                self.listen().await;
                continue;
            }
            if let Some(delivery) = self.ready.pop_front() {
                if F::STATE {
                    if self.sent.as_ref().is_some_and(|before| !delivery.item.differs_from(before)) {
                        continue;
                    }
                    self.sent = Some(delivery.item.clone());
                }
                return Ok(delivery);
            }
            self.listen().await;
        }
    }

    /// The items as a stream, which ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Delivery<F>>> + Send {
        futures_util::stream::unfold(Some(self), |following| async move {
            let mut following = following?;
            let delivery = following.next().await;
            let following = delivery.is_ok().then_some(following);
            Some((delivery, following))
        })
    }

    /// A state goes on in another history: with what it is there.
    fn start_anew(&mut self, epoch: Epoch) {
        self.ready.clear();
        (self.epoch, self.last, self.behind) = (epoch, Position::START, true);
    }

    /// Waits for a signal and takes it up.
    async fn listen(&mut self) {
        match self.follower.next().await {
            Some(Signal::Event(event, encodings))
                if event.position == self.last.next() && event.counts.cursor.is_of(self.epoch) =>
            {
                self.last = event.position;
                if let Some(item) = F::from_event(&event) {
                    self.push(Delivery { item, shared: Some(encodings) });
                }
            }
            Some(Signal::Event(event, _)) => {
                self.behind |= event.position > self.last || !event.counts.cursor.is_of(self.epoch);
            }
            Some(Signal::Position(position)) => self.behind |= position > self.last,
            Some(Signal::Check) | None => self.behind = true,
        }
    }

    /// Reads the tables once. A history that stands behind what was read or heard before went back.
    async fn catch_up(&mut self) -> Result<()> {
        let last = self.last;
        if self.read().await? < last {
            renew_epoch(&self.store, self.epoch).await;
        }
        self.follower.saw(self.last, self.epoch);
        Ok(())
    }

    /// Reads the tables once; returns where the history stood.
    async fn read(&mut self) -> Result<Position> {
        let CaughtUp { items, reached, head } = F::read(&self.store, &self.user, self.last).await?;
        items.into_iter().for_each(|item| self.push(Delivery { item, shared: None }));
        self.last = self.last.max(reached);
        self.behind = reached < head;
        Ok(head)
    }

    async fn catch_up_with_retry(&mut self) {
        let mut pause = RETRY_PAUSE_MIN;
        while let Err(error) = self.catch_up().await {
            tracing::warn!(user.id = %self.user, cause = ?error.cause(), "a follower waits for the database: {error}");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_PAUSE_MAX);
        }
    }

    fn push(&mut self, delivery: Delivery<F>) {
        if F::STATE {
            self.ready.clear();
        }
        self.ready.push_back(delivery);
    }
}
