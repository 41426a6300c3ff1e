//! A NATS server of a test's own.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// A running nats-server. It is killed when it is dropped.
pub struct Nats {
    child: Child,
    pub url: String,
}

impl Nats {
    /// Starts one on a free port, or on the one of a server that ended.
    pub fn start(port: Option<u16>) -> Self {
        Self::with(port, &[])
    }

    /// [`Nats::start`] with more arguments.
    pub fn with(port: Option<u16>, arguments: &[&str]) -> Self {
        let port = port.map_or("-1".to_owned(), |port| port.to_string());
        let mut child = Command::new("nats-server")
            .args(["--addr", "127.0.0.1", "--port", &port])
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("nats-server is needed ({error}): run `make test`, which installs it, or `scripts/nats install`")
            });
        let mut said = Vec::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let port = loop {
            let Some(Ok(line)) = lines.next() else { panic!("nats-server did not start: {said:#?}") };
            if let Some((_, port)) = line.split_once("client connections on 127.0.0.1:") {
                break port.trim().parse::<u16>().unwrap();
            }
            said.push(line);
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: format!("nats://127.0.0.1:{port}") }
    }

    pub fn port(&self) -> u16 {
        self.url.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Ends it as a crash would.
    pub fn kill(mut self) -> u16 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.port()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
