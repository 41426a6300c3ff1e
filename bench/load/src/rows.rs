//! What is measured of each system, the rows of the table.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};

use crate::{
    drive::{Clock, Phase, closed_loop, fill, open_loop},
    followers::Followers,
    process::within_file_limit,
    requests::{Connection, Task, User},
    server::{Programs, Server},
    size::Size,
    system::{Database, Door, System},
};

/// A row of the table: one number of each system that can do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    Start,
    Create,
    CreateProcessor,
    CreateUser,
    CreateSystem,
    ShortPage,
    LongPage,
    PageProcessor,
    PageUser,
    PageSystem,
    Memory(usize),
    /// Beside so many idle subscriptions.
    DeliveryMedian(usize),
    DeliveryTail(usize),
    TopicProcessor,
}

/// One number.
pub(crate) struct Sample {
    pub(crate) row: Row,
    pub(crate) door: Door,
    pub(crate) database: Database,
    pub(crate) system: System,
    /// In the unit of the row.
    pub(crate) value: f64,
}

/// Measures the requests of one system.
pub(crate) async fn requests(programs: &Programs, system: System, size: &Size) -> Result<Vec<Sample>> {
    let server = programs.start(system).await?;
    let mut samples = Vec::new();
    for door in system.doors().iter().copied() {
        Connection::open(server.address).await?.check_same_work(door).await.with_context(|| server.log())?;
        let mut sample = |row, value| {
            samples.push(Sample { row, door, database: system.database(), system, value });
        };
        sample(Row::Start, server.started_in.as_secs_f64() * 1e3);
        let writers = User::crowd(&format!("writer-{door}"), size.connections)?;
        let created = closed_loop(&server, Task::Create, door, &writers, size.phase).await?;
        sample(Row::Create, created.rate);
        sample(Row::CreateProcessor, created.processor.total() * 1e6);
        eprintln!(
            "  create by {door}: {:.0}/s, p50 {:.1} ms, p99 {:.1} ms",
            created.rate,
            created.latency.value_at_quantile(0.5) as f64 / 1e6,
            created.latency.value_at_quantile(0.99) as f64 / 1e6
        );
        if system == System::ExpressFull {
            // How commits are made durable is nothing to a reader, and to fill a feed in this way takes long.
            continue;
        }
        for (row, items) in [(Row::ShortPage, 10), (Row::LongPage, size.feed)] {
            let reader = User::new(format!("reader-{door}-{items}"))?;
            fill(&server, door, &reader, items).await?;
            let readers = vec![reader; size.connections];
            let page = closed_loop(&server, Task::FirstPage, door, &readers, size.phase).await?;
            sample(row, page.rate);
            eprintln!("  first page of {items} by {door}: {:.0}/s", page.rate);
        }
    }
    Ok(samples)
}

/// Measures one system's memory for idle subscriptions, and how long events take to those of them whom they are for.
pub(crate) async fn idle(
    programs: &Programs,
    system: System,
    door: Door,
    size: &Size,
) -> Result<Vec<Sample>> {
    let server = programs.start(system).await?;
    let most = within_file_limit(size.idle[1])?;
    // What the first sockets bring about is no cost of a socket.
    let first = User::crowd("first", 64)?;
    let users = User::crowd("follower", most)?;
    let followers = Followers::none();
    followers.join(&server, door, &first).await?;
    let empty = server.tree().settled_memory().await?;
    let mut samples = Vec::new();
    let mut sample = |row, value| {
        samples.push(Sample { row, door, database: Database::Sqlite, system, value });
    };
    let mut joined = 0;
    for count in size.idle.map(|count| count.min(most)) {
        followers.join(&server, door, &users[joined..count]).await?;
        joined = count;
        let memory = server.tree().settled_memory().await?;
        followers.none_is_closed()?;
        let each = (memory - empty) / count as f64;
        sample(Row::Memory(count), each / 1024.0);
        eprintln!("  {count} idle: {each:.0} bytes each");
    }
    if system == System::AsyncGraphqlPeer {
        // Its one channel wakes every subscriber for every event: with so many it does not keep up with any such rate.
        return Ok(samples);
    }
    let delivered = deliver(&server, door, &followers, &users[..joined], size).await?;
    sample(Row::DeliveryMedian(joined), delivered.median);
    sample(Row::DeliveryTail(joined), delivered.tail);
    Ok(samples)
}

/// How events were delivered.
pub(crate) struct Delivered {
    /// From when they were due, in milliseconds: p50 and p99.
    pub(crate) median: f64,
    pub(crate) tail: f64,
    /// Processor time of the server for each, its request included, in seconds.
    pub(crate) processor: f64,
}

/// Each time that an event is due, a random one of `users` gets an activity, and with it their one follower.
pub(crate) async fn deliver(
    server: &Server,
    door: Door,
    followers: &Followers,
    users: &[User],
    size: &Size,
) -> Result<Delivered> {
    let clock = Clock::new(size.events, size.phase);
    followers.time(clock)?;
    let heard = followers.count();
    let written = open_loop(server, server.system.writes_by(door), &users.into(), clock).await?;
    followers.wait_for(heard + clock.end).await.with_context(|| server.log())?;
    let times = followers.times()?;
    ensure!(times.len() == clock.end - clock.first, "{} deliveries were timed", times.len());
    let milliseconds = |quantile| times.value_at_quantile(quantile) as f64 / 1e6;
    eprintln!(
        "  {:.0} events/s to {}: delivered p50 {:.2} ms, p99 {:.2} ms; answered p99 {:.2} ms, {:.0} us of processor each",
        written.rate,
        users.len(),
        milliseconds(0.5),
        milliseconds(0.99),
        written.latency.value_at_quantile(0.99) as f64 / 1e6,
        written.processor.total() * 1e6
    );
    let processor = written.processor.total();
    Ok(Delivered { median: milliseconds(0.5), tail: milliseconds(0.99), processor })
}

/// Measures what a delivery costs a server when many follow the same user.
pub(crate) async fn topic(server: &Server, door: Door, size: &Size) -> Result<Sample> {
    let system = server.system;
    let count = within_file_limit(size.topic)?;
    let user = User::new("everyone")?;
    let followers = Followers::none();
    followers.join(server, door, &vec![user.clone(); count]).await?;
    server.tree().settle().await?;

    let (events, rate) = size.topic_events;
    let phase = Phase { warm_up: Duration::ZERO, counted: Duration::from_secs_f64(events as f64 / rate) };
    let writer: Arc<[User]> = [user].into();
    let mut processor = 0.0;
    // The first time warms up.
    for _ in 0..2 {
        let heard = followers.count();
        let before = server.tree().processor_time()?;
        let clock = Clock::new(rate, phase);
        open_loop(server, system.writes_by(door), &writer, clock).await?;
        followers.wait_for(heard + clock.end * count as u64).await.with_context(|| server.log())?;
        processor = (server.tree().processor_time()? - before) / (clock.end * count as u64) as f64;
    }
    eprintln!("  {count} on one topic: {:.1} us of processor a delivery", processor * 1e6);
    Ok(Sample { row: Row::TopicProcessor, door, database: Database::Sqlite, system, value: processor * 1e6 })
}
