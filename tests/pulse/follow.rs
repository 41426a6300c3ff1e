//! The promise of `follow`, against a bus that loses, repeats and reorders.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::prelude::*;
use pulse::{
    domain::{
        Activity, ActivityType, Analytics, AnalyticsChange, Change, Clock, Cursor, Event, NewActivity,
        NewNotification, Notification, NotificationType, Position, UserId,
    },
    events::{CurrentAnalytics, Following, Hub, Start, follow},
    store::Store,
};

use crate::support::{Backend, fresh_database, in_time};

/// What happens in a run.
#[derive(Clone, Debug)]
enum Step {
    /// An activity is committed; whether its event is then lost, sent twice, or held back.
    Create(Fate),
    /// A notification is committed.
    Notify(Fate),
    /// Analytics change: a commit of another kind, which takes a position too.
    Count(Fate),
    /// What was held back is sent now, newest first.
    Release,
    /// A reader takes up to this many items, if they come.
    Read { reader: usize, items: usize },
    /// A reader goes away and comes back after its last item.
    Reconnect { reader: usize },
    /// A new reader starts with what is committed from now on.
    Join,
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Sent,
    Lost,
    Twice,
    Held,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![3 => Just(Fate::Sent), 1 => Just(Fate::Lost), 1 => Just(Fate::Twice), 2 => Just(Fate::Held)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => fate().prop_map(Step::Create),
        3 => fate().prop_map(Step::Notify),
        2 => fate().prop_map(Step::Count),
        2 => Just(Step::Release),
        4 => (0..4usize, 1..40usize).prop_map(|(reader, items)| Step::Read { reader, items }),
        1 => (0..4usize).prop_map(|reader| Step::Reconnect { reader }),
        1 => Just(Step::Join),
    ]
}

/// The bus between the store and the hub.
#[derive(Default)]
struct Bus {
    /// What was committed and not yet given its fate.
    committed: Mutex<Vec<Arc<Event>>>,
    held: Mutex<Vec<Arc<Event>>>,
}

impl Bus {
    fn pass(&self, hub: &Hub, fate: Fate) {
        for event in self.committed.lock().unwrap().drain(..) {
            match fate {
                Fate::Sent => hub.publish(event),
                Fate::Lost => {}
                Fate::Twice => {
                    hub.publish(event.clone());
                    hub.publish(event);
                }
                Fate::Held => self.held.lock().unwrap().push(event),
            }
        }
    }

    fn release(&self, hub: &Hub) {
        self.held.lock().unwrap().drain(..).rev().for_each(|event| hub.publish(event));
    }
}

struct Reader {
    following: Following<Arc<Activity>>,
    /// How many activities were committed before it started.
    started: usize,
    seen: Vec<Arc<Activity>>,
    last: Option<Cursor>,
}

/// Follows everything in one stream, as an old frontend does.
struct Watcher {
    following: Following<Change>,
    /// Where it started.
    started: Position,
    seen: Vec<Change>,
}

struct World {
    hub: Hub,
    store: Store,
    bus: Arc<Bus>,
    user: UserId,
    committed: Vec<Arc<Activity>>,
    /// Where each activity and notification was committed.
    created: Vec<Position>,
    /// Where the analytics changed last.
    counted: Option<Position>,
    readers: Vec<Reader>,
    watchers: Vec<Watcher>,
    _folder: Option<tempfile::TempDir>,
}

impl World {
    async fn new() -> Self {
        let (url, folder) = fresh_database(Backend::Sqlite).await;
        let bus = Arc::new(Bus::default());
        let announce = {
            let bus = bus.clone();
            Arc::new(move |events: Vec<Arc<Event>>| bus.committed.lock().unwrap().extend(events))
        };
        let store = Store::open(&url, Clock::default(), announce).await.unwrap();
        let user = UserId::parse("userId", "ada").unwrap();
        let mut world = Self {
            hub: Hub::default(),
            store,
            bus,
            user,
            committed: vec![],
            created: vec![],
            counted: None,
            readers: vec![],
            watchers: vec![],
            _folder: folder,
        };
        world.join().await;
        world
    }

    async fn join(&mut self) {
        let following = follow(&self.hub, &self.store, self.user.clone(), Start::Now).await.unwrap();
        self.readers.push(Reader { following, started: self.committed.len(), seen: vec![], last: None });
        let following =
            follow::<Change>(&self.hub, &self.store, self.user.clone(), Start::Now).await.unwrap();
        let started = following.reached().position();
        self.watchers.push(Watcher { following, started, seen: vec![] });
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Create(fate) => {
                let title = format!("activity {}", self.committed.len());
                let new = NewActivity::parse(ActivityType::Login, title, None, None).unwrap();
                let activity = self.store.append::<Activity>(self.user.clone(), new).await.unwrap();
                self.created.push(activity.cursor.position());
                self.committed.push(activity);
                self.bus.pass(&self.hub, fate);
            }
            Step::Notify(fate) => {
                let (kind, title) = (NotificationType::System, "t".to_owned());
                let now = self.store.clock().now();
                let new = NewNotification::parse(kind, title, "m".to_owned(), None, None, now).unwrap();
                let notification = self.store.append::<Notification>(self.user.clone(), new).await.unwrap();
                self.created.push(notification.cursor.position());
                self.bus.pass(&self.hub, fate);
            }
            Step::Count(fate) => {
                let change = AnalyticsChange::add_hours(0.5).unwrap();
                let changed = self.store.change_analytics(self.user.clone(), change).await.unwrap();
                self.counted = Some(changed.analytics.cursor.position());
                self.bus.pass(&self.hub, fate);
            }
            Step::Release => self.bus.release(&self.hub),
            Step::Read { reader, items } => {
                let count = self.readers.len();
                self.watchers[reader % count].read(items).await;
                let reader = &mut self.readers[reader % count];
                for _ in 0..items {
                    // What is lost is not there before the next head check; then there is nothing to wait for.
                    match tokio::time::timeout(Duration::from_millis(2), reader.following.next()).await {
                        Ok(delivery) => reader.take(delivery.unwrap().item),
                        Err(_) => break,
                    }
                }
            }
            Step::Reconnect { reader } => {
                let count = self.readers.len();
                let watcher = &mut self.watchers[reader % count];
                if let Some(cursor) = watcher.seen.last().and_then(Change::cursor) {
                    let start = Start::After(cursor);
                    watcher.following =
                        follow(&self.hub, &self.store, self.user.clone(), start).await.unwrap();
                }
                let reader = &mut self.readers[reader % count];
                if let Some(cursor) = reader.last {
                    let start = Start::After(cursor);
                    reader.following =
                        follow(&self.hub, &self.store, self.user.clone(), start).await.unwrap();
                }
            }
            Step::Join => self.join().await,
        }
    }

    /// The head check, after which every reader gets what it missed.
    async fn settle(&mut self) {
        let positions = self.store.positions(std::slice::from_ref(&self.user)).await.unwrap();
        for (user, position) in positions {
            self.hub.notify_position(&user, position, self.store.epoch());
        }
        for reader in &mut self.readers {
            while reader.seen.len() < self.committed.len() - reader.started {
                let delivery = in_time("an item after the head check", reader.following.next()).await;
                reader.take(delivery.unwrap().item);
            }
            let more = tokio::time::timeout(Duration::from_millis(5), reader.following.next()).await;
            assert!(more.is_err(), "one too many: {more:?}");
            assert_eq!(reader.seen, self.committed[reader.started..]);
        }
        for watcher in &mut self.watchers {
            watcher.settle(&self.created, self.counted).await;
        }
    }
}

impl Watcher {
    async fn read(&mut self, items: usize) {
        for _ in 0..items {
            match tokio::time::timeout(Duration::from_millis(2), self.following.next()).await {
                Ok(delivery) => self.seen.push(delivery.unwrap().item),
                Err(_) => break,
            }
        }
    }

    fn positions(&self) -> Vec<Position> {
        self.seen.iter().map(|change| change.cursor().unwrap().position()).collect()
    }

    /// Reads to the end, and checks what came: everything that was created since the start, in order among all kinds, and
    /// of the analytics the newest.
    async fn settle(&mut self, created: &[Position], counted: Option<Position>) {
        let started = self.started;
        let due: Vec<_> = created.iter().copied().filter(|position| *position > started).collect();
        let counted = counted.filter(|position| *position > started);
        let end = due.last().copied().max(counted);
        while self.positions().last().copied() < end {
            let delivery = in_time("a change after the head check", self.following.next()).await;
            self.seen.push(delivery.unwrap().item);
        }
        self.read(1).await;
        let positions = self.positions();
        assert!(positions.is_sorted_by(|one, next| one < next), "out of order or twice: {positions:?}");
        let is_count = |change: &&Change| matches!(change, Change::AnalyticsUpdated(_));
        let mut counts = self.seen.iter().filter(is_count).filter_map(Change::cursor).map(Cursor::position);
        assert_eq!(counts.next_back(), counted);
        let items = self.seen.iter().filter(|change| !is_count(change)).filter_map(Change::cursor);
        assert_eq!(items.map(Cursor::position).collect::<Vec<_>>(), due);
    }
}

impl Reader {
    fn take(&mut self, item: Arc<Activity>) {
        self.last = Some(item.cursor);
        self.seen.push(item);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Each reader gets exactly what was committed since it started, in order.
    #[test]
    fn readers_get_what_was_committed(steps in prop::collection::vec(step(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in steps {
                world.take(step).await;
            }
            world.settle().await;
            world.store.close().await;
        });
    }
}

#[tokio::test]
async fn a_reader_of_a_state_that_is_behind_gets_the_newest() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let hub = Hub::default();
    let announce = {
        let hub = hub.clone();
        Arc::new(move |events: Vec<Arc<Event>>| events.into_iter().for_each(|event| hub.publish(event)))
    };
    let store = Store::open(&url, Clock::default(), announce).await.unwrap();
    let user = UserId::parse("userId", "ada").unwrap();
    let mut reader: Following<CurrentAnalytics> =
        follow(&hub, &store, user.clone(), Start::Now).await.unwrap();
    let mut newest: Option<Analytics> = None;
    for _ in 0..50 {
        let change = AnalyticsChange::add_hours(0.1).unwrap();
        newest = Some(store.change_analytics(user.clone(), change).await.unwrap().analytics);
    }
    let state = in_time("the newest state", reader.next()).await.unwrap().item;
    assert_eq!(Some(&*state.0), newest.as_ref());
    assert_eq!(state.0.total_learning_hours.as_f64(), 5.0);
}
