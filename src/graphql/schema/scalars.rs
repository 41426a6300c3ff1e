//! Scalars. The domain checks their values, and names the argument at fault.

use async_graphql::{Description, InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::domain::{Day, JsonData, Timestamp};

/// An instant: RFC 3339 in UTC with milliseconds, such as `2026-01-31T09:30:00.000Z`. Any offset is taken.
#[derive(Debug, Description)]
pub(super) struct DateTime(pub(super) String);

#[Scalar(
    name = "DateTime",
    use_type_description,
    specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html"
)]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl From<Timestamp> for DateTime {
    fn from(time: Timestamp) -> Self {
        Self(time.to_string())
    }
}

/// A calendar day in UTC: `2026-01-31`. A full timestamp is taken by its day in UTC.
#[derive(Debug, Description)]
pub(super) struct Date(pub(super) String);

#[Scalar(name = "Date", use_type_description)]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl From<Day> for Date {
    fn from(day: Day) -> Self {
        Self(day.to_string())
    }
}

/// Any JSON value: up to 16 KiB and 32 levels deep.
#[derive(Debug, Description)]
pub(super) struct Json(pub(super) Value);

#[Scalar(name = "JSON", use_type_description)]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value))
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

impl Json {
    /// The value as the domain takes it. An enum word in the query's text is taken as a string.
    pub(super) fn into_json(self) -> crate::domain::Result<serde_json::Value> {
        self.0.into_json().map_err(|_| crate::domain::Error::field("data", "data must be JSON."))
    }
}

impl From<&JsonData> for Json {
    fn from(data: &JsonData) -> Self {
        // JSON in the domain is valid.
        Self(serde_json::from_str(data.as_str()).unwrap_or_default())
    }
}
