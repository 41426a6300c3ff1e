//! What SQLite itself can do: a program with one thread that writes activities into a database of Pulse, with its table
//! and its indexes, and does nothing else.

use std::{
    io::{BufRead, BufReader, Lines, Read, Write},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, params};

use crate::{
    drive::Phase,
    process::{Processor, Tree},
    server::{DATABASE, Programs, Site},
};

/// Rows of a transaction, each of another user: as many as callers wait for Pulse in a closed loop.
const ROWS: i64 = 64;

/// Writes rows into the database of the current folder: says `begun` after `warm_up`, and `seconds` later how many
/// rows went in since and how many seconds that took. Ends when its input does.
pub(crate) fn write(warm_up: f64, seconds: f64) -> Result<()> {
    let mut connection = Connection::open(DATABASE)?;
    // As Pulse has them; the size of a page and the WAL are the file's own.
    for (name, value) in [("synchronous", "FULL"), ("cache_size", "-16384"), ("wal_autocheckpoint", "8000")] {
        connection.pragma_update(None, name, value)?;
    }
    let mut position = 0;
    insert_for(&mut connection, &mut position, warm_up)?;
    say("begun")?;
    let (start, before) = (Instant::now(), position);
    insert_for(&mut connection, &mut position, seconds)?;
    say(&format!("{} {}", (position - before) * ROWS, start.elapsed().as_secs_f64()))?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn say(line: &str) -> Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}

fn insert_for(connection: &mut Connection, position: &mut i64, seconds: f64) -> Result<()> {
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    while Instant::now() < end {
        *position += 1;
        insert(connection, *position)?;
    }
    Ok(())
}

/// One transaction: a row for each user.
fn insert(connection: &mut Connection, position: i64) -> Result<()> {
    let transaction = connection.transaction()?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO activities (user_id, position, id, type, title, description, data, created_at, read)
         VALUES (?1, ?2, ?3, 'log_created', ?4, ?5, ?6, ?7, FALSE)",
    )?;
    for user in 0..ROWS {
        let number = position * ROWS + user;
        statement.execute(params![
            format!("writer-{user}"),
            position,
            format!("6977c5a0{number:016x}"),
            format!("event {number}"),
            "Finished the second lesson about borrowing, and wrote down what was new",
            r#"{"lesson":"borrowing-2","minutes":25,"tags":["rust","memory"]}"#,
            1_769_851_800_000 + position,
        ])?;
    }
    drop(statement);
    Ok(transaction.commit()?)
}

/// Runs [`write`] in a process of its own: rows a second, and the processor time of each.
pub(crate) async fn measure(programs: &Programs, phase: Phase) -> Result<(f64, Processor)> {
    let site = Site::new()?;
    programs.migrate(&site)?;
    tokio::task::spawn_blocking(move || {
        let mut writer = Writer::start(&site, phase)?;
        let line = writer.line()?;
        if line != "begun" {
            bail!("the writer says {line}");
        }
        let before = writer.tree().processor()?;
        let line = writer.line()?;
        let processor = writer.tree().processor()? - before;
        let (rows, seconds) = line.split_once(' ').context("the writer's counts")?;
        let rows: f64 = rows.parse()?;
        Ok((rows / seconds.parse::<f64>()?, processor.each(rows)))
    })
    .await?
}

/// The process that writes; it ends with this.
struct Writer {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Writer {
    fn start(site: &Site, phase: Phase) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("sqlite").current_dir(site.folder());
        command.arg(phase.warm_up.as_secs_f64().to_string());
        command.arg(phase.counted.as_secs_f64().to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().context("the writer's output")?;
        Ok(Self { child, lines: BufReader::new(output).lines() })
    }

    fn line(&mut self) -> Result<String> {
        Ok(self.lines.next().context("the writer has ended")??)
    }

    fn tree(&self) -> Tree {
        Tree::of(self.child.id())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
