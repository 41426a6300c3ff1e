//! Operations that were found valid need not be validated again: an app sends the same few, with other variables.
//!
//! Whether an operation is valid depends on its document and, where a variable is used as an argument, on the *shape* of the
//! variable's value: which keys, which kinds of values, and of a text only whether it is a word of an enum. Two requests
//! with the same document and the same shape are both valid or both not, and select the same. How much an operation may ask
//! for depends on the values themselves, and is checked each time.

use std::hash::{Hash, Hasher};

use async_graphql::{Value, Variables};
use moka::sync::Cache;

use super::{digest::digest, operation::Params};

/// Operations that are remembered, each in its shapes; an entry has about 100 bytes.
const KEPT: u64 = 4_096;
/// The longest word of an enum. A longer text is none.
const WORD: usize = 32;

/// An operation and the shape of its variables. What it selects, too: that depends on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape(u128);

/// The operations that were found valid.
pub(super) struct Validated(Cache<Shape, ()>);

impl Default for Validated {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl Shape {
    pub(super) fn of(params: &Params) -> Self {
        Self(digest(|hasher| {
            params.query.hash(hasher);
            params.operation_name.hash(hasher);
            variables(&params.variables, hasher);
        }))
    }

    /// By which what is selected at `key` of the answer is told from other selections.
    pub(super) fn at(self, key: &str) -> u128 {
        digest(|hasher| (self, key).hash(hasher))
    }
}

impl Validated {
    pub(super) fn knows(&self, shape: Shape) -> bool {
        self.0.contains_key(&shape)
    }

    /// Remembers what was found valid.
    pub(super) fn learn(&self, shape: Shape) {
        self.0.insert(shape, ());
    }
}

fn variables(variables: &Variables, hasher: &mut impl Hasher) {
    hasher.write_usize(variables.len());
    for (name, value) in variables.iter() {
        name.hash(hasher);
        shape(value, hasher);
    }
}

fn shape(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Null => hasher.write_u8(0),
        // `@skip` and `@include` take one.
        Value::Boolean(value) => (1u8, value).hash(hasher),
        // An `Int` has 32 bits: a number that fits is as good as any other.
        Value::Number(number) => match number.as_i64().map(i32::try_from) {
            Some(Ok(_)) => hasher.write_u8(2),
            _ => (3u8, number.to_string()).hash(hasher),
        },
        Value::String(text) if is_word(text) => (4u8, text).hash(hasher),
        Value::String(_) => hasher.write_u8(5),
        Value::Enum(name) => (6u8, name).hash(hasher),
        // No request brings one.
        Value::Binary(bytes) => (7u8, bytes).hash(hasher),
        Value::List(values) => {
            (8u8, values.len()).hash(hasher);
            values.iter().for_each(|value| shape(value, hasher));
        }
        Value::Object(members) => {
            (9u8, members.len()).hash(hasher);
            for (name, value) in members {
                name.hash(hasher);
                shape(value, hasher);
            }
        }
    }
}

/// Whether it may be a word of an enum of the schema: their words are in capitals.
fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=WORD).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape_of(query: &str, variables: serde_json::Value) -> Shape {
        let variables = Variables::from_json(variables);
        Shape::of(&Params { query: query.into(), operation_name: None, variables })
    }

    #[test]
    fn values_of_the_same_kind_have_one_shape() {
        let shape = |variables| shape_of("query", variables);
        for (one, same) in [
            (json!({"a": "x"}), json!({"a": "another text, with LOG_CREATED in it"})),
            (json!({"a": 1, "b": true}), json!({"a": -2_000_000_000, "b": true})),
            (json!({"a": {"b": ["x", 1]}}), json!({"a": {"b": ["y", 2]}})),
        ] {
            assert_eq!(shape(one.clone()), shape(same.clone()), "{one} {same}");
        }
    }

    #[test]
    fn what_may_decide_over_validity_is_told_apart() {
        let values = [
            json!({}),
            json!({"a": null}),
            json!({"a": "x"}),
            json!({"b": "x"}),
            json!({"a": "LOG_CREATED"}),
            json!({"a": "LOG_CREATE"}),
            json!({"a": 1}),
            json!({"a": 1.5}),
            json!({"a": 3_000_000_000_u64}),
            json!({"a": true}),
            json!({"a": false}),
            json!({"a": []}),
            json!({"a": ["x"]}),
            json!({"a": ["x", "x"]}),
            json!({"a": [["x"]]}),
            json!({"a": {}}),
            json!({"a": {"b": "x"}}),
            json!({"a": {"b": "x", "c": "x"}}),
            json!({"a": {"b": "x"}, "c": "x"}),
        ];
        let shapes: std::collections::HashSet<Shape> =
            values.iter().map(|value| shape_of("query", value.clone())).collect();
        assert_eq!(shapes.len(), values.len());
        assert_ne!(shape_of("a", json!({})), shape_of("b", json!({})));
    }

    #[test]
    fn the_words_of_enums_are_as_is_taken_here() {
        let schema = crate::graphql::sdl();
        let words: Vec<&str> = schema
            .split("\nenum ")
            .skip(1)
            .filter_map(|rest| rest.split_once('{')?.1.split_once('}'))
            .flat_map(|(body, _)| body.lines())
            .map(str::trim)
            .filter(|line| line.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
            .filter(|line| !line.is_empty())
            .collect();
        assert!(words.contains(&"LOG_CREATED"), "{words:?}");
        for word in words {
            assert!(is_word(word), "{word}");
        }
    }
}
