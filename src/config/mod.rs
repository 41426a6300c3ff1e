//! Every setting: its name, default and check.
//!
//! Settings come from the environment, with `.env` read first. A value that cannot be used is an error of one line
//! that names the variable, what it held (never a secret) and what it takes; all of them are reported together. An empty
//! value counts as unset.

mod dotenv;
mod error;
mod files;
mod misspelt;
mod reader;
mod settings;
mod timing;

use std::{
    collections::BTreeMap, fmt, net::IpAddr, num::NonZeroU32, path::PathBuf, str::FromStr, time::Duration,
};

use crate::domain::TokenRules;

pub use self::{
    error::{ConfigError, ConfigErrors},
    timing::Timing,
};
use self::{
    misspelt::misspelt,
    reader::{Reader, without_password},
    settings::{DATABASES, MOST_CONNECTIONS, SETTINGS, Shown, VALUE_COLUMN},
};

/// In which mode the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// On the developer's own machine: no token needed, loopback only.
    Development,
    /// Anywhere else: a token is needed.
    Production,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Bounds on what a request may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a request may take.
    pub request_timeout: Duration,
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Open connections.
    pub connections: usize,
    /// Open connections of one address; 0 is no limit.
    pub connections_per_address: usize,
    /// Levels of a GraphQL selection.
    pub depth: usize,
    /// Fields that a GraphQL operation may cost; the fields of a list count once per item asked for.
    pub complexity: usize,
    /// Aliases of a GraphQL operation.
    pub aliases: usize,
    /// Root fields of a GraphQL operation.
    pub root_fields: usize,
    /// Bytes of an answer over GraphQL.
    pub response_bytes: usize,
    /// Largest WebSocket message, in bytes.
    pub message_bytes: usize,
    /// Subscriptions of one WebSocket.
    pub subscriptions: usize,
    /// Events that a Socket.IO client may send in a second; twice as many at once.
    pub events_per_second: NonZeroU32,
    /// Open Socket.IO sockets of one user.
    pub sockets_per_user: usize,
}

/// The settings in force.
#[derive(Clone)]
pub struct Config {
    /// The database.
    pub database_url: String,
    /// A replica of it that pages are read from.
    pub database_read_url: Option<String>,
    /// The bus between nodes: addresses by commas.
    pub nats_url: Option<String>,
    /// Credentials file of the bus.
    pub nats_credentials: Option<PathBuf>,
    /// Certificates of the bus's authority.
    pub nats_authority: Option<PathBuf>,
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on.
    pub port: u16,
    /// In which mode.
    pub mode: Mode,
    /// The secret that tokens are signed with.
    pub jwt_secret: Option<String>,
    /// What a token has to be besides signed.
    pub token_rules: TokenRules,
    /// Origins of browsers that may call, as browsers send them (`https://app.example`).
    pub client_origins: Vec<String>,
    /// Whether new activities go to everyone on Socket.IO.
    pub public_feed: bool,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged, as the `RUST_LOG` of tracing has it.
    pub log_filter: String,
    /// Whether a MONGODB_URI of the old backend is still set.
    pub mongodb_uri_set: bool,
    /// Whether the GraphQL schema may be asked for.
    pub introspection: bool,
    /// Bounds on requests.
    pub limits: Limits,
    /// Deadlines and intervals, which are not settings.
    pub timing: Timing,
    /// What was set and probably not meant so, a sentence each.
    pub warnings: Vec<String>,
    /// What `pulse config` prints, secrets hidden.
    shown: Vec<Shown>,
}

impl Config {
    /// Reads the environment of the process, with `.env` of the current folder first; what the environment says wins.
    ///
    /// # Errors
    /// All values that cannot be used, together.
    pub fn from_env() -> Result<Self, ConfigErrors> {
        let (mut warnings, mut errors) = (Vec::new(), Vec::new());
        match dotenv::load() {
            Ok(found) => warnings = found,
            Err(error) => errors.push(error),
        }
        let mut given = BTreeMap::new();
        for (name, _) in SETTINGS {
            match std::env::var(name) {
                Ok(value) => drop(given.insert(*name, value)),
                Err(std::env::VarError::NotPresent) => {}
                Err(_) => errors.push(ConfigError { name, problem: "must be text in UTF-8.".into() }),
            }
        }
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        warnings.extend(names.filter_map(|name| misspelt(&name)));
        let read = Self::from_values(&given);
        match read {
            Ok(mut config) if errors.is_empty() => {
                warnings.append(&mut config.warnings);
                Ok(Self { warnings, ..config })
            }
            read => {
                let read = read.err();
                let (more, last) = read.map(|read| (read.errors, read.warnings)).unwrap_or_default();
                errors.extend(more);
                warnings.extend(last);
                Err(ConfigErrors { errors, warnings })
            }
        }
    }

    /// Reads settings from `given`, by name.
    ///
    /// # Errors
    /// All values that cannot be used, together.
    pub fn from_values(given: &BTreeMap<&str, String>) -> Result<Self, ConfigErrors> {
        let mut read = Reader::new(given);
        let config = Self::read(&mut read);
        let Reader { shown, errors, warnings, .. } = read;
        match config {
            Some(config) if errors.is_empty() => Ok(Self { shown, warnings, ..config }),
            _ => Err(ConfigErrors { errors, warnings }),
        }
    }

    /// Reads every setting. Where a value cannot be used, `read` keeps the error and goes on with the default; none is the
    /// result only where a default does not serve.
    fn read(read: &mut Reader<'_>) -> Option<Self> {
        let mode = read.value("NODE_ENV", "development", "development or production", |text| match text {
            "development" => Some(Mode::Development),
            "production" => Some(Mode::Production),
            _ => None,
        })?;
        let mode_is_known = read.errors.is_empty();
        let production = mode == Mode::Production;
        let database_url = read.database_url();
        let database_read_url = read.database_read_url();
        let nats_url = read.nats_url();
        let nats_credentials = read.file("NATS_CREDENTIALS");
        let nats_authority = read.file("NATS_CA");
        let default_host = if production { "0.0.0.0" } else { "127.0.0.1" };
        let host = read.value("HOST", default_host, "an IP address or localhost", |text| match text {
            "localhost" => Some(IpAddr::from([127, 0, 0, 1])),
            _ => text.parse().ok(),
        })?;
        if mode_is_known && !production && !host.is_loopback() {
            let problem = format!(
                "must be a loopback address in development, where anyone may call without a token, but is \"{host}\". \
                 NODE_ENV=production listens anywhere."
            );
            read.errors.push(ConfigError { name: "HOST", problem });
        }
        let port = read.value("PORT", "5000", "a port from 0 to 65535", |text| text.parse().ok())?;
        let jwt_secret = read.jwt_secret(production);
        let token_rules = TokenRules {
            require_exp: read.flag("JWT_REQUIRE_EXP", false)?,
            max_lifetime: read.lifetime("JWT_MAX_LIFETIME")?,
        };
        let client_origins = read.origins()?;
        let public_feed = read.flag("PUBLIC_FEED", !production)?;
        let log_format = read.value("LOG_FORMAT", "text", "text or json", |text| match text {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        })?;
        let log_filter =
            read.value("RUST_LOG", "info", "filters such as info or pulse=debug,info", |text| {
                tracing_subscriber::EnvFilter::from_str(text).ok().map(|_| text.to_owned())
            })?;
        let mongodb_uri_set = read.secret("MONGODB_URI").is_some();
        read.secret("EMAIL_USER");
        read.secret("EMAIL_PASSWORD");
        let limits = Limits {
            request_timeout: Duration::from_secs(read.number("REQUEST_TIMEOUT_SECONDS", 10, 1, 300)? as u64),
            body_bytes: read.number("MAX_BODY_BYTES", 64 * 1024, 1024, 16 * 1024 * 1024)?,
            connections: read.number("MAX_CONNECTIONS", files::connections(), 1, MOST_CONNECTIONS)?,
            connections_per_address: read.number("MAX_CONNECTIONS_PER_ADDRESS", 0, 0, MOST_CONNECTIONS)?,
            depth: read.number("GRAPHQL_MAX_DEPTH", 12, 1, 30)?,
            complexity: read.number("GRAPHQL_MAX_COMPLEXITY", 10_000, 1, 1_000_000)?,
            aliases: read.number("GRAPHQL_MAX_ALIASES", 20, 0, 1_000)?,
            root_fields: read.number("GRAPHQL_MAX_ROOT_FIELDS", 20, 1, 1_000)?,
            response_bytes: read.number("GRAPHQL_MAX_RESPONSE_BYTES", 8 * 1024 * 1024, 64 * 1024, 1 << 30)?,
            message_bytes: read.number("WS_MAX_MESSAGE_BYTES", 64 * 1024, 1024, 16 * 1024 * 1024)?,
            subscriptions: read.number("WS_MAX_SUBSCRIPTIONS", 64, 1, 10_000)?,
            events_per_second: read.rate("SOCKETIO_MAX_EVENTS_PER_SECOND", 20, 10_000)?,
            sockets_per_user: read.number("SOCKETIO_MAX_SOCKETS_PER_USER", 50, 1, 100_000)?,
        };
        let introspection = read.flag("GRAPHQL_INTROSPECTION", true)?;
        Some(Self {
            database_url,
            database_read_url,
            nats_url,
            nats_credentials,
            nats_authority,
            host,
            port,
            mode,
            jwt_secret,
            token_rules,
            client_origins,
            public_feed,
            log_format,
            log_filter,
            mongodb_uri_set,
            introspection,
            limits,
            timing: Timing::default(),
            warnings: Vec::new(),
            shown: Vec::new(),
        })
    }

    /// The error of a database that could not be opened for `cause`.
    pub fn unusable_database(&self, cause: &str) -> ConfigError {
        let shown = without_password(&self.database_url);
        let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
        let problem = format!("must be {DATABASES}, but {shown:?} cannot be used: {cause}.");
        ConfigError { name: "DATABASE_URL", problem }
    }

    /// The setting `name` as `pulse config` shows it, where it was given.
    pub fn shown(&self, name: &str) -> Option<&str> {
        let shown = self.shown.iter().find(|shown| shown.name == name && shown.given);
        shown.map(|shown| shown.value.as_str())
    }

    /// How many connections the limit on open files allows, where MAX_CONNECTIONS is more.
    pub fn too_many_connections(&self) -> Option<usize> {
        Some(files::connections()).filter(|allowed| self.limits.connections > *allowed)
    }

    /// Whether a token is needed.
    pub fn production(&self) -> bool {
        self.mode == Mode::Production
    }
}

/// What is in force, a line a setting, in the order of the documentation; secrets are hidden.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: &str| text.chars().count();
        let names = SETTINGS.iter().map(|(name, _)| width(name)).max().unwrap_or_default();
        // One value that is very long does not push all others off the screen.
        let values = self.shown.iter().map(|shown| width(&shown.value));
        let values = values.filter(|width| *width <= VALUE_COLUMN).max().unwrap_or_default();
        for (name, meaning) in SETTINGS {
            let Some(shown) = self.shown.iter().find(|shown| shown.name == *name) else { continue };
            let origin = if shown.given { "set" } else { "default" };
            writeln!(f, "{name:<names$}  {:<values$}  {origin:<7}  {meaning}", shown.value)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(values: &[(&'static str, &str)]) -> Result<Config, ConfigErrors> {
        Config::from_values(&values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    }

    #[test]
    fn defaults_are_those_of_the_documentation() {
        let config = config(&[]).unwrap();
        assert_eq!(config.database_url, "sqlite://pulse.db?mode=rwc");
        assert_eq!((config.host.to_string().as_str(), config.port), ("127.0.0.1", 5000));
        assert_eq!(config.client_origins, ["http://localhost:3000"]);
        assert!(config.public_feed && !config.production());
    }

    #[test]
    fn the_example_file_has_every_setting_and_no_other() {
        let example = include_str!("../../.env.example");
        let names = example.lines().filter_map(|line| line.trim_start_matches(['#', ' ']).split_once('='));
        let mut names: Vec<_> = names.map(|(name, _)| name).filter(|name| !name.contains(' ')).collect();
        let mut settings: Vec<_> = SETTINGS.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        settings.sort_unstable();
        assert_eq!(names, settings);
    }

    #[test]
    fn production_changes_some_defaults() {
        let secret = "s".repeat(32);
        let config = config(&[("NODE_ENV", "production"), ("JWT_SECRET", &secret)]).unwrap();
        assert_eq!(config.host.to_string(), "0.0.0.0");
        assert!(!config.public_feed && config.production());
    }

    #[test]
    fn a_value_that_cannot_be_used_is_named() {
        for (name, value, held) in [
            ("PORT", "70000", "70000"),
            ("HOST", "0.0.0.0", "0.0.0.0"),
            ("HOST", "somewhere", "somewhere"),
            ("NODE_ENV", "staging", "staging"),
            ("CLIENT_URL", "*", "*"),
            ("CLIENT_URL", "https://a.example/path", "/path"),
            ("LOG_FORMAT", "xml", "xml"),
            ("PUBLIC_FEED", "maybe", "maybe"),
            ("DATABASE_URL", "mysql://x", "mysql"),
            ("DATABASE_URL", "sqlite::memory:", "memory"),
            ("NATS_URL", "localhost", "localhost"),
            ("GRAPHQL_MAX_DEPTH", "0", "0"),
            ("JWT_REQUIRE_EXP", "yes", "yes"),
            ("JWT_MAX_LIFETIME", "1w", "1w"),
        ] {
            let error = config(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(name) && error.contains(held) && error.lines().count() == 1, "{error}");
        }
    }

    #[test]
    fn all_values_that_cannot_be_used_are_named_at_once() {
        let values = [
            ("NODE_ENV", "production"),
            ("PORT", "x"),
            ("DATABASE_URL", "mysql://x"),
            ("GRAPHQL_MAX_DEPTH", "0"),
            ("CLIENT_URL", "*"),
            ("NATS_CA", "/none"),
        ];
        let errors = config(&values).unwrap_err();
        let mut named: Vec<_> =
            errors.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        named.sort_unstable();
        assert_eq!(
            named,
            ["CLIENT_URL", "DATABASE_URL", "GRAPHQL_MAX_DEPTH", "JWT_SECRET", "NATS_CA", "PORT"]
        );
        for line in errors.lines() {
            assert!(line.contains(" must ") && line.ends_with('.'), "{line}");
        }
        // What a host takes depends on the mode, so that a mode that is none says nothing of it.
        let errors = config(&[("NODE_ENV", "staging"), ("HOST", "0.0.0.0")]).unwrap_err();
        assert_eq!(errors.to_string(), "NODE_ENV must be development or production, but is \"staging\".");
    }

    #[test]
    fn columns_stand_under_each_other() {
        let long = format!("sqlite://{}.db", "x".repeat(80));
        for values in [
            vec![],
            vec![("DATABASE_URL", "postgres://pulse@localhost:5432/pulse")],
            vec![("DATABASE_URL", &*long)],
        ] {
            let shown = config(&values).unwrap().to_string();
            let lines: Vec<_> = shown.lines().filter(|line| !line.contains("xxx")).collect();
            let origin = |line: &&str| line.find("  default  ").or_else(|| line.find("  set      "));
            let columns: std::collections::BTreeSet<_> = lines.iter().map(origin).collect();
            assert_eq!(columns.len(), 1, "{shown}");
            for line in shown.lines() {
                let name = line.split("  ").next().unwrap();
                assert!(SETTINGS.iter().any(|(known, _)| *known == name), "{line}");
            }
        }
    }

    #[test]
    fn secrets_are_never_shown() {
        let values = [
            ("DATABASE_URL", "postgres://pulse:hunter2@localhost/pulse"),
            ("NATS_URL", "nats://pulse:hunter2@localhost:4222"),
            ("JWT_SECRET", "hunter2"),
            ("EMAIL_PASSWORD", "hunter2"),
            ("MONGODB_URI", "mongodb://pulse:hunter2@localhost"),
        ];
        assert!(!config(&values).unwrap().to_string().contains("hunter2"));
        let production = [("NODE_ENV", "production"), ("JWT_SECRET", "hunter2")];
        assert!(!config(&production).unwrap_err().to_string().contains("hunter2"));
        let broken = [("DATABASE_URL", "mysql://pulse:hunter2@localhost/pulse")];
        assert!(!config(&broken).unwrap_err().to_string().contains("hunter2"));
    }
}
