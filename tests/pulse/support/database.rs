//! Fresh databases.

use std::{path::Path, process::Command};

use sea_orm::{ConnectionTrait, Database};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// The address of a new, empty database, and the folder that holds it, where there is one.
pub async fn fresh_database(backend: Backend) -> (String, Option<tempfile::TempDir>) {
    match backend {
        Backend::Sqlite => {
            let folder = tempfile::tempdir().unwrap();
            (format!("sqlite://{}?mode=rwc", folder.path().join("pulse.db").display()), Some(folder))
        }
        Backend::Postgres => {
            let server = std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| {
                panic!("PostgreSQL is needed: run `make test`, which installs and starts it, or `scripts/postgres with cargo test`")
            });
            (create_database(&server).await, None)
        }
    }
}

/// Creates a database on the server at `url`, whose path names the database to connect to.
async fn create_database(url: &str) -> String {
    let name = format!("test_{:016x}", rand::random::<u64>());
    let connection = Database::connect(url).await.unwrap();
    connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    connection.close().await.unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

/// Runs `scripts/postgres` with `arguments`; returns what it printed.
pub fn run_postgres(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/postgres");
    let output = Command::new(&script).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "scripts/postgres {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
