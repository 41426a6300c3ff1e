//! What JSON values look like.

use serde_json::Value;

/// The keys of an object, sorted.
#[track_caller]
pub fn keys(object: &Value) -> Vec<&str> {
    let object = object.as_object().unwrap_or_else(|| panic!("not an object: {object}"));
    let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The text at `field` of each object of a list.
#[track_caller]
pub fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap_or_else(|| panic!("not a list: {list}"));
    list.iter().map(|item| item[field].as_str().unwrap_or_else(|| panic!("no {field}: {item}"))).collect()
}

/// Whether it is 24 lower-case hex digits.
pub fn is_id(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() == 24 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// The milliseconds since 1970 of a time that is written in UTC with milliseconds.
#[track_caller]
pub fn millis(value: &Value) -> i64 {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    assert!(text.len() == 24 && text.ends_with('Z') && text.as_bytes()[19] == b'.', "{text}");
    chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
}

/// `text` as a segment of a path.
pub fn segment(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The fields of `changes` over those of `base`.
pub fn with(mut base: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}
