//! Pulse beside what the machine and the libraries under it can do at most: the same load on servers that do nothing but
//! what is measured.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::time::sleep;

use crate::{
    axum_baseline::Answers,
    drive::{Phase, closed_loop, fill, histogram},
    follower::{Follower, source_of},
    followers::Followers,
    process::within_file_limit,
    requests::{Connection, Task, User},
    rows::{Row, Sample, deliver, topic},
    server::{Programs, Server, Site},
    size::Size,
    sqlite,
    system::{Database, Door, System},
};

/// Followers while deliveries are timed.
const FOLLOWERS: usize = 1_000;
/// The doors whose requests are measured.
const DOORS: [Door; 2] = [Door::Rest, Door::Graphql];

/// Measures Pulse and its limits once.
pub(crate) async fn measure(programs: &Programs, size: &Size) -> Result<Vec<Sample>> {
    let site = Site::new()?;
    let mut samples = pulse(programs, &site, size).await.context(System::Pulse.name())?;
    let server = programs.start_at(System::AxumBaseline, &site).await?;
    samples.extend(requests(&server, size).await.context(System::AxumBaseline.name())?);
    drop(server);
    let server = programs.start_at(System::WebSocketBaseline, &site).await?;
    samples.extend(sockets(&server, size).await.context(System::WebSocketBaseline.name())?);
    drop(server);
    samples.extend(rows(programs, size).await.context(System::SqliteBaseline.name())?);
    Ok(samples)
}

/// Measures Pulse, and leaves what it answers at the site.
async fn pulse(programs: &Programs, site: &Site, size: &Size) -> Result<Vec<Sample>> {
    let server = programs.start(System::Pulse).await?;
    fill(&server, Door::Rest, &reader()?, size.feed).await?;
    answers(&server).await?.write(site.folder())?;
    let mut samples = requests(&server, size).await?;

    let users = User::crowd("follower", within_file_limit(FOLLOWERS)?)?;
    let followers = Followers::none();
    followers.join(&server, Door::Graphql, &users).await?;
    let delivered = deliver(&server, Door::Graphql, &followers, &users, size).await?;
    let [median, tail] = [Row::DeliveryMedian(users.len()), Row::DeliveryTail(users.len())];
    samples.push(sample(&server, median, Door::Graphql, delivered.median));
    samples.push(sample(&server, tail, Door::Graphql, delivered.tail));
    drop(server);

    let server = programs.start(System::Pulse).await?;
    samples.push(topic(&server, Door::Graphql, size).await?);
    Ok(samples)
}

/// Whose feed the pages are of.
fn reader() -> Result<User> {
    User::new("reader")
}

/// What Pulse answers to the requests of the load, and what it sends to a follower.
async fn answers(server: &Server) -> Result<Answers> {
    let mut connection = Connection::open(server.address).await?;
    let (reader, user) = (reader()?, User::new("writer-0")?);
    let mut follower = Follower::open(server.address, source_of(0), Door::Graphql, user.clone()).await?;
    // A subscription is not confirmed: what is written is told by and by, and the first event will do.
    let mut event = None;
    for number in 0..100 {
        connection.perform(Task::Create, Door::Rest, &user, number).await?;
        if let Ok(text) = tokio::time::timeout(Duration::from_millis(100), follower.next()).await {
            event = text;
            break;
        }
    }
    let event = event.context("the server tells a follower nothing")?;
    ensure!(follower.is_delivery(&event), "this is no event: {event}");
    Ok(Answers {
        created: connection.perform(Task::Create, Door::Rest, &user, 100_000).await?,
        page: connection.perform(Task::FirstPage, Door::Rest, &reader, 0).await?,
        graphql_created: connection.perform(Task::Create, Door::Graphql, &user, 100_000).await?,
        graphql_page: connection.perform(Task::FirstPage, Door::Graphql, &reader, 0).await?,
        event: event.into(),
    })
}

/// Creations and first pages by each door, with the processor time in the program and in the kernel.
async fn requests(server: &Server, size: &Size) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for door in DOORS {
        let writers = User::crowd(&format!("writer-{door}"), size.connections)?;
        let readers = vec![reader()?; size.connections];
        let created = [Row::Create, Row::CreateProcessor, Row::CreateUser, Row::CreateSystem];
        let read = [Row::LongPage, Row::PageProcessor, Row::PageUser, Row::PageSystem];
        for (task, users, rows) in [(Task::Create, writers, created), (Task::FirstPage, readers, read)] {
            let done = closed_loop(server, task, door, &users, size.phase).await?;
            let [total, user, system] =
                [done.processor.total(), done.processor.user, done.processor.system].map(|time| time * 1e6);
            eprintln!(
                "  {task:?} by {door}: {:.0}/s, {total:.1} us of processor: {user:.1} in the program, {system:.1} in the kernel",
                done.rate
            );
            let values = [done.rate, total, user, system];
            samples.extend(rows.into_iter().zip(values).map(|(row, value)| sample(server, row, door, value)));
        }
    }
    Ok(samples)
}

/// A frame to many sockets, and a frame there and back.
async fn sockets(server: &Server, size: &Size) -> Result<Vec<Sample>> {
    let times = echo(server, size.phase).await?;
    let count = within_file_limit(FOLLOWERS)?;
    Ok(vec![
        sample(server, Row::DeliveryMedian(count), Door::Graphql, times[0]),
        sample(server, Row::DeliveryTail(count), Door::Graphql, times[1]),
        topic(server, Door::Graphql, size).await?,
    ])
}

/// How long a message of an activity's size takes there and back on one socket, p50 and p99 in milliseconds.
async fn echo(server: &Server, phase: Phase) -> Result<[f64; 2]> {
    let mut socket = Follower::connect(server.address, source_of(0), Door::Graphql).await?;
    let message = "x".repeat(500);
    let mut times = histogram()?;
    let start = Instant::now();
    while start.elapsed() < phase.warm_up + phase.counted {
        let begun = Instant::now();
        socket.send(message.clone()).await?;
        ensure!(socket.next().await.is_some(), "the socket was closed");
        if start.elapsed() > phase.warm_up {
            times.saturating_record(u64::try_from(begun.elapsed().as_nanos())?);
        }
        // A socket that never rests would find both sides awake.
        sleep(Duration::from_millis(1)).await;
    }
    let milliseconds = |quantile| times.value_at_quantile(quantile) as f64 / 1e6;
    let echoed = [milliseconds(0.5), milliseconds(0.99)];
    eprintln!("  echo: p50 {:.3} ms, p99 {:.3} ms", echoed[0], echoed[1]);
    Ok(echoed)
}

/// Rows that SQLite takes alone, beside creations by either door.
async fn rows(programs: &Programs, size: &Size) -> Result<Vec<Sample>> {
    let (rate, processor) = sqlite::measure(programs, size.phase).await?;
    eprintln!("  SQLite alone: {rate:.0} rows/s, {:.1} us of processor each", processor.total() * 1e6);
    let rows = [
        (Row::Create, rate),
        (Row::CreateProcessor, processor.total() * 1e6),
        (Row::CreateUser, processor.user * 1e6),
        (Row::CreateSystem, processor.system * 1e6),
    ];
    let (system, database) = (System::SqliteBaseline, Database::Sqlite);
    let sample = |door, (row, value)| Sample { row, door, database, system, value };
    Ok(DOORS.into_iter().flat_map(|door| rows.map(|row| sample(door, row))).collect())
}

fn sample(server: &Server, row: Row, door: Door, value: f64) -> Sample {
    Sample { row, door, database: Database::Sqlite, system: server.system, value }
}
