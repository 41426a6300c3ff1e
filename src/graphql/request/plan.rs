//! What async-graphql executes: an operation whose fields are merged, whose fragments are inlined, whose `@skip` and
//! `@include` are decided, and without the arguments whose variables have no value.
//!
//! Fields are collected as the specification has it:
//! <https://spec.graphql.org/September2025/#sec-Executing-Selection-Sets.Field-Collection>

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use apollo_compiler::{
    ExecutableDocument, Node,
    ast::{Argument, Directive, OperationType as ApolloKind, Type, Value as Literal},
    executable::{Field as SelectedField, Operation, Selection as Selected, SelectionSet as SelectedSet},
};
use async_graphql::{
    Name, Pos, Positioned, Value as Const, Variables,
    indexmap::IndexMap,
    parser::types::{
        BaseType, DocumentOperations, ExecutableDocument as PlanDocument, Field, InlineFragment,
        OperationDefinition, OperationType, Selection, SelectionSet, Type as PlanType, TypeCondition,
        VariableDefinition,
    },
};
use async_graphql_value::Value;

use super::{
    rejection::{Rejection, position},
    type_system::{TypeSystem, offset},
    variables::Variable,
};

/// What async-graphql executes for an operation and the values of its conditions.
#[derive(Debug)]
pub(in crate::graphql) struct Plan {
    /// No other plan of this process has it; not 0.
    pub(in crate::graphql) id: u64,
    pub(in crate::graphql) kind: OperationType,
    /// The name of the operation, where it has one.
    pub(in crate::graphql) name: Option<String>,
    /// The operation alone. A subscription is a query here: the event schema has what can be followed as its queries.
    pub(in crate::graphql) document: PlanDocument,
    /// Whether an argument below the root fields has a variable, so that results depend on values.
    pub(in crate::graphql) has_nested_variables: bool,
    /// The variables that are used more than once, and how often.
    repeated: Vec<(Name, usize)>,
    pub(super) text: Arc<str>,
}

/// Bytes that values of variables may take where async-graphql copies them: at each use but one.
const MAX_COPIED_BYTES: usize = 1024 * 1024;
/// Bytes of a value of the library, without its text.
const VALUE_BYTES: usize = 72;

impl Plan {
    /// Checks that `variables` take little room where they are copied.
    ///
    /// # Errors
    /// Values that are used too often for their size.
    pub(super) fn check_copies(&self, variables: &Variables) -> Result<(), Rejection> {
        let copied = self.repeated.iter().fold(0_usize, |sum, (name, uses)| {
            let bytes = variables.get(name).map_or(0, value_bytes);
            sum.saturating_add(bytes.saturating_mul(uses - 1))
        });
        if copied > MAX_COPIED_BYTES {
            let message = "The values of variables that are used more than once are too large.";
            return Err(Rejection::validation(message, None));
        }
        Ok(())
    }

    /// Resolves the place of an error, which the plan has as a byte of the text; none where it has no place.
    pub(in crate::graphql) fn locate(&self, at: Pos) -> Option<Pos> {
        match at {
            Pos { column: 0, .. } => None,
            Pos { line: 0, column } => Some(position(&self.text, column - 1)),
            other => Some(other),
        }
    }
}

/// A place that is resolved only where an error has it.
fn unresolved(offset: usize) -> Pos {
    Pos { line: 0, column: offset + 1 }
}

fn nowhere<T>(node: T) -> Positioned<T> {
    Positioned::new(node, Pos::default())
}

/// Makes the plan of `operation`.
pub(super) fn plan(
    types: &TypeSystem,
    (document, operation): (&ExecutableDocument, &Operation),
    definitions: &[Variable],
    variables: &Variables,
    text: Arc<str>,
) -> Result<Plan, Rejection> {
    static NEXT: AtomicU64 = AtomicU64::new(1);

    let set = &operation.selection_set;
    let conditions = Conditions::Of(variables);
    let mut planner = Planner::new(types, document, conditions);
    let items = planner.object(&set.ty, &[set])?;
    let name = operation.name.as_ref().map(ToString::to_string);
    let kind = match operation.operation_type {
        ApolloKind::Query => OperationType::Query,
        ApolloKind::Mutation => OperationType::Mutation,
        ApolloKind::Subscription => OperationType::Subscription,
    };
    let ty = if kind == OperationType::Subscription { OperationType::Query } else { kind };
    // They have been coerced: async-graphql only looks up their values.
    let any = PlanType { base: BaseType::Named(types.name("Int")), nullable: true };
    let variable_definitions = definitions.iter().map(|definition| {
        nowhere(VariableDefinition {
            name: nowhere(definition.name.clone()),
            var_type: nowhere(any.clone()),
            directives: Vec::new(),
            default_value: None,
        })
    });
    let operation = OperationDefinition {
        ty,
        variable_definitions: variable_definitions.collect(),
        directives: Vec::new(),
        selection_set: nowhere(SelectionSet { items }),
    };
    Ok(Plan {
        id: NEXT.fetch_add(1, Ordering::Relaxed),
        kind,
        name,
        document: PlanDocument {
            operations: DocumentOperations::Single(nowhere(operation)),
            fragments: HashMap::new(),
        },
        has_nested_variables: planner.has_nested_variables,
        repeated: planner.uses.into_iter().filter(|(_, uses)| *uses > 1).collect(),
        text,
    })
}

/// Checks that fields with the same key have the same arguments, lists and objects included: apollo-compiler 1.33.1
/// compares no more of two lists than both have.
///
/// # Errors
/// The first field that differs.
pub(super) fn check_merges(
    types: &TypeSystem,
    document: &ExecutableDocument,
    operation: &Operation,
) -> Result<(), Rejection> {
    let set = &operation.selection_set;
    let mut planner = Planner::new(types, document, Conditions::All);
    planner.object(&set.ty, &[set]).map(drop)
}

/// The default of a variable of type `ty`, as async-graphql has it. A value that stands for a list of one is a list.
pub(super) fn default_value(types: &TypeSystem, value: &Literal, ty: &Type) -> Const {
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

struct Planner<'a> {
    types: &'a TypeSystem,
    document: &'a ExecutableDocument,
    conditions: Conditions<'a>,
    has_nested_variables: bool,
    /// How often each variable is used in arguments.
    uses: HashMap<Name, usize>,
    level: usize,
}

/// What is selected of a document.
#[derive(Clone, Copy)]
enum Conditions<'a> {
    /// Everything.
    All,
    /// What these variables select.
    Of(&'a Variables),
}

/// Fields by their key in the answer.
type Groups<'a> = IndexMap<&'a str, Vec<&'a Node<SelectedField>>>;
type Planned<T> = Result<Positioned<T>, Rejection>;

impl<'a> Planner<'a> {
    fn new(types: &'a TypeSystem, document: &'a ExecutableDocument, conditions: Conditions<'a>) -> Self {
        Self { types, document, conditions, has_nested_variables: false, uses: HashMap::new(), level: 0 }
    }

    /// What `sets` select of an object of type `ty`.
    fn object(
        &mut self,
        ty: &str,
        sets: &[&'a SelectedSet],
    ) -> Result<Vec<Positioned<Selection>>, Rejection> {
        let mut groups = Groups::new();
        let mut seen = HashSet::new();
        for set in sets {
            self.collect(ty, set, &mut groups, &mut seen);
        }
        groups.into_values().map(|fields| self.field(&fields)).collect()
    }

    fn collect(&self, ty: &str, set: &'a SelectedSet, groups: &mut Groups<'a>, seen: &mut HashSet<&'a str>) {
        for item in &set.selections {
            if !self.is_included(item.directives()) {
                continue;
            }
            match item {
                Selected::Field(field) => groups.entry(field.response_key()).or_default().push(field),
                Selected::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref();
                    if condition.is_none_or(|condition| self.types.is_subtype(ty, condition)) {
                        self.collect(ty, &fragment.selection_set, groups, seen);
                    }
                }
                Selected::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                        && self.types.is_subtype(ty, fragment.type_condition())
                        && seen.insert(&spread.fragment_name)
                    {
                        self.collect(ty, &fragment.selection_set, groups, seen);
                    }
                }
            }
        }
    }

    fn is_included(&self, directives: &[Node<Directive>]) -> bool {
        let Conditions::Of(variables) = self.conditions else { return true };
        directives.iter().all(|directive| {
            let wanted = match directive.name.as_str() {
                "skip" => false,
                "include" => true,
                _ => return true,
            };
            match directive.specified_argument_by_name("if").map(|value| &**value) {
                Some(Literal::Boolean(value)) => *value == wanted,
                Some(Literal::Variable(name)) => {
                    variables.get(name.as_str()) == Some(&Const::Boolean(wanted))
                }
                _ => true,
            }
        })
    }

    /// One field for `fields`, which have the same key.
    fn field(&mut self, fields: &[&'a Node<SelectedField>]) -> Planned<Selection> {
        let first = fields[0];
        if let Some(other) =
            fields[1..].iter().find(|field| !same_arguments(&first.arguments, &field.arguments))
        {
            let message = format!("Fields `{}` have different arguments.", first.response_key());
            return Err(Rejection::validation(message, Some(offset(other))));
        }
        let pos = unresolved(offset(first));
        let arguments = self.arguments(first);
        self.level += 1;
        let items = self.below(fields, pos);
        self.level -= 1;
        let field = Field {
            alias: first.alias.as_ref().map(|alias| Positioned::new(self.types.name(alias), pos)),
            name: Positioned::new(self.types.name(&first.name), pos),
            arguments,
            directives: Vec::new(),
            selection_set: Positioned::new(SelectionSet { items: items? }, pos),
        };
        Ok(Positioned::new(Selection::Field(Positioned::new(field, pos)), pos))
    }

    fn arguments(&mut self, field: &SelectedField) -> Vec<(Positioned<Name>, Positioned<Value>)> {
        let none = Variables::default();
        let variables = match self.conditions {
            Conditions::All => &none,
            Conditions::Of(variables) => variables,
        };
        let given = field.arguments.iter().filter(|argument| !is_left_out(&argument.value, variables));
        let arguments = given.map(|argument| {
            let definition = field.definition.argument_by_name(&argument.name);
            let value =
                literal(self.types, &argument.value, definition.map(|definition| &*definition.ty), variables);
            let pos = unresolved(offset(&argument.value));
            (Positioned::new(self.types.name(&argument.name), pos), Positioned::new(value, pos))
        });
        let arguments: Vec<_> = arguments.collect();
        let before: usize = self.uses.values().sum();
        arguments.iter().for_each(|(_, value)| count_uses(&value.node, &mut self.uses));
        self.has_nested_variables |= self.level > 0 && self.uses.values().sum::<usize>() > before;
        arguments
    }

    /// What is selected below `fields`.
    fn below(
        &mut self,
        fields: &[&'a Node<SelectedField>],
        pos: Pos,
    ) -> Result<Vec<Positioned<Selection>>, Rejection> {
        let sets = fields.iter().map(|field| &field.selection_set).filter(|set| !set.selections.is_empty());
        let sets: Vec<&SelectedSet> = sets.collect();
        let Some(ty) = sets.first().map(|set| set.ty.as_str()) else { return Ok(Vec::new()) };
        let types = self.types;
        let Some(objects) = types.objects(ty).filter(|_| !self.is_for_all(ty, &sets)) else {
            return self.object(ty, &sets);
        };
        // What is selected depends on the object: each has a fragment of its own.
        let mut parts = Vec::with_capacity(objects.len());
        for object in objects {
            let items = self.object(object, &sets)?;
            if items.is_empty() {
                continue;
            }
            let condition = TypeCondition { on: Positioned::new(types.name(object), pos) };
            let fragment = InlineFragment {
                type_condition: Some(Positioned::new(condition, pos)),
                directives: Vec::new(),
                selection_set: Positioned::new(SelectionSet { items }, pos),
            };
            parts.push(Positioned::new(Selection::InlineFragment(Positioned::new(fragment, pos)), pos));
        }
        Ok(parts)
    }

    /// Whether the same is selected of every object that `ty` may be.
    fn is_for_all(&self, ty: &str, sets: &[&'a SelectedSet]) -> bool {
        let mut seen = HashSet::new();
        sets.iter().all(|set| self.has_no_conditions(ty, set, &mut seen))
    }

    fn has_no_conditions(&self, ty: &str, set: &'a SelectedSet, seen: &mut HashSet<&'a str>) -> bool {
        set.selections.iter().all(|item| match item {
            Selected::Field(_) => true,
            Selected::InlineFragment(fragment) => {
                let condition = fragment.type_condition.as_ref();
                condition.is_none_or(|condition| self.types.is_subtype(ty, condition))
                    && self.has_no_conditions(ty, &fragment.selection_set, seen)
            }
            Selected::FragmentSpread(spread) => match self.document.fragments.get(&spread.fragment_name) {
                Some(fragment) if seen.insert(&spread.fragment_name) => {
                    self.types.is_subtype(ty, fragment.type_condition())
                        && self.has_no_conditions(ty, &fragment.selection_set, seen)
                }
                _ => true,
            },
        })
    }
}

/// A literal as async-graphql has it, without the input fields whose variables have no value.
fn literal(types: &TypeSystem, value: &Literal, ty: Option<&Type>, variables: &Variables) -> Value {
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

fn is_left_out(value: &Literal, variables: &Variables) -> bool {
    value.as_variable().is_some_and(|name| !variables.contains_key(name.as_str()))
}

/// Counts the uses of variables in `value`.
fn count_uses(value: &Value, uses: &mut HashMap<Name, usize>) {
    match value {
        Value::Variable(name) => *uses.entry(name.clone()).or_default() += 1,
        Value::List(items) => items.iter().for_each(|item| count_uses(item, uses)),
        Value::Object(members) => members.values().for_each(|value| count_uses(value, uses)),
        _ => {}
    }
}

/// Bytes that a copy of `value` takes, about.
fn value_bytes(value: &Const) -> usize {
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

/// Whether the lists and objects among the arguments are the same; the library compares the rest.
fn same_arguments(these: &[Node<Argument>], those: &[Node<Argument>]) -> bool {
    let composed =
        |argument: &&Node<Argument>| matches!(*argument.value, Literal::List(_) | Literal::Object(_));
    these
        .iter()
        .filter(composed)
        .all(|this| those.iter().any(|that| that.name == this.name && same(&this.value, &that.value)))
}

fn same(one: &Literal, other: &Literal) -> bool {
    match (one, other) {
        (Literal::List(one), Literal::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Literal::Object(one), Literal::Object(other)) => {
            let find = |key| other.iter().find(|(name, _)| name == key);
            one.len() == other.len()
                && one.iter().all(|(key, value)| find(key).is_some_and(|(_, other)| same(value, other)))
        }
        // What is left was compared by the library.
        _ => true,
    }
}
