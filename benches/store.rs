//! What grouped appends and clustered feeds are worth, as ratios within one run.
//!
//! `cargo bench --bench store` prints:
//! - durable creations per second on SQLite (synchronous=FULL) with 64 concurrent callers, grouped and with one
//!   transaction per append, and their ratio (wanted: 8 or more);
//! - the time of the first page of a feed of 100 and of one of 1,000,000 items, and their ratio (wanted: below 1.5).
//!
//! The two sides of a comparison are run in turns, and the medians compared, because machines are noisy.

#![allow(missing_docs, clippy::unwrap_used, reason = "a program that measures has no outside")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use pulse::{
    domain::{Activity, ActivityType, Clock, NewActivity, UserId, Window},
    store::{Store, Tuning},
};

const CALLERS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const PAGES: usize = 2_000;

fn main() {
    // `cargo test --benches` runs this too, to see that it still works: there is nothing to measure then.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        appends().await;
        pages().await;
    });
}

/// A store in a new folder, with at most `batch` appends in a commit.
async fn store(batch: usize) -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("bench.db").display());
    let tuning = Tuning { batch, ..Tuning::default() };
    let store = Store::open_tuned(&url, None, Clock::default(), Arc::new(drop), tuning).await.unwrap();
    (store, folder)
}

async fn appends() {
    let (grouped, _grouped_folder) = store(Tuning::default().batch).await;
    let (single, _single_folder) = store(1).await;
    let mut rates = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        rates.0.push(creations_per_second(&grouped).await);
        rates.1.push(creations_per_second(&single).await);
    }
    let (grouped, single) = (median(rates.0), median(rates.1));
    println!("durable appends on SQLite, {CALLERS} callers");
    println!("  grouped                     {grouped:>10.0} /s");
    println!("  one transaction per append  {single:>10.0} /s");
    println!("  ratio                       {:>10.1}      (wanted: 8 or more)", grouped / single);
}

async fn creations_per_second(store: &Store) -> f64 {
    let start = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                let user = UserId::parse("userId", &format!("user {caller}")).unwrap();
                let mut created = 0u32;
                while start.elapsed() < ROUND {
                    let title = "A goal was completed".to_owned();
                    let text = Some("Thirty days of learning in a row".to_owned());
                    let new = NewActivity::parse(ActivityType::GoalCompleted, title, text, None).unwrap();
                    store.append::<Activity>(user.clone(), new).await.unwrap();
                    created += 1;
                }
                created
            })
        })
        .collect();
    let mut created = 0;
    for caller in callers {
        created += caller.await.unwrap();
    }
    f64::from(created) / start.elapsed().as_secs_f64()
}

async fn pages() {
    let (store, folder) = store(Tuning::default().batch).await;
    let sizes = [100, 1_000_000];
    for size in sizes {
        fill(&folder, size);
    }
    let window = Window::parse(20, 0).unwrap();
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..PAGES {
        for (size, times) in sizes.iter().zip([&mut times.0, &mut times.1]) {
            let user = UserId::parse("userId", &format!("feed {size}")).unwrap();
            let start = Instant::now();
            let page = store.page::<Activity>(&user, window).await.unwrap();
            times.push(start.elapsed().as_secs_f64() * 1e6);
            assert_eq!((page.items.len(), page.total), (20, *size as u64));
        }
    }
    let (small, large) = (median(times.0), median(times.1));
    println!("first page of 20 items");
    println!("  of a feed of 100            {small:>10.1} us");
    println!("  of a feed of 1,000,000      {large:>10.1} us");
    println!("  ratio                       {:>10.2}      (wanted: below 1.5)", large / small);
}

/// Writes a feed of `size` items past the store, which would take a minute for a million.
fn fill(folder: &tempfile::TempDir, size: i64) {
    let connection = rusqlite::Connection::open(folder.path().join("bench.db")).unwrap();
    let sql = format!(
        "INSERT INTO activities (user_id, position, id, type, title, description, data, created_at, read)
         SELECT 'feed {size}', value, printf('%08x%016x', {size}, value), 'goal_completed', 'A goal was completed',
                'Thirty days of learning in a row', '{{}}', 1769851800000 + value, FALSE
         FROM generate_series(1, {size})"
    );
    // SQLite's own series function is not compiled in everywhere: a recursive query stands for it.
    let series = format!(
        "(WITH RECURSIVE s(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM s WHERE value < {size}) SELECT value FROM s)"
    );
    connection.execute_batch(&sql.replace(&format!("generate_series(1, {size})"), &series)).unwrap();
    let sql = format!("INSERT INTO user_position VALUES ('feed {size}', {size}, {size}, {size}, 0, 0)");
    connection.execute_batch(&sql).unwrap();
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
