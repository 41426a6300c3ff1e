//! Literals of a document as values that async-graphql coerces by the specification.

use std::collections::HashMap;

use apollo_compiler::ast::{Type, Value as Literal};
use async_graphql::{Name, Value as Const, Variables};
use async_graphql_value::Value;

use crate::graphql::type_system::TypeSystem;

/// Bytes of a value of the library, without its text.
const VALUE_BYTES: usize = 72;

/// The default of a variable of type `ty`, as async-graphql has it. A value that stands for a list of one is a list.
pub(in crate::graphql) fn default_value(types: &TypeSystem, value: &Literal, ty: &Type) -> Const {
    let value = match (value, ty) {
        (Literal::Null, _) => return Const::Null,
        (Literal::List(items), Type::List(item) | Type::NonNullList(item)) => {
            return Const::List(items.iter().map(|value| default_value(types, value, item)).collect());
        }
        (value, Type::List(item) | Type::NonNullList(item)) => {
            return Const::List(vec![default_value(types, value, item)]);
        }
        (value, _) => value,
    };
    literal(types, value, Some(ty), &Variables::default()).into_const().unwrap_or_default()
}

/// A literal as async-graphql has it, without the input fields whose variables have no value.
pub(super) fn literal(
    types: &TypeSystem,
    value: &Literal,
    ty: Option<&Type>,
    variables: &Variables,
) -> Value {
    match value {
        Literal::Null => Value::Null,
        Literal::Enum(word) => Value::Enum(types.name(word)),
        Literal::Variable(name) if variables.contains_key(name.as_str()) => Value::Variable(types.name(name)),
        Literal::Variable(_) => Value::Null,
        Literal::String(text) => Value::String(text.clone()),
        Literal::Boolean(value) => Value::Boolean(*value),
        Literal::Float(float) => number(float.as_str()),
        // An id is its text.
        Literal::Int(int) if ty.is_some_and(|ty| ty.inner_named_type() == "ID") => {
            Value::String(int.as_str().to_owned())
        }
        Literal::Int(int) => match int.as_str().parse::<i64>() {
            Ok(int) => Value::Number(int.into()),
            Err(_) => number(int.as_str()),
        },
        Literal::List(items) => {
            let ty = ty.map(Type::item_type);
            Value::List(items.iter().map(|item| literal(types, item, ty, variables)).collect())
        }
        Literal::Object(members) => {
            let fields = ty.and_then(|ty| types.input_fields(ty));
            let given = members.iter().filter(|(_, value)| !is_left_out(value, variables));
            let members = given.map(|(name, value)| {
                let ty = fields.and_then(|fields| fields.get(name)).map(|field| &*field.ty);
                (types.name(name), literal(types, value, ty, variables))
            });
            Value::Object(members.collect())
        }
    }
}

pub(super) fn is_left_out(value: &Literal, variables: &Variables) -> bool {
    value.as_variable().is_some_and(|name| !variables.contains_key(name.as_str()))
}

/// Counts the uses of variables in `value`.
pub(super) fn count_uses(value: &Value, uses: &mut HashMap<Name, usize>) {
    match value {
        Value::Variable(name) => *uses.entry(name.clone()).or_default() += 1,
        Value::List(items) => items.iter().for_each(|item| count_uses(item, uses)),
        Value::Object(members) => members.values().for_each(|value| count_uses(value, uses)),
        _ => {}
    }
}

/// Bytes that a copy of `value` takes, about.
pub(super) fn value_bytes(value: &Const) -> usize {
    let below = match value {
        Const::String(text) => text.len(),
        Const::List(items) => items.iter().map(value_bytes).sum(),
        Const::Object(members) => {
            members.iter().map(|(name, value)| VALUE_BYTES + name.len() + value_bytes(value)).sum()
        }
        _ => 0,
    };
    VALUE_BYTES + below
}

fn number(text: &str) -> Value {
    let number = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
    number.map_or(Value::Null, Value::Number)
}
