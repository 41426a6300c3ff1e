//! The queue of writes: what is full is said, and what fails takes only itself back.

use std::sync::Arc;

use futures_util::future::join_all;
use pulse::{
    domain::{Activity, ActivityType, Clock, ItemId, NewActivity, Scope, Timestamp, UserId, Window},
    store::{Store, Tuning},
};

use crate::support::{Backend, fresh_database};

fn user() -> UserId {
    UserId::parse("userId", "ada").unwrap()
}

fn new_activity(title: &str) -> NewActivity {
    NewActivity::parse(ActivityType::Login, title.to_owned(), None, None).unwrap()
}

async fn store(backend: Backend, tuning: Tuning) -> (Store, Option<tempfile::TempDir>) {
    let (url, folder) = fresh_database(backend).await;
    (Store::open_tuned(&url, None, Clock::default(), Arc::new(drop), tuning).await.unwrap(), folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_answers_unavailable_and_goes_on() {
    let (store, _folder) = store(Backend::Sqlite, Tuning { queue: 4, batch: 1 }).await;
    let appends = (0..200).map(|number| {
        let store = store.clone();
        async move { store.append::<Activity>(user(), new_activity(&number.to_string())).await }
    });
    let outcomes = join_all(appends).await;
    let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert!(!refused.is_empty(), "a queue of 4 took 200 at once");
    for error in &refused {
        assert_eq!(error.code(), "UNAVAILABLE");
        assert!(error.retry_after().is_some());
    }
    let taken = outcomes.len() - refused.len();
    store.append::<Activity>(user(), new_activity("afterwards")).await.unwrap();
    let page = store.page::<Activity>(&user(), Window::parse(1, 0).unwrap()).await.unwrap();
    assert_eq!(page.total, taken as u64 + 1, "what was refused is not there, what was taken is");
}

async fn failures_stay_alone(backend: Backend) {
    let (store, _folder) = store(backend, Tuning::default()).await;
    let writes = (0..300).map(|number| {
        let store = store.clone();
        async move {
            if number % 3 == 0 {
                let unknown = ItemId::generate(Timestamp::now());
                let outcome = store.delete::<Activity>(Scope::Everyone, unknown).await;
                assert_eq!(outcome.unwrap_err().code(), "NOT_FOUND");
            } else {
                store.append::<Activity>(user(), new_activity(&number.to_string())).await.unwrap();
            }
        }
    });
    join_all(writes).await;
    let page = store.page::<Activity>(&user(), Window::parse(200, 0).unwrap()).await.unwrap();
    assert_eq!((page.total, page.unread), (200, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_takes_only_itself_back_sqlite() {
    failures_stay_alone(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_takes_only_itself_back_postgres() {
    failures_stay_alone(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_sqlite_stays_short_beside_a_steady_load() {
    const WRITERS: usize = 32;
    const EACH: usize = 250;
    /// Between two appends of a writer: a load that a machine with other work sustains, too.
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(2);
    /// Bytes of half the log at which a commit makes a checkpoint itself.
    const MOST: u64 = 16_000 * 2_048;
    let (store, folder) = store(Backend::Sqlite, Tuning::default()).await;
    let log = folder.as_ref().unwrap().path().join("pulse.db-wal");
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        async move {
            let user = UserId::parse("userId", &format!("user-{writer}")).unwrap();
            for number in 0..EACH {
                store.append::<Activity>(user.clone(), new_activity(&number.to_string())).await.unwrap();
                tokio::time::sleep(PAUSE).await;
            }
        }
    });
    join_all(writers).await;
    let length = std::fs::metadata(&log).unwrap().len();
    assert!(length <= MOST, "the log has {length} bytes after {} rows", WRITERS * EACH);
    let user = UserId::parse("userId", "user-7").unwrap();
    let page = store.page::<Activity>(&user, Window::parse(1, 0).unwrap()).await.unwrap();
    assert_eq!(page.total, EACH as u64);
    store.close().await;
    assert!(!log.exists(), "who closes the database last takes its log away");
}
