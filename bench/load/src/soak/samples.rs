//! What is looked at while the load is on, and how it changes.

use std::{fs, time::Duration};

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::{server::Server, table::shown};

/// What is looked at, with its unit.
const COLUMNS: [&str; 7] = [
    "resident memory, MiB",
    "open files",
    "database with its WAL, MiB",
    "answer p50, ms",
    "answer p99, ms",
    "delivery p50, ms",
    "delivery p99, ms",
];

/// A server at one moment, and the times since the moment before.
pub(crate) struct Window {
    at: Duration,
    values: [f64; COLUMNS.len()],
}

impl Window {
    pub(super) fn take(
        server: &Server,
        at: Duration,
        answers: &Histogram<u64>,
        deliveries: &Histogram<u64>,
    ) -> Result<Self> {
        let milliseconds = |times: &Histogram<u64>, quantile| times.value_at_quantile(quantile) as f64 / 1e6;
        let values = [
            server.tree().memory()? / 1_048_576.0,
            server.tree().files() as f64,
            database_size(server)? / 1_048_576.0,
            milliseconds(answers, 0.5),
            milliseconds(answers, 0.99),
            milliseconds(deliveries, 0.5),
            milliseconds(deliveries, 0.99),
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
    /// Prints the first sample after the warm-up, the last one, and how much each number rises in an hour.
    pub(crate) fn print(&self) {
        println!("\n## Soak: {}\n", self.title);
        let counted: Vec<&Window> = self.windows.iter().filter(|window| window.at >= self.warm_up).collect();
        if let [first, .., last] = counted[..] {
            let heads = [first, last].map(|window| format!("{:.0} s", window.at.as_secs_f64()));
            println!("| what | at {} | at {} | lowest | highest | rise in an hour |", heads[0], heads[1]);
            println!("|---|---:|---:|---:|---:|---:|");
            for (column, name) in COLUMNS.iter().enumerate() {
                let points: Vec<(f64, f64)> = counted
                    .iter()
                    .map(|window| (window.at.as_secs_f64() / 3600.0, window.values[column]))
                    .collect();
                let (low, high) =
                    points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, value)| {
                        (low.min(*value), high.max(*value))
                    });
                println!(
                    "| {name} | {} | {} | {} | {} | {:+.2} |",
                    shown(first.values[column]),
                    shown(last.values[column]),
                    shown(low),
                    shown(high),
                    slope(&points)
                );
            }
        } else {
            println!("It was too short for two samples after the warm-up.");
        }
        println!("\n{}", self.remark);
    }
}

/// The slope of the straight line that fits best (least squares).
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (covariance, variance) = points.iter().fold((0.0, 0.0), |(covariance, variance), point| {
        (covariance + (point.0 - x) * (point.1 - y), variance + (point.0 - x).powi(2))
    });
    if variance > 0.0 { covariance / variance } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::slope;

    #[test]
    fn slope_of_a_line() {
        assert!((slope(&[(0.0, 5.0), (1.0, 7.0), (2.0, 9.0)]) - 2.0).abs() < 1e-9);
        assert!(slope(&[(1.0, 5.0), (1.0, 5.0)]).abs() < 1e-9);
    }
}
