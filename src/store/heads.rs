//! Where users' histories stand, asked of PostgreSQL together.
//!
//! Whoever has kept a page asks only whether it still holds, and a subscription where it starts. For one user that is a
//! round trip, most of which is the way there and back; those who ask while another question is on its way wait for the
//! next one, and share it. Nobody waits for company. Every answer is read after it was asked for, so it is as new as if it
//! had been asked alone.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::domain::{Error, Position, Result, UserId};

use super::{connect::in_time, error::domain_error, sql};

/// Questions that may wait.
const WAITING: usize = 8_192;
/// Users that one question names.
const USERS: usize = 256;
/// Questions that are on their way at the same time.
const AT_ONCE: usize = 2;

/// Asks where histories stand. The tasks behind it end with it.
pub(super) struct Heads(mpsc::Sender<Asked>);

struct Asked {
    user: UserId,
    answer: oneshot::Sender<Result<Position>>,
}

impl Heads {
    pub(super) fn start(pool: &DatabaseConnection) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..AT_ONCE {
            tokio::spawn(answer(waiting.clone(), pool.clone()));
        }
        Self(queue)
    }

    /// Where the history of `user` stands now; at its start where there is none.
    ///
    /// # Errors
    /// UNAVAILABLE where the database does not answer in time, or too many wait.
    pub(super) async fn find(&self, user: &UserId) -> Result<Position> {
        let (answer, position) = oneshot::channel();
        let asked = Asked { user: user.clone(), answer };
        self.0.try_send(asked).map_err(|_| Error::unavailable("too many reads wait"))?;
        // Its time begins with the wait, not with the question that it gets into.
        let answer = async { position.await.map_err(|_| Error::unavailable("the reader ended"))? };
        in_time(DbBackend::Postgres, answer).await
    }
}

/// Takes whatever waits and asks for all of it, until nobody can ask any more.
async fn answer(waiting: Arc<Mutex<mpsc::Receiver<Asked>>>, pool: DatabaseConnection) {
    let mut asked = Vec::new();
    while waiting.lock().await.recv_many(&mut asked, USERS).await > 0 {
        asked.retain(|asked: &Asked| !asked.answer.is_closed());
        let found = in_time(DbBackend::Postgres, find(&pool, &asked)).await;
        for Asked { user, answer } in asked.drain(..) {
            let position =
                found.as_ref().map(|found| found.get(user.as_str()).copied().unwrap_or(Position::START));
            // Who no longer waits needs no answer.
            let _ = answer.send(position.map_err(Clone::clone));
        }
    }
}

async fn find(pool: &DatabaseConnection, asked: &[Asked]) -> Result<HashMap<String, Position>> {
    let users: Vec<&UserId> = asked.iter().map(|asked| &asked.user).collect();
    let statement = sql::positions(DbBackend::Postgres, &users);
    let rows = pool.query_all_raw(statement).await.map_err(domain_error)?;
    rows.iter().map(sql::position).collect::<Result<_, DbErr>>().map_err(domain_error)
}
