//! A believable demo: people with months of activities, and numbers that are what their activities say.

mod person;
mod plan;
mod tracks;

use crate::{
    domain::{Item, Position, Timestamp},
    store::{Bulk, ImportCounts, Record},
};

use super::Problem;

pub use self::plan::Seed;

/// Records that are staged at a time.
const BATCH: usize = 512;

/// What was made.
#[derive(Clone, Copy, Debug)]
pub struct Seeded {
    /// The records.
    pub counts: ImportCounts,
    /// People who have a history already: they were left as they are.
    pub left: u32,
}

/// Fills the database at `url`. Users that have a history are left as they are, so that doing it again adds nothing.
///
/// # Errors
/// A database that cannot be reached or is in use.
pub async fn seed(url: &str, seed: Seed, now: Timestamp) -> Result<Seeded, Problem> {
    let mut bulk = Bulk::open(url).await?;
    let start = bulk.epoch().at(Position::START);
    let (mut batch, mut left) = (Vec::new(), 0);
    for index in 0..seed.users {
        let person = person::make(seed, index, start);
        if bulk.has_history(&person.user).await? {
            left += 1;
            continue;
        }
        // What has expired on a day long past would be gone at once.
        let alive = |record: &Record| match record {
            Record::Item { item: Item::Notification(item), .. } => !item.has_expired(now),
            _ => true,
        };
        batch.extend(person.records.into_iter().filter(alive));
        if batch.len() >= BATCH {
            bulk.stage(std::mem::take(&mut batch)).await?;
        }
    }
    bulk.stage(batch).await?;
    Ok(Seeded { counts: bulk.apply().await?, left })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::{ActivityType, Analytics, Day, Epoch, Hours};

    fn records(seed: u64, index: u32, today: &str) -> Vec<Record> {
        let today = Day::parse("today", today).unwrap();
        let start = Epoch::parse("7").unwrap().at(Position::START);
        person::make(Seed { users: 1, seed, today }, index, start).records
    }

    fn shown(records: &[Record]) -> String {
        format!("{records:?}")
    }

    #[test]
    fn the_same_seed_and_day_make_the_same() {
        let made = shown(&records(1, 3, "2026-05-01"));
        assert_eq!(made, shown(&records(1, 3, "2026-05-01")));
        assert_ne!(made, shown(&records(2, 3, "2026-05-01")));
        assert_ne!(made, shown(&records(1, 4, "2026-05-01")));
    }

    /// The numbers of the day on which this was written: they change only with what is made, never with a library.
    #[test]
    fn the_numbers_do_not_depend_on_the_machine() {
        let Some(Record::Item { item: Item::Activity(item), .. }) =
            records(1, 0, "2026-05-01").into_iter().next()
        else {
            panic!("no activity")
        };
        assert_eq!((item.id.to_string().as_str(), item.timestamp.to_string().as_str()), FIRST);
    }
    const FIRST: (&str, &str) = ("68fc67a3cf5ee9a049000000", "2025-10-25T06:01:07.377Z");

    #[test]
    fn numbers_are_what_the_activities_say() {
        let mut ids = HashSet::new();
        for index in 0..40 {
            let made = records(9, index, "2026-05-01");
            let count = |kind: ActivityType| {
                made.iter()
                    .filter(|record| matches!(record, Record::Item { item: Item::Activity(item), .. } if item.kind == kind))
                    .count() as i32
            };
            let Some(Record::Analytics { record, days }) = made.last() else { panic!("no analytics") };
            let numbers: &Analytics = record;
            assert_eq!(numbers.logs_created.get(), count(ActivityType::LogCreated));
            assert_eq!(numbers.goals_completed.get(), count(ActivityType::GoalCompleted));
            assert_eq!(numbers.skills_added.get(), count(ActivityType::SkillAdded));
            let logs: i32 = days.iter().map(|day| day.logs.get()).sum();
            assert_eq!(numbers.logs_created.get(), logs);
            let hours = days.iter().fold(Hours::ZERO, |sum, day| sum.checked_add(day.hours).unwrap());
            assert_eq!(numbers.total_learning_hours, hours);
            assert!(days.iter().all(|day| day.hours > Hours::ZERO && day.hours <= Hours::DAY));
            // Streaks, counted anew from the days.
            let (mut longest, mut run, mut last) = (0, 0, None);
            for day in days {
                run = if last.is_some_and(|last: Day| last.plus_days(1) == day.date) { run + 1 } else { 1 };
                longest = longest.max(run);
                last = Some(day.date);
            }
            let yesterday = Day::parse("today", "2026-04-30").unwrap();
            let current = if last == Some(yesterday) { run } else { 0 };
            assert_eq!((numbers.current_streak.get(), numbers.longest_streak.get()), (current, longest));
            for record in &made {
                let (id, time) = match record {
                    Record::Item { item: Item::Activity(item), .. } => (item.id, item.timestamp),
                    Record::Item { item: Item::Notification(item), .. } => {
                        assert!(item.expires_at > Timestamp::parse("t", "2026-05-02T00:00:00Z").unwrap());
                        (item.id, item.created_at)
                    }
                    Record::Analytics { .. } => continue,
                };
                assert!(time < Timestamp::parse("t", "2026-05-01T00:00:00Z").unwrap());
                assert!(ids.insert(id), "{id} twice");
            }
            for kind in ActivityType::ALL {
                assert!(count(*kind) > 0, "user {index} has no {kind:?}");
            }
        }
    }
}
