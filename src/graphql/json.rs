//! A JSON writer, and responses written with it.

use std::fmt::{Display, Write};

use async_graphql::{
    Response, ServerError, Value,
    resolver_utils::{EnumItem, EnumType},
};

/// Writes JSON piece by piece. The caller keeps brackets in pairs, and writes a key before each value of an object.
pub(super) struct JsonWriter {
    text: String,
    max_bytes: usize,
}

impl Default for JsonWriter {
    fn default() -> Self {
        Self::with_limit(usize::MAX)
    }
}

impl JsonWriter {
    /// A writer that is full with more than `max_bytes`.
    pub(super) fn with_limit(max_bytes: usize) -> Self {
        Self { text: String::new(), max_bytes }
    }

    /// Whether it has more bytes than its limit, so that a list can stop.
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

    /// Separates the next member from the one before.
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
        // serde_json writes the few that need an escape.
        let escape = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        match text.bytes().any(escape) {
            false => self.quoted(text),
            true => self.text.push_str(&serde_json::to_string(text).unwrap_or_default()),
        }
    }

    /// A text in which nothing needs an escape: an id, a time, a cursor.
    pub(super) fn str_unescaped(&mut self, text: impl Display) {
        // Writing to a string does not fail.
        let _ = write!(self.text, "\"{text}\"");
    }

    /// A number, `true` or `false`.
    pub(super) fn display(&mut self, value: impl Display) {
        let _ = write!(self.text, "{value}");
    }

    /// A value of an enum, by its name in the schema.
    pub(super) fn enum_value<E: EnumType>(&mut self, value: E) {
        let item = E::items().iter().find(|item: &&EnumItem<E>| item.value == value);
        self.quoted(item.map_or("", |item| item.name));
    }

    /// Text that is JSON already.
    pub(super) fn raw(&mut self, json: &str) {
        self.text.push_str(json);
    }

    /// `value` by `write`, or null.
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
            Value::Number(number) => self.display(number),
            Value::String(text) => self.text(text),
            Value::Boolean(value) => self.display(value),
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
                    // A key of `data` may hold any text.
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

/// The response of an operation that was executed, as JSON.
pub(super) fn executed_json(response: &Response) -> String {
    let mut json = JsonWriter::default();
    json.open('{');
    if !response.errors.is_empty() {
        json.key("errors");
        json.raw(&errors_json(&response.errors));
    }
    json.key("data");
    json.value(&response.data);
    json.close('}');
    json.into_text()
}

/// The response of a request that was rejected, as JSON: without `data`.
pub(super) fn rejected_json(errors: &[ServerError]) -> String {
    let mut json = JsonWriter::default();
    json.open('{');
    json.key("errors");
    json.raw(&errors_json(errors));
    json.close('}');
    json.into_text()
}

fn errors_json(errors: &[ServerError]) -> String {
    // Maps with keys that are no strings would fail; there are none.
    serde_json::to_string(errors).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_as_serde_writes_it() {
        let text = r#"{"a":[1,-2.5,1e300,true,null,{}],"qu\"ote":"line\nbreak \u0001 é 😀 \u007f","":[],"deep":{"x":{"y":[[]]}}}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let mut json = JsonWriter::default();
        json.value(&value);
        assert_eq!(json.into_text(), serde_json::to_string(&value).unwrap());
    }

    #[test]
    fn what_is_json_already_is_passed_on() {
        let mut json = JsonWriter::default();
        json.value(&Value::List(vec![
            Value::Binary("{\"a\":1}".into()),
            Value::Enum(async_graphql::Name::new("B")),
        ]));
        assert_eq!(json.into_text(), r#"[{"a":1},"B"]"#);
    }
}
