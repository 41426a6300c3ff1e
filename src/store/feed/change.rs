//! Changing items that exist: read, read all, delete, clear.

use std::marker::PhantomData;

use sea_orm::{ConnectionTrait, Statement, Value};

use crate::domain::{Change, Error, ItemId, Position, Result, Scope, UserId};

use crate::store::{
    Store, StoredItem,
    error::domain_error,
    items::{decode_row, number},
    position::UserPosition,
    signed, unsigned,
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
        let sql = format!("SELECT user_id FROM {} WHERE id = $1", T::TABLE);
        let owner = self.text(&sql, [id.to_string().into()]).await?;
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
        let (alive, mut values) = alive::<T>(&tx, values);
        let item = format!("WHERE id = $1 AND user_id = $2{alive}");
        let sql = format!("UPDATE {} SET read = TRUE {item} AND read = FALSE", T::TABLE);
        let marked = execute(&tx, &sql, values.clone()).await?;
        let sql = format!("SELECT * FROM {} {item}", T::TABLE);
        let found = query_one(&tx, &sql, std::mem::take(&mut values)).await?;
        let item = decode_row(&found.ok_or_else(|| Error::not_found(T::NOUN, self.id))?, tx.epoch)?;
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
        let sql = format!("DELETE FROM {} WHERE id = $1 AND user_id = $2{alive} RETURNING read", T::TABLE);
        let deleted =
            query_one(&tx, &sql, values).await?.ok_or_else(|| Error::not_found(T::NOUN, self.id))?;
        let read: bool = deleted.try_get("", "read").map_err(domain_error)?;
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
const FIRST_SLICE: i64 = 100;
/// Items that each later one changes at most: some ms of work.
const SLICE: i64 = 1_000;

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
            (Action::MarkRead, None) => (unread, FIRST_SLICE),
            (Action::MarkRead, Some(_)) => (unread, SLICE),
            (Action::Delete, None) => (total, FIRST_SLICE),
            (Action::Delete, Some(_)) => (total, SLICE),
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
            "SELECT MAX(position) AS last, COUNT(*) AS count FROM (SELECT position FROM {} WHERE user_id = $1 \
             AND position > $2 AND position <= $3{unread} ORDER BY position LIMIT $4) slice",
            T::TABLE
        );
        let mut values = self.values(span);
        values.push(most.into());
        let found = query_one(tx, &sql, values).await?;
        let Some(row) = found.filter(|row| row.try_get::<i64>("", "count").is_ok_and(|count| count == most))
        else {
            return Ok(span.through);
        };
        Ok(number(&row, "last")?.map_or(span.through, unsigned))
    }

    /// Changes the items of `span`; returns how many, and how many of them were unread.
    async fn change(&self, tx: &Tx<'_>, span: Span) -> Result<(i64, i64)> {
        let (alive, values) = alive::<T>(tx, self.values(span));
        let items = format!("WHERE user_id = $1 AND position > $2 AND position <= $3{alive}");
        if self.action == Action::MarkRead {
            let sql = format!("UPDATE {} SET read = TRUE {items} AND read = FALSE", T::TABLE);
            let marked = execute(tx, &sql, values).await? as i64;
            return Ok((marked, marked));
        }
        let unread = format!("SELECT COUNT(*) AS count FROM {} {items} AND read = FALSE", T::TABLE);
        let unread = query_one(tx, &unread, values.clone()).await?;
        let unread = unread.map_or(Ok(0), |row| row.try_get::<i64>("", "count")).map_err(domain_error)?;
        let deleted = execute(tx, &format!("DELETE FROM {} {items}", T::TABLE), values).await?;
        Ok((deleted as i64, unread))
    }

    fn values(&self, span: Span) -> Vec<Value> {
        vec![self.user.as_str().into(), signed(span.after).into(), signed(span.through).into()]
    }
}

/// Counts the change as the user's next one, and makes it an event.
async fn feed_changed<T>(tx: &Tx<'_>, mut row: UserPosition, output: T) -> Result<Done<T>> {
    let position = row.advance();
    row.save(tx).await?;
    Ok(Done::changed(output, row.event(tx.epoch, position, (0, 0), Change::FeedChanged)))
}

/// The condition that leaves out what has expired, with its value added to those that are bound already.
fn alive<T: StoredItem>(tx: &Tx<'_>, mut values: Vec<Value>) -> (String, Vec<Value>) {
    if !T::EXPIRES {
        return (String::new(), values);
    }
    values.push(tx.now.millis().into());
    (format!(" AND expires_at > ${}", values.len()), values)
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64> {
    let statement = Statement::from_sql_and_values(tx.connection.get_database_backend(), sql, values);
    Ok(tx.connection.execute_raw(statement).await.map_err(domain_error)?.rows_affected())
}

async fn query_one(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<Option<sea_orm::QueryResult>> {
    let statement = Statement::from_sql_and_values(tx.connection.get_database_backend(), sql, values);
    tx.connection.query_one_raw(statement).await.map_err(domain_error)
}
