//! What the disk takes for one small write with nothing around it, next to the server: when the server is slow because
//! the disk is, both are.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use hdrhistogram::Histogram;

use super::locked;
use crate::drive::histogram;

/// How long it rests between two writes.
const PAUSE: Duration = Duration::from_millis(50);
const BLOCK: [u8; 4_096] = [1; 4_096];

/// A thread that writes the same block of a file again and again, and waits until it is durable.
pub(super) struct Disk {
    times: Arc<Mutex<Histogram<u64>>>,
    ended: Arc<AtomicBool>,
}

impl Disk {
    /// Starts it in `folder`.
    pub(super) fn watch(folder: &Path) -> Result<Self> {
        let file = File::create(folder.join("disk"))?;
        let write = move || -> std::io::Result<Duration> {
            let start = Instant::now();
            file.write_all_at(&BLOCK, 0)?;
            file.sync_data()?;
            Ok(start.elapsed())
        };
        write()?;
        let disk = Self { times: Arc::new(Mutex::new(histogram()?)), ended: Arc::default() };
        let (times, ended) = (disk.times.clone(), disk.ended.clone());
        thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                if let Ok(time) = write() {
                    let nanoseconds = time.as_nanos().try_into().unwrap_or(u64::MAX);
                    locked(&times).saturating_record(nanoseconds);
                }
                thread::sleep(PAUSE);
            }
        });
        Ok(disk)
    }

    /// The times since this was last called, in nanoseconds.
    pub(super) fn take(&self) -> Result<Histogram<u64>> {
        let times = std::mem::replace(&mut *locked(&self.times), histogram()?);
        ensure!(!times.is_empty(), "no write to the disk succeeded");
        Ok(times)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}
