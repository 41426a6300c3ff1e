//! Values of MongoDB Extended JSON, version 2: canonical, relaxed, and what older tools wrote.
//!
//! Specification: <https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md>

use serde_json::{Map, Number, Value};

use crate::domain::{Day, Error, Hours, Result, Timestamp};

/// What an object with a single key that starts with `$` stands for.
fn wrapped(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(key, inner)| (key.as_str(), inner)).filter(|(key, _)| key.starts_with('$'))
}

/// The text of a number in a wrapper; older tools wrote the number itself.
fn wrapped_number(value: &Value) -> Option<(&str, String)> {
    let (key, inner) = wrapped(value)?;
    let known = matches!(key, "$numberInt" | "$numberLong" | "$numberDouble" | "$numberDecimal");
    let text = match inner {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    known.then_some((key, text))
}

/// The hex digits of an ObjectId.
pub(super) fn object_id(value: &Value) -> Option<&str> {
    match wrapped(value)? {
        ("$oid", Value::String(digits)) => Some(digits),
        _ => None,
    }
}

/// A time: a `$date` in any of its forms, or RFC 3339 text.
pub(super) fn time(field: &'static str, value: &Value) -> Result<Timestamp> {
    match (value, wrapped(value)) {
        (Value::String(text), _) | (_, Some(("$date", Value::String(text)))) => Timestamp::parse(field, text),
        (_, Some(("$date", millis))) => {
            Timestamp::parse_millis(field, exact_whole(millis).ok_or_else(|| no_date(field))?)
        }
        _ => Err(no_date(field)),
    }
}

/// A day: a `$date` in any of its forms, or `YYYY-MM-DD`.
pub(super) fn day(field: &'static str, value: &Value) -> Result<Day> {
    match (value, wrapped(value)) {
        (Value::String(text), _) | (_, Some(("$date", Value::String(text)))) => Day::parse(field, text),
        (_, Some(("$date", millis))) => {
            Day::parse_millis(field, exact_whole(millis).ok_or_else(|| no_date(field))?)
        }
        _ => Err(no_date(field)),
    }
}

fn no_date(field: &'static str) -> Error {
    Error::field(field, format!("{field} must be a date, such as {{\"$date\": \"2026-01-31T09:30:00Z\"}}."))
}

/// A whole number that needs no rounding.
fn exact_whole(value: &Value) -> Option<i64> {
    match wrapped_number(value) {
        Some((_, text)) => text.parse().ok(),
        None => value.as_i64(),
    }
}

/// A whole number; `2.0` is one too. What is out of range saturates, and is refused by its meaning.
pub(super) fn whole(field: &'static str, value: &Value) -> Result<i64> {
    if let Some(number) = exact_whole(value) {
        return Ok(number);
    }
    let number = float(field, value)?;
    if number.fract() != 0.0 {
        return Err(Error::field(field, format!("{field} must be a whole number, but is {number}.")));
    }
    Ok(number as i64)
}

/// A finite number.
pub(super) fn float(field: &'static str, value: &Value) -> Result<f64> {
    let number = match wrapped_number(value) {
        Some((_, text)) => text.parse().ok(),
        None => value.as_f64(),
    };
    let number: f64 = number.ok_or_else(|| Error::field(field, format!("{field} must be a number.")))?;
    if number.is_finite() {
        return Ok(number);
    }
    Err(Error::field(field, format!("{field} must be a finite number, but is {number}.")))
}

/// A total of hours; a decimal is taken to its last digit.
pub(super) fn total(field: &'static str, value: &Value) -> Result<Hours> {
    match wrapped_number(value) {
        Some(("$numberDecimal", text)) => Hours::parse_total_text(field, &text),
        _ => Hours::parse_total(field, float(field, value)?),
    }
}

/// A total of hours as Extended JSON: a number where that is exact, else a decimal.
pub(super) fn of_total(hours: Hours) -> Value {
    let read_back = Hours::parse_total("hours", hours.as_f64());
    if read_back.is_ok_and(|read| read == hours) {
        return serde_json::to_value(hours).unwrap_or_default();
    }
    object("$numberDecimal", hours.exact())
}

/// An object with one text.
pub(super) fn object(key: &str, text: impl Into<String>) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), Value::String(text.into()))]))
}

/// The value as plain JSON: ObjectIds as their digits, dates as RFC 3339 text, numbers as numbers. What has no
/// counterpart in JSON (binary data, regular expressions, ...) and what only looks like a wrapper stays as it stands.
///
/// # Errors
/// BAD_USER_INPUT at `field` for a number that is not finite.
pub(super) fn plain(field: &'static str, value: Value) -> Result<Value> {
    if let Some(unwrapped) = unwrap(field, &value)? {
        return Ok(unwrapped);
    }
    match value {
        Value::Array(items) => items.into_iter().map(|item| plain(field, item)).collect(),
        Value::Object(entries) => {
            entries.into_iter().map(|(key, inner)| Ok((key, plain(field, inner)?))).collect()
        }
        other => Ok(other),
    }
}

fn unwrap(field: &'static str, value: &Value) -> Result<Option<Value>> {
    Ok(match wrapped(value) {
        Some(("$oid", Value::String(digits))) if is_hex(digits) => Some(digits.clone().into()),
        Some(("$uuid", Value::String(digits))) => Some(digits.clone().into()),
        Some(("$undefined", Value::Bool(true))) => Some(Value::Null),
        Some(("$date", _)) => time(field, value).ok().map(|time| time.to_string().into()),
        _ => match wrapped_number(value) {
            Some((_, text)) => number(field, &text)?,
            None => None,
        },
    })
}

fn is_hex(digits: &str) -> bool {
    digits.len() == 24 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The number of a text; `None` where it is none.
fn number(field: &'static str, text: &str) -> Result<Option<Value>> {
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(Some(whole.into()));
    }
    let Ok(number) = text.parse::<f64>() else { return Ok(None) };
    match Number::from_f64(number) {
        Some(number) => Ok(Some(number.into())),
        None => Err(Error::field(field, format!("{field} holds {text}, which is no number in JSON."))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_are_read_in_all_their_forms() {
        for value in [
            json!("2026-01-31T09:30:00.000Z"),
            json!({"$date": "2026-01-31T10:30:00+01:00"}),
            json!({"$date": {"$numberLong": "1769851800000"}}),
            json!({"$date": 1_769_851_800_000_i64}),
        ] {
            assert_eq!(time("timestamp", &value).unwrap().to_string(), "2026-01-31T09:30:00.000Z", "{value}");
        }
        for value in [
            json!(null),
            json!(5),
            json!({"$date": null}),
            json!({"$date": "soon"}),
            json!({"$date": {"$numberLong": "-1"}}),
            json!({"$date": {"$numberLong": "9999999999999999"}}),
            json!({"$date": {"$numberDouble": "1.5"}}),
        ] {
            assert_eq!(time("timestamp", &value).unwrap_err().at_field(), Some("timestamp"), "{value}");
        }
    }

    #[test]
    fn numbers_are_read_in_all_their_forms() {
        for value in [
            json!(5),
            json!(5.0),
            json!({"$numberInt": "5"}),
            json!({"$numberLong": "5"}),
            json!({"$numberLong": 5}),
            json!({"$numberDouble": "5.0"}),
            json!({"$numberDecimal": "5"}),
        ] {
            assert_eq!(whole("logsCount", &value).unwrap(), 5, "{value}");
            assert_eq!(total("hours", &value).unwrap().as_f64(), 5.0, "{value}");
        }
        for value in [json!("5"), json!(null), json!([5]), json!({"$numberInt": "five"}), json!({"n": 5})] {
            assert!(whole("logsCount", &value).is_err() && float("hours", &value).is_err(), "{value}");
        }
        for text in ["NaN", "Infinity", "-Infinity"] {
            assert!(total("hours", &json!({"$numberDouble": text})).is_err(), "{text}");
            assert!(total("hours", &json!({"$numberDecimal": text})).is_err(), "{text}");
            assert!(plain("data", json!([{"$numberDouble": text}])).is_err(), "{text}");
        }
    }

    #[test]
    fn wrappers_become_plain_json_and_the_rest_stays() {
        let value = json!({
            "a": {"$oid": "65000000000000000000000a"}, "b": [{"$date": {"$numberLong": "0"}}],
            "c": {"$numberInt": "1"}, "d": {"$numberDouble": "1.0"}, "e": {"$numberDecimal": "0.1"},
            "f": {"$undefined": true}, "g": {"$oid": "short"}, "h": {"$oid": "a", "$date": "b"},
            "i": {"$regularExpression": {"pattern": "x", "options": ""}}, "j": {"$set": 1}, "k": {"$numberInt": "x"}
        });
        let expected = json!({
            "a": "65000000000000000000000a", "b": ["1970-01-01T00:00:00.000Z"],
            "c": 1, "d": 1.0, "e": 0.1, "f": null, "g": {"$oid": "short"}, "h": {"$oid": "a", "$date": "b"},
            "i": {"$regularExpression": {"pattern": "x", "options": ""}}, "j": {"$set": 1}, "k": {"$numberInt": "x"}
        });
        assert_eq!(plain("data", value).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn totals_read_back_to_the_last_nano_hour(nanos in 0..=Hours::MAX_TOTAL.nanos()) {
            for hours in [Hours::from_nanos(nanos), Hours::from_nanos(nanos / 10_000_000)] {
                prop_assert_eq!(total("hours", &of_total(hours)).unwrap(), hours);
            }
        }
    }
}
