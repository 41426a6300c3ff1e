//! A PostgreSQL server whose databases may be made and dropped.

use std::{
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context, Result};

use crate::server::output;

/// A database of a PostgreSQL server; it is dropped with this.
pub(crate) struct Schema {
    server: String,
    name: String,
    pub(crate) url: String,
}

impl Schema {
    pub(crate) fn create(server: &str) -> Result<Self> {
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

/// What `statement` brings.
pub(crate) fn sql(server: &str, statement: &str) -> Result<String> {
    output(Command::new("psql").args(["--no-psqlrc", "-qtA", server, "-c", statement]))
}
