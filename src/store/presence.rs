//! Who is active on which node, for nodes that share a PostgreSQL.
//!
//! A node says every few seconds that it is there. One that has not for a while does not count, and neither do its users.

use std::fmt;

use sea_orm::{DbBackend, Value};

use crate::domain::{Result, UserId};

use super::{
    handle::Store,
    postgres::with_timeout,
    row::ColumnValue,
    sql::{any_of, count, json_list},
};

/// After how many seconds of silence a node's users do not count any more.
const SILENCE_SECONDS: u32 = 10;
/// After how many seconds of silence what is left of a node is removed.
const REMOVAL_SECONDS: u32 = 60;
/// Users that one statement takes.
const REPORT_USERS: usize = 5_000;

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
        self.0.database.backend() != DbBackend::Sqlite
    }

    /// Says that `node` is there; returns whether nothing is known of it, so that all of its users must be reported.
    pub async fn report_node(&self, node: NodeId) -> Result<bool> {
        let sql = "INSERT INTO nodes (node, seen_at) VALUES ($1, now()) \
                   ON CONFLICT (node) DO UPDATE SET seen_at = now() RETURNING xmax = 0 AS unknown";
        Ok(self.returned::<bool, 1>(sql, [node.to_string().into()]).await?.unwrap_or(true))
    }

    /// Adds `entered` to the users of `node` and takes `left` away.
    pub async fn report_users(&self, node: NodeId, entered: &[UserId], left: &[UserId]) -> Result<()> {
        let add = "INSERT INTO presence (user_id, node) SELECT user_id, $2 \
                   FROM jsonb_array_elements_text($1::jsonb) user_id ORDER BY 1 ON CONFLICT DO NOTHING";
        let remove = format!(
            "DELETE FROM presence WHERE node = $2 AND user_id IN {}",
            any_of(self.0.database.backend(), "$1")
        );
        for (sql, users) in [(add, entered), (&*remove, left)] {
            for users in users.chunks(REPORT_USERS) {
                let users = json_list(&users.iter().collect::<Vec<_>>());
                self.change(sql, [users, node.to_string().into()]).await?;
            }
        }
        Ok(())
    }

    /// Counts the users of all nodes that are there, each once; not at all where `node` is alone.
    pub async fn active_everywhere(&self, node: NodeId) -> Result<ActiveEverywhere> {
        let there = format!("seen_at > now() - interval '{SILENCE_SECONDS} seconds'");
        let sql = format!("SELECT COUNT(*) AS count FROM nodes WHERE {there} AND node <> $1");
        let others = count(self.returned(&sql, [node.to_string().into()]).await?.unwrap_or(0));
        if others == 0 {
            return Ok(ActiveEverywhere { others, users: 0 });
        }
        let sql = format!(
            "SELECT COUNT(DISTINCT user_id) AS count FROM presence WHERE node IN (SELECT node FROM nodes WHERE {there})"
        );
        Ok(ActiveEverywhere { others, users: count(self.returned(&sql, []).await?.unwrap_or(0)) })
    }

    /// Takes the users of a node away.
    pub async fn forget_users(&self, node: NodeId) -> Result<()> {
        self.change("DELETE FROM presence WHERE node = $1", [node.to_string().into()]).await
    }

    /// Takes a node and its users away.
    pub async fn forget_node(&self, node: NodeId) -> Result<()> {
        self.forget_users(node).await?;
        self.change("DELETE FROM nodes WHERE node = $1", [node.to_string().into()]).await
    }

    /// Removes what is left of nodes that ended without a word.
    pub async fn forget_silent_nodes(&self) -> Result<()> {
        let silent =
            format!("DELETE FROM nodes WHERE seen_at < now() - interval '{REMOVAL_SECONDS} seconds'");
        for sql in [&*silent, "DELETE FROM presence WHERE node NOT IN (SELECT node FROM nodes)"] {
            self.change(sql, []).await?;
        }
        Ok(())
    }

    /// The one column of the one row of a statement on the primary.
    async fn returned<T: ColumnValue + Send + 'static, const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<Option<T>> {
        self.query_one(sql, values, |row| row.get(0)).await
    }

    /// A statement on the primary that changes presence, outside of the writer: it moves no position.
    async fn change<const N: usize>(&self, sql: &str, values: [Value; N]) -> Result<()> {
        with_timeout(self.0.database.executor().execute(sql, values)).await.map(drop)
    }
}
