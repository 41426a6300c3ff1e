//! Reading a feed. Each read is one statement, so its items, counts and cursor are of one instant.

use std::{borrow::Cow, sync::Arc};

use sea_orm::{FromQueryResult, QueryResult, Value};

use crate::domain::{
    Cursor, Epoch, Error, FeedFilter, FeedKind, Keyset, Page, Position, Result, Slice, UserId, Window,
};

use crate::store::{
    Store, StoredItem, error::domain_error, expired, items::number, reader::Reader, signed, unsigned,
};

/// What a reader missed.
#[derive(Clone, Debug)]
pub struct Since<T> {
    /// The items after the reader's position, oldest first.
    pub items: Vec<T>,
    /// Where the user's history stood at the same instant.
    pub head: Position,
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
    pub async fn page<T: StoredItem>(&self, user: &UserId, window: Window) -> Result<Page<T>> {
        let mut binds = Binds::of(user);
        let limit = binds.add(i64::from(window.limit()));
        let skip = binds.add(i64::try_from(window.skip()).unwrap_or(i64::MAX));
        // Before anything is read, here and below: an epoch is never newer than what is read in it.
        let epoch = self.epoch();
        let kept = self.0.pages.find::<T>(user, window, epoch);
        let mut replica = self.replica(Some(user));
        if let Some(page) = &kept {
            match self.still_holds(replica, user, page).await {
                Ok(true) => return Ok(page.clone()),
                Ok(false) => {}
                Err(Error::Unavailable(cause)) if replica.is_some() => {
                    tracing::warn!(%cause, "the replica does not answer, the primary is read");
                    replica = None;
                }
                Err(error) => return Err(error),
            }
        }
        // No history stands at -1.
        let known = binds.add(kept.as_ref().map_or(-1, |page| signed(page.cursor.position())));
        let alive = self.alive::<T>(&mut binds);
        let (total, unread) = counts::<T>(&binds);
        let sql = format!(
            "SELECT p.position AS head, {total} AS total, {unread} AS unread, i.* FROM user_position p LEFT JOIN \
             (SELECT * FROM {table} WHERE user_id = $1{alive} ORDER BY position DESC LIMIT {limit} OFFSET {skip}) i \
             ON i.user_id = p.user_id WHERE p.user_id = $1 AND p.position <> {known} ORDER BY i.position DESC",
            table = T::TABLE,
        );
        // What is left out has to be counted off first.
        let length = if window.skip() == 0 { Length::Short } else { Length::Any };
        let joined =
            self.joined::<T, 3>(replica, epoch, length, &sql, binds.0, ["head", "total", "unread"]).await?;
        let (head, total, unread, items) = match (joined, kept) {
            (Some(Joined { numbers: [head, total, unread], items }), _) => {
                (position(head), count(total), count(unread), items)
            }
            // Nothing was written since.
            (None, Some(page)) => return Ok(page),
            (None, None) => (Position::START, 0, 0, Vec::new()),
        };
        let items: Vec<_> = items.into_iter().map(Arc::new).collect();
        let has_more = window.skip().saturating_add(items.len() as u64) < total;
        let cursor = epoch.at(head);
        let page = Page { items, total, unread, has_more, cursor, written: None };
        Ok(self.0.pages.keep(user, window, page))
    }

    /// Whether it is known, without reading it again, that a kept page is what would be read now.
    async fn still_holds<T>(&self, replica: Option<&Reader>, user: &UserId, page: &Page<T>) -> Result<bool> {
        match replica.unwrap_or(&self.0.reader).heads() {
            Some(heads) => Ok(heads.find(user).await? == page.cursor.position()),
            None => Ok(false),
        }
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
        replica: Option<&Reader>,
        user: &UserId,
        keyset: Keyset,
        filter: FeedFilter<T::Kind>,
    ) -> Result<Slice<T>> {
        let epoch = self.epoch();
        let mut binds = Binds::of(user);
        let limit = binds.add(i64::from(keyset.limit) + 1);
        let alive = self.alive::<T>(&mut binds);
        let kind = filter.kind.map(|kind| format!(" AND type = {}", binds.add(T::kind_word(kind))));
        let unread = if filter.unread_only { " AND read = FALSE" } else { "" };
        let matching = format!("user_id = $1{alive}{}{unread}", kind.unwrap_or_default());
        // Not EXISTS: for that PostgreSQL may scan the table, in the hope of a row of this user near its start.
        let nearest = |condition: String| {
            let table = T::TABLE;
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
            "SELECT p.position AS head, {newer} AS newer, {older} AS older, i.* FROM user_position p LEFT JOIN \
             (SELECT * FROM {table} WHERE {matching}{range} ORDER BY position {order} LIMIT {limit}) i \
             ON i.user_id = p.user_id WHERE p.user_id = $1 ORDER BY i.position {order}",
            table = T::TABLE,
        );
        let names = ["head", "newer", "older"];
        let joined = self.joined::<T, 3>(replica, epoch, Length::Short, &sql, binds.0, names).await?;
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
        let limit = binds.add(i64::from(limit));
        let after = binds.add(signed(after));
        let alive = self.alive::<T>(&mut binds);
        let sql = format!(
            "SELECT p.position AS head, i.* FROM user_position p LEFT JOIN \
             (SELECT * FROM {table} WHERE user_id = $1 AND position > {after}{alive} ORDER BY position LIMIT {limit}) i \
             ON i.user_id = p.user_id WHERE p.user_id = $1 ORDER BY i.position",
            table = T::TABLE,
        );
        let joined = self.joined::<T, 1>(None, epoch, Length::Short, &sql, binds.0, ["head"]).await?;
        let Joined { numbers: [head], items } = joined.unwrap_or_default();
        Ok(Since { items, head: position(head) })
    }

    /// How many items of `user`'s feed are unread.
    pub async fn unread<T: StoredItem>(&self, user: &UserId) -> Result<u64> {
        let counts = self.counts(user).await?;
        Ok(match T::FEED {
            FeedKind::Activities => counts.activities,
            FeedKind::Notifications => counts.notifications,
        })
    }

    /// The condition that leaves out what has expired; nothing where items do not expire.
    fn alive<T: StoredItem>(&self, binds: &mut Binds) -> Cow<'static, str> {
        if !T::EXPIRES {
            return "".into();
        }
        // With the sign it is no reason to go by the index of what ends next, which would have to be sorted.
        format!(" AND +expires_at > {}", binds.add(self.clock().now().millis())).into()
    }

    /// Reads a user's history joined with items; `None` where the statement has no rows.
    async fn joined<T: StoredItem, const N: usize>(
        &self,
        replica: Option<&Reader>,
        epoch: Epoch,
        length: Length,
        sql: &str,
        values: Vec<Value>,
        names: [&str; N],
    ) -> Result<Option<Joined<T, N>>> {
        let mut is_long = self.0.direct.is_some();
        if let (Some(direct), Length::Short) = (&self.0.direct, length) {
            match direct.read(sql, &values, |rows| collect_direct::<T, N>(rows, names)) {
                Ok(joined) => return joined.map(|joined| joined.decode(epoch)).transpose(),
                Err(failed) => is_long = failed.into_long()?,
            }
        }
        let rows = match is_long {
            true => self.long(sql, values).await?,
            false => self.all_from(replica, sql, values).await?,
        };
        collect_pooled::<T, N>(&rows, names)?.map(|joined| joined.decode(epoch)).transpose()
    }
}

/// How much a statement may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    /// A page by an index, from its start.
    Short,
    /// What it takes.
    Any,
}

/// What the rows of a joined read say: of the user, the same in each, and the items, none where a user has none.
struct Joined<T, const N: usize> {
    numbers: [Option<i64>; N],
    items: Vec<T>,
}

impl<T, const N: usize> Default for Joined<T, N> {
    fn default() -> Self {
        Self { numbers: [None; N], items: Vec::new() }
    }
}

impl<R, const N: usize> Joined<R, N> {
    fn decode<T: StoredItem<Row = R>>(self, epoch: Epoch) -> Result<Joined<T, N>> {
        let items = self.items.into_iter().map(|row| T::decode(row, epoch)).collect::<Result<_>>()?;
        Ok(Joined { numbers: self.numbers, items })
    }
}

fn collect_direct<T: StoredItem, const N: usize>(
    mut rows: rusqlite::Rows<'_>,
    names: [&str; N],
) -> rusqlite::Result<Option<Joined<T::Row, N>>> {
    let mut joined: Option<Joined<T::Row, N>> = None;
    while let Some(row) = rows.next()? {
        let joined = match &mut joined {
            Some(joined) => joined,
            None => {
                let mut numbers = [None; N];
                for (number, name) in numbers.iter_mut().zip(names) {
                    *number = row.get(name)?;
                }
                joined.insert(Joined { numbers, items: Vec::new() })
            }
        };
        if row.get::<_, Option<i64>>("created_at")?.is_some() {
            joined.items.push(T::row(row)?);
        }
    }
    Ok(joined)
}

fn collect_pooled<T: StoredItem, const N: usize>(
    rows: &[QueryResult],
    names: [&str; N],
) -> Result<Option<Joined<T::Row, N>>> {
    let Some(first) = rows.first() else { return Ok(None) };
    let mut joined = Joined::default();
    for (value, name) in joined.numbers.iter_mut().zip(names) {
        *value = number(first, name)?;
    }
    if number(first, "created_at")?.is_some() {
        let items = rows.iter().map(|row| T::Row::from_query_result(row, "")).collect::<Result<_, _>>();
        joined.items = items.map_err(domain_error)?;
    }
    Ok(Some(joined))
}

/// The expressions for a feed's total and unread count, less what has expired. The last bound value is the time.
fn counts<T: StoredItem>(binds: &Binds) -> (String, String) {
    let table = T::TABLE;
    let (total, unread) = (format!("p.{table}_total"), format!("p.{table}_unread"));
    if !T::EXPIRES {
        return (total, unread);
    }
    let expired = |column, condition| expired::taken_off::<T>(binds.0.len(), column, condition);
    (
        format!("{total} - {}", expired("total", "")),
        format!("{unread} - {}", expired("unread", " AND read = FALSE")),
    )
}

fn count(number: Option<i64>) -> u64 {
    number.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

fn position(number: Option<i64>) -> Position {
    unsigned(number.unwrap_or(0))
}
