//! The write that finds out whether the database takes writes.

use std::time::Duration;

use crate::domain::{Error, Result, UserId};

use super::{
    handle::Store,
    write::{Done, Tx, Write},
};

/// Makes a small row and takes it away. It has a name of its own: on a row that all nodes change, one that hangs would keep the
/// others waiting.
struct CheckWrite;

impl Write for CheckWrite {
    type Output = ();

    fn user(&self) -> Option<&UserId> {
        None
    }

    async fn run(&self, tx: Tx<'_>) -> Result<Done<()>> {
        let name = format!("write_check_{:016x}", rand::random::<u64>());
        for sql in
            ["INSERT INTO settings (name, value) VALUES ($1, '')", "DELETE FROM settings WHERE name = $1"]
        {
            tx.db.execute(sql, [name.as_str().into()]).await?;
        }
        Ok(Done::unchanged(()))
    }
}

impl Store {
    /// Whether the database takes writes, by the last one or by one that is made for the question, within `limit`.
    ///
    /// # Errors
    /// What made the write fail; UNAVAILABLE where it did not end in time.
    pub async fn check_writes(&self, limit: Duration) -> Result<()> {
        let (status, store) = (&self.0.writes, self.clone());
        let write = async move { store.write(CheckWrite).await };
        let outcome = tokio::time::timeout(limit, status.ask(write)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Error::unavailable("a write does not end in time")));
        status.log(&outcome);
        outcome
    }
}
