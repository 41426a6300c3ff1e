//! The promise of `follow`, against a bus that loses, repeats and reorders.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::prelude::*;
use pulse::{
    domain::{Activity, ActivityType, Analytics, AnalyticsChange, Clock, Cursor, Event, NewActivity, UserId},
    events::{CurrentAnalytics, Following, Hub, Start, follow},
    store::Store,
};

use crate::support::{Backend, fresh_database, in_time};

/// What happens in a run.
#[derive(Clone, Debug)]
enum Step {
    /// An activity is committed; whether its event is then lost, sent twice, or held back.
    Create(Fate),
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

struct World {
    hub: Hub,
    store: Store,
    bus: Arc<Bus>,
    user: UserId,
    committed: Vec<Arc<Activity>>,
    readers: Vec<Reader>,
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
            readers: vec![],
            _folder: folder,
        };
        world.join().await;
        world
    }

    async fn join(&mut self) {
        let following = follow(&self.hub, &self.store, self.user.clone(), Start::Now).await.unwrap();
        self.readers.push(Reader { following, started: self.committed.len(), seen: vec![], last: None });
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Create(fate) => {
                let title = format!("activity {}", self.committed.len());
                let new = NewActivity::parse(ActivityType::Login, title, None, None).unwrap();
                self.committed.push(self.store.append::<Activity>(self.user.clone(), new).await.unwrap());
                self.bus.pass(&self.hub, fate);
            }
            Step::Count(fate) => {
                let change = AnalyticsChange::add_hours(0.5).unwrap();
                self.store.change_analytics(self.user.clone(), change).await.unwrap();
                self.bus.pass(&self.hub, fate);
            }
            Step::Release => self.bus.release(&self.hub),
            Step::Read { reader, items } => {
                let count = self.readers.len();
                let reader = &mut self.readers[reader % count];
                for _ in 0..items {
                    // What is lost is not there before the next head check; then there is nothing to wait for.
                    match tokio::time::timeout(Duration::from_millis(2), reader.following.next()).await {
                        Ok(delivery) => reader.take(delivery.item),
                        Err(_) => break,
                    }
                }
            }
            Step::Reconnect { reader } => {
                let count = self.readers.len();
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
            self.hub.moved(&user, position);
        }
        for reader in &mut self.readers {
            while reader.seen.len() < self.committed.len() - reader.started {
                let delivery = in_time("an item after the head check", reader.following.next()).await;
                reader.take(delivery.item);
            }
            let more = tokio::time::timeout(Duration::from_millis(5), reader.following.next()).await;
            assert!(more.is_err(), "one too many: {more:?}");
            assert_eq!(reader.seen, self.committed[reader.started..]);
        }
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
    let state = in_time("the newest state", reader.next()).await.item;
    assert_eq!(Some(&*state.0), newest.as_ref());
    assert_eq!(state.0.total_learning_hours.as_f64(), 5.0);
}
