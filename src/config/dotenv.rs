//! `.env` files, as the dotenv package of Node.js reads them: the file of the old backend serves as it is.
//!
//! dotenvy reads other values from the same lines: it replaces `$name`, cuts or refuses unquoted values with blanks and
//! keeps the first of two lines with one name. So the lines are read here, by the pattern of dotenv (the same in its
//! versions 15 to 18), and dotenvy is given each value in the one form that both read alike.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use regex::Regex;

use super::error::ConfigError;

/// The name in messages.
const NAME: &str = ".env";

/// What JavaScript takes for a blank.
const BLANK: &str =
    r"[\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}]";

/// The pattern `LINE` of dotenv; `~` stands for a blank.
const LINE: &str = concat!(
    r"(?m)^~*(?:export~+)?([A-Za-z0-9_.-]+)(?:~*=~*?|:~+?)",
    r#"(~*'(?:\\'|[^'])*'|~*"(?:\\"|[^"])*"|~*`(?:\\`|[^`])*`|[^#\r\n]+)?~*(?:#[^\n]*)?$"#
);

/// A file that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DotEnv {
    /// The values by name; of two lines with one name the last holds.
    pub(super) values: BTreeMap<String, String>,
    /// What its author probably did not mean, a sentence each.
    pub(super) warnings: Vec<String>,
}

/// Puts the values of `.env` in the current folder, or the nearest one above, into the environment of the process; what
/// is there already stays. Returns the warnings.
pub(super) fn load() -> Result<Vec<String>, ConfigError> {
    let Some(path) = find() else { return Ok(Vec::new()) };
    let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
    let file = parse(&bytes)?;
    let lines: String = file.values.iter().filter_map(|(name, value)| line(name, value)).collect();
    dotenvy::from_read(lines.as_bytes()).map_err(|_| {
        // The error would quote the line, and with it perhaps a secret.
        ConfigError { name: NAME, problem: format!("({}) could not be read.", path.display()) }
    })?;
    Ok(file.warnings)
}

fn find() -> Option<PathBuf> {
    let folder = std::env::current_dir().ok()?;
    folder.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_file())
}

fn unreadable(path: &Path, error: &std::io::Error) -> ConfigError {
    ConfigError { name: NAME, problem: format!("({}) could not be read: {error}.", path.display()) }
}

/// Reads a file.
///
/// # Errors
/// A line is not UTF-8 or holds U+0000, which no variable can.
fn parse(bytes: &[u8]) -> Result<DotEnv, ConfigError> {
    let number = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    let refused = |line, what| ConfigError { name: NAME, problem: format!("holds {what} in line {line}.") };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| refused(number(&bytes[..error.valid_up_to()]), "text that is not UTF-8"))?;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if let Some(at) = text.find('\0') {
        return Err(refused(number(&text.as_bytes()[..at]), "the character U+0000"));
    }
    let mut file = DotEnv::default();
    // The pattern is a constant, which a test compiles.
    let Ok(pattern) = Regex::new(&LINE.replace('~', BLANK)) else {
        return Ok(file);
    };
    let mut read_up_to = 0;
    for found in pattern.captures_iter(&text) {
        let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
        file.skipped(&text, read_up_to..whole.start());
        read_up_to = whole.end();
        let given = found.get(2).map_or("", |value| value.as_str());
        let rest = found.get(2).map_or("", |value| &text[value.end()..]);
        if rest.starts_with('#') && !given.ends_with(is_blank) && !given.is_empty() {
            file.warnings.push(format!(
                "The value of {} in line {} of {NAME} ends before its #, as it does in Node.js. Quotes around the value keep the rest.",
                name.as_str(),
                number(&text.as_bytes()[..name.start()]),
            ));
        }
        file.values.insert(name.as_str().to_owned(), unquoted(given.trim_matches(is_blank)));
    }
    file.skipped(&text, read_up_to..text.len());
    Ok(file)
}

impl DotEnv {
    /// Warns of lines that were not read and are neither empty nor comments.
    fn skipped(&mut self, text: &str, range: std::ops::Range<usize>) {
        let first = text[..range.start].matches('\n').count() + 1;
        for (number, line) in text[range].split('\n').enumerate() {
            let line = line.trim_matches(is_blank);
            if !line.is_empty() && !line.starts_with('#') {
                let number = first + number;
                self.warnings.push(format!("Line {number} of {NAME} is not NAME=VALUE and was ignored."));
            }
        }
    }
}

fn is_blank(c: char) -> bool {
    c == '\u{feff}' || c.is_whitespace() && c != '\u{85}'
}

/// The value without the quotes around it; double quotes have `\n` and `\r` for line breaks.
fn unquoted(value: &str) -> String {
    let quote = value.chars().next().filter(|first| matches!(first, '\'' | '"' | '`'));
    let inner = quote.and_then(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value);
    match quote {
        Some('"') => inner.replace("\\n", "\n").replace("\\r", "\r"),
        _ => inner.to_owned(),
    }
}

/// The line that dotenvy reads as this value; none for names that no setting has and dotenvy does not take.
fn line(name: &str, value: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if name.starts_with(|c: char| c.is_ascii_digit() || c == '.') || !name.chars().all(fits) {
        return None;
    }
    let mut line = format!("{name}=\"");
    for c in value.chars() {
        match c {
            '\\' | '"' | '$' => line.extend(['\\', c]),
            '\n' => line.push_str("\\n"),
            _ => line.push(c),
        }
    }
    line.push_str("\"\n");
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files, and what npm's dotenv 18.0.10 (and 16 and 17) reads of them.
    const CASES: &str = include_str!("dotenv_cases.json");

    fn read(text: &str) -> DotEnv {
        parse(text.as_bytes()).unwrap()
    }

    /// What dotenvy reads of the lines that it is given.
    fn by_dotenvy(values: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let lines: String = values.iter().filter_map(|(name, value)| line(name, value)).collect();
        dotenvy::from_read_iter(lines.as_bytes()).map(Result::unwrap).collect()
    }

    #[test]
    fn files_are_read_as_node_reads_them() {
        let cases: Vec<(String, BTreeMap<String, String>)> = serde_json::from_str(CASES).unwrap();
        assert!(cases.len() > 60);
        for (text, expected) in cases {
            let values = read(&text).values;
            assert_eq!(values, expected, "{text:?}");
            let mut expected = expected;
            expected.retain(|name, _| !name.contains('-') && !name.starts_with('1'));
            assert_eq!(by_dotenvy(&values), expected, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn dotenvy_is_given_what_it_reads_alike(value in r#"[a-z '"`$\\#{}=\n\r\tÀ-ÿ]{0,20}"#) {
            let values = BTreeMap::from([("A".to_owned(), value)]);
            proptest::prop_assert_eq!(by_dotenvy(&values), values);
        }
    }

    #[test]
    fn what_was_probably_not_meant_so_is_a_warning_with_its_line() {
        for (text, line, part) in [
            ("A=1\n\nB=a#b\n", 3, "ends before its #"),
            ("# one\n[section]\nA=1", 2, "ignored"),
            ("A=\"one\ntwo\"\nB 1\n", 3, "ignored"),
            ("A=1\nA B", 2, "ignored"),
        ] {
            let warnings = read(text).warnings;
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            assert!(warnings[0].to_lowercase().contains(&format!("line {line} ")), "{warnings:?}");
            assert!(warnings[0].contains(part) && warnings[0].ends_with('.'), "{warnings:?}");
        }
        for text in ["A=a # b", "A='a#b'", "A=#", "# only\n\n  # comments\n", "A=1\nB=2"] {
            assert!(read(text).warnings.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn what_no_variable_can_hold_is_refused_with_its_line() {
        for (bytes, line) in [(&b"A=1\nB=\xff\n"[..], 2), (b"A=\0", 1), (b"A=1\r\n\r\nB='x\0'", 3)] {
            let error = parse(bytes).unwrap_err().to_string();
            assert!(
                error.starts_with(".env holds ") && error.ends_with(&format!("in line {line}.")),
                "{error}"
            );
        }
    }
}
