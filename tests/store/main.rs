//! Stories of the store at its own seam, without a door: each runs on SQLite and on PostgreSQL.

#![allow(unreachable_pub, missing_docs, clippy::unwrap_used, reason = "a test binary has no outside")]

#[path = "../pulse/support/database.rs"]
mod database;
mod site;

use std::sync::Arc;

use futures_util::future::join_all;
use pulse::domain::{
    Activity, AnalyticsChange, Change, Event, FeedFilter, FeedKind, ItemId, Keyset, Notification, Position,
    Scope, StatName, Timestamp, WeeklyEntry, Window,
};

use self::site::{Site, Story, user};

/// Declares a story: `story!(async fn name(site) { ... })` is a test on each database.
macro_rules! story {
    ($(async fn $name:ident($site:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn tell($site: Site) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                tell(Site::open(database::Backend::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                tell(Site::open(database::Backend::Postgres).await).await;
            }
        }
    )+};
}

/// Tells the story of each kind of item.
macro_rules! of_each_feed {
    ($site:ident, $story:ident) => {
        $story::<Activity>(&$site).await;
        $story::<Notification>(&$site).await;
    };
}

/// Where the history of a user stands after each of `events`, in order.
fn positions(events: &[Arc<Event>], name: &str) -> Vec<u64> {
    events.iter().filter(|event| event.user.as_str() == name).map(|event| event.position.0).collect()
}

async fn a_feed_lives<T: Story>(site: &Site) {
    let name = T::NOUN;
    let ada = user(name);
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(site.store.append::<T>(ada.clone(), T::new_item(&format!("{number}"))).await.unwrap().id());
    }
    let window = Window::parse(3, 0).unwrap();
    let page = site.store.page::<T>(&ada, window).await.unwrap();
    assert_eq!((page.total, page.unread, page.has_more), (5, 5, true));
    let newest: Vec<ItemId> = page.items.iter().map(|item| item.id()).collect();
    assert_eq!(newest, [ids[4], ids[3], ids[2]]);

    let read = site.store.mark_read::<T>(Scope::Only(ada.clone()), ids[4]).await.unwrap();
    assert!(read.is_read());
    let before = site.events();
    site.store.mark_read::<T>(Scope::Everyone, ids[4]).await.unwrap();
    assert_eq!(site.events().len(), before.len(), "a second time changes nothing");
    let foreign = site.store.mark_read::<T>(Scope::Only(user("stranger")), ids[3]).await;
    assert_eq!(foreign.unwrap_err().code(), "NOT_FOUND");

    site.store.delete::<T>(Scope::Only(ada.clone()), ids[3]).await.unwrap();
    assert_eq!(site.store.mark_all_read::<T>(ada.clone()).await.unwrap(), 3);
    let page = site.store.page::<T>(&ada, window).await.unwrap();
    assert_eq!((page.total, page.unread, page.items.len()), (4, 0, 3));
    assert_eq!(site.store.clear::<T>(ada.clone()).await.unwrap(), 4);
    let page = site.store.page::<T>(&ada, window).await.unwrap();
    assert_eq!((page.total, page.unread, page.items.len(), page.has_more), (0, 0, 0, false));

    let events = site.events();
    // Five creations, a read, a deletion, all read, all deleted.
    assert_eq!(positions(&events, name), (1..=9).collect::<Vec<_>>());
    let unread = events.iter().filter(|event| event.user == ada).map(|event| event.counts.of(T::FEED));
    assert_eq!(unread.collect::<Vec<_>>(), [1, 2, 3, 4, 5, 4, 3, 0, 0]);
    assert_eq!(page.cursor.position(), Position(9));
}

async fn slices_and_filters<T: Story>(site: &Site) {
    let ada = user(&format!("slices of {}", T::NOUN));
    for number in 0..10 {
        site.store.append::<T>(ada.clone(), T::new_item(&format!("{number}"))).await.unwrap();
    }
    let all = FeedFilter { kind: None, unread_only: false };
    let first = Keyset::parse(Some(4), None, None, None).unwrap();
    let slice = site.store.slice::<T>(&ada, first, all).await.unwrap();
    assert_eq!((slice.items.len(), slice.has_previous, slice.has_next), (4, false, true));
    let after = slice.items[3].cursor();
    let next = Keyset { after: Some(after), ..first };
    let slice = site.store.slice::<T>(&ada, next, all).await.unwrap();
    let positions: Vec<u64> = slice.items.iter().map(|item| item.cursor().position().0).collect();
    assert_eq!((positions, slice.has_previous, slice.has_next), (vec![6, 5, 4, 3], true, true));
    site.store.mark_all_read::<T>(ada.clone()).await.unwrap();
    site.store.append::<T>(ada.clone(), T::new_item("new")).await.unwrap();
    let unread = FeedFilter { kind: None, unread_only: true };
    assert_eq!(site.store.slice::<T>(&ada, first, unread).await.unwrap().items.len(), 1);
    let other = FeedFilter { kind: Some(T::other_kind()), unread_only: false };
    assert_eq!(site.store.slice::<T>(&ada, first, other).await.unwrap().items.len(), 0);
}

async fn a_reader_catches_up<T: Story>(site: &Site) {
    let ada = user(&format!("reader of {}", T::NOUN));
    for number in 0..7 {
        site.store.append::<T>(ada.clone(), T::new_item(&format!("{number}"))).await.unwrap();
    }
    let since = site.store.since::<T>(&ada, Position(2), 3).await.unwrap();
    let positions: Vec<u64> = since.items.iter().map(|item| item.cursor().position().0).collect();
    assert_eq!((positions, since.reached, since.head), (vec![3, 4, 5], Position(5), Position(7)));
    let since = site.store.since::<T>(&ada, since.reached, 3).await.unwrap();
    assert_eq!((since.items.len(), since.reached, since.head), (2, Position(7), Position(7)));
}

story! {
    async fn feeds_are_created_read_and_cleared(site) {
        of_each_feed!(site, a_feed_lives);
    }

    async fn slices_go_by_cursor_and_filter(site) {
        of_each_feed!(site, slices_and_filters);
    }

    async fn what_a_reader_missed_comes_in_order(site) {
        of_each_feed!(site, a_reader_catches_up);
        let ada = user("both");
        site.store.append::<Activity>(ada.clone(), Activity::new_item("a")).await.unwrap();
        site.store.append::<Notification>(ada.clone(), Notification::new_item("n")).await.unwrap();
        site.store.append::<Activity>(ada.clone(), Activity::new_item("b")).await.unwrap();
        let since = site.store.created_since(&ada, Position::START, 10).await.unwrap();
        let feeds: Vec<FeedKind> = since.items.iter().map(|item| item.feed()).collect();
        assert_eq!(feeds, [FeedKind::Activities, FeedKind::Notifications, FeedKind::Activities]);
        assert_eq!((since.reached, since.head), (Position(3), Position(3)));
    }

    async fn a_batch_gives_each_event_the_counts_of_its_instant(site) {
        let appends = (0..200).map(|number| {
            let store = site.store.clone();
            async move {
                let name = user(&format!("user {}", number % 3));
                if number % 2 == 0 {
                    store.append::<Activity>(name, Activity::new_item("a")).await.map(drop)
                } else {
                    store.append::<Notification>(name, Notification::new_item("n")).await.map(drop)
                }
            }
        });
        assert!(join_all(appends).await.iter().all(Result::is_ok));
        let events = site.events();
        assert_eq!(events.len(), 200);
        for name in ["user 0", "user 1", "user 2"] {
            let own: Vec<_> = events.iter().filter(|event| event.user.as_str() == name).collect();
            for (before, event) in own.iter().enumerate() {
                assert_eq!(event.position.0, before as u64 + 1, "positions have no gap");
                let total: u64 = FeedKind::ALL.map(|feed| event.counts.of(feed)).iter().sum();
                assert_eq!(total, before as u64 + 1, "each event counts itself and what came before it");
                let Change::Created(item) = &event.change else { panic!("{event:?}") };
                assert_eq!(item.cursor().position(), event.position);
            }
        }
    }

    async fn a_write_that_fails_takes_only_itself_back(site) {
        let ada = user("ada");
        let writes = (0..60).map(|number| {
            let (store, ada) = (site.store.clone(), ada.clone());
            async move {
                match number % 3 {
                    0 => {
                        let unknown = ItemId::generate(Timestamp::now());
                        let refused = store.delete::<Activity>(Scope::Only(ada), unknown).await;
                        assert_eq!(refused.unwrap_err().code(), "NOT_FOUND");
                    }
                    1 => drop(store.append::<Activity>(ada, Activity::new_item("a")).await.unwrap()),
                    _ => {
                        let change = AnalyticsChange::increment(StatName::LogsCreated, 1).unwrap();
                        store.change_analytics(ada, change).await.unwrap();
                    }
                }
            }
        });
        join_all(writes).await;
        assert_eq!(site.store.page::<Activity>(&ada, Window::parse(1, 0).unwrap()).await.unwrap().total, 20);
        assert_eq!(site.store.analytics(&ada).await.unwrap().unwrap().logs_created.get(), 20);
        assert_eq!(positions(&site.events(), "ada"), (1..=40).collect::<Vec<_>>());
    }

    async fn expired_items_count_nowhere_from_their_instant_on(site) {
        let ada = user("ada");
        site.store.append::<Notification>(ada.clone(), Notification::new_item("stays")).await.unwrap();
        let expiring = site.expiring("goes", 60_000);
        site.store.append::<Notification>(ada.clone(), expiring).await.unwrap();
        let window = Window::parse(10, 0).unwrap();
        site.advance(59_999);
        assert_eq!(site.store.page::<Notification>(&ada, window).await.unwrap().unread, 2);
        site.advance(1);
        let page = site.store.page::<Notification>(&ada, window).await.unwrap();
        assert_eq!((page.total, page.unread, page.items.len()), (1, 1, 1));
        assert_eq!(site.store.counts(&ada).await.unwrap().of(FeedKind::Notifications), 1);
        assert_eq!(site.store.since::<Notification>(&ada, Position::START, 10).await.unwrap().items.len(), 1);
        // A write counts without it before the sweep, and the sweep changes no count.
        site.store.append::<Activity>(ada.clone(), Activity::new_item("a")).await.unwrap();
        assert_eq!(site.store.sweep().await.unwrap(), 1);
        assert_eq!(site.store.sweep().await.unwrap(), 0);
        let unread = site.events().iter().map(|event| event.counts.of(FeedKind::Notifications)).collect::<Vec<_>>();
        assert_eq!(unread, [1, 2, 1, 1]);
    }

    async fn analytics_change_and_are_ranked(site) {
        for (name, hours) in [("ada", 3.5), ("bob", 7.25), ("cleo", 3.5)] {
            let change = AnalyticsChange::add_hours(hours).unwrap();
            assert!(site.store.change_analytics(user(name), change).await.unwrap().created);
        }
        let entry = WeeklyEntry::parse("2026-01-31", 1.0, 2).unwrap();
        for _ in 0..2 {
            let changed = site.store.change_analytics(user("ada"), AnalyticsChange::AddWeekly(entry)).await.unwrap();
            assert!(!changed.created);
        }
        let ada = site.store.analytics(&user("ada")).await.unwrap().unwrap();
        assert_eq!((ada.weekly.len(), ada.weekly[0].logs.get()), (1, 4), "a day takes entries up");
        let ranking = site.store.leaderboard(Window::parse(2, 0).unwrap()).await.unwrap();
        let names: Vec<&str> = ranking.items.iter().map(|record| record.user.as_str()).collect();
        assert_eq!((names, ranking.total, ranking.has_more), (vec!["bob", "ada"], 3, true));
        assert!(site.store.analytics(&user("nobody")).await.unwrap().is_none());
    }

    async fn everything_is_there_after_a_restart(site) {
        let ada = user("ada");
        let created = site.store.append::<Activity>(ada.clone(), Activity::new_item("a")).await.unwrap();
        site.store.change_analytics(ada.clone(), AnalyticsChange::Init).await.unwrap();
        let site = site.reopen().await;
        let page = site.store.page::<Activity>(&ada, Window::parse(1, 0).unwrap()).await.unwrap();
        assert_eq!(page.items, [created]);
        assert_eq!(site.store.head(&ada).await.unwrap(), Position(2));
        assert_eq!(site.store.positions(std::slice::from_ref(&ada)).await.unwrap(), [(ada.clone(), Position(2))]);
        assert_eq!(site.store.some_users(10).await.unwrap(), [ada]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_closed_takes_nothing_more() {
    let site = Site::open(database::Backend::Sqlite).await;
    site.store.close().await;
    let refused = site.store.append::<Activity>(user("ada"), Activity::new_item("late")).await;
    assert_eq!(refused.unwrap_err().code(), "UNAVAILABLE");
    let refused = site.store.page::<Activity>(&user("ada"), Window::parse(1, 0).unwrap()).await;
    assert_eq!(refused.unwrap_err().code(), "UNAVAILABLE");
}
