//! Memory and processor time of a server, from `/proc`.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use tokio::time::sleep;

/// Clock ticks of `/proc/PID/stat` in a second, the same on every Linux.
const TICKS: f64 = 100.0;

/// A process and those that it started.
#[derive(Clone, Copy)]
pub(crate) struct Tree(u32);

impl Tree {
    pub(crate) fn of(process: u32) -> Self {
        Self(process)
    }

    /// Processor time so far, user and system, in seconds.
    pub(crate) fn processor_time(self) -> Result<f64> {
        self.processes().into_iter().map(processor_time).sum()
    }

    /// Resident bytes once it has nothing to do any more.
    pub(crate) async fn settled_memory(self) -> Result<f64> {
        self.settle().await?;
        self.processes().into_iter().map(resident).sum()
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

fn processor_time(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).context("the server has ended")?;
    // The second field is the name in parentheses; the 14th to 17th are utime, stime and those of children that ended.
    let fields = stat.rsplit_once(')').context("/proc/PID/stat")?.1.split_whitespace();
    Ok(fields.skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS)
}

fn resident(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("the server has ended")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kibibytes: f64 = line.split_whitespace().next().context("VmRSS")?.parse()?;
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
