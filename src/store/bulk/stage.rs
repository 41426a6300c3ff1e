//! Records on their way: rows of temporary tables.

use crate::domain::{Activity, Analytics, DayEntry, Notification, Result, Timestamp};

use crate::store::analytics::encode_lists;

use super::{
    Record,
    session::{Cell, Session},
};

/// What `feed` says of a staged item.
pub(super) const ACTIVITY: i64 = 0;
/// What `feed` says of a staged item.
pub(super) const NOTIFICATION: i64 = 1;

/// `seq` is the order of arrival. `body` is a description or message, `extra` the data or the address.
const TABLES: [&str; 3] = [
    "CREATE TEMPORARY TABLE staged_items (
        seq {SEQ}, feed BIGINT NOT NULL, user_id {KEY} NOT NULL, id {KEY} NOT NULL, type TEXT NOT NULL,
        title TEXT NOT NULL, body TEXT, extra TEXT, created_at BIGINT NOT NULL, ordered_at BIGINT NOT NULL,
        expires_at BIGINT, read BIGINT NOT NULL)",
    "CREATE TEMPORARY TABLE staged_analytics (
        seq {SEQ}, user_id {KEY} NOT NULL, total_hours BIGINT NOT NULL, current_streak BIGINT NOT NULL,
        longest_streak BIGINT NOT NULL, logs_created BIGINT NOT NULL, goals_completed BIGINT NOT NULL,
        skills_added BIGINT NOT NULL, weekly TEXT NOT NULL, monthly TEXT NOT NULL, updated_at BIGINT NOT NULL)",
    "CREATE TEMPORARY TABLE staged_days (
        seq BIGINT NOT NULL, date TEXT NOT NULL, hours BIGINT NOT NULL, logs BIGINT NOT NULL)",
];

impl Session {
    /// Creates the tables, empty.
    pub(super) async fn create_staging(&mut self) -> Result<()> {
        for table in TABLES {
            let sql = self.words(table);
            self.execute(&sql).await?;
        }
        Ok(())
    }

    /// Stages `records`, the first of which is the `first` to arrive.
    pub(super) async fn stage(&mut self, first: i64, records: Vec<Record>) -> Result<()> {
        let (mut items, mut analytics, mut days) = (Vec::new(), Vec::new(), Vec::new());
        for (seq, record) in (first..).zip(records) {
            match record {
                Record::Activity { item, ordered_at } => items.push(activity(seq, item, ordered_at)),
                Record::Notification { item, ordered_at } => items.push(notification(seq, item, ordered_at)),
                Record::Analytics { record, days: own } => {
                    analytics.push(numbers(seq, &record));
                    days.extend(own.iter().map(|entry| day(seq, entry)));
                }
            }
        }
        self.insert("staged_items", items).await?;
        self.insert("staged_analytics", analytics).await?;
        self.insert("staged_days", days).await
    }
}

fn activity(seq: i64, item: Activity, ordered_at: Timestamp) -> Vec<Cell> {
    vec![
        Cell::Int(seq),
        Cell::Int(ACTIVITY),
        text(item.user.as_str()),
        Cell::Text(item.id.to_string()),
        text(item.kind.as_str()),
        text(item.title.as_str()),
        item.description.as_ref().map_or(Cell::Null, |description| text(description.as_str())),
        item.data.as_ref().map_or(Cell::Null, |data| text(data.as_str())),
        Cell::Int(item.timestamp.millis()),
        Cell::Int(ordered_at.millis()),
        Cell::Null,
        Cell::Int(item.read.into()),
    ]
}

fn notification(seq: i64, item: Notification, ordered_at: Timestamp) -> Vec<Cell> {
    vec![
        Cell::Int(seq),
        Cell::Int(NOTIFICATION),
        text(item.user.as_str()),
        Cell::Text(item.id.to_string()),
        text(item.kind.as_str()),
        text(item.title.as_str()),
        text(item.message.as_str()),
        item.action_url.as_ref().map_or(Cell::Null, |url| text(url.as_str())),
        Cell::Int(item.created_at.millis()),
        Cell::Int(ordered_at.millis()),
        Cell::Int(item.expires_at.millis()),
        Cell::Int(item.read.into()),
    ]
}

fn numbers(seq: i64, record: &Analytics) -> Vec<Cell> {
    let [weekly, monthly] = encode_lists(record);
    let counters = [
        record.current_streak,
        record.longest_streak,
        record.logs_created,
        record.goals_completed,
        record.skills_added,
    ];
    let mut row =
        vec![Cell::Int(seq), text(record.user.as_str()), Cell::Int(record.total_learning_hours.nanos())];
    row.extend(counters.map(|counter| Cell::Int(counter.get().into())));
    row.extend([Cell::Text(weekly), Cell::Text(monthly), Cell::Int(record.updated_at.millis())]);
    row
}

fn day(seq: i64, entry: &DayEntry) -> Vec<Cell> {
    vec![
        Cell::Int(seq),
        Cell::Text(entry.date.to_string()),
        Cell::Int(entry.hours.nanos()),
        Cell::Int(entry.logs.get().into()),
    ]
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}
