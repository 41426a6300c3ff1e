//! What is measured: Pulse, and what people use now.

use std::{
    fmt, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::{net::TcpStream, time::sleep};

use crate::process::Tree;

/// The secret that all servers know.
pub(crate) const SECRET: &str = "a secret of the benchmark, 32 bytes or more";
/// Where servers listen.
pub(crate) const HOST: &str = "127.0.0.1";
/// How long a server may take to start.
const START: Duration = Duration::from_secs(30);

/// A server program with its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum System {
    Pulse,
    PulsePostgres,
    Express,
    ExpressFull,
    ExpressPostgres,
    Mercurius,
    MercuriusPostgres,
    Yoga,
    Plain,
}

/// Where a server keeps things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// A way into a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Door {
    Rest,
    Graphql,
    SocketIo,
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rest => "REST",
            Self::Graphql => "GraphQL",
            Self::SocketIo => "Socket.IO",
        })
    }
}

impl System {
    /// Those that are asked over HTTP.
    pub(crate) const ASKED: [Self; 8] = [
        Self::Pulse,
        Self::Express,
        Self::ExpressFull,
        Self::Mercurius,
        Self::Yoga,
        Self::PulsePostgres,
        Self::ExpressPostgres,
        Self::MercuriusPostgres,
    ];
    /// Those that are followed, and by which door.
    pub(crate) const FOLLOWED: [(Self, Door); 6] = [
        (Self::Pulse, Door::Graphql),
        (Self::Mercurius, Door::Graphql),
        (Self::Yoga, Door::Graphql),
        (Self::Plain, Door::Graphql),
        (Self::Pulse, Door::SocketIo),
        (Self::Express, Door::SocketIo),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pulse => "Pulse, SQLite FULL",
            Self::PulsePostgres => "Pulse, PostgreSQL",
            Self::Express => "Express + Socket.IO, better-sqlite3 NORMAL",
            Self::ExpressFull => "Express + Socket.IO, better-sqlite3 FULL",
            Self::ExpressPostgres => "Express + Socket.IO, pg",
            Self::Mercurius => "Fastify + Mercurius (JIT), better-sqlite3 NORMAL",
            Self::MercuriusPostgres => "Fastify + Mercurius (JIT), pg",
            Self::Yoga => "GraphQL Yoga + graphql-ws, better-sqlite3 NORMAL",
            Self::Plain => "async-graphql-axum + broadcast channel, no database",
        }
    }

    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Pulse | Self::PulsePostgres)
    }

    pub(crate) fn database(self) -> Database {
        match self {
            Self::PulsePostgres | Self::ExpressPostgres | Self::MercuriusPostgres => Database::Postgres,
            _ => Database::Sqlite,
        }
    }

    /// The doors at which it answers requests.
    pub(crate) fn doors(self) -> &'static [Door] {
        match self {
            Self::Pulse | Self::PulsePostgres => &[Door::Rest, Door::Graphql],
            Self::Express | Self::ExpressFull | Self::ExpressPostgres | Self::Plain => &[Door::Rest],
            Self::Mercurius | Self::MercuriusPostgres | Self::Yoga => &[Door::Graphql],
        }
    }

    /// The door at which an event is written while `door` is followed.
    pub(crate) fn writes_by(self, door: Door) -> Door {
        match (self, door) {
            (Self::Plain, _) | (_, Door::SocketIo) => Door::Rest,
            (_, door) => door,
        }
    }

    /// The program of a peer in Node.
    fn script(self) -> Option<&'static str> {
        match self {
            Self::Express | Self::ExpressFull | Self::ExpressPostgres => Some("express.mjs"),
            Self::Mercurius | Self::MercuriusPostgres => Some("mercurius.mjs"),
            Self::Yoga => Some("yoga.mjs"),
            Self::Pulse | Self::PulsePostgres | Self::Plain => None,
        }
    }
}

/// Where the programs are.
pub(crate) struct Programs {
    pub(crate) pulse: PathBuf,
    pub(crate) peers: PathBuf,
    /// A PostgreSQL server whose databases may be made and dropped.
    pub(crate) postgres: Option<String>,
}

impl Programs {
    /// Starts `system` with an empty database.
    pub(crate) async fn start(&self, system: System) -> Result<Server> {
        self.start_by(self.command(system)?, system).await
    }

    /// Starts `system` with an empty database, by a command of its own.
    pub(crate) async fn start_by(&self, mut command: Command, system: System) -> Result<Server> {
        let folder = tempfile::tempdir()?;
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        // Pulse logs every request and the peers do not: nobody does here.
        command.envs([("NODE_ENV", "production"), ("HOST", HOST), ("RUST_LOG", "warn")]);
        command.env("JWT_SECRET", SECRET);
        // Everyone of the row with one topic is the same user.
        command.env("SOCKETIO_MAX_SOCKETS_PER_USER", "100000");
        let schema = match system.database() {
            Database::Postgres => Some(Schema::create(self.postgres()?)?),
            Database::Sqlite => None,
        };
        let file = folder.path().join("bench.db");
        match (&schema, system) {
            (Some(schema), _) => command.env("DATABASE_URL", &schema.url),
            (None, System::Pulse) => {
                command.env("DATABASE_URL", format!("sqlite://{}?mode=rwc", file.display()))
            }
            (None, _) => command.env("DATABASE_FILE", &file),
        };
        if system == System::ExpressFull {
            command.env("SYNCHRONOUS", "FULL");
        }
        // Free now; whoever takes it in between makes the start fail, not the measurement wrong.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        command.env("PORT", port.to_string()).current_dir(&folder).stdin(Stdio::null());
        let log = folder.path().join("log");
        command.stdout(fs::File::create(&log)?).stderr(fs::OpenOptions::new().append(true).open(&log)?);
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut server = Server { system, child, address, log, _schema: schema, _folder: folder };
        server.wait_for_start().await?;
        Ok(server)
    }

    fn command(&self, system: System) -> Result<Command> {
        if let Some(script) = system.script() {
            let mut command = Command::new("node");
            command.arg(self.peers.join(script));
            return Ok(command);
        }
        if system == System::Plain {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("plain");
            return Ok(command);
        }
        Ok(Command::new(&self.pulse))
    }

    fn postgres(&self) -> Result<&str> {
        self.postgres.as_deref().context("there is no PostgreSQL: run by scripts/postgres with")
    }

    /// What each program is made of, a line each.
    pub(crate) fn versions(&self) -> Result<Vec<String>> {
        let mut lines = vec![output(Command::new(&self.pulse).arg("--version"))?];
        for system in [System::Express, System::Mercurius, System::Yoga] {
            lines.push(output(self.command(system)?.arg("--versions"))?);
        }
        lines.push("async-graphql and async-graphql-axum 8.0.0-rc.5, axum 0.8, mimalloc".into());
        if let Some(postgres) = &self.postgres {
            let version = sql(postgres, "show server_version")?;
            lines.push(format!("PostgreSQL {version}, fsync on, synchronous_commit on"));
        }
        Ok(lines)
    }
}

/// A server that runs; it ends with this.
pub(crate) struct Server {
    pub(crate) system: System,
    pub(crate) address: SocketAddr,
    child: Child,
    log: PathBuf,
    // Dropped after the program has ended.
    _schema: Option<Schema>,
    _folder: tempfile::TempDir,
}

impl Server {
    async fn wait_for_start(&mut self) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.address).await.is_err() {
            let ended = self.child.try_wait()?;
            if ended.is_some() || start.elapsed() > START {
                bail!("{} did not start: {ended:?}\n{}", self.system.name(), self.log());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// What it wrote, for an error.
    pub(crate) fn log(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Its process with all children.
    pub(crate) fn tree(&self) -> Tree {
        Tree::of(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A database of a PostgreSQL server; it is dropped with this.
struct Schema {
    server: String,
    name: String,
    url: String,
}

impl Schema {
    fn create(server: &str) -> Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(1);

        let name = format!("bench_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        sql(server, &format!("create database {name}"))?;
        let base = server.rsplit_once('/').context("the address of PostgreSQL names no database")?.0;
        Ok(Self { server: server.into(), url: format!("{base}/{name}"), name })
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let _ = sql(&self.server, &format!("drop database {} with (force)", self.name));
    }
}

fn sql(server: &str, statement: &str) -> Result<String> {
    output(Command::new("psql").args(["--no-psqlrc", "-qtA", server, "-c", statement]))
}

fn output(command: &mut Command) -> Result<String> {
    let done = command.output().with_context(|| format!("{command:?}"))?;
    let failure = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{command:?}: {failure}");
    Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

/// Whether a folder holds the peers with their packages.
pub(crate) fn peers_are_installed(folder: &Path) -> bool {
    folder.join("node_modules/express").is_dir()
}
