//! JSON that is written piece by piece.

use std::fmt::{Display, Write};

use async_graphql::{
    Value,
    resolver_utils::{EnumItem, EnumType},
};

/// JSON that is being written. Whoever writes keeps brackets in pairs, and a key before each value of an object.
pub(super) struct Json {
    text: String,
    max_bytes: usize,
}

impl Default for Json {
    fn default() -> Self {
        Self::with_limit(usize::MAX)
    }
}

impl Json {
    /// JSON that is full with more than `max_bytes`.
    pub(super) fn with_limit(max_bytes: usize) -> Self {
        Self { text: String::new(), max_bytes }
    }

    /// Whether it has more bytes than it may: whoever writes a list can stop.
    pub(super) fn is_full(&self) -> bool {
        self.text.len() > self.max_bytes
    }

    /// Opens an object or a list.
    pub(super) fn open(&mut self, bracket: char) {
        self.text.push(bracket);
    }

    pub(super) fn close(&mut self, bracket: char) {
        self.text.push(bracket);
    }

    /// Goes on to the next member.
    pub(super) fn next(&mut self) {
        if !self.text.ends_with(['{', '[']) {
            self.text.push(',');
        }
    }

    /// The key of the next member: a name of GraphQL, in which nothing needs an escape.
    pub(super) fn key(&mut self, name: &str) {
        self.next();
        self.quoted(name);
        self.text.push(':');
    }

    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        self.text.push_str(text);
        self.text.push('"');
    }

    /// Any text.
    pub(super) fn text(&mut self, text: &str) {
        // The few that need an escape are left to who knows them all.
        let escape = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        match text.bytes().any(escape) {
            false => self.quoted(text),
            true => self.text.push_str(&serde_json::to_string(text).unwrap_or_default()),
        }
    }

    /// A text in which nothing needs an escape: an id, a time, a cursor.
    pub(super) fn plain(&mut self, text: impl Display) {
        // Writing to a string does not fail.
        let _ = write!(self.text, "\"{text}\"");
    }

    /// A number, `true` or `false`.
    pub(super) fn literal(&mut self, value: impl Display) {
        let _ = write!(self.text, "{value}");
    }

    /// A value of an enum, by its name in the schema.
    pub(super) fn word<E: EnumType>(&mut self, value: E) {
        let item = E::items().iter().find(|item: &&EnumItem<E>| item.value == value);
        self.quoted(item.map_or("", |item| item.name));
    }

    /// What is JSON already.
    pub(super) fn raw(&mut self, json: &str) {
        self.text.push_str(json);
    }

    /// What `write` writes of a value that is there, else null.
    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.raw("null"),
        }
    }

    /// A value of the library; binary ones are JSON already.
    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.raw("null"),
            Value::Number(number) => self.literal(number),
            Value::String(text) => self.text(text),
            Value::Boolean(value) => self.literal(value),
            Value::Binary(json) => self.raw(std::str::from_utf8(json).unwrap_or("null")),
            Value::Enum(name) => self.quoted(name),
            Value::List(values) => {
                self.open('[');
                for value in values {
                    self.next();
                    self.value(value);
                }
                self.close(']');
            }
            Value::Object(members) => {
                self.open('{');
                for (name, value) in members {
                    self.next();
                    // Of `data`, which clients make, and there a key may hold anything.
                    self.text(name);
                    self.text.push(':');
                    self.value(value);
                }
                self.close('}');
            }
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_as_serde_writes_it() {
        let text = r#"{"a":[1,-2.5,1e300,true,null,{}],"qu\"ote":"line\nbreak \u0001 é 😀 \u007f","":[],"deep":{"x":{"y":[[]]}}}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let mut json = Json::default();
        json.value(&value);
        assert_eq!(json.into_text(), serde_json::to_string(&value).unwrap());
    }

    #[test]
    fn what_is_json_already_is_passed_on() {
        let mut json = Json::default();
        json.value(&Value::List(vec![
            Value::Binary("{\"a\":1}".into()),
            Value::Enum(async_graphql::Name::new("B")),
        ]));
        assert_eq!(json.into_text(), r#"[{"a":1},"B"]"#);
    }
}
