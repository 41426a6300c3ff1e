//! Texts and JSON with bounds.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::{Error, Result};

/// A title: 1 to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Title(Text);

impl Title {
    /// The most characters that a title has.
    pub const MAX_CHARS: usize = 200;

    /// Takes `text` as it is.
    pub fn parse(field: &'static str, text: String) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::field(
                field,
                format!("{field} must have 1 to {} characters.", Self::MAX_CHARS),
            ));
        }
        Text::bounded(field, text, 1, Self::MAX_CHARS).map(Self)
    }

    /// The title.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn trusted(text: String) -> Self {
        Self(Text::trusted(text))
    }
}

/// A description or message: up to 2,000 characters, without U+0000, which PostgreSQL cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Text(Box<str>);

impl Text {
    /// The most characters that a text has.
    pub const MAX_CHARS: usize = 2_000;

    /// Takes `text` as it is.
    pub fn parse(field: &'static str, text: String) -> Result<Self> {
        Self::bounded(field, text, 0, Self::MAX_CHARS)
    }

    /// The least is only named: who asks for one has checked it.
    fn bounded(field: &'static str, text: String, min: usize, max: usize) -> Result<Self> {
        // Bytes bound characters from above, so that the usual short text is not counted at all.
        if text.len() > max {
            let count = text.chars().count();
            if count > max {
                return Err(Error::field(
                    field,
                    format!("{field} must have {min} to {max} characters, but has {count}."),
                ));
            }
        }
        if text.as_bytes().contains(&0) {
            return Err(Error::field(field, format!("{field} must not contain the character U+0000.")));
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn trusted(text: String) -> Self {
        Self(text.into())
    }
}

/// Where a notification leads: a path that starts with one `/`, or an http(s) URL; up to 2,048 characters.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ActionUrl(Box<str>);

impl ActionUrl {
    /// The most characters that an address has.
    pub const MAX_CHARS: usize = 2_048;

    /// Takes `text` as it is.
    ///
    /// Browsers read `//host`, `/\host` and paths with tabs or line breaks as other sites: none of these is a path.
    pub fn parse(field: &'static str, text: String) -> Result<Self> {
        let count = text.chars().count();
        if count > Self::MAX_CHARS {
            let message =
                format!("{field} must have at most {} characters, but has {count}.", Self::MAX_CHARS);
            return Err(Error::field(field, message));
        }
        let clean = !text.chars().any(|c| c.is_control() || c.is_whitespace());
        let path = text.starts_with('/') && !text[1..].starts_with(['/', '\\']);
        let absolute = || {
            let lower = text.get(..8).unwrap_or(&text).to_ascii_lowercase();
            (lower.starts_with("http://") || lower.starts_with("https://"))
                && url::Url::parse(&text).is_ok_and(|url| url.has_host())
        };
        if clean && (path || absolute()) {
            return Ok(Self(text.into()));
        }
        let shown: String = text.chars().take(60).collect();
        Err(Error::field(
            field,
            format!("{field} must be a path that starts with one / or an http(s) URL, but is {shown:?}."),
        ))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn trusted(text: String) -> Self {
        Self(text.into())
    }
}

/// Any JSON value, kept as its compact text: up to 16 KiB and 32 levels deep. Cheap to clone.
#[derive(Clone, Debug, serde::Serialize)]
pub struct JsonData(Arc<RawValue>);

impl JsonData {
    /// The most bytes that the compact text has.
    pub const MAX_BYTES: usize = 16 * 1024;
    /// The most levels of arrays and objects.
    pub const MAX_DEPTH: usize = 32;

    /// Takes a value; the order of an object's keys is kept.
    pub fn parse(field: &'static str, value: &serde_json::Value) -> Result<Self> {
        if depth_exceeds(value, Self::MAX_DEPTH) {
            let message = format!("{field} must be nested at most {} levels deep.", Self::MAX_DEPTH);
            return Err(Error::field(field, message));
        }
        let raw = serde_json::value::to_raw_value(value).map_err(Error::internal)?;
        if raw.get().len() > Self::MAX_BYTES {
            let message = format!(
                "{field} must have at most {} bytes as JSON, but has {}.",
                Self::MAX_BYTES,
                raw.get().len()
            );
            return Err(Error::field(field, message));
        }
        Ok(Self(raw.into()))
    }

    /// The compact JSON text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The value, for serializers that take it as it stands.
    pub fn as_raw(&self) -> &RawValue {
        &self.0
    }

    pub(crate) fn trusted(text: String) -> Result<Self> {
        RawValue::from_string(text).map(|raw| Self(raw.into())).map_err(Error::internal)
    }
}

impl PartialEq for JsonData {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for JsonData {}

fn depth_exceeds(value: &serde_json::Value, levels: usize) -> bool {
    match value {
        serde_json::Value::Array(items) => {
            levels == 0 || items.iter().any(|item| depth_exceeds(item, levels - 1))
        }
        serde_json::Value::Object(map) => {
            levels == 0 || map.values().any(|item| depth_exceeds(item, levels - 1))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        assert!(Title::parse("title", "é".repeat(200)).is_ok());
        assert_eq!(Title::parse("title", "é".repeat(201)).unwrap_err().at_field(), Some("title"));
        assert!(Title::parse("title", String::new()).is_err());
        assert!(Text::parse("message", "a\0b".into()).is_err());
    }

    #[test]
    fn addresses_lead_to_this_site_or_to_http() {
        for good in ["/", "/goals/1?a=b#c", "https://example.org/x", "HTTP://example.org"] {
            assert!(ActionUrl::parse("actionUrl", good.into()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "goals",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "https://",
            "http:///x y",
            "/a\nb",
        ] {
            assert!(ActionUrl::parse("actionUrl", bad.into()).is_err(), "{bad}");
        }
        assert!(ActionUrl::parse("actionUrl", format!("/{}", "a".repeat(2048))).is_err());
    }

    #[test]
    fn data_is_bounded_in_size_and_depth() {
        let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        assert!(JsonData::parse("data", &nested(32)).is_ok());
        assert!(JsonData::parse("data", &nested(33)).is_err());
        assert!(JsonData::parse("data", &json!("a".repeat(16 * 1024 - 2))).is_ok());
        assert!(JsonData::parse("data", &json!("a".repeat(16 * 1024 - 1))).is_err());
        assert_eq!(JsonData::parse("data", &json!({"b": 1, "a": 2})).unwrap().as_str(), r#"{"b":1,"a":2}"#);
    }
}
