//! Where users' histories stand, asked of PostgreSQL together.
//!
//! Whoever has kept a page asks only whether it still holds, and a subscription where it starts. For one user that is a
//! round trip, most of which is the way there and back; those who ask while another question is on its way wait for the
//! next one, and share it. Nobody waits for company. Every answer is read after it was asked for, so it is as new as if it
//! had been asked alone.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::domain::{Error, Position, Result, UserId};

use crate::store::{
    error::domain_error,
    sql::{json_list, unsigned},
};

use super::timeout::with_timeout;

/// Where the histories of the users in the list `$1` stand; those without one have no row.
const POSITIONS: &str = "SELECT user_id, position FROM user_position \
    WHERE user_id IN (SELECT jsonb_array_elements_text($1::jsonb))";
/// Questions that may wait.
const QUEUE_SIZE: usize = 8_192;
/// Users that one question names.
const QUERY_USERS: usize = 256;
/// Questions that are on their way at the same time.
const QUERIES_IN_FLIGHT: usize = 2;

/// Asks where histories stand. The tasks behind it end with it.
pub(in crate::store) struct PositionLoader(mpsc::Sender<Asked>);

struct Asked {
    user: UserId,
    answer: oneshot::Sender<Result<Position>>,
}

impl PositionLoader {
    pub(in crate::store) fn start(pool: &DatabaseConnection) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_SIZE);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..QUERIES_IN_FLIGHT {
            tokio::spawn(answer(waiting.clone(), pool.clone()));
        }
        Self(queue)
    }

    /// Where the history of `user` stands now; at its start where there is none.
    ///
    /// # Errors
    /// UNAVAILABLE where the database does not answer in time, or too many wait.
    pub(in crate::store) async fn find(&self, user: &UserId) -> Result<Position> {
        let (answer, position) = oneshot::channel();
        let asked = Asked { user: user.clone(), answer };
        self.0.try_send(asked).map_err(|_| Error::unavailable("too many reads wait"))?;
        // Its time begins with the wait, not with the question that it gets into.
        let answer = async { position.await.map_err(|_| Error::unavailable("the reader ended"))? };
        with_timeout(answer).await
    }
}

/// Takes whatever waits and asks for all of it, until nobody can ask any more.
async fn answer(waiting: Arc<Mutex<mpsc::Receiver<Asked>>>, pool: DatabaseConnection) {
    let mut asked = Vec::new();
    while waiting.lock().await.recv_many(&mut asked, QUERY_USERS).await > 0 {
        asked.retain(|asked: &Asked| !asked.answer.is_closed());
        let found = with_timeout(find(&pool, &asked)).await;
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
    let values = [json_list(&users)];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, POSITIONS, values);
    let rows = pool.query_all_raw(statement).await.map_err(domain_error)?;
    rows.iter()
        .map(|row| Ok((row.try_get_by_index(0)?, unsigned(row.try_get_by_index(1)?))))
        .collect::<Result<_, DbErr>>()
        .map_err(domain_error)
}
