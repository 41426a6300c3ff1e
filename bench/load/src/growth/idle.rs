//! What an idle subscription keeps, and what an event costs beside more and more of them.

use anyhow::Result;

use super::Ladder;
use crate::{
    drive::closed_loop,
    followers::Followers,
    process::within_file_limit,
    requests::{Task, User},
    rows::deliver,
    server::Programs,
    size::Size,
    system::{Door, System},
};

/// Each step adds sockets to those that are there, each following its own user by GraphQL.
pub(super) async fn measure(programs: &Programs, size: &Size) -> Result<Ladder> {
    let mut ladder = Ladder::new("idle GraphQL subscriptions, each of its own user on its own socket");
    let wanted = size.growth.idle.last().copied().unwrap_or(0);
    let most = within_file_limit(wanted)?;
    if most < wanted {
        ladder.remarks.push(format!(
            "{wanted} were wanted: a process may not open more files here than these {most} sockets take (`ulimit -Hn`)."
        ));
    }
    let server = programs.start(System::Pulse).await?;
    let users = User::crowd("follower", most)?;
    let askers = User::crowd("asker", size.connections)?;
    let followers = Followers::none();
    // What the first sockets bring about is no cost of a socket.
    followers.join(&server, Door::Graphql, &User::crowd("first", 64)?).await?;
    let empty = server.tree().settled_memory().await?;
    let mut joined = 0;
    for count in size.growth.idle.iter().map(|count| *count.min(&most)) {
        eprintln!("growth: {count} subscriptions");
        ladder.steps.push(count as u64);
        followers.join(&server, Door::Graphql, &users[joined..count]).await?;
        joined = count;
        let each = (server.tree().settled_memory().await? - empty) / count as f64;
        followers.none_is_closed()?;
        eprintln!("  {each:.0} bytes each");
        ladder.note("resident memory of one, KiB", each / 1024.0);
        let delivered = deliver(&server, Door::Graphql, &followers, &users[..count], size).await?;
        let event = format!("event to one of them, {} events/s", size.events);
        ladder.note(&format!("{event}, processor time of the server, us"), delivered.processor * 1e6);
        ladder.note(&format!("{event}, write to delivery p50, ms"), delivered.median);
        ladder.note(&format!("{event}, write to delivery p99, ms"), delivered.tail);
        let asked = closed_loop(&server, Task::ActiveUsers, Door::Graphql, &askers, size.phase).await?;
        ladder.note("active users by GraphQL, requests/s", asked.rate);
        ladder
            .note("active users by GraphQL, processor time of the server, us", asked.processor.total() * 1e6);
    }
    Ok(ladder)
}
