//! Variables are coerced as the specification has it, in place:
//! <https://spec.graphql.org/September2025/#sec-Coercing-Variable-Values>

use std::fmt::Write;

use apollo_compiler::{
    Node,
    ast::Type,
    schema::{EnumType, ExtendedType, InputObjectType},
};
use async_graphql::{Name, Value, Variables};

use crate::graphql::{errors::Rejection, type_system::TypeSystem};

/// A variable of an operation.
pub(super) struct Variable {
    pub(super) name: Name,
    pub(super) ty: Node<Type>,
    pub(super) default: Option<Value>,
    /// Byte of its definition.
    pub(super) offset: usize,
    /// Whether it is used where null is not taken.
    pub(super) non_null: bool,
    pub(super) decides: Option<Decides>,
}

/// How a variable decides the plan of its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decides {
    /// Its value: it stands in `@skip` or `@include`.
    Condition,
    /// Whether it has a value: an argument with a variable that has none is left out.
    Presence,
}

/// The values of the variables that are declared, defaults included; others are dropped.
///
/// A null for a variable that may be null, and is used where null is not taken, is rejected here. By the specification it
/// is an error of the field; async-graphql would null the whole answer for it.
///
/// # Errors
/// A variable without the value that it needs, or with one that does not fit its type.
pub(super) fn coerce(
    types: &TypeSystem,
    definitions: &[Variable],
    mut given: Variables,
) -> Result<Variables, Rejection> {
    let mut coerced = Variables::default();
    for definition in definitions {
        let reject = |message| Rejection::validation(message, Some(definition.offset));
        let value = match given.remove(&definition.name) {
            Some(value) => {
                let mut path = Path(format!("${}", definition.name));
                Coercion { types, path: &mut path }.value(&definition.ty, value).map_err(reject)?
            }
            None => match &definition.default {
                Some(default) => default.clone(),
                None if definition.ty.is_non_null() => {
                    let Variable { name, ty, .. } = definition;
                    return Err(reject(format!("Variable `${name}` of type `{ty}` has no value.")));
                }
                None => continue,
            },
        };
        if definition.non_null && value == Value::Null {
            return Err(reject(format!("Variable `${}` is used where null is not taken.", definition.name)));
        }
        coerced.insert(definition.name.clone(), value);
    }
    Ok(coerced)
}

/// Where a value stands in the variables: `$input.data[2]`.
struct Path(String);

struct Coercion<'a> {
    types: &'a TypeSystem,
    path: &'a mut Path,
}

impl Coercion<'_> {
    fn value(&mut self, ty: &Type, value: Value) -> Result<Value, String> {
        if value == Value::Null {
            return if ty.is_non_null() { Err(self.must("not be null")) } else { Ok(value) };
        }
        let name = match ty {
            Type::List(item) | Type::NonNullList(item) => return self.list(item, value),
            Type::Named(name) | Type::NonNullNamed(name) => name,
        };
        match self.types.schema.types.get(name) {
            Some(ExtendedType::Enum(words)) => self.word(words, value),
            Some(ExtendedType::InputObject(input)) => self.object(input, value),
            _ => self.scalar(name, value),
        }
    }

    fn list(&mut self, item: &Type, value: Value) -> Result<Value, String> {
        let Value::List(mut items) = value else { return Ok(Value::List(vec![self.value(item, value)?])) };
        for (index, value) in items.iter_mut().enumerate() {
            let given = std::mem::take(value);
            *value = self.at(format_args!("[{index}]"), |inner| inner.value(item, given))?;
        }
        Ok(Value::List(items))
    }

    fn word(&self, words: &EnumType, value: Value) -> Result<Value, String> {
        match &value {
            Value::String(text) if words.values.contains_key(text.as_str()) => Ok(value),
            Value::String(text) => {
                let message = format!("Variable `{}` must be a value of {}", self.path.0, words.name);
                Err(self.types.suggest(message, &words.name, text))
            }
            _ => Err(self.must(&format!("be a value of {}", words.name))),
        }
    }

    fn object(&mut self, input: &InputObjectType, value: Value) -> Result<Value, String> {
        let Value::Object(mut members) = value else {
            return Err(self.must(&format!("be an object of type {}", input.name)));
        };
        if let Some(unknown) = members.keys().find(|key| !input.fields.contains_key(key.as_str())) {
            let unknown = unknown.as_str();
            return Err(format!(
                "Variable `{}` has no field {unknown:?}: {} does not define it.",
                self.path.0, input.name
            ));
        }
        for (name, field) in &input.fields {
            match members.get_mut(name.as_str()) {
                Some(value) => {
                    let given = std::mem::take(value);
                    *value = self.at(format_args!(".{name}"), |inner| inner.value(&field.ty, given))?;
                }
                // async-graphql fills in the defaults of input fields.
                None if field.ty.is_non_null() && field.default_value.is_none() => {
                    return Err(format!(
                        "Variable `{}.{name}` of type `{}` has no value.",
                        self.path.0, field.ty
                    ));
                }
                None => {}
            }
        }
        Ok(Value::Object(members))
    }

    fn scalar(&self, name: &str, value: Value) -> Result<Value, String> {
        let fits = match (name, &value) {
            ("Int", Value::Number(number)) => {
                let Some(int) = whole(number).and_then(|number| i32::try_from(number).ok()) else {
                    return Err(self.must("be a whole number of 32 bits"));
                };
                return Ok(Value::Number(int.into()));
            }
            // An id is a string, also where it was written as a number.
            ("ID", Value::Number(number)) => {
                let id = if number.is_f64() {
                    whole(number).map(|id| id.to_string())
                } else {
                    Some(number.to_string())
                };
                return id.map(Value::String).ok_or_else(|| self.must("be a string or a whole number"));
            }
            ("Float", Value::Number(number)) => number.as_f64().is_some_and(f64::is_finite),
            ("String" | "ID" | "DateTime" | "Date", Value::String(_)) | ("Boolean", Value::Boolean(_)) => {
                true
            }
            ("Int" | "Float" | "String" | "ID" | "Boolean" | "DateTime" | "Date", _) => false,
            _ => true,
        };
        if fits { Ok(value) } else { Err(self.must(&format!("be of type {name}"))) }
    }

    /// Coerces a value one step further down.
    fn at<T>(&mut self, step: std::fmt::Arguments<'_>, coerce: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.0.len();
        // Writing to a string does not fail.
        let _ = self.path.0.write_fmt(step);
        let coerced = coerce(self);
        self.path.0.truncate(length);
        coerced
    }

    fn must(&self, what: &str) -> String {
        format!("Variable `{}` must {what}.", self.path.0)
    }
}

/// A whole number, also one that is written as a float: clients with one kind of numbers send `2.0`.
fn whole(number: &serde_json::Number) -> Option<i64> {
    /// Floats have every whole number up to here: 2^53.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT)?;
        #[allow(clippy::cast_possible_truncation, reason = "it is whole and in range")]
        let whole = float as i64;
        Some(whole)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    const SDL: &str = "scalar JSON scalar DateTime enum E {A B}
        input I { a: String! b: [Int!] c: I d: Int! = 2 e: E }
        type Query { f: Int }";

    fn coerced(ty: &str, default: Option<Value>, given: Json) -> Result<Json, String> {
        let types = TypeSystem::new(SDL, true);
        let ty = Type::parse(ty, "").unwrap();
        let variable = Variable {
            name: Name::new("v"),
            ty: ty.into(),
            default,
            offset: 0,
            non_null: false,
            decides: None,
        };
        let coerced = coerce(&types, &[variable], Variables::from_json(given));
        coerced
            .map(|variables| serde_json::to_value(&variables).unwrap())
            .map_err(|rejection| rejection.into_error("").message)
    }

    #[test]
    fn values_that_fit() {
        for (ty, given, expected) in [
            ("Int", json!(2.0), json!(2)),
            ("Int", json!(-2_147_483_648_i64), json!(-2_147_483_648_i64)),
            ("Float", json!(1), json!(1)),
            ("ID", json!(7), json!("7")),
            ("ID", json!(7.0), json!("7")),
            ("[Int!]", json!(3), json!([3])),
            ("[[Int]]", json!([[1.0, null]]), json!([[1, null]])),
            ("E", json!("A"), json!("A")),
            ("JSON", json!({"x": [1, {"y": null}]}), json!({"x": [1, {"y": null}]})),
            (
                "I!",
                json!({"a": "x", "b": 1, "c": {"a": "y", "b": [2.0]}}),
                json!({"a": "x", "b": [1], "c": {"a": "y", "b": [2]}}),
            ),
            ("DateTime", json!("now"), json!("now")),
            ("String", json!(null), json!(null)),
        ] {
            assert_eq!(
                coerced(ty, None, json!({"v": given, "w": 1})),
                Ok(json!({"v": expected})),
                "{ty} {given}"
            );
        }
    }

    #[test]
    fn a_variable_without_a_value_is_left_out_or_has_its_default() {
        assert_eq!(coerced("Int", None, json!({})), Ok(json!({})));
        assert_eq!(coerced("Int!", Some(Value::from(3)), json!({})), Ok(json!({"v": 3})));
        assert_eq!(coerced("Int", Some(Value::from(3)), json!({"v": null})), Ok(json!({"v": null})));
        assert_eq!(
            coerced("Int!", None, json!({})),
            Err("Variable `$v` of type `Int!` has no value.".into())
        );
    }

    #[test]
    fn values_that_do_not_fit_are_named() {
        for (ty, given, message) in [
            ("Int", json!(2.5), "Variable `$v` must be a whole number of 32 bits."),
            ("Int", json!(2_147_483_648_i64), "Variable `$v` must be a whole number of 32 bits."),
            ("Int", json!("2"), "Variable `$v` must be of type Int."),
            ("Int!", json!(null), "Variable `$v` must not be null."),
            ("String", json!(1), "Variable `$v` must be of type String."),
            ("ID", json!(1.5), "Variable `$v` must be a string or a whole number."),
            ("Boolean", json!("true"), "Variable `$v` must be of type Boolean."),
            ("DateTime", json!(1), "Variable `$v` must be of type DateTime."),
            ("E", json!("C"), "Variable `$v` must be a value of E. Did you mean A?"),
            ("E", json!("ZZZZ"), "Variable `$v` must be a value of E."),
            ("E", json!(1), "Variable `$v` must be a value of E."),
            ("[Int!]", json!([1, null]), "Variable `$v[1]` must not be null."),
            ("I", json!([]), "Variable `$v` must be an object of type I."),
            ("I", json!({"a": "x", "z": 1}), "Variable `$v` has no field \"z\": I does not define it."),
            ("I", json!({"a": "x", "c": {"b": [1]}}), "Variable `$v.c.a` of type `String!` has no value."),
            ("I", json!({"a": "x", "c": {"a": 1}}), "Variable `$v.c.a` must be of type String."),
        ] {
            assert_eq!(coerced(ty, None, json!({"v": given})), Err(message.into()), "{ty} {given}");
        }
    }
}
