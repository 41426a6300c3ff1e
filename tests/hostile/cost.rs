//! What a piece of work takes of its thread.

use std::{fmt, time::Duration};

use rustix::time::{ClockId, clock_gettime};

/// Bytes that are held at once for one document.
const MAX_PEAK_BYTES: u64 = 32 * 1024 * 1024;
/// Allocations for one document: what stands for CPU time where that is not measured, since it is always the same.
const MAX_ALLOCATIONS: u64 = 150_000;
/// CPU time for one document, with optimizations.
const MAX_CPU: Duration = Duration::from_millis(50);

/// What a piece of work took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub cpu: Duration,
    pub allocations: u64,
    pub peak_bytes: u64,
}

impl Cost {
    /// Measures `work`, which is done on this thread.
    pub fn of<T>(work: impl FnOnce() -> T) -> Self {
        let start = cpu();
        let mut end = start;
        let allocated = allocation_counter::measure(|| {
            drop(work());
            end = cpu();
        });
        Self {
            cpu: end.saturating_sub(start),
            allocations: allocated.count_total,
            peak_bytes: allocated.bytes_max,
        }
    }

    /// The bound that is passed, if one is.
    pub fn over_bounds(&self) -> Option<&'static str> {
        if self.peak_bytes > MAX_PEAK_BYTES {
            return Some("more than 32 MiB");
        }
        if self.allocations > MAX_ALLOCATIONS {
            return Some("more than 150,000 allocations");
        }
        // Without optimizations it takes ten times as long, and so does a machine that is busy.
        (!cfg!(debug_assertions) && self.cpu > MAX_CPU).then_some("more than 50 ms")
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = self.peak_bytes as f64 / (1024.0 * 1024.0);
        write!(f, "{:.1?}, {} allocations, {mebibytes:.1} MiB", self.cpu, self.allocations)
    }
}

/// CPU time of this thread.
fn cpu() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}
