//! Why the settings cannot be used.

use std::fmt;

/// A value that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{name} {problem}")]
pub struct ConfigError {
    pub(super) name: &'static str,
    pub(super) problem: String,
}

/// Every value that cannot be used, and what was probably meant otherwise: a line each.
#[derive(Debug)]
pub struct ConfigErrors {
    pub(super) errors: Vec<ConfigError>,
    pub(super) warnings: Vec<String>,
}

impl ConfigErrors {
    /// The lines, errors first.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.errors.iter().map(ToString::to_string).chain(self.warnings.iter().cloned())
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().collect::<Vec<_>>().join("\n"))
    }
}
