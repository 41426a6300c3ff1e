//! The parts of a run, and what it prints.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::{
    growth, limits,
    rows::{self, Sample},
    server::{Programs, peers_are_installed},
    size::Size,
    soak,
    system::{self, System},
    table,
};

#[derive(clap::Args)]
pub(crate) struct Compare {
    /// The program of Pulse
    #[arg(long)]
    pulse: PathBuf,
    /// The folder of the peers, with their packages installed; only what compares with them needs it
    #[arg(long)]
    peers: Option<PathBuf>,
    /// PostgreSQL, whose databases may be made and dropped; without it those rows are left out
    #[arg(long, env = "TEST_POSTGRES_URL", hide_env_values = true)]
    postgres: Option<String>,
    /// Shorter loads, two rounds, and 1,000 subscribers of one topic instead of 5,000
    #[arg(long)]
    quick: bool,
    /// So little of everything that it only shows whether it works
    #[arg(long, conflicts_with = "quick")]
    tiny: bool,
    /// How often everything is measured; each round every system has its turn
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: Option<u16>,
    /// Only these parts; without it all but growth and soak
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// All parts
    #[arg(long, conflicts_with = "only")]
    all: bool,
    /// How long the soak takes
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_080))]
    minutes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Creations and first pages over HTTP
    Requests,
    /// Memory of idle subscriptions, and time to delivery beside them
    Idle,
    /// Processor time per delivery on one topic
    Topic,
    /// Pulse beside what does nothing but what is measured
    Limits,
    /// Pulse as its data and its subscribers become more, and subscribers that come back after a crash
    Growth,
    /// Pulse under a mixed load for a long time
    Soak,
}

impl Part {
    /// Whether it runs without being named.
    fn is_usual(self) -> bool {
        !matches!(self, Self::Growth | Self::Soak)
    }
}

impl Compare {
    pub(crate) async fn run(self) -> Result<()> {
        let size = self.size();
        let programs = self.programs()?;
        let mut lines =
            if programs.peers.is_some() { programs.versions()? } else { vec![programs.version()?] };
        let (mut samples, mut limits) = (Vec::new(), Vec::new());
        for round in 0..size.rounds {
            self.round(&programs, round, &size, &mut samples).await?;
            if self.wants(Part::Limits) {
                eprintln!("round {} of {}: limits", round + 1, size.rounds);
                limits.extend(limits::measure(&programs, &size).await?);
            }
        }
        let grown = if self.wants(Part::Growth) { growth::measure(&programs, &size).await? } else { vec![] };
        let soaked = if self.wants(Part::Soak) {
            Some(soak::measure(&programs, &size.soak, self.minutes).await?)
        } else {
            None
        };
        if !samples.is_empty() || !limits.is_empty() {
            lines.push(format!(
                "{} rounds; medians, and of the ratios the lowest and the highest",
                size.rounds
            ));
        }
        print_machine();
        for line in lines {
            println!("- {line}");
        }
        table::print("Pulse and what people use now", &samples, &size);
        table::print("Limits: above 1 Pulse would be better than them", &limits, &size);
        growth::print(&grown);
        if let Some(soaked) = soaked {
            soaked.print();
        }
        Ok(())
    }

    fn programs(&self) -> Result<Programs> {
        let compares = [Part::Requests, Part::Idle, Part::Topic].into_iter().any(|part| self.wants(part));
        // Servers are started in folders of their own.
        let pulse = self.pulse.canonicalize().with_context(|| format!("--pulse {}", self.pulse.display()))?;
        let peers = self.peers.as_ref().filter(|_| compares);
        let peers = peers.map(|folder| folder.canonicalize()).transpose().context("--peers")?;
        ensure!(
            !compares || peers.as_deref().is_some_and(peers_are_installed),
            "the peers have no packages: npm --prefix bench/peers ci, and --peers bench/peers"
        );
        Ok(Programs { pulse, peers, postgres: self.postgres.clone() })
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
                let server = programs.start(system).await?;
                samples.push(rows::topic(&server, door, size).await.context(system.name())?);
            }
        }
        Ok(())
    }

    fn wants(&self, part: Part) -> bool {
        let usual = self.only.is_empty() && part.is_usual();
        self.all || usual || self.only.contains(&part)
    }

    fn size(&self) -> Size {
        let size = if self.tiny {
            Size::tiny()
        } else if self.quick {
            Size::quick()
        } else {
            Size::full()
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
