//! A JSON object from a client, taken field by field: shapes are checked here, meanings by the domain.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::domain::{
    ActivityType, Error, NewActivity, NewNotification, NotificationType, Result, Timestamp, UserId,
};

/// The fields of an object.
pub(crate) struct Fields(Map<String, Value>);

impl From<Map<String, Value>> for Fields {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields)
    }
}

impl Fields {
    /// The field, where it is there and not null.
    pub(crate) fn value(&mut self, field: &'static str) -> Option<Value> {
        self.0.remove(field).filter(|value| !value.is_null())
    }

    /// The field as `T`, where it is there and not null; `takes` says what it must be.
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

    /// A whole number; JSON has no other than floating-point ones, so `2.0` is one too.
    pub(crate) fn optional_whole(&mut self, field: &'static str) -> Result<Option<i64>> {
        let Some(number) = self.optional::<f64>(field, "a whole number")? else { return Ok(None) };
        if number.fract() != 0.0 {
            return Err(Error::field(field, format!("{field} must be a whole number, but is {number}.")));
        }
        // Saturates: what is out of range is refused by its meaning.
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

    /// An activity to be created, and whose it is to be.
    pub(crate) fn new_activity(&mut self) -> Result<(Option<UserId>, NewActivity)> {
        let user = self.user()?;
        let kind = ActivityType::parse("type", &self.text("type")?)?;
        let (title, description) = (self.text("title")?, self.optional_text("description")?);
        let new = NewActivity::parse(kind, title, description, self.value("data").as_ref())?;
        Ok((user, new))
    }

    /// A notification to be created, and who is to be told; `now` is what its end must lie after.
    pub(crate) fn new_notification(&mut self, now: Timestamp) -> Result<(Option<UserId>, NewNotification)> {
        let user = self.user()?;
        let kind = NotificationType::parse("type", &self.text("type")?)?;
        let (title, message) = (self.text("title")?, self.text("message")?);
        let (action_url, expires_at) = (self.optional_text("actionUrl")?, self.optional_text("expiresAt")?);
        let new = NewNotification::parse(kind, title, message, action_url, expires_at.as_deref(), now)?;
        Ok((user, new))
    }
}
