//! Drives Pulse and what people use now, one after the other on this machine, with the same load, and prints one table of
//! ratios. `bench/run` builds what it needs and calls it.

mod count;
mod drive;
mod followers;
mod plain;
mod process;
mod requests;
mod rows;
mod system;
mod table;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    drive::Spell,
    rows::{Sample, Size},
    system::{Programs, System, peers_are_installed},
};

/// The plain Rust peer runs in this program; it has the allocator that Pulse has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about)]
struct Arguments {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Measure, and print the table
    Compare(Compare),
    /// Count the instructions that Pulse takes on its hot paths, under valgrind
    Count(count::Count),
    /// Serve as the plain Rust peer, on PORT
    Plain,
}

#[derive(clap::Args)]
struct Compare {
    /// The program of Pulse
    #[arg(long)]
    pulse: PathBuf,
    /// The folder of the peers, with their packages installed
    #[arg(long)]
    peers: PathBuf,
    /// PostgreSQL, whose databases may be made and dropped; without it those rows are left out
    #[arg(long, env = "TEST_POSTGRES_URL", hide_env_values = true)]
    postgres: Option<String>,
    /// Shorter loads, two rounds, and 1,000 subscribers of one topic instead of 5,000
    #[arg(long)]
    quick: bool,
    /// How often everything is measured; each round every system has its turn
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: Option<u16>,
    /// Only these parts
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Creations and first pages over HTTP
    Requests,
    /// Memory of idle subscriptions, and time to delivery beside them
    Idle,
    /// Processor time per delivery on one topic
    Topic,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command {
            // Servers and databases end with what is dropped, so a signal must not end the process at once.
            Verb::Compare(compare) => tokio::select! {
                outcome = compare.run() => outcome,
                signal = ended() => Err(signal.err().unwrap_or_else(|| anyhow!("stopped by a signal"))),
            },
            Verb::Count(count) => tokio::select! {
                outcome = count.run() => outcome,
                signal = ended() => Err(signal.err().unwrap_or_else(|| anyhow!("stopped by a signal"))),
            },
            Verb::Plain => plain::serve().await,
        }
    })
}

/// Returns when the program is asked to end.
async fn ended() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupt = tokio::signal::ctrl_c() => Ok(interrupt?),
    }
}

impl Compare {
    async fn run(self) -> Result<()> {
        let size = self.size();
        // Servers are started in folders of their own.
        let pulse = self.pulse.canonicalize().with_context(|| format!("--pulse {}", self.pulse.display()))?;
        let peers = self.peers.canonicalize().with_context(|| format!("--peers {}", self.peers.display()))?;
        ensure!(
            peers_are_installed(&peers),
            "the peers have no packages: npm --prefix {} ci",
            peers.display()
        );
        let programs = Programs { pulse, peers, postgres: self.postgres.clone() };
        let versions = programs.versions()?;
        let mut samples = Vec::new();
        for round in 0..size.rounds {
            self.round(&programs, round, &size, &mut samples).await?;
        }
        print_machine();
        for line in versions {
            println!("- {line}");
        }
        println!("- {} rounds; medians, and of the ratios the lowest and the highest", size.rounds);
        println!();
        table::print(&samples, &size);
        Ok(())
    }

    /// Every system has its turn, each round in another order, so that what disturbs a machine hits all alike.
    async fn round(
        &self,
        programs: &Programs,
        round: usize,
        size: &Size,
        samples: &mut Vec<Sample>,
    ) -> Result<()> {
        let mut asked = System::ASKED;
        asked.rotate_left(round % System::ASKED.len());
        let mut followed = System::FOLLOWED;
        followed.rotate_left(round % System::FOLLOWED.len());
        let tell = |name, part| eprintln!("round {} of {}: {name}, {part}", round + 1, size.rounds);
        for system in asked {
            let possible = system.database() == system::Database::Sqlite || programs.postgres.is_some();
            if self.wants(Part::Requests) && possible {
                tell(system.name(), "requests");
                samples.extend(rows::requests(programs, system, size).await.context(system.name())?);
            }
        }
        for (system, door) in followed {
            if self.wants(Part::Idle) {
                tell(system.name(), "idle subscriptions");
                samples.extend(rows::idle(programs, system, door, size).await.context(system.name())?);
            }
            if self.wants(Part::Topic) {
                tell(system.name(), "one topic");
                samples.push(rows::topic(programs, system, door, size).await.context(system.name())?);
            }
        }
        Ok(())
    }

    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    fn size(&self) -> Size {
        let size = if self.quick {
            Size {
                rounds: 2,
                spell: Spell { warm_up: Duration::from_secs(1), counted: Duration::from_secs(3) },
                connections: 64,
                feed: 10_000,
                idle: [2_000, 10_000],
                events: 1_000.0,
                topic: 1_000,
                topic_events: (60, 10.0),
            }
        } else {
            Size {
                rounds: 5,
                spell: Spell { warm_up: Duration::from_secs(3), counted: Duration::from_secs(8) },
                connections: 64,
                feed: 10_000,
                idle: [2_000, 10_000],
                events: 1_000.0,
                topic: 5_000,
                topic_events: (60, 2.0),
            }
        };
        Size { rounds: self.rounds.map_or(size.rounds, usize::from), ..size }
    }
}

/// The machine, as far as the system says what it is.
fn print_machine() {
    let read = |path: &str, name: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map_or(line.clone(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "- {cores} cores of {}, memory {}, Linux {}",
        read("/proc/cpuinfo", "model name"),
        read("/proc/meminfo", "MemTotal"),
        std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
    );
    println!("- load average at the end: {}", load.trim());
}
