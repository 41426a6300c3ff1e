//! Changing items that exist: read, read all, delete, clear.

use std::marker::PhantomData;

use sea_orm::{ConnectionTrait, Statement, Value};

use crate::domain::{Change, Error, ItemId, Result, Scope, UserId};

use crate::store::{
    Store, StoredItem,
    error::domain_error,
    items::decode_row,
    position::UserPosition,
    write::{Done, Tx, Write},
};

impl Store {
    /// Marks one item read; one that is read already stays as it is.
    ///
    /// # Errors
    /// NOT_FOUND where `scope` holds no such item.
    pub async fn mark_read<T: StoredItem>(&self, scope: Scope, id: ItemId) -> Result<T> {
        self.write(MarkRead::<T> { scope, id, item: PhantomData }).await
    }

    /// Marks every unread item of `user`'s feed; returns how many.
    pub async fn mark_all_read<T: StoredItem>(&self, user: UserId) -> Result<u64> {
        self.write(MarkAllRead::<T> { user, item: PhantomData }).await
    }

    /// Deletes one item.
    ///
    /// # Errors
    /// NOT_FOUND where `scope` holds no such item.
    pub async fn delete<T: StoredItem>(&self, scope: Scope, id: ItemId) -> Result<()> {
        self.write(Delete::<T> { scope, id, item: PhantomData }).await
    }

    /// Deletes every item of `user`'s feed; returns how many.
    pub async fn clear<T: StoredItem>(&self, user: UserId) -> Result<u64> {
        self.write(Clear::<T> { user, item: PhantomData }).await
    }
}

struct MarkRead<T> {
    scope: Scope,
    id: ItemId,
    item: PhantomData<T>,
}

impl<T: StoredItem> Write for MarkRead<T> {
    type Output = T;

    async fn run(&self, tx: Tx<'_>) -> Result<Done<T>> {
        let mut row = lock_owner::<T>(&tx, &self.scope, self.id).await?;
        let (alive, mut values) = alive::<T>(&tx, vec![self.id.to_string().into()]);
        let sql = format!("UPDATE {} SET read = TRUE WHERE id = $1 AND read = FALSE{alive}", T::TABLE);
        let marked = execute(&tx, &sql, values.clone()).await?;
        let sql = format!("SELECT * FROM {} WHERE id = $1{alive}", T::TABLE);
        let found = query_one(&tx, &sql, std::mem::take(&mut values)).await?;
        let item = decode_row(&found.ok_or_else(|| Error::not_found(T::NOUN, self.id))?, tx.epoch)?;
        if marked == 0 {
            return Ok(Done::unchanged(item));
        }
        row.remove(T::FEED, 0, 1);
        feed_changed(&tx, row, item).await
    }
}

struct MarkAllRead<T> {
    user: UserId,
    item: PhantomData<T>,
}

impl<T: StoredItem> Write for MarkAllRead<T> {
    type Output = u64;

    async fn run(&self, tx: Tx<'_>) -> Result<Done<u64>> {
        let Some(mut row) = UserPosition::lock(&tx, &self.user).await? else {
            return Ok(Done::unchanged(0));
        };
        let (alive, values) = alive::<T>(&tx, vec![self.user.as_str().into()]);
        let sql = format!("UPDATE {} SET read = TRUE WHERE user_id = $1 AND read = FALSE{alive}", T::TABLE);
        let marked = execute(&tx, &sql, values).await?;
        if marked == 0 {
            return Ok(Done::unchanged(0));
        }
        row.remove(T::FEED, 0, marked as i64);
        feed_changed(&tx, row, marked).await
    }
}

struct Delete<T> {
    scope: Scope,
    id: ItemId,
    item: PhantomData<T>,
}

impl<T: StoredItem> Write for Delete<T> {
    type Output = ();

    async fn run(&self, tx: Tx<'_>) -> Result<Done<()>> {
        let mut row = lock_owner::<T>(&tx, &self.scope, self.id).await?;
        let (alive, values) = alive::<T>(&tx, vec![self.id.to_string().into()]);
        let sql = format!("DELETE FROM {} WHERE id = $1{alive} RETURNING read", T::TABLE);
        let deleted =
            query_one(&tx, &sql, values).await?.ok_or_else(|| Error::not_found(T::NOUN, self.id))?;
        let read: bool = deleted.try_get("", "read").map_err(domain_error)?;
        row.remove(T::FEED, 1, i64::from(!read));
        feed_changed(&tx, row, ()).await
    }
}

struct Clear<T> {
    user: UserId,
    item: PhantomData<T>,
}

impl<T: StoredItem> Write for Clear<T> {
    type Output = u64;

    async fn run(&self, tx: Tx<'_>) -> Result<Done<u64>> {
        let Some(mut row) = UserPosition::lock(&tx, &self.user).await? else {
            return Ok(Done::unchanged(0));
        };
        let (alive, values) = alive::<T>(&tx, vec![self.user.as_str().into()]);
        let of_user = format!("FROM {} WHERE user_id = $1{alive}", T::TABLE);
        let unread = format!("SELECT COUNT(*) AS count {of_user} AND read = FALSE");
        let unread = query_one(&tx, &unread, values.clone()).await?;
        let unread = unread.map_or(Ok(0), |row| row.try_get::<i64>("", "count")).map_err(domain_error)?;
        let deleted = execute(&tx, &format!("DELETE {of_user}"), values).await?;
        if deleted == 0 {
            return Ok(Done::unchanged(0));
        }
        row.remove(T::FEED, deleted as i64, unread);
        feed_changed(&tx, row, deleted).await
    }
}

/// Finds whose item `id` is, within `scope`, and locks that user's row.
async fn lock_owner<T: StoredItem>(tx: &Tx<'_>, scope: &Scope, id: ItemId) -> Result<UserPosition> {
    let missing = || Error::not_found(T::NOUN, id);
    let sql = format!("SELECT user_id FROM {} WHERE id = $1", T::TABLE);
    let found = query_one(tx, &sql, vec![id.to_string().into()]).await?.ok_or_else(missing)?;
    let owner = UserId::trusted(found.try_get::<String>("", "user_id").map_err(domain_error)?);
    if matches!(scope, Scope::Only(user) if *user != owner) {
        return Err(missing());
    }
    UserPosition::lock(tx, &owner).await?.ok_or_else(missing)
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
