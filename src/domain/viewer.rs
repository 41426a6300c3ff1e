//! Who calls, and what they may do.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{Error, Result, Scope, Timestamp, UserId};

/// What a token lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Reads and changes only their own things.
    User,
    /// Another backend: acts for anyone.
    Service,
    /// A person who runs the product: acts for anyone.
    Admin,
}

impl Role {
    /// Reads the word of a token or the command line.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "user" => Some(Self::User),
            "service" => Some(Self::Service),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// The word that tokens carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
            Self::Admin => "admin",
        }
    }
}

/// Who calls. Services take it as an argument, so that no door can forget to ask.
#[derive(Clone, Debug)]
pub struct Viewer {
    user: Option<UserId>,
    role: Role,
    expires_at: Option<Timestamp>,
    /// Where the viewer's rights may end before the operation does.
    rights: Option<Arc<OperationRights>>,
}

/// What one operation of an open connection may do beyond its own user's things. The connection's token may be replaced
/// by one with fewer rights while the operation runs.
#[derive(Debug, Default)]
pub struct OperationRights {
    follows_others: AtomicBool,
    withdrawn: AtomicBool,
}

impl OperationRights {
    /// Holds the operation to what `viewer`, the same person by a fresh token, may do. Returns whether it may go on: not
    /// where it follows what `viewer` may not.
    pub fn narrow_to(&self, viewer: &Viewer) -> bool {
        if viewer.acts_for_anyone() {
            return true;
        }
        self.withdrawn.store(true, Ordering::SeqCst);
        !self.follows_others.load(Ordering::SeqCst)
    }
}

impl Viewer {
    /// A viewer by a token of `user`, which holds until `expires_at`.
    pub fn new(user: UserId, role: Role, expires_at: Option<Timestamp>) -> Self {
        Self { user: Some(user), role, expires_at, rights: None }
    }

    /// Who calls without a token in development: a service that is nobody in particular.
    pub fn development() -> Self {
        Self { user: None, role: Role::Service, expires_at: None, rights: None }
    }

    /// The user of the token.
    pub fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }

    /// The role of the token.
    pub fn role(&self) -> Role {
        self.role
    }

    /// When the token ends, where it does.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// Whether the token ends at `now` or has ended before.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whose things the viewer means: those of `user` where it is given and theirs to reach, else their own.
    ///
    /// # Errors
    /// FORBIDDEN for another's things; BAD_USER_INPUT at `userId` where nobody is named at all.
    pub fn target(&self, user: Option<UserId>) -> Result<UserId> {
        match (user, &self.user) {
            (Some(user), own) if self.acts_for_anyone() || own.as_ref() == Some(&user) => Ok(user),
            (Some(_), _) => Err(Self::not_yours()),
            (None, Some(own)) => Ok(own.clone()),
            (None, None) => Err(Error::field("userId", "userId is required, because no token names a user.")),
        }
    }

    /// [`Viewer::target`] for what is followed from now on: noted in the rights of the operation, where it has some.
    pub fn followed(&self, user: Option<UserId>) -> Result<UserId> {
        let user = self.target(user)?;
        if let Some(rights) = self.rights.as_ref().filter(|_| self.user.as_ref() != Some(&user)) {
            rights.follows_others.store(true, Ordering::SeqCst);
        }
        Ok(user)
    }

    /// The viewer for one operation of a connection whose token may be replaced, and the rights of the operation; none
    /// where there are no rights to lose: a user has none, and without a token there is none to replace.
    pub fn for_operation(&self) -> (Self, Option<Arc<OperationRights>>) {
        let loses = self.user.is_some() && self.acts_for_anyone();
        let rights = loses.then(Arc::<OperationRights>::default);
        (Self { rights: rights.clone(), ..self.clone() }, rights)
    }

    /// The refusal of another user's things.
    pub fn not_yours() -> Error {
        Error::Forbidden("You may not access another user's data.".into())
    }

    /// Whose items an id may mean: only the viewer's own, or everybody's.
    pub fn scope(&self) -> Scope {
        match &self.user {
            Some(user) if !self.acts_for_anyone() => Scope::Only(user.clone()),
            _ => Scope::Everyone,
        }
    }

    fn acts_for_anyone(&self) -> bool {
        let withdrawn = self.rights.as_ref().is_some_and(|rights| rights.withdrawn.load(Ordering::SeqCst));
        matches!(self.role, Role::Service | Role::Admin) && !withdrawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> UserId {
        UserId::parse("userId", text).unwrap()
    }

    #[test]
    fn a_user_reaches_only_their_own() {
        let ada = Viewer::new(user("ada"), Role::User, None);
        assert_eq!(ada.target(None).unwrap(), user("ada"));
        assert_eq!(ada.target(Some(user("ada"))).unwrap(), user("ada"));
        assert_eq!(ada.target(Some(user("bob"))).unwrap_err().code(), "FORBIDDEN");
        assert_eq!(ada.scope(), Scope::Only(user("ada")));
    }

    #[test]
    fn a_service_acts_for_anyone() {
        for role in [Role::Service, Role::Admin] {
            let viewer = Viewer::new(user("ops"), role, None);
            assert_eq!(viewer.target(Some(user("bob"))).unwrap(), user("bob"));
            assert_eq!(viewer.scope(), Scope::Everyone);
        }
    }

    #[test]
    fn an_operation_loses_what_a_fresh_token_lacks() {
        let (ada, bob) = (user("ada"), user("bob"));
        let [admin, service, plain] =
            [Role::Admin, Role::Service, Role::User].map(|role| Viewer::new(ada.clone(), role, None));
        let operation = |follows: Option<&UserId>| {
            let (viewer, rights) = admin.for_operation();
            viewer.followed(follows.cloned()).unwrap();
            (viewer, rights.unwrap())
        };
        let (follower, rights) = operation(Some(&bob));
        assert!(rights.narrow_to(&service), "a service may do as much as an admin");
        assert!(follower.target(Some(bob.clone())).is_ok());
        assert!(!rights.narrow_to(&plain));
        assert_eq!(follower.target(Some(bob.clone())).unwrap_err().code(), "FORBIDDEN");
        assert_eq!(follower.scope(), Scope::Only(ada.clone()));
        for own in [None, Some(&ada)] {
            let (follower, rights) = operation(own);
            assert!(rights.narrow_to(&plain), "one's own things stay");
            // What has not been looked at yet is looked at with the fresh token's rights.
            assert_eq!(follower.followed(Some(bob.clone())).unwrap_err().code(), "FORBIDDEN");
        }
        assert!(plain.for_operation().1.is_none(), "a user has nothing to lose");
    }

    #[test]
    fn without_a_token_a_user_must_be_named() {
        let error = Viewer::development().target(None).unwrap_err();
        assert_eq!((error.code(), error.at_field()), ("BAD_USER_INPUT", Some("userId")));
    }
}
