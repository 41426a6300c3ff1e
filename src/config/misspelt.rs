//! Variables whose names are nearly those of settings.

use crate::domain::nearest;

use super::settings::SETTINGS;

/// In how many letters of a setting's name one may be wrong, for it to be recognised.
const LETTERS_PER_MISTAKE: usize = 5;

/// The setting that the name of a variable is nearly.
pub(super) fn misspelt(name: &str) -> Option<String> {
    let mut names = SETTINGS.iter().map(|(name, _)| *name);
    if names.clone().any(|known| known == name) {
        return None;
    }
    // Tight, because an environment has many names: HOME is near HOST, DATABASE_PORT near DATABASE_URL.
    let meant = nearest(name, &mut names, LETTERS_PER_MISTAKE)?;
    Some(format!("{name} is set, but is not a setting of Pulse. Did you mean {meant}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_nearly_a_setting_are_recognised_and_no_others() {
        for (name, meant) in [
            ("JWT_SECERT", "JWT_SECRET"),
            ("CLIENT_URLS", "CLIENT_URL"),
            ("DATABASE_URI", "DATABASE_URL"),
            ("port", "PORT"),
            ("NODE_EVN", "NODE_ENV"),
            ("GRAPHQL_MAX_ALIAS", "GRAPHQL_MAX_ALIASES"),
        ] {
            let warning = misspelt(name).unwrap();
            assert!(warning.starts_with(name) && warning.ends_with(&format!(" {meant}?")), "{warning}");
        }
        for other in [
            "HOME",
            "HOSTNAME",
            "PATH",
            "PWD",
            "USER",
            "SHELL",
            "LANG",
            "TERM",
            "DATABASE_PORT",
            "DATABASE_NAME",
            "RUST_LIB",
            "RUST_LOG_STYLE",
            "NODE_NAME",
            "NODE_PATH",
            "SSL_CERT_FILE",
            "PULSE_SERVICE_PORT",
        ] {
            assert_eq!(misspelt(other), None, "{other}");
        }
        assert!(SETTINGS.iter().all(|(name, _)| misspelt(name).is_none()));
    }
}
