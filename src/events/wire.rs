//! Events as messages between nodes: JSON, with the change as the row of its table.
//!
//! A message that this version cannot read counts as lost, and a lost one costs a read of the tables: nodes of two
//! versions may run side by side.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        Activity, Change, Epoch, Error, Event, FeedItem, PerFeed, Position, Result, UnreadCounts, UserId,
    },
    store::ChangeRow,
};

#[derive(Serialize, Deserialize)]
struct BusMessage<'a> {
    /// The user whose change it is, where the subject does not say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Cow<'a, str>>,
    position: u64,
    /// Unread items of each feed after the change.
    unread: PerFeed<u64>,
    change: ChangeRow,
}

/// The event as a message to those who listen for its user.
pub(super) fn encode(event: &Event) -> Result<Vec<u8>> {
    let change = ChangeRow::encode(&event.change)?;
    let message = BusMessage { user: None, position: event.position.0, unread: event.counts.unread, change };
    serde_json::to_vec(&message).map_err(Error::internal)
}

/// An activity as a message to everyone.
pub(super) fn encode_public(activity: &Arc<Activity>) -> Result<Vec<u8>> {
    let change = ChangeRow::encode(&Change::Created(Activity::into_item(activity.clone())))?;
    let (user, position) = (Some(activity.user.as_str().into()), activity.cursor.position().0);
    serde_json::to_vec(&BusMessage { user, position, unread: PerFeed::default(), change })
        .map_err(Error::internal)
}

/// The activity of a message to everyone.
pub(super) fn decode_public(epoch: Epoch, bytes: &[u8]) -> Result<Arc<Activity>> {
    let message: BusMessage<'_> = serde_json::from_slice(bytes).map_err(Error::internal)?;
    let user = message.user.as_deref().map(UserId::trusted);
    let user = user.ok_or_else(|| Error::internal("a public message without its user"))?;
    let event = event(&user, epoch, &message)?;
    let activity = match &event.change {
        Change::Created(item) => Activity::from_item(item),
        _ => None,
    };
    activity.cloned().ok_or_else(|| Error::internal("a public message without an activity"))
}

/// The event of `user` in a message.
pub(super) fn decode(user: &UserId, epoch: Epoch, bytes: &[u8]) -> Result<Event> {
    let message: BusMessage<'_> = serde_json::from_slice(bytes).map_err(Error::internal)?;
    event(user, epoch, &message)
}

fn event(user: &UserId, epoch: Epoch, message: &BusMessage<'_>) -> Result<Event> {
    let position = possible(message.position)?;
    let cursor = epoch.at(position);
    let change = message.change.decode(epoch)?;
    if change.cursor().is_some_and(|own| own != cursor) || change.user().is_some_and(|own| own != user) {
        return Err(Error::internal("a message with the row of another change"));
    }
    let counts = UnreadCounts { unread: message.unread, cursor };
    Ok(Event { user: user.clone(), position, counts, change })
}

/// A position that a change can have: databases count from 1 in signed 64-bit numbers.
fn possible(position: u64) -> Result<Position> {
    match i64::try_from(position) {
        Ok(1..) => Ok(Position(position)),
        _ => Err(Error::internal(format!("no change has the position {position}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{
        ActionUrl, ActivityType, Analytics, AnalyticsChange, Cursor, FeedKind, Item, ItemId, JsonData,
        Notification, NotificationType, StatName, Text, Timestamp, Title, WeeklyEntry,
    };

    /// The change of an event that went over the wire.
    fn arrived(change: Change, cursor: Cursor, epoch: Epoch) -> Change {
        let user = UserId::parse("userId", "ada \"the\" first").unwrap();
        let unread = PerFeed::from_fn(|feed| if feed == FeedKind::Activities { 3 } else { 1 });
        let counts = UnreadCounts { unread, cursor };
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
            let activity = Arc::new(activity);
            let change = arrived(Change::Created(Item::Activity(activity.clone())), cursor, epoch);
            assert!(matches!(change, Change::Created(came) if came == Item::Activity(activity.clone())));
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
            let item = Item::Notification(Arc::new(notification));
            let change = arrived(Change::Created(item.clone()), cursor, epoch);
            assert!(matches!(change, Change::Created(came) if came == item));
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
        for bytes in [
            &b""[..],
            b"{}",
            b"{\"position\":1,\"unread\":[0,0],\"change\":{\"table\":\"new\",\"row\":{}}}",
            b"\xff",
        ] {
            assert!(decode(&user, Epoch::generate(), bytes).is_err());
        }
        let at = |position: u64| {
            format!("{{\"position\":{position},\"unread\":[0,0],\"change\":{{\"table\":null,\"row\":null}}}}")
                .into_bytes()
        };
        assert!(decode(&user, Epoch::generate(), &at(i64::MAX as u64)).is_ok());
        for position in [0, i64::MAX as u64 + 1, u64::MAX] {
            assert!(decode(&user, Epoch::generate(), &at(position)).is_err(), "{position}");
        }
    }
}
