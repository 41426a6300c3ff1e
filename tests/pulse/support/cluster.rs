//! PostgreSQL servers of a test's own, and a proxy in front that leads to one of them.

use std::{net::SocketAddr, os::unix::fs::PermissionsExt};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::run_postgres;

/// A PostgreSQL server of this test alone, which is gone with it.
pub struct Cluster {
    data: String,
    pub url: String,
    // Removed after the server is stopped.
    _folder: tempfile::TempDir,
}

impl Cluster {
    pub fn start() -> Self {
        Self::create(&["start"], &[])
    }

    /// An asynchronous standby of this server.
    pub fn standby(&self) -> Self {
        Self::create(&["standby"], &[&self.data])
    }

    fn create(verb: &[&str], of: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // PostgreSQL does not run as root: another account has to enter.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let data = folder.path().join("data").display().to_string();
        let url = run_postgres(&[verb, &[data.as_str()], of].concat());
        Self { data, url, _folder: folder }
    }

    pub fn port(&self) -> u16 {
        url::Url::parse(&self.url).unwrap().port().unwrap()
    }

    pub fn crash(&self) {
        run_postgres(&["stop", &self.data, "immediate"]);
    }

    pub fn stop(&self) {
        run_postgres(&["stop", &self.data]);
    }

    pub fn come_back(&self) {
        run_postgres(&["start", &self.data, &self.port().to_string()]);
    }

    pub fn promote(&self) {
        run_postgres(&["promote", &self.data]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.crash();
    }
}

/// PgBouncer in session mode, with its defaults, before a server.
pub struct Pooler {
    folder: String,
    pub url: String,
    // Removed after it is stopped.
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// One before the server at `url`.
    pub fn before(url: &str) -> Self {
        let port = url::Url::parse(url).unwrap().port().unwrap().to_string();
        let parent = tempfile::tempdir().unwrap();
        std::fs::set_permissions(parent.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let folder = parent.path().join("pool").display().to_string();
        let url = run_postgres(&["pool", &folder, &port]);
        Self { folder, url, _folder: parent }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        run_postgres(&["unpool", &self.folder]);
    }
}

/// Leads connections to a port of this machine that can be changed.
pub struct Switch {
    pub address: SocketAddr,
    target: watch::Sender<u16>,
}

impl Switch {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (target, targets) = watch::channel(port);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(lead(client, targets.clone()));
            }
        });
        Self { address, target }
    }

    /// Ends all connections; new ones lead to `port`.
    pub fn turn(&self, port: u16) {
        self.target.send_replace(port);
    }
}

async fn lead(mut client: TcpStream, mut targets: watch::Receiver<u16>) {
    let port = *targets.borrow_and_update();
    let leading = async {
        if let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await {
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        }
    };
    tokio::select! {
        () = leading => {}
        _ = targets.changed() => {}
    }
}
