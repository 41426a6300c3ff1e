//! Memory and processor time of a server, from `/proc`.

use std::{fs, ops::Sub, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::time::sleep;

/// Clock ticks of `/proc/PID/stat` in a second, the same on every Linux.
const TICKS: f64 = 100.0;

/// Processor time in seconds: in the program itself, and in the kernel on its behalf.
#[derive(Clone, Copy, Default)]
pub(crate) struct Processor {
    pub(crate) user: f64,
    pub(crate) system: f64,
}

impl Processor {
    pub(crate) fn total(self) -> f64 {
        self.user + self.system
    }

    /// What each of `count` took.
    pub(crate) fn each(self, count: f64) -> Self {
        Self { user: self.user / count, system: self.system / count }
    }
}

impl Sub for Processor {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { user: self.user - earlier.user, system: self.system - earlier.system }
    }
}

/// A process and those that it started.
#[derive(Clone, Copy)]
pub(crate) struct Tree(u32);

impl Tree {
    pub(crate) fn of(process: u32) -> Self {
        Self(process)
    }

    /// Processor time so far.
    pub(crate) fn processor(self) -> Result<Processor> {
        let mut sum = Processor::default();
        for process in self.processes() {
            let one = processor(process)?;
            sum = Processor { user: sum.user + one.user, system: sum.system + one.system };
        }
        Ok(sum)
    }

    /// Processor time so far, user and system, in seconds.
    pub(crate) fn processor_time(self) -> Result<f64> {
        Ok(self.processor()?.total())
    }

    /// Resident bytes at this moment.
    pub(crate) fn memory(self) -> Result<f64> {
        self.processes().into_iter().map(|process| kibibytes(process, "VmRSS:")).sum()
    }

    /// The most resident bytes that it ever had.
    pub(crate) fn peak_memory(self) -> Result<f64> {
        self.processes().into_iter().map(|process| kibibytes(process, "VmHWM:")).sum()
    }

    /// Open file descriptors.
    pub(crate) fn files(self) -> usize {
        let files = |process| fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().count();
        self.processes().into_iter().map(files).sum()
    }

    /// Resident bytes once it has nothing to do any more.
    pub(crate) async fn settled_memory(self) -> Result<f64> {
        self.settle().await?;
        self.memory()
    }

    /// Waits until it has nothing to do any more, at most 15 s.
    pub(crate) async fn settle(self) -> Result<()> {
        for _ in 0..50 {
            let before = self.processor_time()?;
            sleep(Duration::from_millis(300)).await;
            if self.processor_time()? - before <= 1.0 / TICKS {
                break;
            }
        }
        Ok(())
    }

    fn processes(self) -> Vec<u32> {
        let mut found = vec![self.0];
        let mut next = 0;
        while let Some(process) = found.get(next).copied() {
            let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
            for thread in threads {
                let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
                found.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
            }
            next += 1;
        }
        found
    }
}

fn processor(process: u32) -> Result<Processor> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).context("the server has ended")?;
    // The second field is the name in parentheses; the 14th to 17th are utime, stime and those of children that ended.
    let fields = stat.rsplit_once(')').context("/proc/PID/stat")?.1.split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(4).filter_map(|ticks| ticks.parse().ok()).collect();
    let [user, system, ended_user, ended_system] = ticks[..] else { bail!("/proc/PID/stat: {stat}") };
    Ok(Processor { user: (user + ended_user) / TICKS, system: (system + ended_system) / TICKS })
}

/// The bytes that line `name` of `/proc/PID/status` tells in KiB.
fn kibibytes(process: u32, name: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("the server has ended")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("/proc/PID/status")?;
    let kibibytes: f64 = line.split_whitespace().next().context("/proc/PID/status")?.parse()?;
    Ok(kibibytes * 1024.0)
}

/// As many of `wanted` sockets as a process may open here; says so where they are fewer.
pub(crate) fn within_file_limit(wanted: usize) -> Result<usize> {
    /// File descriptors that are left for everything but sockets.
    const OTHER_FILES: usize = 500;

    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).context("limits")?;
    let files: usize =
        line.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
    let room = files.saturating_sub(OTHER_FILES);
    if room < wanted {
        eprintln!("a process may open {files} files here: {room} sockets instead of {wanted} (ulimit -n)");
    }
    Ok(wanted.min(room))
}
