//! Reading settings: what each value takes, and what is shown of it.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use url::Url;

use crate::domain::Lifetime;

use super::{
    error::ConfigError,
    settings::{DATABASES, SECRET_BYTES, Shown},
};

/// The most of a value that a message shows, in characters.
const SHOWN_CHARS: usize = 200;

/// Reads values one by one; notes what to show of each, and those that cannot be used.
pub(super) struct Reader<'a> {
    given: &'a BTreeMap<&'a str, String>,
    pub(super) shown: Vec<Shown>,
    pub(super) errors: Vec<ConfigError>,
    pub(super) warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(given: &'a BTreeMap<&'a str, String>) -> Self {
        Self { given, shown: Vec::new(), errors: Vec::new(), warnings: Vec::new() }
    }
}

impl Reader<'_> {
    fn text(&self, name: &'static str) -> Option<String> {
        self.given.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn show(&mut self, name: &'static str, value: impl Into<String>, given: bool) {
        self.shown.push(Shown { name, value: value.into(), given });
    }

    fn refuse(&mut self, name: &'static str, problem: impl Into<String>) {
        self.errors.push(ConfigError { name, problem: problem.into() });
    }

    /// The value, or that of `default` where it cannot be used.
    pub(super) fn value<T>(
        &mut self,
        name: &'static str,
        default: &str,
        takes: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let given = self.text(name);
        let text = given.as_deref().unwrap_or(default);
        let value = parse(text).or_else(|| {
            let shown: String = without_password(text).chars().take(SHOWN_CHARS).collect();
            self.refuse(name, format!("must be {takes}, but is {shown:?}."));
            parse(default)
        });
        self.show(name, text.to_owned(), given.is_some());
        value
    }

    pub(super) fn number(
        &mut self,
        name: &'static str,
        default: usize,
        min: usize,
        max: usize,
    ) -> Option<usize> {
        let takes = format!("a whole number from {min} to {max}");
        self.value(name, &default.to_string(), &takes, |text| {
            text.parse().ok().filter(|number| (min..=max).contains(number))
        })
    }

    /// A number from 1 to `max`.
    pub(super) fn rate(&mut self, name: &'static str, default: u32, max: u32) -> Option<NonZeroU32> {
        let takes = format!("a whole number from 1 to {max}");
        self.value(name, &default.to_string(), &takes, |text| {
            text.parse().ok().filter(|number: &NonZeroU32| number.get() <= max)
        })
    }

    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> Option<bool> {
        self.value(name, if default { "true" } else { "false" }, "true or false", |text| text.parse().ok())
    }

    /// How long a token holds; none where it is not set.
    pub(super) fn lifetime(&mut self, name: &'static str) -> Option<Option<Lifetime>> {
        self.value(name, "none", Lifetime::TAKES, |text| match text {
            "none" => Some(None),
            _ => Lifetime::parse(text).map(Some),
        })
    }

    /// Notes that a secret is there, and not what it is. Blanks around it are part of it.
    pub(super) fn secret(&mut self, name: &'static str) -> Option<String> {
        let given = self.given.get(name).filter(|value| !value.is_empty()).cloned();
        let shown = given.as_ref().map_or("none".to_owned(), |text| format!("hidden, {} bytes", text.len()));
        self.show(name, shown, given.is_some());
        given
    }

    pub(super) fn jwt_secret(&mut self, production: bool) -> Option<String> {
        const NAME: &str = "JWT_SECRET";
        let secret = self.secret(NAME);
        match &secret {
            None if production => {
                self.refuse(
                    NAME,
                    format!("must be set in production: a secret of {SECRET_BYTES} bytes or more."),
                );
            }
            Some(secret) if production && secret.len() < SECRET_BYTES => {
                let bytes = secret.len();
                self.refuse(
                    NAME,
                    format!("must have {SECRET_BYTES} bytes or more in production, but has {bytes} bytes."),
                );
            }
            _ => {}
        }
        if let Some(secret) = &secret
            && let Some(place) = blank_at(secret)
        {
            self.warnings.push(format!(
                "{NAME} {place}, which is part of the secret: tokens must be signed with it too."
            ));
        }
        secret
    }

    pub(super) fn database_url(&mut self) -> String {
        const NAME: &str = "DATABASE_URL";
        let given = self.text(NAME);
        let text = given.clone().unwrap_or_else(|| "sqlite://pulse.db?mode=rwc".to_owned());
        let shown = without_password(&text);
        if let Some(path) = text.strip_prefix("sqlite:") {
            if path.contains(":memory:") || path.contains("mode=memory") {
                let problem = format!(
                    "must be a file, because a database in memory is lost at the end, but is {shown:?}."
                );
                self.refuse(NAME, problem);
            }
        } else if !is_postgres(&text) {
            self.refuse(NAME, format!("must be {DATABASES}, but is {shown:?}."));
        }
        self.show(NAME, shown, given.is_some());
        text
    }

    pub(super) fn database_read_url(&mut self) -> Option<String> {
        const NAME: &str = "DATABASE_READ_URL";
        let given = self.text(NAME);
        let shown = given.as_deref().map_or("none".to_owned(), without_password);
        if given.as_ref().is_some_and(|text| !is_postgres(text)) {
            self.refuse(NAME, format!("must be postgres://USER:PASSWORD@HOST/DATABASE, but is {shown:?}."));
        }
        self.show(NAME, shown, given.is_some());
        given
    }

    pub(super) fn nats_url(&mut self) -> Option<String> {
        const NAME: &str = "NATS_URL";
        let given = self.text(NAME);
        let addresses = || given.iter().flat_map(|text| text.split(',')).map(str::trim);
        let shown = addresses().map(without_password).collect::<Vec<_>>().join(",");
        let fits = |address: &str| {
            Url::parse(address).is_ok_and(|url| ["nats", "tls"].contains(&url.scheme()) && url.has_host())
        };
        if !addresses().all(fits) {
            let takes = "addresses like nats://HOST:4222, separated by commas";
            self.refuse(NAME, format!("must be {takes}, but is {shown:?}."));
        }
        self.show(NAME, if given.is_some() { shown } else { "none".to_owned() }, given.is_some());
        given
    }

    /// A file that is there.
    pub(super) fn file(&mut self, name: &'static str) -> Option<PathBuf> {
        let given = self.text(name);
        if let Some(path) = given.as_deref().filter(|path| !Path::new(path).is_file()) {
            self.refuse(name, format!("must be a file, but {path:?} is none."));
        }
        self.show(name, given.as_deref().unwrap_or("none"), given.is_some());
        given.map(PathBuf::from)
    }

    pub(super) fn origins(&mut self) -> Option<Vec<String>> {
        let takes = "origins like https://app.example, separated by commas";
        self.value("CLIENT_URL", "http://localhost:3000", takes, |text| {
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(origin).collect()
        })
    }
}

fn is_postgres(text: &str) -> bool {
    (text.starts_with("postgres://") || text.starts_with("postgresql://")) && Url::parse(text).is_ok()
}

/// Where a secret has a blank that is easily overlooked.
fn blank_at(secret: &str) -> Option<&'static str> {
    if secret.ends_with('\n') {
        Some("ends with a line break")
    } else if secret.ends_with(char::is_whitespace) {
        Some("ends with a blank")
    } else if secret.starts_with(char::is_whitespace) {
        Some("begins with a blank")
    } else {
        None
    }
}

/// The origin of an address that has nothing but an origin.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    bare.then(|| url.origin().ascii_serialization())
}

/// The address with its password hidden; nothing of an address that is not a URL but may hold one.
pub(super) fn without_password(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) if url.password().is_some() => {
            // Fails only for addresses without a host, which have no password.
            let _ = url.set_password(Some("hidden"));
            url.to_string()
        }
        Err(_) if text.contains('@') => "hidden".to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_as_it_is() {
        for (secret, warning) in [
            ("s3cret\n", Some("ends with a line break")),
            ("s3cret ", Some("ends with a blank")),
            ("\ts3cret", Some("begins with a blank")),
            ("s3 cret", None),
        ] {
            let given = BTreeMap::from([("JWT_SECRET", secret.to_owned())]);
            let mut reader = Reader::new(&given);
            assert_eq!(reader.jwt_secret(false).as_deref(), Some(secret));
            let warnings = reader.warnings.join("\n");
            assert_eq!(warnings.is_empty(), warning.is_none(), "{secret:?}: {warnings}");
            assert!(warnings.contains(warning.unwrap_or_default()) && !warnings.contains("s3"), "{warnings}");
        }
    }
}
