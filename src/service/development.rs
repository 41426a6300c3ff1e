//! What is there in development only: tokens for whoever asks, and users to pick from.

use std::{fmt, sync::Arc};

use crate::{
    domain::{Error, Lifetime, Result, Role, Scope, Timestamp, TokenRules, UserId, Viewer, Window},
    store::Store,
};

use super::auth::sign;

/// Signs tokens and knows users. It is built in development only, and even there it serves only who may act for
/// anyone, which is what a request without a token may. Cheap to clone.
#[derive(Clone)]
pub struct Development {
    store: Store,
    secret: Arc<str>,
    rules: TokenRules,
}

impl fmt::Debug for Development {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Development").field("store", &self.store).finish_non_exhaustive()
    }
}

/// A token of a user, and when it ends.
pub struct DevelopmentToken {
    /// The JWT.
    pub text: String,
    /// The first instant at which it does not hold any more.
    pub expires_at: Timestamp,
}

impl Development {
    /// The most users that are offered.
    const USERS: u32 = 20;

    /// Tokens are signed with `secret`, which the server's authenticator has to know, and keep its `rules`.
    pub fn new(store: Store, secret: &str, rules: TokenRules) -> Self {
        Self { store, secret: secret.into(), rules }
    }

    /// A token of `user`, for the default lifetime where none is given.
    ///
    /// # Errors
    /// FORBIDDEN for a viewer who is a user; BAD_USER_INPUT for a lifetime that the server would refuse.
    pub fn token(
        &self,
        viewer: &Viewer,
        user: &UserId,
        role: Role,
        lifetime: Option<Lifetime>,
    ) -> Result<DevelopmentToken> {
        acts_for_anyone(viewer)?;
        let lifetime = self.rules.lifetime(lifetime)?;
        let now = Timestamp::now().millis() / 1_000;
        let end = now + i64::try_from(lifetime.duration().as_secs()).map_err(Error::internal)?;
        let text = sign(&self.secret, user, role, now, end)?;
        Ok(DevelopmentToken { text, expires_at: Timestamp::from_millis(end * 1_000) })
    }

    /// Users to pick from, at most 20: first those of the leaderboard, in its order, then others that have a history.
    ///
    /// # Errors
    /// FORBIDDEN for a viewer who is a user.
    pub async fn users(&self, viewer: &Viewer) -> Result<Vec<UserId>> {
        acts_for_anyone(viewer)?;
        let ranking = self.store.leaderboard(Window::parse(Self::USERS.into(), 0)?).await?;
        let mut users: Vec<UserId> = ranking.items.into_iter().map(|record| record.user).collect();
        if users.len() < Self::USERS as usize {
            let others = self.store.some_users(Self::USERS).await?;
            let new: Vec<UserId> = others.into_iter().filter(|user| !users.contains(user)).collect();
            users.extend(new);
            users.truncate(Self::USERS as usize);
        }
        Ok(users)
    }
}

fn acts_for_anyone(viewer: &Viewer) -> Result<()> {
    match viewer.scope() {
        Scope::Everyone => Ok(()),
        Scope::Only(_) => Err(Error::Forbidden(
            "Only a service or an admin may do this, or a request without a token in development.".into(),
        )),
    }
}
