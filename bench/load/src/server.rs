//! The programs of the systems, and how they are started, ended and started again.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    postgres::{Schema, sql},
    process::Tree,
    system::{Database, System},
};

/// The secret that all servers know.
pub(crate) const SECRET: &str = "a secret of the benchmark, 32 bytes or more";
/// How long a server may take to start.
const START: Duration = Duration::from_secs(30);
/// How often it is asked meanwhile whether it answers.
const ASK_AGAIN: Duration = Duration::from_millis(2);

/// Where the programs are.
pub(crate) struct Programs {
    pub(crate) pulse: PathBuf,
    /// The folder of the peers, where they are measured.
    pub(crate) peers: Option<PathBuf>,
    /// A PostgreSQL server whose databases may be made and dropped.
    pub(crate) postgres: Option<String>,
}

/// Where a server runs: a folder with its database, and a port. Who starts there again finds what was written.
#[derive(Clone)]
pub(crate) struct Site {
    folder: Arc<TempDir>,
    port: u16,
}

impl Site {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { folder: Arc::new(tempfile::tempdir()?), port: free_port()? })
    }

    /// The same folder at another port.
    pub(crate) fn at_another_port(&self) -> Result<Self> {
        Ok(Self { folder: self.folder.clone(), port: free_port()? })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file of an SQLite database.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder().join(DATABASE)
    }
}

/// Where servers listen.
pub(crate) const HOST: &str = "127.0.0.1";
/// The name of an SQLite database in the folder of a server.
pub(crate) const DATABASE: &str = "bench.db";

/// A port that is free now; whoever takes it in between makes the start fail, not the measurement wrong. It lies below
/// those that the system gives to clients: a client that calls a server that is down could get the very port that it
/// calls, and talk to itself.
fn free_port() -> Result<u16> {
    for _ in 0..1_000 {
        let port = rand::random_range(12_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}

impl Programs {
    /// Starts `system` with an empty database.
    pub(crate) async fn start(&self, system: System) -> Result<Server> {
        self.start_at(system, &Site::new()?).await
    }

    /// Starts `system` with what its folder holds.
    pub(crate) async fn start_at(&self, system: System, site: &Site) -> Result<Server> {
        self.start_by(self.command(system)?, system, site).await
    }

    /// Starts `system` with what its folder holds, by a command of its own.
    pub(crate) async fn start_by(&self, mut command: Command, system: System, site: &Site) -> Result<Server> {
        let schema = match system.database() {
            Database::Postgres => Some(Schema::create(self.postgres()?)?),
            Database::Sqlite => None,
        };
        configure(&mut command, site);
        match (&schema, system) {
            (Some(schema), _) => command.env("DATABASE_URL", &schema.url),
            (None, System::Pulse) => command.env("DATABASE_URL", sqlite_url(site)),
            (None, _) => command.env("DATABASE_FILE", site.database()),
        };
        if system == System::ExpressFull {
            command.env("SYNCHRONOUS", "FULL");
        }
        let log = site.folder().join("log");
        let open_log = || fs::OpenOptions::new().create(true).append(true).open(&log);
        command.stdout(open_log()?).stderr(open_log()?);
        let begun = Instant::now();
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, site.port));
        let mut server = Server {
            system,
            address,
            started_in: Duration::ZERO,
            child,
            log,
            _schema: schema,
            site: site.clone(),
        };
        server.wait_for_start(begun).await?;
        server.started_in = begun.elapsed();
        Ok(server)
    }

    /// Gives the folder a database of Pulse without content.
    pub(crate) fn migrate(&self, site: &Site) -> Result<()> {
        let mut command = Command::new(&self.pulse);
        configure(&mut command, site);
        output(command.arg("migrate").env("DATABASE_URL", sqlite_url(site))).map(drop)
    }

    fn command(&self, system: System) -> Result<Command> {
        if let Some(script) = system.script() {
            let mut command = Command::new("node");
            command.arg(self.peers.as_ref().context("where the peers are: --peers")?.join(script));
            return Ok(command);
        }
        if let Some(verb) = system.verb() {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg(verb);
            return Ok(command);
        }
        Ok(Command::new(&self.pulse))
    }

    fn postgres(&self) -> Result<&str> {
        self.postgres.as_deref().context("there is no PostgreSQL: run by scripts/postgres with")
    }

    /// Which Pulse it is.
    pub(crate) fn version(&self) -> Result<String> {
        output(Command::new(&self.pulse).arg("--version"))
    }

    /// What each program is made of, a line each.
    pub(crate) fn versions(&self) -> Result<Vec<String>> {
        let mut lines = vec![self.version()?];
        for system in [System::Express, System::Mercurius, System::PostGraphile, System::Yoga] {
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

/// Whether something answers HTTP at `address`, whatever it says.
async fn answers(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    ensure!(stream.read(&mut [0; 16]).await? > 0, "closed without an answer");
    Ok(())
}

/// What all programs are told, whatever their database.
fn configure(command: &mut Command, site: &Site) {
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    // Pulse logs every request and the peers do not: nobody does here.
    command.envs([("NODE_ENV", "production"), ("HOST", HOST), ("RUST_LOG", "warn")]);
    command.envs([("JWT_SECRET", SECRET), ("PORT", &site.port.to_string())]);
    // Everyone of the row with one topic is the same user.
    command.env("SOCKETIO_MAX_SOCKETS_PER_USER", "100000");
    command.current_dir(site.folder()).stdin(Stdio::null());
}

fn sqlite_url(site: &Site) -> String {
    format!("sqlite://{}?mode=rwc", site.database().display())
}

/// A server that runs; it is killed with this.
pub(crate) struct Server {
    pub(crate) system: System,
    pub(crate) address: SocketAddr,
    /// From the start of the program to its first answer.
    pub(crate) started_in: Duration,
    child: Child,
    log: PathBuf,
    // Dropped after the program has ended.
    _schema: Option<Schema>,
    pub(crate) site: Site,
}

impl Server {
    async fn wait_for_start(&mut self, begun: Instant) -> Result<()> {
        while !matches!(timeout(START, answers(self.address)).await, Ok(Ok(()))) {
            let ended = self.child.try_wait()?;
            if ended.is_some() || begun.elapsed() > START {
                bail!("{} did not start: {ended:?}\n{}", self.system.name(), self.log());
            }
            sleep(ASK_AGAIN).await;
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

/// What a program that ends by itself writes.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let done = command.output().with_context(|| format!("{command:?}"))?;
    let failure = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{command:?}: {failure}");
    Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

/// Whether a folder holds the peers with their packages.
pub(crate) fn peers_are_installed(folder: &Path) -> bool {
    folder.join("node_modules/express").is_dir()
}
