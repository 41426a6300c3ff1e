//! Who calls: tokens to viewers.

use std::{sync::Arc, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde_json::{Map, Value};

use crate::domain::{Error, Result, Role, Timestamp, UserId, Viewer};

/// Checks tokens: JWTs (RFC 7519) signed by HS256 with the shared secret. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

struct Inner {
    key: DecodingKey,
    validation: Validation,
    token_needed: bool,
    /// Viewers of tokens that were found to be good. A client sends the same one with each request.
    known: Cache<Box<str>, Viewer>,
}

/// Tokens that are remembered, with their viewers about 500 bytes each.
const KNOWN: u64 = 1_000;
/// The longest of them, in bytes.
const LONGEST: usize = 2_048;

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator").field("token_needed", &self.0.token_needed).finish_non_exhaustive()
    }
}

impl Authenticator {
    /// Checks tokens with `secret`. Where no token is needed (development), a request without one acts as a service.
    pub fn new(secret: &str, token_needed: bool) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let key = DecodingKey::from_secret(secret.as_bytes());
        Self(Arc::new(Inner { key, validation, token_needed, known: Cache::new(KNOWN) }))
    }

    /// The viewer of an `Authorization` header or the like: a token, with or without `Bearer ` before it.
    ///
    /// # Errors
    /// UNAUTHENTICATED for a token that cannot be trusted, and for none where one is needed.
    pub fn viewer(&self, authorization: Option<&str>) -> Result<Viewer> {
        match authorization.map(bearer).filter(|token| !token.is_empty()) {
            Some(token) => self.check(token),
            None if self.0.token_needed => Err(Error::Unauthenticated("A token is required.".into())),
            None => Ok(Viewer::development()),
        }
    }

    fn check(&self, token: &str) -> Result<Viewer> {
        // Of what makes a token good, only the time changes.
        if let Some(viewer) = self.0.known.get(token) {
            return in_time(viewer);
        }
        let viewer = in_time(self.read(token)?)?;
        if token.len() <= LONGEST {
            self.0.known.insert(token.into(), viewer.clone());
        }
        Ok(viewer)
    }

    fn read(&self, token: &str) -> Result<Viewer> {
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &self.0.key, &self.0.validation)
            .map_err(|error| refused(error.kind()))?
            .claims;
        let user = ["sub", "userId", "id", "_id"].iter().find_map(|name| claim_text(claims.get(*name)?));
        let user = user
            .ok_or_else(|| {
                Error::Unauthenticated(
                    "The token names no user: it has none of the claims sub, userId, id and _id.".into(),
                )
            })
            .and_then(|user| {
                UserId::parse("sub", &user).map_err(|error| Error::Unauthenticated(error.to_string().into()))
            })?;
        // What a host product calls its people (student, teacher) gives no rights here.
        let role = claims.get("role").and_then(Value::as_str).and_then(Role::parse).unwrap_or(Role::User);
        let expires_at = claims.get("exp").and_then(Value::as_f64);
        let expires_at = expires_at.map(|seconds| Timestamp::from_millis((seconds * 1000.0) as i64));
        Ok(Viewer::new(user, role, expires_at))
    }
}

/// RFC 7519, section 4.1.4: not on or after the instant of its end; the library takes the second itself too.
fn in_time(viewer: Viewer) -> Result<Viewer> {
    if viewer.expires_at().is_some_and(|end| end <= Timestamp::now()) {
        return Err(refused(&jsonwebtoken::errors::ErrorKind::ExpiredSignature));
    }
    Ok(viewer)
}

/// A secret that nobody knows: 256 random bits. What it signs is worth nothing once it is gone.
pub fn random_secret() -> String {
    format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>())
}

/// Signs a token for `user` that holds for `lifetime`.
pub fn issue(secret: &str, user: &UserId, role: Role, lifetime: Duration) -> Result<String> {
    let now = Timestamp::now().millis() / 1000;
    sign(secret, user, role, now, now.saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX)))
}

/// Signs a token for `user` that holds from `now` until before `end`, in seconds since 1970.
pub(super) fn sign(secret: &str, user: &UserId, role: Role, now: i64, end: i64) -> Result<String> {
    let claims = serde_json::json!({"sub": user.as_str(), "role": role.as_str(), "iat": now, "exp": end});
    jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(secret.as_bytes()),
    )
    .map_err(Error::internal)
}

/// The token behind the scheme `Bearer`, whose name has no case.
fn bearer(text: &str) -> &str {
    let text = text.trim();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        None if text.eq_ignore_ascii_case("bearer") => "",
        _ => text,
    }
}

fn claim_text(claim: &Value) -> Option<String> {
    match claim {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn refused(kind: &jsonwebtoken::errors::ErrorKind) -> Error {
    use jsonwebtoken::errors::ErrorKind;

    let message = match kind {
        ErrorKind::ExpiredSignature => "The token has expired.",
        ErrorKind::ImmatureSignature => "The token is not valid yet.",
        ErrorKind::InvalidSignature => "The signature of the token is not valid.",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => "The token is not signed by HS256.",
        _ => "The token is not a JWT.",
    };
    Error::Unauthenticated(message.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRET: &str = "a secret of more than thirty-two bytes";

    fn signed(algorithm: Algorithm, claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(SECRET.as_bytes()))
            .unwrap()
    }

    fn now() -> i64 {
        Timestamp::now().millis() / 1000
    }

    #[test]
    fn an_issued_token_is_taken_with_and_without_its_scheme() {
        let auth = Authenticator::new(SECRET, true);
        let ada = UserId::parse("userId", "ada").unwrap();
        let token = issue(SECRET, &ada, Role::Admin, Duration::from_secs(60)).unwrap();
        for text in [token.clone(), format!("Bearer {token}"), format!("bearer  {token} ")] {
            let viewer = auth.viewer(Some(&text)).unwrap();
            assert_eq!((viewer.user(), viewer.role()), (Some(&ada), Role::Admin));
            assert!(viewer.expires_at().unwrap() > Timestamp::now());
        }
    }

    #[test]
    fn a_token_that_is_known_ends_too() {
        let auth = Authenticator::new(SECRET, true);
        let end = Timestamp::now().millis() + 300;
        let token = signed(Algorithm::HS256, &json!({"sub": "ada", "exp": end as f64 / 1000.0}));
        assert!(auth.viewer(Some(&token)).is_ok());
        let answers = std::iter::repeat_with(|| auth.viewer(Some(&token)));
        let mut in_time = answers.take_while(|_| Timestamp::now().millis() < end + 5_000);
        let refused = in_time.find_map(Result::err).expect("the token holds on after its end");
        assert_eq!(refused.to_string(), "The token has expired.");
        // The fraction of a second is rounded on its way.
        assert!(Timestamp::now().millis() >= end - 1);
    }

    #[test]
    fn the_user_is_the_first_claim_that_names_one() {
        let auth = Authenticator::new(SECRET, true);
        for (claims, user) in [
            (json!({"sub": "a", "id": "b"}), "a"),
            (json!({"userId": "b", "_id": "c"}), "b"),
            (json!({"id": 7}), "7"),
            (json!({"_id": "c", "role": "teacher"}), "c"),
        ] {
            let viewer = auth.viewer(Some(&signed(Algorithm::HS256, &claims))).unwrap();
            assert_eq!((viewer.user().unwrap().as_str(), viewer.role()), (user, Role::User));
        }
    }

    #[test]
    fn what_cannot_be_trusted_is_refused() {
        let auth = Authenticator::new(SECRET, false);
        let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.";
        let foreign = issue(
            "another secret of thirty-two bytes!!",
            &UserId::trusted("ada"),
            Role::User,
            Duration::from_secs(60),
        );
        for token in [
            "nonsense".to_owned(),
            none.to_owned(),
            foreign.unwrap(),
            signed(Algorithm::HS256, &json!({"sub": "ada", "exp": now() - 1})),
            signed(Algorithm::HS256, &json!({"sub": "ada", "nbf": now() + 60})),
            signed(Algorithm::HS256, &json!({"role": "admin"})),
            signed(Algorithm::HS256, &json!({"sub": "a\u{0}b"})),
            signed(Algorithm::HS512, &json!({"sub": "ada"})),
        ] {
            assert_eq!(auth.viewer(Some(&token)).unwrap_err().code(), "UNAUTHENTICATED", "{token}");
        }
    }

    #[test]
    fn without_a_token_development_is_a_service_and_production_nobody() {
        assert_eq!(Authenticator::new(SECRET, false).viewer(None).unwrap().role(), Role::Service);
        assert_eq!(Authenticator::new(SECRET, true).viewer(None).unwrap_err().code(), "UNAUTHENTICATED");
        assert_eq!(
            Authenticator::new(SECRET, false).viewer(Some("x")).unwrap_err().code(),
            "UNAUTHENTICATED"
        );
    }

    #[test]
    fn a_random_secret_is_long_and_another_one_each_time() {
        let (one, other) = (random_secret(), random_secret());
        assert_eq!((one.len(), other.len()), (64, 64));
        assert_ne!(one, other);
    }
}
