//! The deadline of an answer.

use std::{future::Future, time::Duration};

use tokio::time::timeout;

use crate::domain::{Error, Result};

/// How long an answer of PostgreSQL is waited for: longer than its own limit on a statement, so that it is normally the
/// one to say what is wrong. A network may swallow a question without a word, and for the kernel that is no failure for
/// a quarter of an hour.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(12);

/// Waits for an answer of the database, but not for ever.
///
/// # Errors
/// UNAVAILABLE after [`ANSWER_TIMEOUT`]; the outcome is then unknown.
pub(in crate::store) async fn with_timeout<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(ANSWER_TIMEOUT, work)
        .await
        .unwrap_or_else(|_| Err(Error::unavailable("the database does not answer")))
}
