//! Changing items that exist: read, read all, delete, clear.

use std::marker::PhantomData;

use sea_orm::Value;

use crate::domain::{Change, Error, ItemId, PerFeed, Position, Result, Scope, UserId};

use crate::store::{
    entity::StoredItem,
    expiry,
    handle::Store,
    position::UserPosition,
    row::Table,
    sql::{signed, unsigned},
    write::{Done, Tx, Write},
};

impl Store {
    /// Marks one item read; one that is read already stays as it is.
    ///
    /// # Errors
    /// NOT_FOUND where `scope` holds no such item.
    pub async fn mark_read<T: StoredItem>(&self, scope: Scope, id: ItemId) -> Result<T> {
        let user = self.owner::<T>(scope, id).await?;
        self.write(MarkRead::<T> { user, id, item: PhantomData }).await
    }

    /// Marks every unread item of `user`'s feed; returns how many. As [`Store::clear`].
    pub async fn mark_all_read<T: StoredItem>(&self, user: UserId) -> Result<u64> {
        self.change_all::<T>(user, Action::MarkRead).await
    }

    /// Deletes one item.
    ///
    /// # Errors
    /// NOT_FOUND where `scope` holds no such item.
    pub async fn delete<T: StoredItem>(&self, scope: Scope, id: ItemId) -> Result<()> {
        let user = self.owner::<T>(scope, id).await?;
        self.write(Delete::<T> { user, id, item: PhantomData }).await
    }

    /// Deletes every item of `user`'s feed; returns how many.
    ///
    /// Many are deleted in slices, each a change of its own after which totals and counts are exact; others write between
    /// them. What is created meanwhile stays. It goes on when the caller no longer waits; where it is cut off (a crash, a
    /// shutdown, a database that is gone) what was deleted by then is, and the rest is as it was.
    pub async fn clear<T: StoredItem>(&self, user: UserId) -> Result<u64> {
        self.change_all::<T>(user, Action::Delete).await
    }

    async fn change_all<T: StoredItem>(&self, user: UserId, action: Action) -> Result<u64> {
        let first = ChangeAll::<T> { user, action, span: None, item: PhantomData };
        let Sliced { mut count, left } = self.write(first.clone()).await?;
        let Some(left) = left else { return Ok(count) };
        let (store, mut span) = (self.clone(), Some(left));
        let slices = tokio::spawn(async move {
            while span.is_some() {
                let slice = store.write(ChangeAll { span, ..first.clone() }).await?;
                count += slice.count;
                span = slice.left;
            }
            Ok(count)
        });
        slices.await.map_err(Error::internal)?
    }

    /// Whose item `id` is, within `scope`, as far as it has to be known before the item is changed.
    async fn owner<T: StoredItem>(&self, scope: Scope, id: ItemId) -> Result<UserId> {
        if let Scope::Only(user) = scope {
            return Ok(user);
        }
        let sql = format!("SELECT user_id FROM {} WHERE id = $1", T::table());
        let owner = self.query_one(&sql, [id.to_string().into()], |row| row.get::<String>(0)).await?;
        owner.map(UserId::trusted).ok_or_else(|| Error::not_found(T::NOUN, id))
    }
}

struct MarkRead<T> {
    user: UserId,
    id: ItemId,
    item: PhantomData<T>,
}

impl<T: StoredItem> Write for MarkRead<T> {
    type Output = T;

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    async fn run(&self, tx: Tx<'_>) -> Result<Done<T>> {
        let mut row =
            UserPosition::lock(&tx, &self.user).await?.ok_or_else(|| Error::not_found(T::NOUN, self.id))?;
        let values = vec![self.id.to_string().into(), self.user.as_str().into()];
        let (alive, values) = alive::<T>(&tx, values);
        let item = format!("WHERE id = $1 AND user_id = $2{alive}");
        let sql = format!("UPDATE {} SET read = TRUE {item} AND read = FALSE", T::table());
        let marked = tx.db.execute(&sql, values.clone()).await?;
        let sql = format!("SELECT {} FROM {} {item}", T::Row::sql().list, T::table());
        let found = tx.db.query_one(&sql, values, |row| T::Row::read(&mut row.columns(0))).await?;
        let item = T::from_row(found.ok_or_else(|| Error::not_found(T::NOUN, self.id))?, tx.epoch)?;
        if marked == 0 {
            return Ok(Done::unchanged(item));
        }
        row.remove(T::FEED, 0, 1);
        feed_changed(&tx, row, item).await
    }
}

struct Delete<T> {
    user: UserId,
    id: ItemId,
    item: PhantomData<T>,
}

impl<T: StoredItem> Write for Delete<T> {
    type Output = ();

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    async fn run(&self, tx: Tx<'_>) -> Result<Done<()>> {
        let mut row =
            UserPosition::lock(&tx, &self.user).await?.ok_or_else(|| Error::not_found(T::NOUN, self.id))?;
        let values = vec![self.id.to_string().into(), self.user.as_str().into()];
        let (alive, values) = alive::<T>(&tx, values);
        let sql = format!("DELETE FROM {} WHERE id = $1 AND user_id = $2{alive} RETURNING read", T::table());
        let deleted = tx.db.query_one(&sql, values, |row| row.get::<bool>(0)).await?;
        let read = deleted.ok_or_else(|| Error::not_found(T::NOUN, self.id))?;
        row.remove(T::FEED, 1, i64::from(!read));
        feed_changed(&tx, row, ()).await
    }
}

/// What is done with all items of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    MarkRead,
    Delete,
}

/// Items that the first transaction changes at most, which is made together with those of others.
const FIRST_SLICE_ITEMS: i64 = 100;
/// Items that each later one changes at most: some ms of work.
const SLICE_ITEMS: i64 = 1_000;

/// A slice of a change of all items of a feed.
#[derive(Clone)]
struct ChangeAll<T> {
    user: UserId,
    action: Action,
    /// What is left; none for the first slice.
    span: Option<Span>,
    item: PhantomData<fn() -> T>,
}

/// The positions after one and through another.
#[derive(Clone, Copy, Debug)]
struct Span {
    after: Position,
    through: Position,
}

/// What a slice did.
struct Sliced {
    count: u64,
    left: Option<Span>,
}

impl<T: StoredItem> Write for ChangeAll<T> {
    type Output = Sliced;

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn is_slice(&self) -> bool {
        self.span.is_some()
    }

    async fn run(&self, tx: Tx<'_>) -> Result<Done<Sliced>> {
        let none = Sliced { count: 0, left: None };
        let Some(mut row) = UserPosition::lock(&tx, &self.user).await? else {
            return Ok(Done::unchanged(none));
        };
        let (total, unread) = row.counts(T::FEED);
        let (all, most) = match (self.action, self.span) {
            (Action::MarkRead, None) => (unread, FIRST_SLICE_ITEMS),
            (Action::MarkRead, Some(_)) => (unread, SLICE_ITEMS),
            (Action::Delete, None) => (total, FIRST_SLICE_ITEMS),
            (Action::Delete, Some(_)) => (total, SLICE_ITEMS),
        };
        if all == 0 {
            return Ok(Done::unchanged(none));
        }
        let span = self.span.unwrap_or(Span { after: Position::START, through: row.position() });
        let last = if all <= most { span.through } else { self.last(&tx, span, most).await? };
        let left = (last < span.through).then_some(Span { after: last, ..span });
        let (count, unread) = self.change(&tx, Span { through: last, ..span }).await?;
        if count == 0 {
            return Ok(Done::unchanged(Sliced { count: 0, left }));
        }
        let removed = if self.action == Action::Delete { count } else { 0 };
        row.remove(T::FEED, removed, unread);
        feed_changed(&tx, row, Sliced { count: count as u64, left }).await
    }
}

impl<T: StoredItem> ChangeAll<T> {
    /// Where the first `most` items of `span` end, those that have expired among them.
    async fn last(&self, tx: &Tx<'_>, span: Span, most: i64) -> Result<Position> {
        let unread = if self.action == Action::MarkRead { " AND read = FALSE" } else { "" };
        let sql = format!(
            "SELECT MAX(position), COUNT(*) FROM (SELECT position FROM {} WHERE user_id = $1 \
             AND position > $2 AND position <= $3{unread} ORDER BY position LIMIT $4) slice",
            T::table()
        );
        let mut values = self.values(span);
        values.push(most.into());
        let found =
            tx.db.query_one(&sql, values, |row| Ok((row.get::<Option<i64>>(0)?, row.get::<i64>(1)?))).await?;
        Ok(match found {
            Some((Some(last), count)) if count == most => unsigned(last),
            _ => span.through,
        })
    }

    /// Changes the items of `span`; returns how many, and how many of them were unread.
    async fn change(&self, tx: &Tx<'_>, span: Span) -> Result<(i64, i64)> {
        let (alive, values) = alive::<T>(tx, self.values(span));
        let items = format!("WHERE user_id = $1 AND position > $2 AND position <= $3{alive}");
        if self.action == Action::MarkRead {
            let sql = format!("UPDATE {} SET read = TRUE {items} AND read = FALSE", T::table());
            let marked = tx.db.execute(&sql, values).await? as i64;
            return Ok((marked, marked));
        }
        let unread = format!("SELECT COUNT(*) FROM {} {items} AND read = FALSE", T::table());
        let unread = tx.db.query_one(&unread, values.clone(), |row| row.get::<i64>(0)).await?;
        let deleted = tx.db.execute(&format!("DELETE FROM {} {items}", T::table()), values).await?;
        Ok((deleted as i64, unread.unwrap_or(0)))
    }

    fn values(&self, span: Span) -> Vec<Value> {
        vec![self.user.as_str().into(), signed(span.after).into(), signed(span.through).into()]
    }
}

/// Counts the change as the user's next one, and makes it an event.
async fn feed_changed<T>(tx: &Tx<'_>, mut row: UserPosition, output: T) -> Result<Done<T>> {
    let position = row.advance();
    row.save(tx).await?;
    Ok(Done::changed(output, row.event(tx.epoch, position, PerFeed::default(), Change::FeedChanged)))
}

/// The condition of items that count, with the time added to the bound values where it is needed.
fn alive<T: StoredItem>(tx: &Tx<'_>, mut values: Vec<Value>) -> (String, Vec<Value>) {
    if T::expires() {
        values.push(tx.now.millis().into());
    }
    (expiry::alive::<T>(&format!("${}", values.len())), values)
}
