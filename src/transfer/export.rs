//! The database as files, as `mongoexport` writes them: relaxed Extended JSON, a document a line.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::Value;

use crate::{
    domain::{
        ActionUrl, Activity, Analytics, DayEntry, Hours, ItemId, JsonData, Month, Notification, Text,
        Timestamp, Title, UserId,
    },
    store::{Snapshot, StoredItem},
};

use super::{Collection, Problem, ejson};

/// What is written at once.
const BUFFER: usize = 256 * 1024;

/// What an export wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Activities.
    pub activities: u64,
    /// Analytics.
    pub analytics: u64,
    /// Notifications.
    pub notifications: u64,
}

/// Writes everything that the database at `url` holds at one instant into `activities.jsonl`, `analytics.jsonl` and
/// `notifications.jsonl` in `folder`, which is created where it is missing. The files get their names when all three
/// are complete.
///
/// # Errors
/// A file that is there already, where `replace` does not say that it may go; a folder that cannot be written; a
/// database that cannot be read.
pub async fn export(url: &str, folder: &Path, replace: bool, now: Timestamp) -> Result<Exported, Problem> {
    fs::create_dir_all(folder).map_err(|error| Problem::unwritable(folder, &error))?;
    let [mut activities, mut analytics, mut notifications] = [
        Target::new(folder, Collection::Activities, replace)?,
        Target::new(folder, Collection::Analytics, replace)?,
        Target::new(folder, Collection::Notifications, replace)?,
    ];
    let snapshot = Snapshot::open(url, now).await?;
    write_items(&snapshot, &mut activities, activity).await?;
    write_items(&snapshot, &mut notifications, notification).await?;
    let mut after: Option<UserId> = None;
    loop {
        let records = snapshot.analytics_after(after.as_ref()).await?;
        let Some((last, _)) = records.last() else { break };
        after = Some(last.user.clone());
        for (record, days) in &records {
            analytics.write(&Numbers::of(record, days))?;
        }
    }
    snapshot.close().await?;
    let exported = Exported {
        activities: activities.written,
        analytics: analytics.written,
        notifications: notifications.written,
    };
    for target in [&mut activities, &mut analytics, &mut notifications] {
        target.complete()?;
    }
    for target in [activities, analytics, notifications] {
        target.publish()?;
    }
    Ok(exported)
}

/// Writes a feed. An item whose clock was behind that of its predecessor says after which time it belongs, so that an
/// import gives it the same place.
async fn write_items<T: StoredItem, D: Serialize>(
    snapshot: &Snapshot,
    target: &mut Target,
    document: fn(T, &mut Order) -> D,
) -> Result<(), Problem> {
    let (mut order, mut after) = (Order::default(), None);
    loop {
        let (items, end) = snapshot.items_after::<T>(after).await?;
        if end.is_none() {
            return Ok(());
        }
        after = end;
        for item in items {
            target.write(&document(item, &mut order))?;
        }
    }
}

/// The newest time so far in a user's feed.
#[derive(Default)]
struct Order(Option<(UserId, Timestamp)>);

impl Order {
    /// The time by which an item keeps its place, where that is not its own.
    fn of(&mut self, user: &UserId, time: Timestamp) -> Option<Date> {
        match &mut self.0 {
            Some((last, newest)) if last == user => {
                *newest = time.max(*newest);
                (*newest > time).then_some(Date::new(*newest))
            }
            last => {
                *last = Some((user.clone(), time));
                None
            }
        }
    }
}

#[derive(Serialize)]
struct ObjectId {
    #[serde(rename = "$oid")]
    id: ItemId,
}

#[derive(Serialize)]
struct Date {
    #[serde(rename = "$date")]
    time: Timestamp,
}

impl Date {
    fn new(time: Timestamp) -> Self {
        Self { time }
    }
}

fn activity(item: Activity, order: &mut Order) -> impl Serialize + use<> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        #[serde(rename = "_id")]
        id: ObjectId,
        user_id: UserId,
        r#type: &'static str,
        title: Title,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<Text>,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<JsonData>,
        #[serde(skip_serializing_if = "Option::is_none")]
        data_json: Option<String>,
        timestamp: Date,
        read: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        ordered_at: Option<Date>,
    }
    let ordered_at = order.of(&item.user, item.timestamp);
    // Data that would be taken for Extended JSON is written as a text.
    let (data, data_json) = match item.data {
        Some(data) if !is_plain(data.as_str()) => (None, Some(data.as_str().to_owned())),
        data => (data, None),
    };
    Document {
        id: ObjectId { id: item.id },
        user_id: item.user,
        r#type: item.kind.as_str(),
        title: item.title,
        description: item.description,
        data,
        data_json,
        timestamp: Date::new(item.timestamp),
        read: item.read,
        ordered_at,
    }
}

/// Whether an import would read the value of this text as it is.
fn is_plain(text: &str) -> bool {
    if !text.contains("\"$") {
        return true;
    }
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    ejson::plain("data", value.clone()).is_ok_and(|plain| plain == value)
}

fn notification(item: Notification, order: &mut Order) -> impl Serialize + use<> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        #[serde(rename = "_id")]
        id: ObjectId,
        user_id: UserId,
        r#type: &'static str,
        title: Title,
        message: Text,
        read: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        action_url: Option<ActionUrl>,
        created_at: Date,
        expires_at: Date,
        #[serde(skip_serializing_if = "Option::is_none")]
        ordered_at: Option<Date>,
    }
    Document {
        id: ObjectId { id: item.id },
        ordered_at: order.of(&item.user, item.created_at),
        user_id: item.user,
        r#type: item.kind.as_str(),
        title: item.title,
        message: item.message,
        read: item.read,
        action_url: item.action_url,
        created_at: Date::new(item.created_at),
        expires_at: Date::new(item.expires_at),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Numbers<'a> {
    user_id: &'a UserId,
    total_learning_hours: Value,
    current_streak: i32,
    longest_streak: i32,
    logs_created: i32,
    goals_completed: i32,
    skills_added: i32,
    weekly_data: Vec<DayDocument>,
    monthly_data: Vec<MonthDocument>,
    updated_at: Date,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DayDocument {
    date: Date,
    hours_logged: Hours,
    logs_count: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MonthDocument {
    month: Month,
    hours_logged: Value,
    logs_count: i32,
}

impl<'a> Numbers<'a> {
    fn of(record: &'a Analytics, days: &[DayEntry]) -> Self {
        Self {
            user_id: &record.user,
            total_learning_hours: ejson::of_total(record.total_learning_hours),
            current_streak: record.current_streak.get(),
            longest_streak: record.longest_streak.get(),
            logs_created: record.logs_created.get(),
            goals_completed: record.goals_completed.get(),
            skills_added: record.skills_added.get(),
            weekly_data: days
                .iter()
                .map(|day| DayDocument {
                    date: Date::new(day.date.start()),
                    hours_logged: day.hours,
                    logs_count: day.logs.get(),
                })
                .collect(),
            monthly_data: record
                .monthly
                .iter()
                .map(|month| MonthDocument {
                    month: month.month,
                    hours_logged: ejson::of_total(month.hours),
                    logs_count: month.logs.get(),
                })
                .collect(),
            updated_at: Date::new(record.updated_at),
        }
    }
}

/// A file that is being written under another name.
struct Target {
    path: PathBuf,
    under_way: PathBuf,
    output: BufWriter<File>,
    written: u64,
}

impl Target {
    fn new(folder: &Path, collection: Collection, replace: bool) -> Result<Self, Problem> {
        let path = folder.join(format!("{}.jsonl", collection.as_str()));
        if path.exists() && !replace {
            let problem = "is there already; --force replaces it".to_owned();
            return Err(Problem::File { file: path, problem });
        }
        let under_way = folder.join(format!(".{}.jsonl.{}", collection.as_str(), std::process::id()));
        let file = File::create(&under_way).map_err(|error| Problem::unwritable(&under_way, &error))?;
        Ok(Self { path, under_way, output: BufWriter::with_capacity(BUFFER, file), written: 0 })
    }

    fn write(&mut self, document: &impl Serialize) -> Result<(), Problem> {
        self.written += 1;
        let line = serde_json::to_writer(&mut self.output, document).map_err(io::Error::from);
        line.and_then(|()| self.output.write_all(b"\n"))
            .map_err(|error| Problem::unwritable(&self.path, &error))
    }

    /// Makes what was written durable.
    fn complete(&mut self) -> Result<(), Problem> {
        let synced = self.output.flush().and_then(|()| self.output.get_ref().sync_all());
        synced.map_err(|error| Problem::unwritable(&self.path, &error))
    }

    fn publish(self) -> Result<(), Problem> {
        fs::rename(&self.under_way, &self.path).map_err(|error| Problem::unwritable(&self.path, &error))
    }
}

/// A file that was not completed is taken away; one that has its name is not found here any more.
impl Drop for Target {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.under_way);
    }
}
