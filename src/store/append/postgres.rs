//! Batches in PostgreSQL: one statement for the users, one for each feed, whatever the number of rows.
//!
//! The new rows are one parameter, a list in JSON, so a statement is the same text for every batch and stays prepared.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, QueryResult,
    Statement,
};
use serde::Serialize;

use crate::{
    domain::{
        ActionUrl, Activity, Epoch, Error, Event, JsonData, Notification, Result, Text, Timestamp, UserId,
    },
    store::{
        entity::user_position,
        epoch::{Epochs, begin},
        error::domain_error,
        expired::{self, Uncounted},
        position::UserPosition,
        signed, sql,
        write::end,
    },
};

use super::{Append, Growth, Patience, growth, place};

/// With the wait for locked rows, which holds until the end of the transaction; empty for that of the session.
const GROW: &str = "INSERT INTO user_position AS p (user_id, position, activities_total, activities_unread, \
    notifications_total, notifications_unread) \
    SELECT user_id, activities + notifications, activities, activities, notifications, notifications \
    FROM (SELECT set_config('lock_timeout', COALESCE(NULLIF($2, ''), current_setting('lock_timeout')), TRUE)) patience, \
    json_to_recordset($1::json) AS added (user_id text, activities bigint, notifications bigint) \
    ON CONFLICT (user_id) DO UPDATE SET position = p.position + excluded.position, \
    activities_total = p.activities_total + excluded.activities_total, \
    activities_unread = p.activities_unread + excluded.activities_unread, \
    notifications_total = p.notifications_total + excluded.notifications_total, \
    notifications_unread = p.notifications_unread + excluded.notifications_unread RETURNING p.*";
const ACTIVITIES: &str = "INSERT INTO activities \
    (user_id, position, id, type, title, description, data, created_at, read) \
    SELECT *, FALSE FROM json_to_recordset($1::json) AS new (user_id text, position bigint, id text, type text, \
    title text, description text, data text, created_at bigint)";
const NOTIFICATIONS: &str = "INSERT INTO notifications \
    (user_id, position, id, type, title, message, action_url, created_at, expires_at, read) \
    SELECT *, FALSE FROM json_to_recordset($1::json) AS new (user_id text, position bigint, id text, type text, \
    title text, message text, action_url text, created_at bigint, expires_at bigint)";

/// [`Patience::Short`].
const SHORT: &str = "200ms";
/// Of the users in the list those whose rows are there and locked.
const LOCKED: &str = "WITH users AS (SELECT jsonb_array_elements_text($1::jsonb) AS user_id), \
    free AS (SELECT user_id FROM user_position WHERE user_id IN (SELECT user_id FROM users) FOR UPDATE SKIP LOCKED) \
    SELECT user_id FROM user_position WHERE user_id IN (SELECT user_id FROM users) \
    AND user_id NOT IN (SELECT user_id FROM free)";

#[derive(Serialize)]
struct GrowthRow<'a> {
    user_id: &'a str,
    activities: i64,
    notifications: i64,
}

#[derive(Serialize)]
struct ActivityRow<'a> {
    user_id: &'a str,
    position: i64,
    id: String,
    r#type: &'a str,
    title: &'a str,
    description: Option<&'a str>,
    data: Option<&'a str>,
    created_at: i64,
}

#[derive(Serialize)]
struct NotificationRow<'a> {
    user_id: &'a str,
    position: i64,
    id: String,
    r#type: &'a str,
    title: &'a str,
    message: &'a str,
    action_url: Option<&'a str>,
    created_at: i64,
    expires_at: i64,
}

/// As [`super::Appender::commit`].
pub(super) async fn commit(
    connection: &DatabaseConnection,
    batch: &[Append],
    epochs: &Epochs,
    now: Timestamp,
    patience: Patience,
) -> Result<Vec<Arc<Event>>> {
    let (transaction, epoch) = begin(epochs, connection).await?;
    let outcome = insert(&transaction, batch, epoch, now, patience).await;
    end(transaction, outcome).await
}

/// As [`super::Appender::find_locked`].
pub(super) async fn find_locked(
    connection: &DatabaseConnection,
    batch: &[Append],
) -> Result<HashSet<String>> {
    let users: Vec<&UserId> = growth(batch).into_keys().collect();
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, LOCKED, [sql::list(&users)]);
    let rows = connection.query_all_raw(statement).await.map_err(domain_error)?;
    let users = rows.iter().map(|row| row.try_get("", "user_id"));
    users.collect::<Result<_, DbErr>>().map_err(domain_error)
}

async fn insert(
    transaction: &DatabaseTransaction,
    batch: &[Append],
    epoch: Epoch,
    now: Timestamp,
    patience: Patience,
) -> Result<Vec<Arc<Event>>> {
    let growth = growth(batch);
    let users: Vec<(&UserId, Growth)> = growth.iter().map(|(user, growth)| (*user, *growth)).collect();
    let rows = grow(transaction, &users, now, patience).await?;
    let placed = place(batch, growth, rows, epoch, now)?;
    insert_activities(transaction, &placed.activities).await?;
    insert_notifications(transaction, &placed.notifications).await?;
    for item in placed.notifications.iter().filter(|item| expired::may_be_late(item.expires_at, now)) {
        let values = [item.user.as_str().into(), item.expires_at.millis().into()];
        let late = Statement::from_sql_and_values(DbBackend::Postgres, expired::LATE, values);
        transaction.execute_raw(late).await.map_err(domain_error)?;
    }
    Ok(placed.events)
}

/// Adds to the rows of users, in their order, creating those that are missing.
async fn grow(
    transaction: &DatabaseTransaction,
    users: &[(&UserId, Growth)],
    now: Timestamp,
    patience: Patience,
) -> Result<Vec<UserPosition>> {
    let added = users.iter().map(|(user, growth)| GrowthRow {
        user_id: user.as_str(),
        activities: growth.activities,
        notifications: growth.notifications,
    });
    let patience = if patience == Patience::Short { SHORT } else { "" };
    let rows = run(transaction, GROW, added, Some(patience)).await?;
    let rows = rows.iter().map(|row| user_position::Model::from_query_result(row, ""));
    let mut rows: HashMap<String, user_position::Model> = rows
        .map(|row| row.map(|row| (row.user_id.clone(), row)))
        .collect::<Result<_, DbErr>>()
        .map_err(domain_error)?;
    // Most have none, and then there is nothing to ask for.
    let unread = |user: &&UserId| rows.get(user.as_str()).is_some_and(|row| row.notifications_unread > 0);
    let unread: Vec<&UserId> = users.iter().map(|(user, _)| *user).filter(unread).collect();
    let mut expired = match unread.as_slice() {
        [] => HashMap::new(),
        unread => expired_unread(transaction, unread, now).await?,
    };
    let place = |(user, _): &(&UserId, Growth)| {
        let row = rows
            .remove(user.as_str())
            .ok_or_else(|| Error::internal("the database did not return the row of a user it changed"))?;
        let expired_unread = expired.remove(user.as_str()).unwrap_or(0);
        Ok(UserPosition::new(row, (*user).clone(), expired_unread))
    };
    users.iter().map(place).collect()
}

/// How many unread notifications of each user have expired and are not swept yet.
///
/// # Errors
/// [`Uncounted`] where they are more than are counted here.
async fn expired_unread(
    transaction: &DatabaseTransaction,
    users: &[&UserId],
    now: Timestamp,
) -> Result<HashMap<String, i64>> {
    let values = [sql::list(users), now.millis().into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, expired::UNREAD_OF_MANY, values);
    let rows = transaction.query_all_raw(statement).await.map_err(domain_error)?;
    let (mut counts, mut uncounted) = (HashMap::with_capacity(rows.len()), Vec::new());
    for row in &rows {
        let user: String = row.try_get("", "user_id").map_err(domain_error)?;
        let walked: i64 = row.try_get("", "walked").map_err(domain_error)?;
        if walked > expired::MOST {
            uncounted.push(UserId::trusted(user));
        } else {
            counts.insert(user, row.try_get("", "unread").map_err(domain_error)?);
        }
    }
    if uncounted.is_empty() { Ok(counts) } else { Err(Uncounted::error(uncounted)) }
}

async fn insert_activities(transaction: &DatabaseTransaction, items: &[Arc<Activity>]) -> Result<()> {
    let rows = items.iter().map(|item| ActivityRow {
        user_id: item.user.as_str(),
        position: signed(item.cursor.position()),
        id: item.id.to_string(),
        r#type: item.kind.as_str(),
        title: item.title.as_str(),
        description: item.description.as_ref().map(Text::as_str),
        data: item.data.as_ref().map(JsonData::as_str),
        created_at: item.timestamp.millis(),
    });
    run(transaction, ACTIVITIES, rows, None).await.map(drop)
}

async fn insert_notifications(transaction: &DatabaseTransaction, items: &[Arc<Notification>]) -> Result<()> {
    let rows = items.iter().map(|item| NotificationRow {
        user_id: item.user.as_str(),
        position: signed(item.cursor.position()),
        id: item.id.to_string(),
        r#type: item.kind.as_str(),
        title: item.title.as_str(),
        message: item.message.as_str(),
        action_url: item.action_url.as_ref().map(ActionUrl::as_str),
        created_at: item.created_at.millis(),
        expires_at: item.expires_at.millis(),
    });
    run(transaction, NOTIFICATIONS, rows, None).await.map(drop)
}

/// Runs a statement whose parameters are a list of `rows` and a `second`, where it has one; without rows there is nothing
/// to do.
async fn run<T: Serialize>(
    transaction: &DatabaseTransaction,
    sql: &str,
    rows: impl ExactSizeIterator<Item = T>,
    second: Option<&str>,
) -> Result<Vec<QueryResult>> {
    if rows.len() == 0 {
        return Ok(Vec::new());
    }
    let list = serde_json::to_string(&rows.collect::<Vec<_>>()).map_err(Error::internal)?;
    let values = [Some(list.into()), second.map(Into::into)].into_iter().flatten();
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    transaction.query_all_raw(statement).await.map_err(domain_error)
}
