//! Who is active on which node, for nodes that share a PostgreSQL.
//!
//! A node says every few seconds that it is there. One that has not for a while does not count, and neither do its users.

use std::fmt;

use sea_orm::{DbBackend, QueryResult, Value};

use crate::domain::{Result, UserId};

use super::{Store, error::domain_error, sql};

/// After how many seconds of silence a node's users do not count any more.
const SILENCE: u32 = 10;
/// After how many seconds of silence what is left of a node is removed.
const REMOVAL: u32 = 60;
/// Users that one statement takes.
const USERS: usize = 5_000;

/// The random name of one running process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeId(u64);

impl NodeId {
    /// A new name, for a new process.
    pub fn generate() -> Self {
        Self(rand::random())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// How many users are active on all nodes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveEverywhere {
    /// Other nodes that are there.
    pub others: u64,
    /// Users of all nodes, each once.
    pub users: u64,
}

impl Store {
    /// Whether other nodes can share this database.
    pub fn is_shared(&self) -> bool {
        self.0.backend != DbBackend::Sqlite
    }

    /// Says that `node` is there; returns whether nothing is known of it, so that all of its users must be reported.
    pub async fn report_node(&self, node: NodeId) -> Result<bool> {
        let sql = "INSERT INTO nodes (node, seen_at) VALUES ($1, now()) \
                   ON CONFLICT (node) DO UPDATE SET seen_at = now() RETURNING xmax = 0 AS unknown";
        let row = self.ask(sql, [node.to_string().into()]).await?;
        row.map_or(Ok(true), |row| row.try_get("", "unknown").map_err(domain_error))
    }

    /// Adds `entered` to the users of `node` and takes `left` away.
    pub async fn report_users(&self, node: NodeId, entered: &[UserId], left: &[UserId]) -> Result<()> {
        let add = "INSERT INTO presence (user_id, node) SELECT user_id, $2 \
                   FROM jsonb_array_elements_text($1::jsonb) user_id ORDER BY 1 ON CONFLICT DO NOTHING";
        let remove = format!(
            "DELETE FROM presence WHERE node = $2 AND user_id IN {}",
            sql::any_of(self.0.backend, "$1")
        );
        for (sql, users) in [(add, entered), (&*remove, left)] {
            for users in users.chunks(USERS) {
                let users = sql::list(&users.iter().collect::<Vec<_>>());
                self.ask(sql, [users, node.to_string().into()]).await?;
            }
        }
        Ok(())
    }

    /// Counts the users of all nodes that are there, each once; not at all where `node` is alone.
    pub async fn active_everywhere(&self, node: NodeId) -> Result<ActiveEverywhere> {
        let there = format!("seen_at > now() - interval '{SILENCE} seconds'");
        let sql = format!("SELECT COUNT(*) AS count FROM nodes WHERE {there} AND node <> $1");
        let others = count(self.ask(&sql, [node.to_string().into()]).await?)?;
        if others == 0 {
            return Ok(ActiveEverywhere { others, users: 0 });
        }
        let sql = format!(
            "SELECT COUNT(DISTINCT user_id) AS count FROM presence WHERE node IN (SELECT node FROM nodes WHERE {there})"
        );
        Ok(ActiveEverywhere { others, users: count(self.ask(&sql, []).await?)? })
    }

    /// Takes the users of a node away.
    pub async fn forget_users(&self, node: NodeId) -> Result<()> {
        self.ask("DELETE FROM presence WHERE node = $1", [node.to_string().into()]).await.map(drop)
    }

    /// Takes a node and its users away.
    pub async fn forget_node(&self, node: NodeId) -> Result<()> {
        self.forget_users(node).await?;
        self.ask("DELETE FROM nodes WHERE node = $1", [node.to_string().into()]).await.map(drop)
    }

    /// Removes what is left of nodes that ended without a word.
    pub async fn forget_silent_nodes(&self) -> Result<()> {
        let silent = format!("DELETE FROM nodes WHERE seen_at < now() - interval '{REMOVAL} seconds'");
        for sql in [&*silent, "DELETE FROM presence WHERE node NOT IN (SELECT node FROM nodes)"] {
            self.ask(sql, []).await?;
        }
        Ok(())
    }

    /// A statement on the primary that may change something, and has one row at most.
    async fn ask<const N: usize>(&self, sql: &str, values: [Value; N]) -> Result<Option<QueryResult>> {
        self.one(sql, values).await
    }
}

fn count(row: Option<QueryResult>) -> Result<u64> {
    let count: i64 = row.map_or(Ok(0), |row| row.try_get("", "count")).map_err(domain_error)?;
    Ok(u64::try_from(count).unwrap_or(0))
}
