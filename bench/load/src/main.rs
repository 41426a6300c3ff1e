//! Drives Pulse and what people use now, one after the other on this machine, with the same load, and prints one table of
//! ratios; then Pulse beside its limits, as its data grows, and over a long time. `bench/run` builds what it needs and
//! calls it.

mod async_graphql_peer;
mod axum_baseline;
mod compare;
mod drive;
mod follower;
mod followers;
mod growth;
mod instructions;
mod limits;
mod postgres;
mod process;
mod requests;
mod resume;
mod rows;
mod server;
mod size;
mod soak;
mod sqlite;
mod system;
mod table;

use anyhow::{Result, anyhow};
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

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
    /// Measure, and print the tables
    Compare(compare::Compare),
    /// Count the instructions that Pulse takes on its hot paths, under valgrind
    Instructions(instructions::Instructions),
    /// Serve as the plain Rust peer, on PORT
    AsyncGraphqlPeer,
    /// Serve the answers that lie in the current folder, on PORT
    AxumBaseline,
    /// Write activities into the database of the current folder, for so many seconds that do not count and so many that do
    Sqlite { warm_up: f64, seconds: f64 },
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
            Verb::Instructions(instructions) => tokio::select! {
                outcome = instructions.run() => outcome,
                signal = ended() => Err(signal.err().unwrap_or_else(|| anyhow!("stopped by a signal"))),
            },
            Verb::AsyncGraphqlPeer => async_graphql_peer::serve().await,
            Verb::AxumBaseline => axum_baseline::serve().await,
            Verb::Sqlite { warm_up, seconds } => sqlite::write(warm_up, seconds),
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
