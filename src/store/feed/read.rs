//! Reading a feed. Each read is one statement, so its items, counts and cursor are of one instant.

use std::sync::Arc;

use sea_orm::Value;

use crate::domain::{
    Cursor, Epoch, Error, FeedFilter, FeedItem, Item, Keyset, Page, Position, Result, Slice, UserId, Window,
    each_feed_item,
};

use crate::store::{
    database::{Database, Postgres, ReadLength},
    entity::StoredItem,
    expiry::{self, Count},
    handle::Store,
    page_cache::StoredPage,
    row::{Row, Table},
    sql::{count, signed, unsigned},
};

/// What a reader missed.
#[derive(Clone, Debug)]
pub struct Since<T> {
    /// The items after the reader's position, oldest first.
    pub items: Vec<T>,
    /// Everything up to here is in `items`, or was no such item.
    pub reached: Position,
    /// The position of the user's history at the same instant.
    pub head: Position,
}

impl<T> Since<T> {
    fn new(items: Vec<T>, limit: u32, head: Position, position: impl Fn(&T) -> Position) -> Self {
        let reached = match items.last() {
            Some(last) if items.len() == limit as usize => position(last),
            _ => head,
        };
        Self { items, reached, head }
    }
}

/// Values of a statement, and the names by which it refers to them.
struct Binds(Vec<Value>);

impl Binds {
    fn of(user: &UserId) -> Self {
        Self(vec![user.as_str().into()])
    }

    /// Binds one more value; returns its placeholder. `$1` is always the user.
    fn add(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }
}

impl Store {
    /// The newest items of `user`'s feed.
    pub async fn page<T: StoredItem>(&self, user: &UserId, window: Window) -> Result<StoredPage<T>> {
        // Before anything is read, here and below: an epoch is never newer than what is read in it.
        let epoch = self.epoch();
        let cached = self.0.pages.find::<T>(user, window, epoch);
        let mut replica = self.replica(Some(user));
        if let Some(stored) = &cached {
            match self.is_current(replica, user, &stored.page).await {
                Ok(true) => return Ok(StoredPage::clone(stored)),
                Ok(false) => {}
                Err(Error::Unavailable(cause)) if replica.is_some() => {
                    tracing::warn!(%cause, "the replica does not answer, the primary is read");
                    replica = None;
                }
                Err(error) => return Err(error),
            }
        }
        // No history stands at -1.
        let known = cached.as_ref().map_or(-1, |stored| signed(stored.page.cursor.position()));
        let skip = i64::try_from(window.skip()).unwrap_or(i64::MAX);
        let mut values: Vec<Value> =
            vec![user.as_str().into(), i64::from(window.limit()).into(), skip.into(), known.into()];
        if T::expires() {
            values.push(self.clock().now().millis().into());
        }
        let sql = T::Row::sql().page.get_or_init(page_sql::<T>);
        // Skipped items have to be counted off first.
        let length = if window.skip() == 0 { ReadLength::Bounded } else { ReadLength::Unbounded };
        let joined = self.joined::<T, 3>(replica, epoch, length, sql, values).await?;
        let (head, total, unread, items) = match (joined, cached) {
            (Some(Joined { numbers: [head, total, unread], items }), _) => {
                (position(head), count(total.unwrap_or(0)), count(unread.unwrap_or(0)), items)
            }
            // Nothing was written since.
            (None, Some(stored)) => return Ok(StoredPage::clone(&stored)),
            (None, None) => (Position::START, 0, 0, Vec::new()),
        };
        let items: Vec<_> = items.into_iter().map(Arc::new).collect();
        let has_more = window.skip().saturating_add(items.len() as u64) < total;
        let page = Page { items, total, unread, has_more, cursor: epoch.at(head) };
        Ok(self.0.pages.insert(user, window, page))
    }

    /// Whether it is known, without reading it again, that a cached page is what would be read now.
    async fn is_current<T>(&self, replica: Option<&Postgres>, user: &UserId, page: &Page<T>) -> Result<bool> {
        let postgres = match (&self.0.database, replica) {
            (_, Some(replica)) | (Database::Postgres(replica), None) => replica,
            (Database::Sqlite(_), None) => return Ok(false),
        };
        Ok(postgres.positions.find(user).await? == page.cursor.position())
    }

    /// The items of `user`'s feed on one side of a cursor.
    ///
    /// # Errors
    /// CURSOR_EXPIRED for a cursor of another database or from the future.
    pub async fn slice<T: StoredItem>(
        &self,
        user: &UserId,
        keyset: Keyset,
        filter: FeedFilter<T::Kind>,
    ) -> Result<Slice<T>> {
        let replica = self.replica(Some(user));
        match self.slice_from(replica, user, keyset, filter).await {
            // The cursor may only be newer than the replica.
            Err(Error::CursorExpired { .. }) if replica.is_some() => {
                self.slice_from(None, user, keyset, filter).await
            }
            slice => slice,
        }
    }

    async fn slice_from<T: StoredItem>(
        &self,
        replica: Option<&Postgres>,
        user: &UserId,
        keyset: Keyset,
        filter: FeedFilter<T::Kind>,
    ) -> Result<Slice<T>> {
        let epoch = self.epoch();
        let mut binds = Binds::of(user);
        let limit = binds.add(i64::from(keyset.limit) + 1);
        let alive = expiry::alive::<T>(&self.bind_now::<T>(&mut binds));
        let kind = filter.kind.map(|kind| format!(" AND type = {}", binds.add(T::kind_str(kind))));
        let unread = if filter.unread_only { " AND read = FALSE" } else { "" };
        let matching = format!("user_id = $1{alive}{}{unread}", kind.unwrap_or_default());
        // Not EXISTS: for that PostgreSQL may scan the table, in the hope of a row of this user near its start.
        let nearest = |condition: String| {
            let table = T::table();
            let first = format!("WHERE {matching} AND position {condition} ORDER BY position LIMIT 1");
            format!("(SELECT position FROM {table} {first})")
        };
        let mut bound = |cursor: Option<Cursor>| cursor.map(|cursor| binds.add(signed(cursor.position())));
        let (after, before) = (bound(keyset.after), bound(keyset.before));
        let none = "CAST(NULL AS BIGINT)";
        let newer = after.as_ref().map_or(none.into(), |after| nearest(format!(">= {after}")));
        let older = before.as_ref().map_or(none.into(), |before| nearest(format!("<= {before}")));
        let range = [
            after.map(|after| format!(" AND position < {after}")),
            before.map(|at| format!(" AND position > {at}")),
        ];
        let range: String = range.into_iter().flatten().collect();
        let order = if keyset.from_end { "ASC" } else { "DESC" };
        let sql = format!(
            "SELECT p.position, {newer}, {older}, {items} FROM user_position p LEFT JOIN \
             (SELECT * FROM {table} WHERE {matching}{range} ORDER BY position {order} LIMIT {limit}) i \
             ON i.user_id = p.user_id WHERE p.user_id = $1 ORDER BY i.position {order}",
            items = T::Row::sql().items,
            table = T::table(),
        );
        let joined = self.joined::<T, 3>(replica, epoch, ReadLength::Bounded, &sql, binds.0).await?;
        let Joined { numbers: [head, newer, older], mut items } = joined.unwrap_or_default();
        let head = position(head);
        for (field, cursor) in [("after", keyset.after), ("before", keyset.before)] {
            cursor.map(|cursor| cursor.position_within(field, epoch, head)).transpose()?;
        }
        let more = items.len() > keyset.limit as usize;
        items.truncate(keyset.limit as usize);
        let (newer, older) = (newer.is_some(), older.is_some());
        if keyset.from_end {
            items.reverse();
            return Ok(Slice { items, has_previous: more || newer, has_next: older });
        }
        Ok(Slice { items, has_previous: newer, has_next: more || older })
    }

    /// The items that `user`'s feed got after `after`, oldest first, at most `limit`.
    pub async fn since<T: StoredItem>(&self, user: &UserId, after: Position, limit: u32) -> Result<Since<T>> {
        let epoch = self.epoch();
        let mut binds = Binds::of(user);
        let most = binds.add(i64::from(limit));
        let after = binds.add(signed(after));
        let alive = expiry::alive::<T>(&self.bind_now::<T>(&mut binds));
        let sql = format!(
            "SELECT p.position, {items} FROM user_position p LEFT JOIN \
             (SELECT * FROM {table} WHERE user_id = $1 AND position > {after}{alive} ORDER BY position LIMIT {most}) i \
             ON i.user_id = p.user_id WHERE p.user_id = $1 ORDER BY i.position",
            items = T::Row::sql().items,
            table = T::table(),
        );
        let joined = self.joined::<T, 1>(None, epoch, ReadLength::Bounded, &sql, binds.0).await?;
        let Joined { numbers: [head], items } = joined.unwrap_or_default();
        Ok(Since::new(items, limit, position(head), |item| item.cursor().position()))
    }

    /// As [`Store::since`], of all feeds together, in order of position. The feeds are read at several instants: `reached` is
    /// the lowest one, `head` the highest.
    pub async fn created_since(&self, user: &UserId, after: Position, limit: u32) -> Result<Since<Item>> {
        let mut created = Since { items: Vec::new(), reached: Position(u64::MAX), head: Position::START };
        each_feed_item!(T => {
            let since = self.since::<T>(user, after, limit).await?;
            created.items.extend(since.items.into_iter().map(|item| T::into_item(Arc::new(item))));
            created.reached = created.reached.min(since.reached);
            created.head = created.head.max(since.head);
        });
        created.items.sort_by_key(|item| item.cursor().position());
        Ok(created)
    }

    /// How many items of `user`'s feed are unread.
    pub async fn unread<T: StoredItem>(&self, user: &UserId) -> Result<u64> {
        Ok(self.counts(user).await?.of(T::FEED))
    }

    /// Binds the time, where items expire; returns its parameter.
    fn bind_now<T: StoredItem>(&self, binds: &mut Binds) -> String {
        if T::expires() { binds.add(self.clock().now().millis()) } else { String::new() }
    }

    /// Reads a user's history joined with items; `None` where the statement has no rows.
    async fn joined<T: StoredItem, const N: usize>(
        &self,
        replica: Option<&Postgres>,
        epoch: Epoch,
        length: ReadLength,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<Joined<T, N>>> {
        let decode = move |row: &Row<'_>| {
            let mut numbers = [None; N];
            for (index, number) in numbers.iter_mut().enumerate() {
                *number = row.get(index)?;
            }
            // The second column of an item is its position, which is missing where there is no item.
            let item = match row.get::<Option<i64>>(N + 1)? {
                Some(_) => Some(T::from_row(T::Row::read(&mut row.columns(N))?, epoch)?),
                None => None,
            };
            Ok((numbers, item))
        };
        let rows = match length {
            ReadLength::Bounded => self.query_from(replica, sql, values, decode).await?,
            ReadLength::Unbounded => self.0.database.query(length, sql, values, decode).await?,
        };
        let Some((numbers, _)) = rows.first() else { return Ok(None) };
        Ok(Some(Joined { numbers: *numbers, items: rows.into_iter().filter_map(|(_, item)| item).collect() }))
    }
}

/// A page of the feed of user `$1`: `$2` items after the newest `$3`, unless the history stands at `$4`. `$5` is the time, where
/// items expire.
fn page_sql<T: StoredItem>() -> String {
    let counts = |column: &str, count| {
        format!("p.{}_{column}{}", T::FEED.as_str(), expiry::minus_expired::<T>("$5", count))
    };
    format!(
        "SELECT p.position, {total}, {unread}, {items} FROM user_position p LEFT JOIN \
         (SELECT * FROM {table} WHERE user_id = $1{alive} ORDER BY position DESC LIMIT $2 OFFSET $3) i \
         ON i.user_id = p.user_id WHERE p.user_id = $1 AND p.position <> $4 ORDER BY i.position DESC",
        total = counts("total", Count::Total),
        unread = counts("unread", Count::Unread),
        items = T::Row::sql().items,
        table = T::table(),
        alive = expiry::alive::<T>("$5"),
    )
}

/// The rows of a joined read: numbers of the user, the same in each, and the items, none where a user has none.
struct Joined<T, const N: usize> {
    numbers: [Option<i64>; N],
    items: Vec<T>,
}

impl<T, const N: usize> Default for Joined<T, N> {
    fn default() -> Self {
        Self { numbers: [None; N], items: Vec::new() }
    }
}

fn position(number: Option<i64>) -> Position {
    unsigned(number.unwrap_or(0))
}
