//! The fields of a document, one by one.

use serde_json::{Map, Value};

use crate::domain::{Counter, Error, Hours, ItemId, JsonData, Result, Timestamp, UserId};

use super::ejson;

/// The fields of a document, or of an object in one.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// The field, where it is there and not null.
    pub(super) fn value(&mut self, field: &'static str) -> Option<Value> {
        self.0.remove(field).filter(|value| !value.is_null())
    }

    pub(super) fn needed(&mut self, field: &'static str) -> Result<Value> {
        self.value(field).ok_or_else(|| Error::required(field))
    }

    pub(super) fn optional_text(&mut self, field: &'static str) -> Result<Option<String>> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Error::field(field, format!("{field} must be a string."))),
        }
    }

    pub(super) fn text(&mut self, field: &'static str) -> Result<String> {
        self.optional_text(field)?.ok_or_else(|| Error::required(field))
    }

    pub(super) fn flag(&mut self, field: &'static str) -> Result<bool> {
        match self.value(field) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(Error::field(field, format!("{field} must be true or false."))),
        }
    }

    pub(super) fn optional_time(&mut self, field: &'static str) -> Result<Option<Timestamp>> {
        self.value(field).map(|time| ejson::time(field, &time)).transpose()
    }

    /// A count; 0 where it is absent.
    pub(super) fn counter(&mut self, field: &'static str) -> Result<Counter> {
        let count = self.value(field).map(|count| ejson::whole(field, &count)).transpose()?;
        Counter::parse(field, count.unwrap_or(0))
    }

    /// A total of hours; none where it is absent.
    pub(super) fn total(&mut self, field: &'static str) -> Result<Hours> {
        self.value(field).map_or(Ok(Hours::ZERO), |hours| ejson::total(field, &hours))
    }

    pub(super) fn id(&mut self) -> Result<ItemId> {
        let id = self.needed("_id")?;
        let digits = ejson::object_id(&id).or(id.as_str());
        ItemId::parse("_id", digits.ok_or_else(|| Error::field("_id", "_id must be an ObjectId."))?)
    }

    /// Whose it is: a string, or an ObjectId of the users collection, of which the digits count.
    pub(super) fn user(&mut self) -> Result<UserId> {
        let user = self.needed("userId")?;
        let text = ejson::object_id(&user).or(user.as_str());
        UserId::parse(
            "userId",
            text.ok_or_else(|| Error::field("userId", "userId must be a string or an ObjectId."))?,
        )
    }

    /// `data` with its Extended JSON made plain; or `dataJson`, the text of what is plain already.
    pub(super) fn data(&mut self) -> Result<Option<JsonData>> {
        let extended = self.value("data").map(|data| ejson::plain("data", data)).transpose()?;
        let data = match self.optional_text("dataJson")? {
            None => extended,
            Some(text) => Some(
                serde_json::from_str(&text)
                    .map_err(|error| Error::field("dataJson", format!("dataJson must be JSON: {error}.")))?,
            ),
        };
        let data: Option<Value> = data.filter(|data: &Value| !data.is_null());
        data.map(|data| JsonData::parse("data", &data)).transpose()
    }

    /// Gives each object of a list to `take`; what is wrong with one names its place.
    pub(super) fn each(
        &mut self,
        list: &'static str,
        mut take: impl FnMut(Self) -> Result<()>,
    ) -> Result<()> {
        let entries = match self.value(list) {
            None => return Ok(()),
            Some(Value::Array(entries)) => entries,
            Some(_) => return Err(Error::field(list, format!("{list} must be a list."))),
        };
        for (index, entry) in entries.into_iter().enumerate() {
            let taken = match entry {
                Value::Object(entry) => take(Self(entry)),
                _ => Err(Error::bad_input("It must be an object.")),
            };
            taken.map_err(|error| Error::field(list, format!("{list}[{index}]: {error}")))?;
        }
        Ok(())
    }
}
