//! What is created and read when there is more and more.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{Ladder, fill::fill};
use crate::{
    drive::{Outcome, closed_loop},
    requests::{Connection, Task, User},
    server::{Programs, Server, Site},
    size::Size,
    system::{Door, System},
};

/// At each size a new database: a feed of so many items, and so many users in the leaderboard.
pub(super) async fn measure(programs: &Programs, size: &Size) -> Result<Ladder> {
    let mut ladder = Ladder::new(format!(
        "items in the feed and users in the leaderboard, {} connections, SQLite FULL",
        size.connections
    ));
    let owner = User::new("owner")?;
    for items in size.growth.items.iter().copied() {
        eprintln!("growth: {items} items");
        ladder.steps.push(items);
        let site = Site::new()?;
        programs.migrate(&site)?;
        let (file, user) = (site.database(), owner.name.clone());
        tokio::task::spawn_blocking(move || fill(&file, &user, items)).await??;
        ladder.note("database, MiB", fs::metadata(site.database())?.len() as f64 / 1_048_576.0);
        let server = programs.start_at(System::Pulse, &site).await?;
        for (task, total) in [(Task::FirstPage, items), (Task::Leaderboard, items)] {
            check_total(&server, task, &owner, total).await?;
        }
        let users = vec![owner.clone(); size.connections];
        // Creations come last: they make the feed longer.
        for (task, door, name) in [
            (Task::FirstPage, Door::Rest, "first page"),
            (Task::LastPage, Door::Graphql, "last page"),
            (Task::Leaderboard, Door::Rest, "leaderboard, first 10"),
            (Task::Create, Door::Rest, "create in that feed"),
        ] {
            let done = closed_loop(&server, task, door, &users, size.phase).await?;
            note(&mut ladder, name, &done);
        }
    }
    ladder.remarks.push("A page has 20 items, and all there are of a feed that is shorter.".into());
    let kept =
        "A first page that has not changed is kept; a last one, asked for by GraphQL, is read each time.";
    ladder.remarks.push(kept.into());
    Ok(ladder)
}

fn note(ladder: &mut Ladder, name: &str, done: &Outcome) {
    let tail = done.latency.value_at_quantile(0.99) as f64 / 1e6;
    let processor = done.processor.total() * 1e6;
    eprintln!("  {name}: {:.0}/s, p99 {tail:.1} ms, {processor:.1} us of processor", done.rate);
    ladder.note(&format!("{name}, requests/s"), done.rate);
    ladder.note(&format!("{name}, p99, ms"), tail);
    ladder.note(&format!("{name}, processor time of the server, us"), processor);
}

/// Whether the server sees what was filled in.
async fn check_total(server: &Server, task: Task, user: &User, total: u64) -> Result<()> {
    let mut connection = Connection::open(server.address).await?;
    let page: Value = serde_json::from_slice(&connection.perform(task, Door::Rest, user, 0).await?)?;
    ensure!(page["total"] == total, "{task:?} of {total} has a total of {}", page["total"]);
    Ok(())
}
