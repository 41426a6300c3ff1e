//! Pulse under callgrind: zeroing its counters and reading them, by way of `vgdb`, which is a part of valgrind.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::{
    server::{HOST, Programs, Server, Site},
    system::System,
};

/// How often each thing is counted.
pub(super) const ROUNDS: usize = 5;

/// The counters of a server that runs under callgrind.
pub(super) struct Callgrind {
    process: u32,
    folder: Arc<TempDir>,
    dumps: u32,
}

/// Starts Pulse under callgrind, with an empty database.
pub(super) async fn start(pulse: &Path) -> Result<(Server, Callgrind)> {
    let folder = Arc::new(tempfile::tempdir()?);
    let mut command = Command::new("env");
    // One worker: which of several takes up a task is chance. Threads take turns fairly, so that none waits for long.
    command.args(["TOKIO_WORKER_THREADS=1", "valgrind", "--tool=callgrind", "--fair-sched=try", "--quiet"]);
    command.arg(format!("--callgrind-out-file={}", folder.path().join("out").display()));
    command.arg(format!("--vgdb-prefix={}", folder.path().join("vgdb").display()));
    command.arg(pulse);
    let programs = Programs { pulse: pulse.to_owned(), peers: None, postgres: None };
    let server = programs.start_by(command, System::Pulse, &Site::new()?).await?;
    let callgrind = Callgrind { process: server.process(), folder, dumps: 0 };
    Ok((server, callgrind))
}

impl Callgrind {
    /// What the server does for `round`, the least of several times: what comes in between by the clock (a look for what
    /// has expired, a ping) only ever adds to it. What a round leaves undone is in the next.
    pub(super) async fn count(
        &mut self,
        server: &Server,
        mut round: impl AsyncFnMut() -> Result<()>,
    ) -> Result<Dump> {
        server.tree().settle().await?;
        self.tell("zero")?;
        let mut dumps = Vec::new();
        for _ in 0..ROUNDS {
            round().await.with_context(|| server.log())?;
            // That zeroes too.
            self.tell("dump")?;
            self.dumps += 1;
            let file = self.folder.path().join(format!("out.{}", self.dumps));
            dumps.push(Dump::read(file, self.folder.clone())?);
        }
        dumps.into_iter().min_by_key(|dump| dump.instructions).context("nothing was counted")
    }

    fn tell(&self, order: &str) -> Result<()> {
        let mut command = Command::new("vgdb");
        // Both find each other by names that have these variables in them.
        command.env("HOST", HOST).env_remove("LOGNAME").env_remove("USER");
        // It wakes a server that sleeps by ptrace, and would wait for ever where that is forbidden.
        command.arg("--cmd-time-out=60");
        command.arg(format!("--vgdb-prefix={}", self.folder.path().join("vgdb").display()));
        command.arg(format!("--pid={}", self.process)).arg(order);
        let done = command.output().with_context(|| format!("{command:?}"))?;
        let failure = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "{command:?}: {failure}");
        Ok(())
    }
}

/// What callgrind wrote of a round.
pub(super) struct Dump {
    file: PathBuf,
    /// Of all threads.
    pub(super) instructions: u64,
    // The file is in it.
    _folder: Arc<TempDir>,
}

impl Dump {
    fn read(file: PathBuf, folder: Arc<TempDir>) -> Result<Self> {
        let text =
            fs::read_to_string(&file).with_context(|| format!("callgrind wrote no {}", file.display()))?;
        ensure!(text.lines().any(|line| line == "events: Ir"), "callgrind counted something else");
        // One for each part of the file.
        let totals = text.lines().filter_map(|line| line.strip_prefix("totals: "));
        let instructions = totals.map(|total| Ok(total.trim().parse::<u64>()?)).sum::<Result<u64>>()?;
        ensure!(instructions > 0, "nothing was counted: {}", file.display());
        Ok(Self { file, instructions, _folder: folder })
    }

    /// In the format of callgrind.
    pub(super) fn text(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.file)?)
    }
}
