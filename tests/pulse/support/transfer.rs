//! Dumps, and the commands that move whole collections.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::{Map, Value, json};

use super::Server;

/// Runs a command of the binary on `database_url`.
pub fn pulse(database_url: &str, arguments: &[&str]) -> Output {
    Server::command(&[("DATABASE_URL", database_url)]).args(arguments).output().unwrap()
}

/// What a command printed that succeeded.
#[track_caller]
pub fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// All that a command said, for messages.
pub fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// The lines on standard error.
pub fn complaints(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect()
}

/// A line of the report of an import: read, imported, already there, expired, invalid.
#[track_caller]
pub fn tally(output: &Output, collection: &str) -> [u64; 5] {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix(collection));
    let line = line.unwrap_or_else(|| panic!("no line on {collection}: {}", said(output)));
    let numbers: Vec<u64> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// Files of a test.
pub struct Files(tempfile::TempDir);

impl Files {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file; returns its path as an argument.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.argument(name)
    }

    pub fn argument(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }
}

/// How mongoexport may write documents.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    RelaxedLines,
    CanonicalLines,
    RelaxedArray,
    CanonicalPretty,
    Gzip,
}

impl Form {
    pub const ALL: [Self; 5] =
        [Self::RelaxedLines, Self::CanonicalLines, Self::RelaxedArray, Self::CanonicalPretty, Self::Gzip];

    /// The documents, which are relaxed Extended JSON, as a file.
    pub fn write(self, documents: &[Value]) -> Vec<u8> {
        let lines = |documents: &[Value]| -> String {
            documents.iter().map(|document| format!("{document}\n")).collect()
        };
        let canonical = || documents.iter().map(canonical).collect::<Vec<_>>();
        match self {
            Self::RelaxedLines => lines(documents).into_bytes(),
            Self::CanonicalLines => lines(&canonical()).into_bytes(),
            Self::RelaxedArray => {
                let members: Vec<String> = documents.iter().map(Value::to_string).collect();
                format!("[{}]\n", members.join(",\n")).into_bytes()
            }
            Self::CanonicalPretty => {
                let canonical = canonical();
                let pretty =
                    canonical.iter().map(|document| serde_json::to_string_pretty(document).unwrap() + "\n");
                pretty.collect::<String>().into_bytes()
            }
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(lines(documents).as_bytes()).unwrap();
                encoder.finish().unwrap()
            }
        }
    }
}

/// Relaxed Extended JSON as canonical.
fn canonical(value: &Value) -> Value {
    let wrapped = |key: &str, text: String| json!({key: text});
    match value {
        Value::Object(object) => match object.get("$date").and_then(Value::as_str) {
            Some(time) => {
                let millis = chrono::DateTime::parse_from_rfc3339(time).unwrap().timestamp_millis();
                json!({"$date": {"$numberLong": millis.to_string()}})
            }
            None => object
                .iter()
                .map(|(key, inner)| (key.clone(), canonical(inner)))
                .collect::<Map<_, _>>()
                .into(),
        },
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) if i32::try_from(whole).is_ok() => wrapped("$numberInt", whole.to_string()),
            Some(whole) => wrapped("$numberLong", whole.to_string()),
            None => wrapped("$numberDouble", number.to_string()),
        },
        other => other.clone(),
    }
}

/// A date of a document.
pub fn date(text: &str) -> Value {
    json!({"$date": text})
}

/// The id number `number`, made at the start of 2026.
pub fn id(number: u32) -> String {
    format!("6955b9000000000000{number:06x}")
}

/// An activity as Mongoose stored it, at a minute of 2026-01-01.
pub fn activity(number: u32, user: &str, minute: u32) -> Value {
    json!({
        "_id": {"$oid": id(number)}, "userId": user, "type": "log_created", "title": format!("activity {number}"),
        "timestamp": date(&format!("2026-01-01T{:02}:{:02}:00.000Z", minute / 60, minute % 60)), "read": false, "__v": 0
    })
}

/// A notification as Mongoose stored it, of 2026-01-01, which lives long.
pub fn notification(number: u32, user: &str, minute: u32) -> Value {
    let time = format!("2026-01-01T{:02}:{:02}:00.000Z", minute / 60, minute % 60);
    json!({
        "_id": {"$oid": id(number)}, "userId": user, "type": "system", "title": format!("notification {number}"),
        "message": "m", "read": false, "createdAt": date(&time), "expiresAt": date("2999-01-01T00:00:00.000Z"), "__v": 0
    })
}

/// Whether the folder holds nothing but files of these names.
#[track_caller]
pub fn holds_only(folder: &Path, names: &[&str]) {
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, names);
}
