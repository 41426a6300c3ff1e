//! Who calls: tokens to viewers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;

use crate::domain::{Clock, Error, Result, Role, Timestamp, TokenRules, UserId, Viewer};

use super::claims::Claims;

/// Checks tokens: JWTs (RFC 7519) signed by HS256 with the shared secret. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

struct Inner {
    key: DecodingKey,
    validation: Validation,
    token_needed: bool,
    rules: TokenRules,
    clock: Clock,
    /// Whether a token without `exp` has been accepted.
    endless_seen: AtomicBool,
    /// Viewers of tokens that were found to be good. A client sends the same one with each request.
    known: Cache<Box<str>, Viewer>,
}

/// Tokens that are remembered, with their viewers about 500 bytes each.
const KNOWN_TOKENS: u64 = 1_000;
/// The longest of them, in bytes.
const KNOWN_TOKEN_BYTES: usize = 2_048;

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator").field("token_needed", &self.0.token_needed).finish_non_exhaustive()
    }
}

impl Authenticator {
    /// Checks tokens with `secret` and by `rules`. Where no token is needed (development), a request without one acts as a
    /// service.
    pub fn new(secret: &str, token_needed: bool, rules: TokenRules, clock: Clock) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // The times are checked by `Claims`: with our clock, to the millisecond, and with a message for each.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self(Arc::new(Inner {
            key: DecodingKey::from_secret(secret.as_bytes()),
            validation,
            token_needed,
            rules,
            clock,
            endless_seen: AtomicBool::new(false),
            known: Cache::new(KNOWN_TOKENS),
        }))
    }

    /// The viewer of an `Authorization` header or the like: a token, with or without `Bearer ` before it.
    ///
    /// # Errors
    /// UNAUTHENTICATED for a token that cannot be trusted, and for none where one is needed. A scheme without a token is
    /// refused in development too: who sends it means to be somebody, and must not become a service.
    pub fn viewer(&self, authorization: Option<&str>) -> Result<Viewer> {
        match authorization.map(str::trim).filter(|text| !text.is_empty()).map(bearer) {
            Some("") => Err(Error::Unauthenticated("There is no token after Bearer.".into())),
            Some(token) => self.check(token),
            None if self.0.token_needed => Err(Error::Unauthenticated("A token is required.".into())),
            None => Ok(Viewer::development()),
        }
    }

    /// What the time is for the ends of tokens.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn check(&self, token: &str) -> Result<Viewer> {
        // Of what makes a token good, only the time changes.
        if let Some(viewer) = self.0.known.get(token) {
            return self.in_time(viewer);
        }
        let viewer = self.in_time(self.read(token)?)?;
        if token.len() <= KNOWN_TOKEN_BYTES {
            self.0.known.insert(token.into(), viewer.clone());
        }
        Ok(viewer)
    }

    fn read(&self, token: &str) -> Result<Viewer> {
        let Inner { key, validation, rules, clock, .. } = &*self.0;
        let claims = Claims::verify(token, key, validation)?;
        let expires_at = claims.expires_at(*rules, clock.now())?;
        let viewer = Viewer::new(claims.user()?, claims.role(), expires_at);
        if expires_at.is_none() && !self.0.endless_seen.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a token without exp was accepted: it never expires (JWT_REQUIRE_EXP=true refuses such tokens; this is \
                 logged once)"
            );
        }
        Ok(viewer)
    }

    /// RFC 7519, section 4.1.4: not on or after the instant of its end.
    fn in_time(&self, viewer: Viewer) -> Result<Viewer> {
        if viewer.has_ended(self.0.clock.now()) {
            return Err(Error::Unauthenticated("The token has expired.".into()));
        }
        Ok(viewer)
    }
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
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        None if text.eq_ignore_ascii_case("bearer") => "",
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine,
        engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD},
    };
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "a secret of more than thirty-two bytes";

    fn checking(token_needed: bool) -> Authenticator {
        Authenticator::new(SECRET, token_needed, TokenRules::default(), Clock::default())
    }

    /// A token of this header and these claims, whatever they are, with a signature that fits.
    fn signed_text(header: &str, claims: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let message = format!("{}.{}", encode(header), encode(claims));
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    fn signed(algorithm: Algorithm, claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(SECRET.as_bytes()))
            .unwrap()
    }

    fn now() -> i64 {
        Timestamp::now().millis() / 1000
    }

    #[test]
    fn an_issued_token_is_taken_with_and_without_its_scheme() {
        let auth = checking(true);
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
        let auth = checking(true);
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
    fn a_token_ends_by_the_clock_that_the_server_goes_by() {
        let clock = Clock::standing_at(Timestamp::now());
        let auth = Authenticator::new(SECRET, true, TokenRules::default(), clock.clone());
        let token = issue(SECRET, &UserId::trusted("ada"), Role::User, Duration::from_secs(60)).unwrap();
        assert!(auth.viewer(Some(&token)).is_ok());
        clock.advance(Duration::from_secs(60));
        assert_eq!(auth.viewer(Some(&token)).unwrap_err().to_string(), "The token has expired.");
    }

    #[test]
    fn each_refusal_says_what_is_wrong() {
        const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
        const CLAIMS: &str = r#"{"sub":"ada"}"#;
        let auth = checking(true);
        assert!(auth.viewer(Some(&signed_text(HEADER, CLAIMS))).is_ok());
        for (header, claims, said) in [
            (r#"{"alg":"hs256"}"#, CLAIMS, "not signed by HS256"),
            (r#"{"alg":"none"}"#, CLAIMS, "not signed by HS256"),
            (r#"{"alg":["HS256"]}"#, CLAIMS, "not signed by HS256"),
            (r#"{"typ":"JWT"}"#, CLAIMS, "not signed by HS256"),
            (r#"{"alg":"none","alg":"HS256"}"#, CLAIMS, "not a JWT"),
            (r#"["HS256"]"#, CLAIMS, "not a JWT"),
            ("", CLAIMS, "not a JWT"),
            (r#"{"alg":"HS256","crit":["exp"]}"#, CLAIMS, "crit"),
            (r#"{"alg":"HS256","crit":[]}"#, CLAIMS, "crit"),
            (r#"{"alg":"HS256","crit":null}"#, CLAIMS, "crit"),
            (r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#, CLAIMS, "crit"),
            (HEADER, "", "not those of a JWT"),
            (HEADER, "ada", "not those of a JWT"),
            (HEADER, "[]", "not those of a JWT"),
            (HEADER, "null", "not those of a JWT"),
            (HEADER, r#"{"sub":"ada"} {}"#, "not those of a JWT"),
            (HEADER, r#"{"sub":"ada","sub":"bob"}"#, "not those of a JWT"),
            (HEADER, r#"{"sub":"ada","role":"user","role":"admin"}"#, "not those of a JWT"),
            (HEADER, r#"{"sub":"ada","exp":1,"exp":9999999999}"#, "not those of a JWT"),
            (HEADER, r#"{"sub":"ada","exp":1e999}"#, "not those of a JWT"),
            (HEADER, r#"{"sub":"ada","exp":NaN}"#, "not those of a JWT"),
            (HEADER, r#"{"sub":"ada","exp":"9999999999"}"#, "exp must be a number"),
            (HEADER, r#"{"sub":"ada","exp":null}"#, "exp must be a number"),
            (HEADER, r#"{"sub":"ada","nbf":"1"}"#, "nbf must be a number"),
            (HEADER, r#"{"sub":"ada","exp":-1e300}"#, "has expired"),
            (HEADER, r#"{"sub":"ada","nbf":1e300}"#, "not valid yet"),
            (HEADER, r#"{"sub":["ada"],"userId":"bob"}"#, "not those of a JWT"),
            (HEADER, r#"{"userId":["ada"],"id":"bob"}"#, "userId must be a string"),
            (HEADER, r#"{"userId":18446744073709551616}"#, "userId must be a string or a whole number"),
        ] {
            let error = auth.viewer(Some(&signed_text(header, claims))).unwrap_err();
            assert_eq!(error.code(), "UNAUTHENTICATED");
            assert!(error.to_string().contains(said), "{header} {claims}: {error}");
        }
        let deep = format!(r#"{{"sub":"ada","data":{}{}}}"#, "[".repeat(3_000), "]".repeat(3_000));
        for token in [signed_text(HEADER, &deep), signed_text(&deep, CLAIMS)] {
            assert!(auth.viewer(Some(&token)).is_err());
        }
    }

    #[test]
    fn a_token_is_three_parts_of_base64url_without_padding_and_not_too_long() {
        let auth = checking(true);
        let good = signed_text(r#"{"alg":"HS256"}"#, r#"{"sub":"ada?>"}"#);
        assert!(auth.viewer(Some(&good)).is_ok());
        let parts: Vec<&str> = good.split('.').collect();
        let padded = |part: &str| URL_SAFE.encode(URL_SAFE_NO_PAD.decode(part).unwrap());
        for token in [
            format!("{}.{}.{}", parts[0], padded(r"eyJzdWIiOiJhIn0"), parts[2]),
            format!("{}.{}.{}=", parts[0], parts[1], parts[2]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{good}."),
            format!("{good}.{}", parts[2]),
            format!(".{good}"),
            good.replace('.', ". "),
            format!("{good}\u{e9}"),
            "..".to_owned(),
            ".".repeat(10_000),
        ] {
            assert_eq!(auth.viewer(Some(&token)).unwrap_err().code(), "UNAUTHENTICATED", "{token}");
        }
        let wide = |length: usize| json!({"sub": "ada", "groups": "x".repeat(length)}).to_string();
        assert!(auth.viewer(Some(&signed_text(r#"{"alg":"HS256"}"#, &wide(10_000)))).is_ok());
        let error = auth.viewer(Some(&signed_text(r#"{"alg":"HS256"}"#, &wide(100_000)))).unwrap_err();
        assert!(error.to_string().contains("The limit is 16384"), "{error}");
    }

    #[test]
    fn a_scheme_without_a_token_is_nobody() {
        for token_needed in [true, false] {
            for text in ["Bearer", "bearer ", " BEARER  "] {
                let error = checking(token_needed).viewer(Some(text)).unwrap_err();
                assert_eq!(error.to_string(), "There is no token after Bearer.", "{text:?}");
            }
        }
        assert_eq!(checking(false).viewer(Some(" ")).unwrap().role(), Role::Service);
        for other in ["Basic YTpi", "Bearer undefined", "Bearer null"] {
            assert_eq!(checking(false).viewer(Some(other)).unwrap_err().code(), "UNAUTHENTICATED", "{other}");
        }
    }

    #[test]
    fn what_cannot_be_trusted_is_refused() {
        let auth = checking(false);
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
        assert_eq!(checking(false).viewer(None).unwrap().role(), Role::Service);
        assert_eq!(checking(true).viewer(None).unwrap_err().code(), "UNAUTHENTICATED");
        assert_eq!(checking(false).viewer(Some("x")).unwrap_err().code(), "UNAUTHENTICATED");
    }

    #[test]
    fn a_random_secret_is_long_and_another_one_each_time() {
        let (one, other) = (random_secret(), random_secret());
        assert_eq!((one.len(), other.len()), (64, 64));
        assert_ne!(one, other);
    }
}
