//! The real binary, as a process of its own.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use pulse::{app::App, config::Config, domain::Clock, http::listen, telemetry};

use super::{Client, DEADLINE, SECRET};

/// A running `pulse serve`. It is killed when it is dropped.
pub struct Server {
    child: Child,
    client: Client,
    banner: Vec<String>,
    lines: mpsc::Receiver<String>,
}

impl std::ops::Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Server {
    /// Starts the binary on `database_url`, in a folder without a `.env`.
    pub fn start(database_url: &str, settings: &[(&str, &str)]) -> Self {
        Self::run(Self::command(settings).arg("serve"), database_url, settings)
    }

    /// [`Server::start`] with checks of positions twice a second: this test binary again, which is the same server.
    pub fn with_frequent_checks(database_url: &str, settings: &[(&str, &str)]) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Self::clean(program.to_str().unwrap(), settings);
        command
            .args(["support::process::serve_with_frequent_checks", "--exact", "--ignored", "--nocapture"])
            .stdout(Stdio::null());
        Self::run(&mut command, database_url, settings)
    }

    /// [`Server::start`] with no more than `files` open files.
    pub fn with_files(files: u32, database_url: &str, settings: &[(&str, &str)]) -> Self {
        let limited = format!("ulimit -n {files} && exec \"$0\" serve");
        Self::start_by(&["sh", "-c", &limited], database_url, settings)
    }

    /// Starts it by another program, whose last argument is the path of the binary.
    pub fn start_by(program: &[&str], database_url: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = Self::clean(program[0], settings);
        command.args(&program[1..]).arg(env!("CARGO_BIN_EXE_pulse"));
        Self::run(&mut command, database_url, settings)
    }

    fn run(command: &mut Command, database_url: &str, settings: &[(&str, &str)]) -> Self {
        let mut child = command
            .env("DATABASE_URL", database_url)
            .env("PORT", "0")
            .env("JWT_SECRET", SECRET)
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut banner = Vec::new();
        let address = loop {
            let line = lines
                .recv_timeout(DEADLINE)
                .unwrap_or_else(|_| panic!("the server did not start: {banner:#?}"));
            let address = address_in(&line);
            banner.push(line);
            if let Some(address) = address {
                break address;
            }
        };
        Self { child, client: Client::new(address), banner, lines }
    }

    /// A server that was started by other means and whose log cannot be read.
    pub fn running(child: Child, address: SocketAddr) -> Self {
        Self { child, client: Client::new(address), banner: Vec::new(), lines: mpsc::channel().1 }
    }

    /// The binary with a clean environment.
    pub fn command(settings: &[(&str, &str)]) -> Command {
        Self::clean(env!("CARGO_BIN_EXE_pulse"), settings)
    }

    /// `program` with a clean environment.
    fn clean(program: &str, settings: &[(&str, &str)]) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(std::env::var("PATH").map(|path| ("PATH", path)))
            .envs(settings.iter().copied())
            .current_dir(std::env::temp_dir());
        command
    }

    /// Ends it at once, as kill -9 does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends `signal` (a name such as TERM).
    pub fn signal(&self, signal: &str) {
        let status =
            Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < limit, "the server did not end within {limit:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for a line of its log that `wanted` holds of.
    pub fn log_line(&self, wanted: impl Fn(&str) -> bool) -> String {
        self.log_until(wanted).pop().unwrap_or_default()
    }

    /// The lines of its log up to the first one that `wanted` holds of, which comes last.
    pub fn log_until(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let (start, mut seen) = (Instant::now(), Vec::new());
        loop {
            let left = DEADLINE.saturating_sub(start.elapsed());
            let line =
                self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no such log line in {seen:#?}"));
            seen.push(line);
            if wanted(&seen[seen.len() - 1]) {
                return seen;
            }
        }
    }

    /// What it said until it listened.
    pub fn banner(&self) -> &[String] {
        &self.banner
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split('/').next()?.parse().ok()
}

/// Serves until it is killed, with the settings of the environment.
#[test]
#[ignore = "a server that other tests start"]
fn serve_with_frequent_checks() {
    let settings: Vec<(String, String)> = std::env::vars().collect();
    let settings = settings.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let mut config = Config::from_values(&settings).unwrap();
    config.timing.position_check_interval = Duration::from_millis(500);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let _logs = telemetry::init(&config).unwrap();
        let app = App::build(&config, Clock::default()).await.unwrap();
        let listener = listen((config.host, config.port).into()).unwrap();
        telemetry::banner(&config, listener.local_addr().unwrap(), app.database());
        app.run(listener, std::future::pending()).await.unwrap();
    });
}
