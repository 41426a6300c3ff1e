//! Counts the instructions that Pulse takes on its hot paths, under valgrind's callgrind. Unlike times they hardly depend
//! on the machine and on what else it does, so each can be held against a number in the repository.

mod baseline;
mod callgrind;
mod shares;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use self::{baseline::Counts, callgrind::Dump};
use crate::{
    followers::Followers,
    requests::{Connection, Task, User},
    server::Server,
    system::Door,
};

/// Items of the feed that pages are read from.
const FEED: u64 = 1_000;
/// Requests before those that count: until caches are warm.
const WARM_UP: u64 = 50;
/// Requests of a round.
const REQUESTS: u64 = 30;
/// Subscribers of one user. Few enough that all have come and were told before the first gets a ping, 20 s after it came, on
/// a busy machine too: the pings of many would be in every round.
const SUBSCRIBERS: usize = 100;

/// What is counted, as the baseline and `--where` name it.
const PATHS: [&str; 9] = [
    "create-rest",
    "create-graphql",
    "page-rest",
    "page-graphql",
    "changed-page-rest",
    "changed-page-graphql",
    "subscription-graphql",
    "delivery-graphql",
    "delivery-socketio",
];

#[derive(clap::Args)]
pub(crate) struct Instructions {
    /// The program of Pulse, with names of functions: scripts/build quick
    #[arg(long)]
    pulse: PathBuf,
    /// Fail where a path takes over 110 % of what this file says
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Write what each path takes to this file
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    write: Option<PathBuf>,
    /// Count only this path, and print how often it asks for memory, and which functions take what share of it, those that
    /// they call included
    #[arg(long = "where", value_name = "PATH", value_parser = PATHS, conflicts_with_all = ["against", "write"])]
    path: Option<String>,
}

/// What a path took.
struct Counted {
    path: String,
    /// Instructions of all threads, each time.
    instructions: u64,
    /// How often the path was taken in the dump.
    times: u64,
    /// Where they were; with the creates, for what comes after a create.
    dump: Dump,
}

impl Counted {
    fn new(kind: &str, door: Door, instructions: u64, times: u64, dump: Dump) -> Self {
        Self { path: name(kind, door), instructions: instructions / times, times, dump }
    }
}

impl Instructions {
    pub(crate) async fn run(self) -> Result<()> {
        // Servers are started in folders of their own.
        let pulse = self.pulse.canonicalize().with_context(|| format!("--pulse {}", self.pulse.display()))?;
        // Read before the minutes that counting takes.
        let baseline = self.against.as_deref().map(Counts::read).transpose()?;
        let mut counted = self.requests(&pulse).await?;
        for door in [Door::Graphql, Door::SocketIo] {
            if self.wants("subscription", door) || self.wants("delivery", door) {
                counted.extend(followers(&pulse, door).await?);
            }
        }
        if let Some(path) = &self.path {
            let counted =
                counted.iter().find(|counted| counted.path == *path).context("it was not counted")?;
            println!("{path}: {} instructions", counted.instructions);
            return shares::print(&counted.dump, counted.times);
        }
        let counts: Counts =
            counted.into_iter().map(|counted| (counted.path, counted.instructions)).collect();
        if let Some(file) = &self.write {
            counts.write(file)?;
        }
        if let Some(baseline) = baseline {
            return counts.check(&baseline);
        }
        print!("{counts}");
        Ok(())
    }

    /// Whether it was asked for.
    fn wants(&self, kind: &str, door: Door) -> bool {
        self.path.as_ref().is_none_or(|path| *path == name(kind, door))
    }

    /// Counts what is asked over HTTP, on one connection, one request after the other.
    async fn requests(&self, pulse: &Path) -> Result<Vec<Counted>> {
        let changes = |door| self.wants("create", door) || self.wants("changed-page", door);
        let doors = [Door::Rest, Door::Graphql];
        let mut counted = Vec::new();
        if !doors.iter().any(|door| self.wants("page", *door) || changes(*door)) {
            return Ok(counted);
        }
        let (server, mut callgrind) = callgrind::start(pulse).await?;
        let mut connection = Connection::open(server.address).await?;
        let user = User::new("reader")?;
        let (create, page) = ([Task::Create], [Task::FirstPage]);
        let both = [Task::Create, Task::FirstPage];
        repeat(&mut connection, &create, Door::Rest, &user, FEED).await?;
        for door in doors.into_iter().filter(|door| self.wants("page", *door)) {
            repeat(&mut connection, &page, door, &user, WARM_UP).await?;
            let round = async || repeat(&mut connection, &page, door, &user, REQUESTS).await;
            let page = callgrind.count(&server, round).await?;
            counted.push(Counted::new("page", door, page.instructions, REQUESTS, page));
        }
        for door in doors.into_iter().filter(|door| changes(*door)) {
            repeat(&mut connection, &both, door, &user, WARM_UP).await?;
            let round = async || repeat(&mut connection, &create, door, &user, REQUESTS).await;
            let create = callgrind.count(&server, round).await?;
            let round = async || repeat(&mut connection, &both, door, &user, REQUESTS).await;
            let changed = callgrind.count(&server, round).await?;
            let page = changed.instructions.saturating_sub(create.instructions);
            counted.push(Counted::new("create", door, create.instructions, REQUESTS, create));
            counted.push(Counted::new("changed-page", door, page, REQUESTS, changed));
        }
        Ok(counted)
    }
}

/// As in [`PATHS`].
fn name(kind: &str, door: Door) -> String {
    let door = match door {
        Door::Rest => "rest",
        Door::Graphql => "graphql",
        Door::SocketIo => "socketio",
    };
    format!("{kind}-{door}")
}

/// Does `tasks` in turn, `times` times.
async fn repeat(
    connection: &mut Connection,
    tasks: &[Task],
    door: Door,
    user: &User,
    times: u64,
) -> Result<()> {
    for number in 0..times {
        for task in tasks {
            connection.perform(*task, door, user, number).await?;
        }
    }
    Ok(())
}

/// Counts what followers of one user take: to come, and to be told of an event.
async fn followers(pulse: &Path, door: Door) -> Result<Vec<Counted>> {
    let (server, mut callgrind) = callgrind::start(pulse).await?;
    let writes_by = server.system.writes_by(door);
    let user = User::new("everyone")?;
    let mut connection = Connection::open(server.address).await?;
    let create = [Task::Create];
    repeat(&mut connection, &create, writes_by, &user, WARM_UP).await?;
    let round = async || repeat(&mut connection, &create, writes_by, &user, REQUESTS).await;
    let create = callgrind.count(&server, round).await?;

    let followers = Followers::none();
    join(&followers, &server, door, &User::crowd("other", 20)?).await?;
    let crowd = vec![user.clone(); SUBSCRIBERS];
    let mut parts = crowd.chunks(SUBSCRIBERS / callgrind::ROUNDS);
    let round = async || join(&followers, &server, door, parts.next().context("all have joined")?).await;
    let subscription = callgrind.count(&server, round).await?;

    tell(&followers, &mut connection, writes_by, &user).await?;
    let round = async || tell(&followers, &mut connection, writes_by, &user).await;
    let delivery = callgrind.count(&server, round).await?;
    followers.none_is_closed()?;

    let told = delivery.instructions.saturating_sub(create.instructions / REQUESTS);
    let mut counted = vec![Counted::new("delivery", door, told, SUBSCRIBERS as u64, delivery)];
    if door == Door::Graphql {
        let joined = (SUBSCRIBERS / callgrind::ROUNDS) as u64;
        counted.push(Counted::new("subscription", door, subscription.instructions, joined, subscription));
    }
    Ok(counted)
}

/// Each of `users` follows, one after the other.
async fn join(followers: &Followers, server: &Server, door: Door, users: &[User]) -> Result<()> {
    for user in users {
        followers.join(server, door, std::slice::from_ref(user)).await?;
    }
    Ok(())
}

/// Writes an activity of `user`, and waits until all followers were told.
async fn tell(followers: &Followers, connection: &mut Connection, door: Door, user: &User) -> Result<()> {
    let heard = followers.count();
    connection.perform(Task::Create, door, user, heard).await?;
    followers.wait_for(heard + SUBSCRIBERS as u64).await?;
    ensure!(followers.count() == heard + SUBSCRIBERS as u64, "the event was delivered to others too");
    Ok(())
}
