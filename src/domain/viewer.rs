//! Who calls, and what they may do.

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    user: Option<UserId>,
    role: Role,
    expires_at: Option<Timestamp>,
}

impl Viewer {
    /// A viewer by a token of `user`, which holds until `expires_at`.
    pub fn new(user: UserId, role: Role, expires_at: Option<Timestamp>) -> Self {
        Self { user: Some(user), role, expires_at }
    }

    /// Who calls without a token in development: a service that is nobody in particular.
    pub fn development() -> Self {
        Self { user: None, role: Role::Service, expires_at: None }
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

    /// Whose things the viewer means: those of `user` where it is given and theirs to reach, else their own.
    ///
    /// # Errors
    /// FORBIDDEN for another's things; BAD_USER_INPUT at `userId` where nobody is named at all.
    pub fn target(&self, user: Option<UserId>) -> Result<UserId> {
        match (user, &self.user) {
            (Some(user), own) if self.acts_for_anyone() || own.as_ref() == Some(&user) => Ok(user),
            (Some(_), _) => Err(Error::Forbidden("You may not access another user's data.".into())),
            (None, Some(own)) => Ok(own.clone()),
            (None, None) => Err(Error::field("userId", "userId is required, because no token names a user.")),
        }
    }

    /// Whose items an id may mean: only the viewer's own, or everybody's.
    pub fn scope(&self) -> Scope {
        match &self.user {
            Some(user) if !self.acts_for_anyone() => Scope::Only(user.clone()),
            _ => Scope::Everyone,
        }
    }

    fn acts_for_anyone(&self) -> bool {
        matches!(self.role, Role::Service | Role::Admin)
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
    fn without_a_token_a_user_must_be_named() {
        let error = Viewer::development().target(None).unwrap_err();
        assert_eq!((error.code(), error.at_field()), ("BAD_USER_INPUT", Some("userId")));
    }
}
