//! Servers that are measured, and what they take of the machine.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use tokio::time::sleep;

use crate::{PATIENCE, SECRET};

/// Clock ticks of `/proc/PID/stat` in a second, the same on every Linux.
const TICKS: f64 = 100.0;

/// A child process that serves; it ends with this.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn pulse() -> Self {
        Self::start(Command::new(env!("CARGO_BIN_EXE_pulse")))
    }

    pub(crate) fn peer() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--peer");
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}?mode=rwc", folder.path().join("bench.db").display());
        let mut child = command
            .env_clear()
            .envs([("NODE_ENV", "production"), ("HOST", "127.0.0.1"), ("PORT", "0"), ("RUST_LOG", "info")])
            .envs([("JWT_SECRET", SECRET), ("DATABASE_URL", &database)])
            .current_dir(&folder)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let (sender, addresses) = mpsc::channel();
        // It reads to the end, so that the log never blocks the server.
        std::thread::spawn(move || {
            for address in
                lines.filter_map(|line| line.split_once("http://")?.1.split('/').next()?.parse().ok())
            {
                let _ = sender.send(address);
            }
        });
        let address = addresses.recv_timeout(PATIENCE).expect("the server did not start");
        Self { child, address, _folder: folder }
    }

    /// Waits until the server has nothing to do any more.
    pub(crate) async fn settled(&self) {
        for _ in 0..50 {
            let before = self.processor_time();
            sleep(Duration::from_millis(300)).await;
            if self.processor_time() - before <= 1.0 / TICKS {
                break;
            }
        }
    }

    /// Resident bytes, once the server has settled.
    pub(crate) async fn resident(&self) -> f64 {
        self.settled().await;
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1024.0
    }

    /// Processor time so far, in seconds.
    pub(crate) fn processor_time(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The second field is the name in parentheses, the 14th and 15th are utime and stime.
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
        fields.skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / TICKS
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
