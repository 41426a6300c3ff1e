//! Decodes a JSON object from a client field by field. It checks the type of a value; the domain checks its meaning.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::domain::{Error, Result, UserId};

/// The fields of an object.
pub(crate) struct Fields(Map<String, Value>);

impl From<Map<String, Value>> for Fields {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields)
    }
}

impl Fields {
    /// The field, if it is present and not null.
    pub(crate) fn value(&mut self, field: &'static str) -> Option<Value> {
        self.0.remove(field).filter(|value| !value.is_null())
    }

    /// The field as `T`, if it is present and not null; `takes` names the type in the error.
    fn optional<T: DeserializeOwned>(&mut self, field: &'static str, takes: &str) -> Result<Option<T>> {
        let Some(value) = self.value(field) else { return Ok(None) };
        serde_json::from_value(value)
            .map(Some)
            .map_err(|_| Error::field(field, format!("{field} must be {takes}.")))
    }

    pub(crate) fn optional_text(&mut self, field: &'static str) -> Result<Option<String>> {
        self.optional(field, "a string")
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<String> {
        self.optional_text(field)?.ok_or_else(|| Error::required(field))
    }

    pub(crate) fn number(&mut self, field: &'static str) -> Result<f64> {
        self.optional(field, "a number")?.ok_or_else(|| Error::required(field))
    }

    /// A whole number. JSON does not tell whole from floating-point numbers, so `2.0` is one.
    pub(crate) fn optional_whole(&mut self, field: &'static str) -> Result<Option<i64>> {
        let Some(number) = self.optional::<f64>(field, "a whole number")? else { return Ok(None) };
        if number.fract() != 0.0 {
            return Err(Error::field(field, format!("{field} must be a whole number, but is {number}.")));
        }
        // Saturates: the domain rejects numbers out of range.
        Ok(Some(number as i64))
    }

    pub(crate) fn whole(&mut self, field: &'static str) -> Result<i64> {
        self.optional_whole(field)?.ok_or_else(|| Error::required(field))
    }

    /// The `userId` of a body.
    pub(crate) fn user(&mut self) -> Result<Option<UserId>> {
        let text = self.optional_text("userId")?;
        text.map(|text| UserId::parse("userId", &text)).transpose()
    }
}
