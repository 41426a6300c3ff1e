//! One document of a collection, as Mongoose stored it or an export of Pulse wrote it, as domain types.
//!
//! What it holds is checked by the parsers that check what clients send. Fields that Pulse has no place for (`__v`,
//! `createdAt` and `updatedAt` of Mongoose, ...) are left aside; `null` is as good as absent.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{
    domain::{
        ActionUrl, Activity, ActivityType, Analytics, Counter, Cursor, History, Hours, Item, ItemId, Month,
        MonthEntry, NewNotification, Notification, NotificationType, Result, Text, Timestamp, Title,
        WeeklyEntry,
    },
    store::Record,
};

use super::{Collection, ejson, fields::Fields};

/// Only analytics have these.
const OF_ANALYTICS: &[&str] = &[
    "totalLearningHours",
    "currentStreak",
    "longestStreak",
    "logsCreated",
    "goalsCompleted",
    "skillsAdded",
    "weeklyData",
    "monthlyData",
];
/// Only notifications have these.
const OF_NOTIFICATIONS: &[&str] = &["message", "actionUrl", "expiresAt"];
/// Only activities have these.
const OF_ACTIVITIES: &[&str] = &["description", "data", "dataJson", "timestamp"];

/// What documents are measured by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// The collection that all are taken to be of; else it is told by their fields.
    pub(super) collection: Option<Collection>,
    /// What has expired by then does not come along.
    pub(super) now: Timestamp,
    /// The cursor of what has no position yet.
    pub(super) cursor: Cursor,
}

/// A document that fits.
#[derive(Debug)]
pub(super) enum Document {
    Record(Record),
    /// A notification that is gone already.
    Expired,
}

/// A document that does not fit.
#[derive(Debug)]
pub(super) struct Unfit {
    /// The collection, where it could be told.
    pub(super) collection: Option<Collection>,
    /// On which of its lines it is broken, from 0.
    pub(super) line: u64,
    /// What is wrong.
    pub(super) sentence: String,
}

/// Reads one document.
pub(super) fn read(bytes: &[u8], terms: &Terms) -> Result<(Collection, Document), Unfit> {
    let unfit = |sentence| Unfit { collection: terms.collection, line: 0, sentence };
    let value = serde_json::from_slice(bytes).map_err(|error| Unfit {
        line: (error.line() as u64).saturating_sub(1),
        ..unfit(not_json(&error))
    })?;
    let Value::Object(fields) = value else {
        return Err(unfit("A document must be a JSON object.".to_owned()));
    };
    let collection = terms.collection.or_else(|| detect(&fields)).ok_or_else(|| {
        unfit(
            "The document is of none of the three collections by its fields. --collection says which.".into(),
        )
    })?;
    let fields = Fields::new(fields);
    let document = match collection {
        Collection::Activities => activity(fields, terms).map(Document::Record),
        Collection::Analytics => analytics(fields, terms).map(Document::Record),
        Collection::Notifications => notification(fields, terms),
    };
    match document {
        Ok(document) => Ok((collection, document)),
        Err(error) => Err(Unfit { collection: Some(collection), line: 0, sentence: error.to_string() }),
    }
}

fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    format!("The document is not JSON: {what} at column {}.", error.column())
}

/// Tells the collection by its fields; by the word of `type` where nothing else is there.
fn detect(fields: &Map<String, Value>) -> Option<Collection> {
    let any = |names: &[&str]| names.iter().any(|name| fields.contains_key(*name));
    let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default();
    if any(OF_ANALYTICS) {
        Some(Collection::Analytics)
    } else if any(OF_NOTIFICATIONS) || NotificationType::parse("type", kind).is_ok() {
        Some(Collection::Notifications)
    } else if any(OF_ACTIVITIES) || ActivityType::parse("type", kind).is_ok() {
        Some(Collection::Activities)
    } else {
        None
    }
}

fn activity(mut fields: Fields, terms: &Terms) -> Result<Record> {
    let id = fields.id()?;
    let user = fields.user()?;
    let kind = ActivityType::parse("type", &fields.text("type")?)?;
    let title = Title::parse("title", fields.text("title")?)?;
    let description = fields.optional_text("description")?;
    let timestamp = fields.optional_time("timestamp")?.unwrap_or(id.time());
    let item = Activity {
        id,
        user,
        kind,
        title,
        description: description.map(|text| Text::parse("description", text)).transpose()?,
        data: fields.data()?,
        timestamp,
        read: fields.flag("read")?,
        cursor: terms.cursor,
    };
    let ordered_at = fields.optional_time("orderedAt")?.unwrap_or(timestamp);
    Ok(Record::Item { item: Item::Activity(Arc::new(item)), ordered_at })
}

fn notification(mut fields: Fields, terms: &Terms) -> Result<Document> {
    let id = fields.id()?;
    let user = fields.user()?;
    let kind = NotificationType::parse("type", &fields.text("type")?)?;
    let title = Title::parse("title", fields.text("title")?)?;
    let message = Text::parse("message", fields.text("message")?)?;
    let action_url = fields.optional_text("actionUrl")?;
    let created_at = fields.optional_time("createdAt")?.unwrap_or(id.time());
    let expires_at = fields.optional_time("expiresAt")?;
    let item = Notification {
        id,
        user,
        kind,
        title,
        message,
        read: fields.flag("read")?,
        action_url: action_url.map(|text| ActionUrl::parse("actionUrl", text)).transpose()?,
        created_at,
        expires_at: expires_at.unwrap_or(created_at.plus_days(NewNotification::LIFETIME_DAYS)),
        cursor: terms.cursor,
    };
    let ordered_at = fields.optional_time("orderedAt")?.unwrap_or(created_at);
    if item.has_expired(terms.now) {
        return Ok(Document::Expired);
    }
    Ok(Document::Record(Record::Item { item: Item::Notification(Arc::new(item)), ordered_at }))
}

fn analytics(mut fields: Fields, terms: &Terms) -> Result<Record> {
    let user = fields.user()?;
    let made = fields.value("_id").and_then(|id| ItemId::parse("_id", ejson::object_id(&id)?).ok());
    let updated_at = fields.optional_time("updatedAt")?.or(made.map(ItemId::time)).unwrap_or(terms.now);
    let mut record = Analytics::empty(user, updated_at, terms.cursor);
    record.total_learning_hours = fields.total("totalLearningHours")?;
    record.current_streak = fields.counter("currentStreak")?;
    record.longest_streak = fields.counter("longestStreak")?.max(record.current_streak);
    record.logs_created = fields.counter("logsCreated")?;
    record.goals_completed = fields.counter("goalsCompleted")?;
    record.skills_added = fields.counter("skillsAdded")?;
    let mut history = History::default();
    fields.each("weeklyData", |entry| history.add_day(weekly(entry)?))?;
    fields.each("monthlyData", |entry| history.add_month(monthly(entry)?))?;
    let days = history.show_in(&mut record)?;
    Ok(Record::Analytics { record: record.into(), days })
}

fn weekly(mut entry: Fields) -> Result<WeeklyEntry> {
    let date = ejson::day("date", &entry.needed("date")?)?;
    let hours = entry.value("hoursLogged").map(|hours| ejson::float("hoursLogged", &hours)).transpose()?;
    let logs = entry.value("logsCount").map(|logs| ejson::whole("logsCount", &logs)).transpose()?;
    Ok(WeeklyEntry {
        date,
        hours: Hours::parse_of_day("hoursLogged", hours.unwrap_or(0.0))?,
        logs: Counter::parse("logsCount", logs.unwrap_or(0))?,
    })
}

fn monthly(mut entry: Fields) -> Result<MonthEntry> {
    let month = Month::parse("month", &entry.text("month")?)?;
    Ok(MonthEntry { month, hours: entry.total("hoursLogged")?, logs: entry.counter("logsCount")? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Epoch, Item, Position};

    const ID: &str = "65a0b1c2000000000000000a";

    fn terms() -> Terms {
        let now = Timestamp::parse("now", "2026-06-01T00:00:00Z").unwrap();
        Terms { collection: None, now, cursor: Epoch::generate().at(Position::START) }
    }

    fn read_one(document: &Value) -> Result<(Collection, Document), Unfit> {
        read(document.to_string().as_bytes(), &terms())
    }

    /// Whatever the case: a sentence begins with a capital letter.
    fn starts_with(sentence: &str, start: &str) -> bool {
        sentence.to_lowercase().starts_with(&start.to_lowercase())
    }

    fn with(mut document: Value, field: &str, value: Value) -> Value {
        document[field] = value;
        document
    }

    fn smallest_activity() -> Value {
        json!({"_id": {"$oid": ID}, "userId": "ada", "type": "login", "title": "t", "__v": 0})
    }

    fn smallest_notification() -> Value {
        json!({"_id": ID, "userId": "ada", "type": "system", "title": "t", "message": "m",
               "createdAt": {"$date": "2026-05-30T00:00:00Z"}})
    }

    #[test]
    fn collections_are_told_apart_by_their_fields() {
        for (document, expected) in [
            (smallest_activity(), Collection::Activities),
            (json!({"_id": ID, "timestamp": 1, "type": "dancing"}), Collection::Activities),
            (smallest_notification(), Collection::Notifications),
            (json!({"type": "achievement", "title": "t"}), Collection::Notifications),
            (json!({"userId": "ada", "weeklyData": []}), Collection::Analytics),
        ] {
            let told = detect(document.as_object().unwrap());
            assert_eq!(told, Some(expected), "{document}");
        }
        let unfit = read_one(&json!({"_id": ID, "email": "ada@example.org"})).unwrap_err();
        assert!(unfit.collection.is_none() && unfit.sentence.contains("--collection"), "{unfit:?}");
    }

    #[test]
    fn what_is_absent_has_a_default() {
        let (_, Document::Record(Record::Item { item: Item::Activity(item), ordered_at })) =
            read_one(&smallest_activity()).unwrap()
        else {
            panic!("no activity")
        };
        assert_eq!((item.timestamp, item.timestamp, item.read), (item.id.time(), ordered_at, false));
        let (_, Document::Record(Record::Item { item: Item::Notification(item), .. })) =
            read_one(&smallest_notification()).unwrap()
        else {
            panic!("no notification")
        };
        assert_eq!(item.expires_at, item.created_at.plus_days(30));
    }

    #[test]
    fn what_has_expired_is_told() {
        let old = with(smallest_notification(), "createdAt", json!("2026-04-30T00:00:00Z"));
        assert!(matches!(read_one(&old), Ok((Collection::Notifications, Document::Expired))));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_field() {
        for (field, value) in [
            ("_id", json!({"$oid": "65a0"})),
            ("_id", json!(5)),
            ("_id", json!(null)),
            ("userId", json!("")),
            ("userId", json!(7)),
            ("type", json!("dancing")),
            ("title", json!("")),
            ("title", json!("é".repeat(201))),
            ("description", json!("é".repeat(2_001))),
            ("description", json!(1)),
            ("data", json!({"$numberDouble": "NaN"})),
            ("data", json!("x".repeat(16 * 1024))),
            ("dataJson", json!("{")),
            ("timestamp", json!({"$date": "never"})),
            ("orderedAt", json!("never")),
            ("read", json!("yes")),
        ] {
            let whole = with(smallest_activity(), "timestamp", json!("2026-01-01T00:00:00Z"));
            let unfit = read_one(&with(whole, field, value.clone())).unwrap_err();
            assert!(starts_with(&unfit.sentence, field), "{field} {value}: {}", unfit.sentence);
        }
        for (field, value) in [
            ("message", json!(null)),
            ("message", json!("\u{0}")),
            ("actionUrl", json!("javascript:alert(1)")),
            ("expiresAt", json!(true)),
        ] {
            let unfit = read_one(&with(smallest_notification(), field, value.clone())).unwrap_err();
            assert!(starts_with(&unfit.sentence, field), "{field} {value}: {}", unfit.sentence);
        }
        let day = json!({"date": {"$date": "2026-01-31T00:00:00Z"}, "hoursLogged": 13, "logsCount": 1});
        for (field, value, named) in [
            ("totalLearningHours", json!(-1), "totalLearningHours must be from 0"),
            ("currentStreak", json!(1.5), "currentStreak must be a whole number"),
            ("logsCreated", json!({"$numberLong": "9999999999"}), "logsCreated must be a whole number"),
            ("weeklyData", json!({}), "weeklyData must be a list."),
            ("weeklyData", json!([day, day]), "weeklyData[1]: hoursLogged"),
            ("weeklyData", json!([{"date": "soon"}]), "weeklyData[0]: date"),
            ("weeklyData", json!([5]), "weeklyData[0]"),
            ("monthlyData", json!([{"month": "January"}]), "monthlyData[0]: month"),
            ("monthlyData", json!([{"month": "2026-01", "hoursLogged": -1}]), "monthlyData[0]: hoursLogged"),
        ] {
            let unfit = read_one(&with(json!({"userId": "ada"}), field, value)).unwrap_err();
            assert!(starts_with(&unfit.sentence, named), "{named}: {}", unfit.sentence);
        }
    }

    #[test]
    fn what_is_no_json_names_its_line_and_column() {
        let unfit = read(b"{\n\"a\": nope}", &terms()).unwrap_err();
        assert_eq!(unfit.line, 1);
        assert!(unfit.sentence.ends_with("at column 7."), "{}", unfit.sentence);
        assert!(read(b"[]", &terms()).unwrap_err().sentence.contains("object"));
    }

    #[test]
    fn the_longest_streak_is_never_below_the_current_one() {
        let document = json!({"userId": {"$oid": ID}, "currentStreak": 9, "longestStreak": 4});
        let (_, Document::Record(Record::Analytics { record, .. })) = read_one(&document).unwrap() else {
            panic!("no analytics")
        };
        assert_eq!((record.longest_streak.get(), record.user.as_str()), (9, ID));
    }
}
