//! What a token says: its header and its claims, read to the letter of RFC 7515 and RFC 7519.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, Validation, errors::ErrorKind};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::domain::{Error, Result, Role, Timestamp, TokenRules, UserId};

/// The longest token that is looked at, in bytes: as much as a whole head of a request may have in most servers.
const TOKEN_BYTES: usize = 16 * 1024;
/// The claims that can name the user, the first one that is there counts: what Express apps sign.
const USER_CLAIMS: [&str; 4] = ["sub", "userId", "id", "_id"];

/// The claims of a token whose signature fits.
#[derive(Debug)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// Reads a token and checks its header and signature, but neither its times nor its user.
    ///
    /// # Errors
    /// UNAUTHENTICATED.
    pub(super) fn verify(token: &str, key: &DecodingKey, validation: &Validation) -> Result<Self> {
        if token.len() > TOKEN_BYTES {
            return Err(refused(format!("The token has {} bytes. The limit is {TOKEN_BYTES}.", token.len())));
        }
        check_header(token)?;
        let token = jsonwebtoken::decode::<UniqueMap>(token, key, validation).map_err(|error| {
            refused(match error.kind() {
                ErrorKind::InvalidSignature => "The signature of the token is not valid.",
                ErrorKind::Json(_) => "The token's claims are not those of a JWT.",
                _ => "The token is not a JWT.",
            })
        })?;
        Ok(Self(token.claims.0))
    }

    /// Whose token it is.
    pub(super) fn user(&self) -> Result<UserId> {
        let given = |name: &&str| !matches!(self.0.get(*name), None | Some(Value::Null));
        let empty = |name: &&str| self.0.get(*name).and_then(Value::as_str) == Some("");
        let named = USER_CLAIMS.iter().find(|name| given(name) && !empty(name)).copied();
        let Some(name) = named else {
            return Err(refused(
                "The token names no user: it has none of the claims sub, userId, id and _id.",
            ));
        };
        let text = match self.0.get(name) {
            Some(Value::String(text)) => text.clone(),
            // A fraction, or a number past 64 bits, has been rounded: it could be another user's.
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => number.to_string(),
            _ => return Err(refused(format!("The token's {name} must be a string or a whole number."))),
        };
        UserId::parse(name, &text).map_err(|error| refused(format!("The token's {error}")))
    }

    /// What the holder may do. What a host product calls its people (student, teacher) gives no rights here.
    pub(super) fn role(&self) -> Role {
        self.0.get("role").and_then(Value::as_str).and_then(Role::parse).unwrap_or(Role::User)
    }

    /// When the token ends; `None` where it never does. Whether it has ended is not looked at, because that changes.
    ///
    /// # Errors
    /// UNAUTHENTICATED before its `nbf`, and for what `rules` refuse.
    pub(super) fn expires_at(&self, rules: TokenRules, now: Timestamp) -> Result<Option<Timestamp>> {
        if self.time("nbf")?.is_some_and(|start| start > now) {
            return Err(refused("The token is not valid yet."));
        }
        let end = self.time("exp")?;
        if end.is_none() && (rules.require_exp || rules.max_lifetime.is_some()) {
            return Err(refused("The token has no exp, which this server requires."));
        }
        if let (Some(end), Some(longest)) = (end, rules.max_lifetime) {
            // A clock that is ahead must not make a token live longer.
            let start = self.time("iat")?.map_or(now, |issued| issued.min(now));
            let longest = longest.duration();
            if u128::try_from(end.millis() - start.millis()).is_ok_and(|held| held > longest.as_millis()) {
                let seconds = longest.as_secs();
                return Err(refused(format!(
                    "The token is valid for longer than {seconds} s, which is the limit of this server."
                )));
            }
        }
        Ok(end)
    }

    /// A time in seconds since 1970, whole or not.
    fn time(&self, name: &str) -> Result<Option<Timestamp>> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(seconds) => Ok(Some(Timestamp::from_seconds(seconds))),
                None => Err(refused(format!("The token's {name} must be a number."))),
            },
        }
    }
}

/// Refuses headers that the library would let pass or tell of as broken: another algorithm, and `crit`, whose extensions a
/// reader has to understand (RFC 7515, section 4.1.11). None is understood here.
fn check_header(token: &str) -> Result<()> {
    let encoded = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(encoded).ok();
    let header = header.and_then(|text| serde_json::from_slice::<UniqueMap>(&text).ok());
    let Some(UniqueMap(header)) = header else { return Err(refused("The token is not a JWT.")) };
    if header.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err(refused("The token is not signed by HS256."));
    }
    if header.contains_key("crit") {
        return Err(refused("The token has a crit header, whose extensions are not supported."));
    }
    Ok(())
}

fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::Unauthenticated(message.into())
}

/// A JSON object that has each name once. Readers disagree on which of two counts, and who signed meant one.
struct UniqueMap(Map<String, Value>);

impl<'de> Deserialize<'de> for UniqueMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;

        impl<'de> Visitor<'de> for Unique {
            type Value = Map<String, Value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut map = Map::new();
                while let Some((name, value)) = entries.next_entry::<String, Value>()? {
                    if map.insert(name, value).is_some() {
                        return Err(de::Error::custom("a name is there twice"));
                    }
                }
                Ok(map)
            }
        }

        deserializer.deserialize_map(Unique).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Lifetime;

    fn claims(claims: Value) -> Claims {
        serde_json::from_value::<Map<_, _>>(claims).map(Claims).unwrap()
    }

    #[test]
    fn the_user_is_the_first_claim_that_names_one() {
        for (given, user) in [
            (json!({"sub": "a", "userId": "b", "id": "c"}), "a"),
            (json!({"userId": "b", "_id": "c"}), "b"),
            (json!({"sub": null, "userId": "b"}), "b"),
            (json!({"sub": "", "_id": "c"}), "c"),
            (json!({"id": 7}), "7"),
            (json!({"id": -7}), "-7"),
            (json!({"id": 18_446_744_073_709_551_615_u64}), "18446744073709551615"),
            (json!({"sub": "x".repeat(128)}), &"x".repeat(128)),
        ] {
            assert_eq!(claims(given.clone()).user().unwrap().as_str(), user, "{given}");
        }
    }

    #[test]
    fn a_user_that_is_none_is_refused_and_no_later_claim_stands_in() {
        for (given, said) in [
            (json!({"role": "admin"}), "names no user"),
            (json!({"sub": null, "userId": ""}), "names no user"),
            (json!({"sub": [], "userId": "b"}), "sub must be a string or a whole number"),
            (json!({"sub": {"id": 1}, "userId": "b"}), "sub must be"),
            (json!({"sub": true, "userId": "b"}), "sub must be"),
            (json!({"id": 1.5}), "id must be"),
            (json!({"userId": 1e22}), "userId must be"),
            (json!({"userId": "x".repeat(129)}), "but has 129"),
            (json!({"sub": "a\u{0}b"}), "control character"),
        ] {
            let error = claims(given.clone()).user().unwrap_err();
            assert_eq!(error.code(), "UNAUTHENTICATED");
            assert!(error.to_string().contains(said), "{given}: {error}");
        }
    }

    #[test]
    fn times_are_numbers_of_any_size() {
        let now = Timestamp::from_seconds(1_800_000_000.0);
        let end = |given: Value| claims(given).expires_at(TokenRules::default(), now);
        for (exp, millis) in [
            (json!(1_800_000_001), 1_800_000_001_000),
            (json!(1_800_000_000.25), 1_800_000_000_250),
            (json!(0), 0),
            (json!(-5), 0),
            (json!(-1e300), 0),
            (json!(i64::MAX), 253_402_300_799_999),
            (json!(u64::MAX), 253_402_300_799_999),
            (json!(1e300), 253_402_300_799_999),
        ] {
            let ends = end(json!({"exp": exp, "nbf": -1, "iat": "ignored"})).unwrap();
            assert_eq!(ends.map(Timestamp::millis), Some(millis), "{exp}");
        }
        assert_eq!(end(json!({"nbf": 1_800_000_000})).unwrap(), None);
        for name in ["exp", "nbf"] {
            for given in [json!("1900000000"), json!("soon"), json!(null), json!([1]), json!(true), json!({})]
            {
                let error = end(json!({name: given})).unwrap_err().to_string();
                assert_eq!(error, format!("The token's {name} must be a number."), "{given}");
            }
        }
        for nbf in [json!(1_800_000_000.001), json!(1_800_000_001), json!(1e300), json!(u64::MAX)] {
            assert_eq!(
                end(json!({"nbf": nbf})).unwrap_err().to_string(),
                "The token is not valid yet.",
                "{nbf}"
            );
        }
    }

    #[test]
    fn a_lifetime_is_bounded_from_iat_or_from_now() {
        let now = Timestamp::from_seconds(1_800_000_000.0);
        let rules = TokenRules { max_lifetime: Lifetime::parse("1h"), require_exp: false };
        for (given, taken) in [
            (json!({"iat": 1_800_000_000, "exp": 1_800_003_600}), true),
            (json!({"iat": 1_800_000_000, "exp": 1_800_003_601}), false),
            (json!({"iat": 1_799_999_000, "exp": 1_800_003_000}), false),
            (json!({"iat": 1_900_000_000, "exp": 1_900_000_001}), false),
            (json!({"iat": -1e300, "exp": 1_800_000_001}), false),
            (json!({"iat": "then", "exp": 1_800_000_001}), false),
            (json!({"exp": 1_800_003_600}), true),
            (json!({"exp": 1_800_003_600.5}), false),
            (json!({"exp": 1e300}), false),
            (json!({"exp": 5}), true),
            (json!({}), false),
        ] {
            assert_eq!(claims(given.clone()).expires_at(rules, now).is_ok(), taken, "{given}");
        }
        let rules = TokenRules { max_lifetime: None, require_exp: true };
        assert!(claims(json!({"exp": 1e300})).expires_at(rules, now).is_ok());
        assert!(claims(json!({"iat": 1})).expires_at(rules, now).unwrap_err().to_string().contains("no exp"));
    }
}
