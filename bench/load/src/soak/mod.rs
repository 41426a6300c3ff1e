//! Pulse under a mixed load for a long time, with subscribers that come and go: whether it stays as it was, and whether
//! every event still comes exactly once.

mod disk;
mod samples;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use tokio::{
    task::JoinSet,
    time::{interval, sleep, sleep_until},
};

pub(crate) use self::samples::Soaked;
use self::{
    disk::Disk,
    samples::{Times, Window},
};
use crate::{
    drive::{Clock, Phase, histogram, open_loop_of},
    process::within_file_limit,
    requests::{Task, User},
    resume::Crowd,
    server::{Programs, Server},
    size::Soak,
    system::{Door, System},
};

/// Puts the load on for `minutes`.
pub(crate) async fn measure(programs: &Programs, soak: &Soak, minutes: u64) -> Result<Soaked> {
    let server = Arc::new(programs.start(System::Pulse).await?);
    let outcome = measure_at(&server, soak, minutes).await;
    outcome.with_context(|| server.log())
}

async fn measure_at(server: &Arc<Server>, soak: &Soak, minutes: u64) -> Result<Soaked> {
    let count = within_file_limit(soak.followers)?;
    let users: Arc<[User]> = User::crowd("follower", count)?.into();
    let length = Duration::from_secs(60 * minutes);
    let events = (length.as_secs_f64() * soak.creates) as usize;
    // As if by chance, and known to both sides.
    let owner =
        move |number: u64| ((number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % count as u64) as usize;
    let place = move |follower: usize, number: u64| {
        if owner(number) == follower { number as usize } else { usize::MAX }
    };
    let crowd = Crowd::gather(server, &users, count, events, Box::new(place)).await?;
    crowd.all_subscribed().await?;
    eprintln!("soak: {count} followers, {events} events in {minutes} min");

    let answered = Arc::new(Mutex::new(histogram()?));
    let start = Instant::now();
    let mut load = JoinSet::new();
    let loads: [(f64, usize, Pick); 3] = [
        (soak.creates, 32, Box::new(move |number| (Task::Create, door(number), owner(number)))),
        (
            soak.pages,
            16,
            Box::new(move |number| (Task::FirstPage, door(number), rand::random_range(0..count))),
        ),
        (soak.notices, 4, Box::new(move |number| (notice(number), Door::Rest, owner(number / 2)))),
    ];
    for (per_second, connections, pick) in loads {
        let clock = Clock::new(per_second, Phase { warm_up: Duration::ZERO, counted: length });
        if per_second == soak.creates {
            crowd.time(clock);
        }
        load.spawn(ask(server.clone(), users.clone(), clock, connections, pick.into(), answered.clone()));
    }
    let churn = tokio::spawn(kick(crowd.clone(), count, soak.reconnects));
    let disk = Disk::watch(server.site.folder())?;
    let mut windows = Vec::new();
    let mut next = start + soak.sample;
    while next <= start + length {
        sleep_until(next.into()).await;
        while let Some(ended) = load.try_join_next() {
            ended??;
        }
        crowd.check()?;
        let answers = std::mem::replace(&mut *locked(&answered), histogram()?);
        let times = Times { answers, deliveries: crowd.take_deliveries()?, disk: disk.take()? };
        windows.push(Window::take(server, start.elapsed(), &times)?);
        next += soak.sample;
    }
    while let Some(ended) = load.join_next().await {
        ended??;
    }
    churn.abort();
    crowd.wait_for(events as u64).await?;
    // What comes twice could come late.
    sleep(Duration::from_secs(2)).await;
    crowd.check()?;
    ensure!(crowd.lost() == 0, "the server closed {} sockets or refused their subscriptions", crowd.lost());
    ensure!(crowd.refused() == 0, "{} subscriptions were put off (UNAVAILABLE)", crowd.refused());
    ensure!(crowd.failed() == 0, "{} attempts to connect failed", crowd.failed());
    let kicked = (length.as_secs_f64() * soak.reconnects) as u64;
    Ok(Soaked {
        title: format!(
            "{minutes} min, {count} GraphQL subscribers, of whom {} a second leave and resume; each second {} creates \
             and {} first pages (half by REST, half by GraphQL), {} notifications or marks; SQLite FULL",
            soak.reconnects, soak.creates, soak.pages, soak.notices
        ),
        remark: format!(
            "{events} events were written, and each came to its follower exactly once; about {kicked} times a follower resumed."
        ),
        windows,
        warm_up: soak.warm_up,
    })
}

/// What is asked for a number, by which door, and by which user.
type Pick = Box<dyn Fn(u64) -> (Task, Door, usize) + Send + Sync>;

async fn ask(
    server: Arc<Server>,
    users: Arc<[User]>,
    clock: Clock,
    connections: usize,
    pick: Arc<dyn Fn(u64) -> (Task, Door, usize) + Send + Sync>,
    answered: Arc<Mutex<Histogram<u64>>>,
) -> Result<()> {
    let note = move |number| {
        if let Some(latency) = clock.latency(number) {
            locked(&answered).saturating_record(latency);
        }
    };
    open_loop_of(&server, &users, clock, connections, move |number| pick(number), note).await.map(drop)
}

/// Takes the socket of a random follower, so many times a second.
async fn kick(crowd: Arc<Crowd>, count: usize, per_second: f64) {
    let mut due = interval(Duration::from_secs_f64(1.0 / per_second));
    loop {
        due.tick().await;
        crowd.kick(rand::random_range(0..count));
    }
}

fn door(number: u64) -> Door {
    if number.is_multiple_of(2) { Door::Rest } else { Door::Graphql }
}

/// A user is told something, and reads it.
fn notice(number: u64) -> Task {
    if number.is_multiple_of(2) { Task::Notify } else { Task::ReadNotifications }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
