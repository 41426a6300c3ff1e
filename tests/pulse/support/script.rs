//! The scripts that start what tests need.

use std::{path::Path, process::Command};

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
