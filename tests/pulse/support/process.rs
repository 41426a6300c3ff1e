//! The real binary, as a process of its own.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use super::{Client, DEADLINE, SECRET};

/// A running `pulse serve`. It is killed when it is dropped.
pub struct Server {
    child: Child,
    client: Client,
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
        let mut child = Self::command(settings)
            .args(["serve"])
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
        let mut seen = Vec::new();
        let address = loop {
            let line = lines
                .recv_timeout(DEADLINE)
                .unwrap_or_else(|_| panic!("the server did not start: {seen:#?}"));
            if let Some(address) = address_in(&line) {
                break address;
            }
            seen.push(line);
        };
        Self { child, client: Client::new(address), lines }
    }

    /// The binary with a clean environment.
    pub fn command(settings: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pulse"));
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
        let mut seen = Vec::new();
        loop {
            let line =
                self.lines.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("no such log line in {seen:#?}"));
            if wanted(&line) {
                return line;
            }
            seen.push(line);
        }
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
