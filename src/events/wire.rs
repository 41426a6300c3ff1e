//! Events as nodes tell them to each other: JSON, whose every field was parsed before by the node that committed it.
//!
//! A message that this version cannot read counts as lost, and a lost one costs a read of the tables: nodes of two
//! versions may run side by side.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::{
    ActionUrl, Activity, ActivityType, Analytics, Change, Counter, Cursor, Day, DayEntry, Epoch, Error,
    Event, Hours, ItemId, JsonData, Month, MonthEntry, Notification, NotificationType, Position, Result,
    Text, Timestamp, Title, UnreadCounts, UserId,
};

#[derive(Serialize, Deserialize)]
struct Message<'a> {
    /// Whose change it is, where the subject does not say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Cow<'a, str>>,
    position: u64,
    /// Unread activities and notifications after the change.
    unread: (u64, u64),
    #[serde(borrow)]
    change: Told<'a>,
}

#[derive(Serialize, Deserialize)]
enum Told<'a> {
    Activity(#[serde(borrow)] Did<'a>),
    Notification(#[serde(borrow)] Note<'a>),
    Analytics(Numbers),
    /// Only counts changed.
    Feed,
}

#[derive(Serialize, Deserialize)]
struct Did<'a> {
    id: Cow<'a, str>,
    r#type: Cow<'a, str>,
    title: Cow<'a, str>,
    description: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    timestamp: i64,
}

#[derive(Serialize, Deserialize)]
struct Note<'a> {
    id: Cow<'a, str>,
    r#type: Cow<'a, str>,
    title: Cow<'a, str>,
    message: Cow<'a, str>,
    action_url: Option<Cow<'a, str>>,
    created_at: i64,
    expires_at: i64,
}

#[derive(Serialize, Deserialize)]
struct Numbers {
    /// Nano-hours, here and in the lists.
    total_hours: i64,
    /// Streaks (current, longest), then logs, goals, skills.
    counters: [Counter; 5],
    weekly: Vec<(Day, i64, Counter)>,
    monthly: Vec<(Month, i64, Counter)>,
    updated_at: i64,
}

/// The event as a message to those who listen for its user.
pub(super) fn encode(event: &Event) -> Result<Vec<u8>> {
    let change = match &event.change {
        Change::ActivityCreated(activity) => Told::Activity(did(activity)),
        Change::NotificationCreated(notification) => Told::Notification(Note {
            id: notification.id.to_string().into(),
            r#type: notification.kind.as_str().into(),
            title: notification.title.as_str().into(),
            message: notification.message.as_str().into(),
            action_url: notification.action_url.as_ref().map(|url| url.as_str().into()),
            created_at: notification.created_at.millis(),
            expires_at: notification.expires_at.millis(),
        }),
        Change::AnalyticsUpdated(analytics) => Told::Analytics(numbers(analytics)),
        Change::FeedChanged => Told::Feed,
    };
    let unread = (event.counts.activities, event.counts.notifications);
    let message = Message { user: None, position: event.position.0, unread, change };
    serde_json::to_vec(&message).map_err(Error::internal)
}

/// An activity as a message to everyone.
pub(super) fn encode_public(activity: &Activity) -> Result<Vec<u8>> {
    let (user, change) = (Some(activity.user.as_str().into()), Told::Activity(did(activity)));
    let message = Message { user, position: activity.cursor.position().0, unread: (0, 0), change };
    serde_json::to_vec(&message).map_err(Error::internal)
}

/// The activity of a message to everyone.
pub(super) fn decode_public(epoch: Epoch, bytes: &[u8]) -> Result<Activity> {
    let message: Message<'_> = serde_json::from_slice(bytes).map_err(Error::internal)?;
    let position = possible(message.position)?;
    let (Some(user), Told::Activity(did)) = (message.user, message.change) else {
        return Err(Error::internal("a public message without an activity or without its user"));
    };
    activity(did, &UserId::trusted(&*user), epoch.at(position))
}

/// The event of `user` that a message tells of.
pub(super) fn decode(user: &UserId, epoch: Epoch, bytes: &[u8]) -> Result<Event> {
    let message: Message<'_> = serde_json::from_slice(bytes).map_err(Error::internal)?;
    let position = possible(message.position)?;
    let cursor = epoch.at(position);
    let change = match message.change {
        Told::Activity(did) => Change::ActivityCreated(Arc::new(activity(did, user, cursor)?)),
        Told::Notification(note) => Change::NotificationCreated(Arc::new(notification(note, user, cursor)?)),
        Told::Analytics(numbers) => Change::AnalyticsUpdated(Arc::new(analytics(numbers, user, cursor))),
        Told::Feed => Change::FeedChanged,
    };
    let (activities, notifications) = message.unread;
    let counts = UnreadCounts { activities, notifications, cursor };
    Ok(Event { user: user.clone(), position, counts, change })
}

/// A position that a change can have: databases count from 1 in signed 64-bit numbers.
fn possible(position: u64) -> Result<Position> {
    match i64::try_from(position) {
        Ok(1..) => Ok(Position(position)),
        _ => Err(Error::internal(format!("no change has the position {position}"))),
    }
}

fn did(activity: &Activity) -> Did<'_> {
    Did {
        id: activity.id.to_string().into(),
        r#type: activity.kind.as_str().into(),
        title: activity.title.as_str().into(),
        description: activity.description.as_ref().map(|text| text.as_str().into()),
        data: activity.data.as_ref().map(JsonData::as_raw),
        timestamp: activity.timestamp.millis(),
    }
}

fn activity(did: Did<'_>, user: &UserId, cursor: Cursor) -> Result<Activity> {
    Ok(Activity {
        id: ItemId::parse("id", &did.id)?,
        user: user.clone(),
        kind: ActivityType::parse("type", &did.r#type)?,
        title: Title::trusted(did.title.into_owned()),
        description: did.description.map(|text| Text::trusted(text.into_owned())),
        data: did.data.map(|data| JsonData::trusted(data.get().to_owned())).transpose()?,
        timestamp: Timestamp::from_millis(did.timestamp),
        read: false,
        cursor,
    })
}

fn notification(note: Note<'_>, user: &UserId, cursor: Cursor) -> Result<Notification> {
    Ok(Notification {
        id: ItemId::parse("id", &note.id)?,
        user: user.clone(),
        kind: NotificationType::parse("type", &note.r#type)?,
        title: Title::trusted(note.title.into_owned()),
        message: Text::trusted(note.message.into_owned()),
        read: false,
        action_url: note.action_url.map(|url| ActionUrl::trusted(url.into_owned())),
        created_at: Timestamp::from_millis(note.created_at),
        expires_at: Timestamp::from_millis(note.expires_at),
        cursor,
    })
}

fn numbers(analytics: &Analytics) -> Numbers {
    Numbers {
        total_hours: analytics.total_learning_hours.nanos(),
        counters: [
            analytics.current_streak,
            analytics.longest_streak,
            analytics.logs_created,
            analytics.goals_completed,
            analytics.skills_added,
        ],
        weekly: analytics.weekly.iter().map(|day| (day.date, day.hours.nanos(), day.logs)).collect(),
        monthly: analytics.monthly.iter().map(|sum| (sum.month, sum.hours.nanos(), sum.logs)).collect(),
        updated_at: analytics.updated_at.millis(),
    }
}

fn analytics(numbers: Numbers, user: &UserId, cursor: Cursor) -> Analytics {
    let [current_streak, longest_streak, logs_created, goals_completed, skills_added] = numbers.counters;
    let day = |(date, hours, logs)| DayEntry { date, hours: Hours::from_nanos(hours), logs };
    let month = |(month, hours, logs)| MonthEntry { month, hours: Hours::from_nanos(hours), logs };
    Analytics {
        user: user.clone(),
        total_learning_hours: Hours::from_nanos(numbers.total_hours),
        current_streak,
        longest_streak,
        logs_created,
        goals_completed,
        skills_added,
        weekly: numbers.weekly.into_iter().map(day).collect(),
        monthly: numbers.monthly.into_iter().map(month).collect(),
        updated_at: Timestamp::from_millis(numbers.updated_at),
        cursor,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{AnalyticsChange, StatName, WeeklyEntry};

    /// The change of an event that went over the wire.
    fn arrived(change: Change, cursor: Cursor, epoch: Epoch) -> Change {
        let user = UserId::parse("userId", "ada \"the\" first").unwrap();
        let counts = UnreadCounts { activities: 3, notifications: 1, cursor };
        let event = Event { user: user.clone(), position: cursor.position(), counts, change };
        let came = decode(&user, epoch, &encode(&event).unwrap()).unwrap();
        assert_eq!((came.user, came.position, came.counts), (event.user, event.position, event.counts));
        came.change
    }

    fn place() -> (UserId, Epoch, Cursor) {
        let epoch = Epoch::generate();
        (UserId::parse("userId", "ada \"the\" first").unwrap(), epoch, epoch.at(Position(7)))
    }

    #[test]
    fn activities_arrive_as_they_were() {
        let (user, epoch, cursor) = place();
        let data = JsonData::parse("data", &json!({"b": [1.5, "\u{e9}\n"], "a": null})).unwrap();
        for data in [None, Some(data)] {
            let activity = Activity {
                id: ItemId::generate(Timestamp::now()),
                user: user.clone(),
                kind: ActivityType::GoalCompleted,
                title: Title::parse("title", "A \"title\"\n\u{1F389}".into()).unwrap(),
                description: data.as_ref().map(|_| Text::parse("description", "d".into()).unwrap()),
                data,
                timestamp: Timestamp::from_millis(1_769_852_345_678),
                read: false,
                cursor,
            };
            let change = arrived(Change::ActivityCreated(activity.clone().into()), cursor, epoch);
            assert!(matches!(change, Change::ActivityCreated(came) if *came == activity));
            assert_eq!(decode_public(epoch, &encode_public(&activity).unwrap()).unwrap(), activity);
        }
    }

    #[test]
    fn notifications_arrive_as_they_were() {
        let (user, epoch, cursor) = place();
        for url in [None, Some(ActionUrl::parse("actionUrl", "/goals?a=\"b\"".into()).unwrap())] {
            let notification = Notification {
                id: ItemId::generate(Timestamp::now()),
                user: user.clone(),
                kind: NotificationType::Social,
                title: Title::parse("title", "t".into()).unwrap(),
                message: Text::parse("message", "m\\n".into()).unwrap(),
                read: false,
                action_url: url,
                created_at: Timestamp::from_millis(1),
                expires_at: Timestamp::from_millis(2),
                cursor,
            };
            let change = arrived(Change::NotificationCreated(notification.clone().into()), cursor, epoch);
            assert!(matches!(change, Change::NotificationCreated(came) if *came == notification));
        }
    }

    #[test]
    fn analytics_arrive_as_they_were() {
        let (user, epoch, cursor) = place();
        let mut record = Analytics::empty(user, Timestamp::from_millis(5), cursor);
        for change in [
            AnalyticsChange::add_hours(0.1).unwrap(),
            AnalyticsChange::set_streak(2, 9).unwrap(),
            AnalyticsChange::increment(StatName::SkillsAdded, 4).unwrap(),
            AnalyticsChange::AddWeekly(WeeklyEntry::parse("2026-01-31", 2.25, 3).unwrap()),
        ] {
            record.apply(&change, None).unwrap();
        }
        let change = arrived(Change::AnalyticsUpdated(record.clone().into()), cursor, epoch);
        assert!(matches!(change, Change::AnalyticsUpdated(came) if *came == record));
        assert!(matches!(arrived(Change::FeedChanged, cursor, epoch), Change::FeedChanged));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let user = UserId::parse("userId", "ada").unwrap();
        for bytes in [&b""[..], b"{}", b"{\"position\":1,\"unread\":[0,0],\"change\":{\"New\":{}}}", b"\xff"]
        {
            assert!(decode(&user, Epoch::generate(), bytes).is_err());
        }
        let at = |position: u64| {
            format!("{{\"position\":{position},\"unread\":[0,0],\"change\":\"Feed\"}}").into_bytes()
        };
        assert!(decode(&user, Epoch::generate(), &at(i64::MAX as u64)).is_ok());
        for position in [0, i64::MAX as u64 + 1, u64::MAX] {
            assert!(decode(&user, Epoch::generate(), &at(position)).is_err(), "{position}");
        }
    }
}
