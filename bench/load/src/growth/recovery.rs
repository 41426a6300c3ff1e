//! How long thousands of subscribers take to be back, with all that they missed, after the server was killed.

use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::{task::JoinSet, time::sleep};

use super::Ladder;
use crate::{
    process::within_file_limit,
    requests::{Connection, Task, User},
    resume::Crowd,
    server::{Programs, Server, Site},
    size::Growth,
    system::{Door, System},
};

/// Events of each user: before the crash, while nobody is connected, and when all are back.
const TURNS: u64 = 3;

/// Several subscribers follow each user. Each user gets an event; the server is killed; each user gets another one by a
/// server on another port, which is killed too; then it starts again where the subscribers look for it.
pub(super) async fn measure(programs: &Programs, growth: &Growth) -> Result<Ladder> {
    let count = within_file_limit(growth.returning)?;
    let mut ladder = Ladder::new(format!(
        "{count} subscribers come back at once to a server that was killed, {} events later",
        growth.missed
    ));
    ladder.steps.push(count as u64);
    let users: Arc<[User]> = User::crowd("returning", growth.missed)?.into();
    let events = users.len() as u64;
    let site = Site::new()?;
    let server = programs.start_at(System::Pulse, &site).await?;
    eprintln!("growth: {count} subscribers lose their server");
    let crowd = gather(&server, &users, count).await?;
    crowd.all_subscribed().await?;
    write(&server, &users, 0..events).await?;
    crowd.wait_for(count as u64).await.with_context(|| server.log())?;
    let before = server.tree().settled_memory().await?;
    crowd.take_resumes()?;
    drop(server);

    let elsewhere = programs.start_at(System::Pulse, &site.at_another_port()?).await?;
    write(&elsewhere, &users, events..2 * events).await?;
    drop(elsewhere);
    let (failed, refused) = (crowd.failed(), crowd.refused());
    let start = Instant::now();
    let server = programs.start_at(System::Pulse, &site).await?;
    let started = start.elapsed();
    crowd.wait_for(2 * count as u64).await.with_context(|| server.log())?;
    let back = start.elapsed();
    let peak = server.tree().peak_memory()?;
    let resumes = crowd.take_resumes()?;

    write(&server, &users, 2 * events..TURNS * events).await?;
    crowd.wait_for(TURNS * count as u64).await.with_context(|| server.log())?;
    // What comes twice could come late.
    sleep(Duration::from_secs(1)).await;
    crowd.check()?;
    let milliseconds = |quantile| resumes.value_at_quantile(quantile) as f64 / 1e6;
    let lines = [
        ("start of the server until it listens, s", started.as_secs_f64()),
        ("start of the server until the last has what it missed, s", back.as_secs_f64()),
        ("subscribe to the first missed event, p50, ms", milliseconds(0.5)),
        ("subscribe to the first missed event, p99, ms", milliseconds(0.99)),
        ("attempts that failed once it was starting", (crowd.failed() - failed) as f64),
        (
            "subscriptions that were put off (UNAVAILABLE) and asked for again",
            (crowd.refused() - refused) as f64,
        ),
        ("resident memory of the server before the crash, MiB", before / 1_048_576.0),
        ("resident memory of the server, the most, MiB", peak / 1_048_576.0),
    ];
    for (name, value) in lines {
        eprintln!("  {name}: {value:.2}");
        ladder.note(name, value);
    }
    let deliveries = crowd.came();
    ladder.remarks.push(format!("{deliveries} deliveries were due and came: none lost, none doubled."));
    Ok(ladder)
}

async fn gather(server: &Server, users: &[User], count: usize) -> Result<Arc<Crowd>> {
    // The number of an event names its turn and its user.
    let turns = usize::try_from(TURNS)?;
    let events = users.len() as u64;
    let place = move |follower: usize, number: u64| {
        let (turn, user) = (number / events, number % events);
        let is_meant = user == follower as u64 % events && turn < TURNS;
        if is_meant { follower * turns + turn as usize } else { usize::MAX }
    };
    Crowd::gather(server, users, count, count * turns, Box::new(place)).await
}

/// Creates the events of `numbers`, each of the user whose turn it is.
async fn write(server: &Server, users: &Arc<[User]>, numbers: Range<u64>) -> Result<()> {
    const CONNECTIONS: u64 = 16;

    let mut writers = JoinSet::new();
    for first in numbers.start..numbers.end.min(numbers.start + CONNECTIONS) {
        let mut connection = Connection::open(server.address).await?;
        let (users, end) = (users.clone(), numbers.end);
        writers.spawn(async move {
            let mut number = first;
            while number < end {
                let user = &users[(number % users.len() as u64) as usize];
                connection.perform(Task::Create, Door::Rest, user, number).await?;
                number += CONNECTIONS;
            }
            anyhow::Ok(())
        });
    }
    while let Some(written) = writers.join_next().await {
        written?.with_context(|| server.log())?;
    }
    Ok(())
}
