//! An import of an export is an equal database, whatever the database was.

use std::{fs, path::Path, sync::Arc, time::Duration};

use proptest::{prelude::*, test_runner::TestRunner};
use pulse::{
    domain::{
        Activity, ActivityType, AnalyticsChange, Clock, Counter, Cursor, Day, Hours, ItemId, NewActivity,
        NewNotification, Notification, NotificationType, Scope, StatName, Timestamp, UserId, WeeklyEntry,
        Window,
    },
    store::{Store, StoredItem},
    transfer::{self, Import},
};
use serde_json::{Map, Number, Value};

use crate::support::{Backend, Files, Row, Sql, fresh_database, printed, pulse};

const FILES: [&str; 3] = ["activities.jsonl", "analytics.jsonl", "notifications.jsonl"];

/// One thing that happens to a database.
#[derive(Clone, Debug)]
enum Step {
    Act {
        user: usize,
        kind: usize,
        title: String,
        description: Option<String>,
        data: Option<Value>,
    },
    Tell {
        user: usize,
        kind: usize,
        message: String,
        url: bool,
        minutes: Option<u64>,
    },
    Read {
        user: usize,
        nth: usize,
        notification: bool,
    },
    ReadAll {
        user: usize,
        notifications: bool,
    },
    Delete {
        user: usize,
        nth: usize,
        notification: bool,
    },
    Clear {
        user: usize,
    },
    Count {
        user: usize,
        change: AnalyticsChange,
    },
    /// A day after the other, more than a record shows.
    Days {
        user: usize,
        from: u64,
        count: u64,
    },
    /// Time passes, or the next writes come from a machine whose clock is behind.
    Wait {
        seconds: u64,
        behind: bool,
    },
}

const USERS: [&str; 4] = ["ada", "$oid", "Bob \"the\" \\ tab", "漢字"];

fn json_values() -> impl Strategy<Value = Value> {
    let texts = prop::sample::select(vec![
        "",
        "NaN",
        "Infinity",
        "5",
        "65000000000000000000000a",
        "2026-01-01T00:00:00.000Z",
        "\t\"\\\n",
        "é",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |number| Number::from_f64(number).map(Value::from)),
        texts.prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "a",
        "b",
        "$oid",
        "$date",
        "$numberInt",
        "$numberLong",
        "$numberDouble",
        "$numberDecimal",
        "$uuid",
        "$undefined",
        "$set",
        "",
    ]);
    leaf.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..3).prop_map(|entries| {
                entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
            }),
        ]
    })
}

fn changes() -> impl Strategy<Value = AnalyticsChange> {
    prop_oneof![
        Just(AnalyticsChange::Init),
        (-400_000_000_000_000i64..=1_000_000_000_000_000)
            .prop_map(|nanos| AnalyticsChange::AddHours(Hours::from_nanos(nanos))),
        (0i64..400, 0i64..400)
            .prop_map(|(current, longest)| AnalyticsChange::set_streak(current, longest).unwrap()),
        (0usize..3, -3i64..9).prop_filter_map("not 0", |(stat, by)| AnalyticsChange::increment(
            StatName::ALL[stat],
            by
        )
        .ok()),
        (0u64..1_500, 0i64..=24_000_000_000, 0i64..5).prop_map(|(offset, nanos, logs)| add_to_day(
            offset,
            Hours::from_nanos(nanos),
            logs
        )),
    ]
}

/// An entry of a day after the first one, which lies before 1970.
fn add_to_day(offset: u64, hours: Hours, logs: i64) -> AnalyticsChange {
    let date = Day::parse("date", "1968-11-01").unwrap().plus_days(offset);
    let logs = Counter::parse("logsCount", logs).unwrap();
    AnalyticsChange::AddWeekly(WeeklyEntry { date, hours, logs })
}

fn steps() -> impl Strategy<Value = Step> {
    let user = 0..USERS.len();
    let text = prop::string::string_regex("[ -~éß\n\t\\\\]{1,20}").unwrap().boxed();
    prop_oneof![
        6 => (user.clone(), 0usize..6, text.clone(), prop::option::of(text.clone()), prop::option::of(json_values()))
            .prop_map(|(user, kind, title, description, data)| Step::Act { user, kind, title, description, data }),
        4 => (user.clone(), 0usize..5, text, any::<bool>(), prop::option::of(1u64..500))
            .prop_map(|(user, kind, message, url, minutes)| Step::Tell { user, kind, message, url, minutes }),
        2 => (user.clone(), 0usize..5, any::<bool>())
            .prop_map(|(user, nth, notification)| Step::Read { user, nth, notification }),
        1 => (user.clone(), any::<bool>()).prop_map(|(user, notifications)| Step::ReadAll { user, notifications }),
        2 => (user.clone(), 0usize..5, any::<bool>())
            .prop_map(|(user, nth, notification)| Step::Delete { user, nth, notification }),
        1 => user.clone().prop_map(|user| Step::Clear { user }),
        8 => (user.clone(), changes()).prop_map(|(user, change)| Step::Count { user, change }),
        1 => (user, 0u64..1_400, 1u64..130).prop_map(|(user, from, count)| Step::Days { user, from, count }),
        3 => (0u64..4_000, any::<bool>()).prop_map(|(seconds, behind)| Step::Wait { seconds, behind }),
    ]
}

fn user(index: usize) -> UserId {
    UserId::parse("userId", USERS[index]).unwrap()
}

fn window() -> Window {
    Window::parse(200, 0).unwrap()
}

/// Two machines on one database, the clock of one an hour behind.
struct Machines {
    stores: [Store; 2],
    clocks: [Clock; 2],
    at: usize,
}

impl Machines {
    async fn open(url: &str, now: Timestamp) -> Self {
        let clocks =
            [Clock::standing_at(now), Clock::standing_at(Timestamp::from_millis(now.millis() - 3_600_000))];
        let open = |clock: &Clock| Store::open(url, clock.clone(), Arc::new(drop));
        let stores = [open(&clocks[0]).await.unwrap(), open(&clocks[1]).await.unwrap()];
        Self { stores, clocks, at: 0 }
    }

    async fn nth<T: StoredItem>(&self, index: usize, nth: usize) -> Option<ItemId> {
        let page = self.stores[self.at].page::<T>(&user(index), window()).await.unwrap();
        page.items.get(nth).map(|item| item.id())
    }

    async fn change_item<T: StoredItem>(&self, index: usize, nth: usize, delete: bool) {
        let (store, scope) = (&self.stores[self.at], Scope::Only(user(index)));
        match self.nth::<T>(index, nth).await {
            Some(id) if delete => store.delete::<T>(scope, id).await.unwrap(),
            Some(id) => drop(store.mark_read::<T>(scope, id).await.unwrap()),
            None => {}
        }
    }

    async fn take(&mut self, step: Step) {
        let store = &self.stores[self.at];
        match step {
            Step::Act { user: index, kind, title, description, data } => {
                let new =
                    NewActivity::parse(ActivityType::ALL[kind], title, description, data.as_ref()).unwrap();
                store.append::<Activity>(user(index), new).await.unwrap();
            }
            Step::Tell { user: index, kind, message, url, minutes } => {
                let kind = NotificationType::ALL[kind];
                let url = url.then(|| "/x?y=%22".to_owned());
                let now = store.clock().now();
                let mut new = NewNotification::parse(kind, "t".to_owned(), message, url, None, now).unwrap();
                new.expires_at =
                    minutes.map(|minutes| Timestamp::from_millis(now.millis() + minutes as i64 * 60_000));
                store.append::<Notification>(user(index), new).await.unwrap();
            }
            Step::Read { user, nth, notification: false } => {
                self.change_item::<Activity>(user, nth, false).await
            }
            Step::Read { user, nth, notification: true } => {
                self.change_item::<Notification>(user, nth, false).await
            }
            Step::Delete { user, nth, notification: false } => {
                self.change_item::<Activity>(user, nth, true).await
            }
            Step::Delete { user, nth, notification: true } => {
                self.change_item::<Notification>(user, nth, true).await
            }
            Step::ReadAll { user: index, notifications: true } => {
                store.mark_all_read::<Notification>(user(index)).await.unwrap();
            }
            Step::ReadAll { user: index, notifications: false } => {
                store.mark_all_read::<Activity>(user(index)).await.unwrap();
            }
            Step::Clear { user: index } => drop(store.clear::<Notification>(user(index)).await.unwrap()),
            // A sum that would pass its bound is refused, and changes nothing.
            Step::Count { user: index, change } => drop(store.change_analytics(user(index), change).await),
            Step::Days { user: index, from, count } => {
                for offset in from..from + count {
                    let hours = Hours::from_nanos(offset as i64 * 1_000_001);
                    drop(store.change_analytics(user(index), add_to_day(offset, hours, 1)).await);
                }
            }
            Step::Wait { seconds, behind } => {
                self.clocks.iter().for_each(|clock| clock.advance(Duration::from_secs(seconds)));
                self.at = usize::from(behind);
            }
        }
    }

    async fn close(self) {
        for store in &self.stores {
            store.close().await;
        }
    }
}

/// All that clients can read, but for cursors.
async fn everything(store: &Store) -> String {
    let nowhere = |cursor: &mut Cursor| *cursor = Cursor::parse("cursor", &"A".repeat(22)).unwrap();
    let mut shown = String::new();
    for index in 0..USERS.len() {
        let mut activities = store.page::<Activity>(&user(index), window()).await.unwrap().page;
        activities.items.iter_mut().for_each(|item| nowhere(&mut Arc::make_mut(item).cursor));
        nowhere(&mut activities.cursor);
        let mut notifications = store.page::<Notification>(&user(index), window()).await.unwrap().page;
        notifications.items.iter_mut().for_each(|item| nowhere(&mut Arc::make_mut(item).cursor));
        nowhere(&mut notifications.cursor);
        let mut analytics = store.analytics(&user(index)).await.unwrap();
        analytics.iter_mut().for_each(|record| nowhere(&mut record.cursor));
        let mut counts = store.counts(&user(index)).await.unwrap();
        nowhere(&mut counts.cursor);
        shown += &format!("{activities:#?}\n{notifications:#?}\n{analytics:#?}\n{counts:#?}\n");
    }
    let mut board = store.leaderboard(window()).await.unwrap();
    board.items.iter_mut().for_each(|record| nowhere(&mut record.cursor));
    shown + &format!("{board:#?}")
}

/// Every day ever: clients see the old ones only when they add to them.
async fn days(url: &str) -> Vec<Row> {
    let database = Sql::connect(url).await;
    let rows =
        database.rows("SELECT user_id, date, hours, logs FROM analytics_days ORDER BY user_id, date").await;
    database.close().await;
    rows
}

fn contents(folder: &Path) -> Vec<String> {
    FILES.iter().map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect()
}

/// Lives through `steps`, exports, imports elsewhere, and compares.
async fn comes_back_equal(backend: Backend, steps: Vec<Step>) {
    let (url, _folder) = fresh_database(backend).await;
    let (other, _other_folder) = fresh_database(backend).await;
    let start = Timestamp::parse("now", "2026-06-01T12:00:00Z").unwrap();
    let mut machines = Machines::open(&url, start).await;
    for step in steps {
        machines.take(step).await;
    }
    let now = machines.clocks[0].now();
    let before = everything(&machines.stores[0]).await;
    machines.close().await;

    let files = Files::new();
    let (first, second) = (files.path("first"), files.path("second"));
    let exported = transfer::export(&url, &first, false, now).await.unwrap();
    let import = Import { files: FILES.map(|name| first.join(name)).into(), ..Import::default() };
    let report = transfer::import(&other, import, now, Arc::new(|_| {})).await.unwrap();
    assert!(report.done && report.invalid() == 0, "{report:?}: {:?}", contents(&first));
    assert_eq!(report.activities.imported, exported.activities);
    assert_eq!(report.notifications.imported, exported.notifications);
    assert_eq!(report.analytics.imported, exported.analytics);

    let store = Store::open(&other, Clock::standing_at(now), Arc::new(drop)).await.unwrap();
    assert_eq!(everything(&store).await, before);
    store.close().await;
    assert_eq!(days(&other).await, days(&url).await);
    transfer::export(&other, &second, false, now).await.unwrap();
    assert_eq!(contents(&second), contents(&first));
}

fn any_database_comes_back(backend: Backend, cases: u32) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = ProptestConfig {
        cases,
        max_shrink_iters: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&prop::collection::vec(steps(), 1..80), |steps| {
            runtime.block_on(comes_back_equal(backend, steps));
            Ok(())
        })
        .unwrap();
}

#[test]
fn an_import_of_an_export_is_an_equal_database_on_sqlite() {
    any_database_comes_back(Backend::Sqlite, 32);
}

#[test]
fn an_import_of_an_export_is_an_equal_database_on_postgres() {
    any_database_comes_back(Backend::Postgres, 4);
}

/// From one database system to the other: the files know nothing of either.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_moves_from_sqlite_to_postgres() {
    let (sqlite, _folder) = fresh_database(Backend::Sqlite).await;
    let (postgres, _) = fresh_database(Backend::Postgres).await;
    printed(&pulse(&sqlite, &["seed", "--users", "3"]));
    let files = Files::new();
    printed(&pulse(&sqlite, &["export", &files.argument("a")]));
    let names = FILES.map(|name| files.path("a").join(name).to_str().unwrap().to_owned());
    let [activities, analytics, notifications] = names.each_ref().map(String::as_str);
    printed(&pulse(&postgres, &["import", notifications, analytics, activities]));
    printed(&pulse(&postgres, &["export", &files.argument("b")]));
    assert_eq!(contents(&files.path("a")), contents(&files.path("b")));
}
