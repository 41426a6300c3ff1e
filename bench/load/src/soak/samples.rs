//! What is looked at while the load is on, and how it changes.

use std::{fs, time::Duration};

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::{
    server::Server,
    table::{median, shown},
};

/// What is looked at, with its unit.
const COLUMNS: [&str; 9] = [
    "resident memory, MiB",
    "open files",
    "database with its WAL, MiB",
    "answer p50, ms",
    "answer p99, ms",
    "delivery p50, ms",
    "delivery p99, ms",
    "one small write to the disk p50, ms",
    "one small write to the disk p99, ms",
];

/// How long things took since the sample before, in nanoseconds.
pub(super) struct Times {
    pub(super) answers: Histogram<u64>,
    pub(super) deliveries: Histogram<u64>,
    pub(super) disk: Histogram<u64>,
}

/// A server at one moment, and the times since the moment before.
pub(crate) struct Window {
    at: Duration,
    values: [f64; COLUMNS.len()],
}

impl Window {
    pub(super) fn take(server: &Server, at: Duration, times: &Times) -> Result<Self> {
        let milliseconds = |times: &Histogram<u64>, quantile| times.value_at_quantile(quantile) as f64 / 1e6;
        let values = [
            server.tree().memory()? / 1_048_576.0,
            server.tree().files() as f64,
            database_size(server)? / 1_048_576.0,
            milliseconds(&times.answers, 0.5),
            milliseconds(&times.answers, 0.99),
            milliseconds(&times.deliveries, 0.5),
            milliseconds(&times.deliveries, 0.99),
            milliseconds(&times.disk, 0.5),
            milliseconds(&times.disk, 0.99),
        ];
        let cells: Vec<String> =
            COLUMNS.iter().zip(values).map(|(name, value)| format!("{name} {}", shown(value))).collect();
        eprintln!("  {:.0} s: {}", at.as_secs_f64(), cells.join("; "));
        Ok(Self { at, values })
    }
}

/// The bytes of the database with what is not in its file yet.
fn database_size(server: &Server) -> Result<f64> {
    let file = server.site.database();
    let log = file.with_extension("db-wal");
    Ok((fs::metadata(file)?.len() + fs::metadata(log).map_or(0, |log| log.len())) as f64)
}

/// What a soak brought.
pub(crate) struct Soaked {
    pub(super) title: String,
    pub(super) remark: String,
    pub(super) windows: Vec<Window>,
    pub(super) warm_up: Duration,
}

impl Soaked {
    /// Prints what was seen in the first quarter after the warm-up, in the last one, and how much it rises in an hour. Of
    /// a quarter it is the median, so that a disk or a neighbour that hangs for a moment is not taken for a change.
    pub(crate) fn print(&self) {
        println!("\n## Soak: {}\n", self.title);
        let counted: Vec<&Window> = self.windows.iter().filter(|window| window.at >= self.warm_up).collect();
        let quarter = counted.len().div_ceil(4);
        if let [first, .., last] = counted[..] {
            let seconds = |window: &Window| window.at.as_secs_f64();
            println!(
                "| what | from {:.0} s | until {:.0} s | lowest | highest | rise in an hour |",
                seconds(first),
                seconds(last)
            );
            println!("|---|---:|---:|---:|---:|---:|");
            for (column, name) in COLUMNS.iter().enumerate() {
                let values: Vec<f64> = counted.iter().map(|window| window.values[column]).collect();
                let hours = counted.iter().map(|window| seconds(window) / 3600.0);
                let points: Vec<(f64, f64)> = hours.zip(values.iter().copied()).collect();
                println!(
                    "| {name} | {} | {} | {} | {} | {:+.2} |",
                    shown(median(&values[..quarter])),
                    shown(median(&values[values.len() - quarter..])),
                    shown(values.iter().copied().fold(f64::INFINITY, f64::min)),
                    shown(values.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
                    slope(&points)
                );
            }
        } else {
            println!("It was too short for two samples after the warm-up.");
        }
        println!("\n{}", self.remark);
    }
}

/// How steep a straight line through the points is: the median of the slopes between any two of them, which a few points
/// that lie far off do not move (Theil and Sen).
fn slope(points: &[(f64, f64)]) -> f64 {
    let pairs = points.iter().enumerate().flat_map(|(index, a)| points[..index].iter().map(move |b| (a, b)));
    let slopes: Vec<f64> =
        pairs.filter(|(a, b)| a.0 != b.0).map(|(a, b)| (a.1 - b.1) / (a.0 - b.0)).collect();
    if slopes.is_empty() { 0.0 } else { median(&slopes) }
}

#[cfg(test)]
mod tests {
    use super::slope;

    #[test]
    fn slope_of_a_line() {
        assert!((slope(&[(0.0, 5.0), (1.0, 7.0), (2.0, 9.0), (3.0, 900.0), (4.0, 13.0)]) - 2.0).abs() < 1e-9);
        assert!(slope(&[(1.0, 5.0), (1.0, 5.0)]).abs() < 1e-9);
    }
}
