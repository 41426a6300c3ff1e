//! Reading settings: what each value takes, and what is shown of it.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use url::Url;

use crate::domain::Lifetime;

use super::{ConfigError, DATABASES, SECRET_BYTES, Shown};

/// Reads values one by one and notes what to show of each.
pub(super) struct Reader<'a> {
    pub(super) given: &'a BTreeMap<&'a str, String>,
    pub(super) shown: Vec<Shown>,
}

impl Reader<'_> {
    fn text(&self, name: &'static str) -> Option<String> {
        self.given.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn show(&mut self, name: &'static str, value: impl Into<String>, given: bool) {
        self.shown.push(Shown { name, value: value.into(), given });
    }

    pub(super) fn value<T>(
        &mut self,
        name: &'static str,
        default: &str,
        takes: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        let given = self.text(name);
        let text = given.as_deref().unwrap_or(default);
        let value = parse(text)
            .ok_or_else(|| ConfigError { name, problem: format!("is {text:?}, it takes {takes}") })?;
        self.show(name, text.to_owned(), given.is_some());
        Ok(value)
    }

    pub(super) fn number(
        &mut self,
        name: &'static str,
        default: usize,
        min: usize,
        max: usize,
    ) -> Result<usize, ConfigError> {
        let takes = format!("a whole number from {min} to {max}");
        self.value(name, &default.to_string(), &takes, |text| {
            text.parse().ok().filter(|number| (min..=max).contains(number))
        })
    }

    /// A number from 1 to `max`.
    pub(super) fn rate(
        &mut self,
        name: &'static str,
        default: u32,
        max: u32,
    ) -> Result<NonZeroU32, ConfigError> {
        let takes = format!("a whole number from 1 to {max}");
        self.value(name, &default.to_string(), &takes, |text| {
            text.parse().ok().filter(|number: &NonZeroU32| number.get() <= max)
        })
    }

    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> Result<bool, ConfigError> {
        self.value(name, if default { "true" } else { "false" }, "true or false", |text| text.parse().ok())
    }

    /// How long a token holds; none where it is not set.
    pub(super) fn lifetime(&mut self, name: &'static str) -> Result<Option<Lifetime>, ConfigError> {
        self.value(name, "none", Lifetime::TAKES, |text| match text {
            "none" => Some(None),
            _ => Lifetime::parse(text).map(Some),
        })
    }

    /// Notes that a secret is there, and not what it is.
    pub(super) fn secret(&mut self, name: &'static str) -> Option<String> {
        let given = self.text(name);
        let shown = given.as_ref().map_or("none".to_owned(), |text| format!("hidden, {} bytes", text.len()));
        self.show(name, shown, given.is_some());
        given
    }

    pub(super) fn jwt_secret(&mut self, production: bool) -> Result<Option<String>, ConfigError> {
        let secret = self.secret("JWT_SECRET");
        let problem = match &secret {
            None if production => {
                "is not set, in production it takes a secret of 32 bytes or more".to_owned()
            }
            Some(secret) if production && secret.len() < SECRET_BYTES => {
                format!("has {} bytes, in production it takes {SECRET_BYTES} or more", secret.len())
            }
            _ => return Ok(secret),
        };
        Err(ConfigError { name: "JWT_SECRET", problem })
    }

    pub(super) fn database_url(&mut self) -> Result<String, ConfigError> {
        const NAME: &str = "DATABASE_URL";
        let given = self.text(NAME);
        let text = given.clone().unwrap_or_else(|| "sqlite://pulse.db?mode=rwc".to_owned());
        let shown = without_password(&text);
        let problem = if let Some(path) = text.strip_prefix("sqlite:") {
            let memory = path.contains(":memory:") || path.contains("mode=memory");
            memory.then(|| {
                format!("is {shown:?}, but a database in memory is lost at the end; it takes a file")
            })
        } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Url::parse(&text).is_err().then(|| format!("is {shown:?}, which is not a URL"))
        } else {
            Some(format!("is {shown:?}, it takes {DATABASES}"))
        };
        if let Some(problem) = problem {
            return Err(ConfigError { name: NAME, problem });
        }
        self.show(NAME, shown, given.is_some());
        Ok(text)
    }

    pub(super) fn database_read_url(&mut self) -> Result<Option<String>, ConfigError> {
        const NAME: &str = "DATABASE_READ_URL";
        let given = self.text(NAME);
        let shown = given.as_deref().map_or("none".to_owned(), without_password);
        let fits = |text: &String| {
            (text.starts_with("postgres://") || text.starts_with("postgresql://")) && Url::parse(text).is_ok()
        };
        if given.as_ref().is_some_and(|text| !fits(text)) {
            let problem = format!("is {shown:?}, it takes postgres://USER:PASSWORD@HOST/DATABASE");
            return Err(ConfigError { name: NAME, problem });
        }
        self.show(NAME, shown, given.is_some());
        Ok(given)
    }

    pub(super) fn nats_url(&mut self) -> Result<Option<String>, ConfigError> {
        const NAME: &str = "NATS_URL";
        let given = self.text(NAME);
        let addresses = || given.iter().flat_map(|text| text.split(',')).map(str::trim);
        let shown = addresses().map(without_password).collect::<Vec<_>>().join(",");
        for address in addresses() {
            let known = ["nats", "tls"];
            if !Url::parse(address).is_ok_and(|url| known.contains(&url.scheme()) && url.has_host()) {
                let problem =
                    format!("is {shown:?}, it takes addresses like nats://HOST:4222, separated by commas");
                return Err(ConfigError { name: NAME, problem });
            }
        }
        self.show(NAME, if given.is_some() { shown } else { "none".to_owned() }, given.is_some());
        Ok(given)
    }

    /// A file that is there.
    pub(super) fn file(&mut self, name: &'static str) -> Result<Option<PathBuf>, ConfigError> {
        let given = self.text(name);
        if let Some(path) = given.as_deref().filter(|path| !Path::new(path).is_file()) {
            return Err(ConfigError { name, problem: format!("is {path:?}, which is not a file") });
        }
        self.show(name, given.as_deref().unwrap_or("none"), given.is_some());
        Ok(given.map(PathBuf::from))
    }

    pub(super) fn origins(&mut self) -> Result<Vec<String>, ConfigError> {
        let takes = "origins like https://app.example, separated by commas";
        self.value("CLIENT_URL", "http://localhost:3000", takes, |text| {
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(origin).collect()
        })
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
