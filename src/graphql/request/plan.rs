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
    ast::{Argument, Directive, OperationType as ApolloKind, Value as Literal},
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
    values::{count_uses, is_left_out, literal, value_bytes},
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

#[cfg(test)]
mod tests {
    use super::*;

    const SDL: &str =
        "interface I {a:Int} type A implements I {a:Int b(x:Int):Int} type B implements I {a:Int c:Int}
        type Query {i:I q:Query a(x:Int y:[Int]):Int}";

    /// The selection of a plan as text, and the plan.
    fn planned(text: &str, variables: serde_json::Value) -> (String, Plan) {
        let types = TypeSystem::new(SDL, true);
        let document = ExecutableDocument::parse_and_validate(&types.schema, text, "").unwrap();
        let operation = document.operations.iter().next().unwrap();
        let plan =
            plan(&types, (&document, operation), &[], &Variables::from_json(variables), text.into()).unwrap();
        let DocumentOperations::Single(operation) = &plan.document.operations else { panic!("{text}") };
        (written(&operation.node.selection_set.node), plan)
    }

    fn written(set: &SelectionSet) -> String {
        let items = set.items.iter().map(|item| match &item.node {
            Selection::Field(field) => {
                let arguments =
                    field.node.arguments.iter().map(|(name, value)| format!("{}:{}", name.node, value.node));
                let arguments = arguments.collect::<Vec<_>>().join(",");
                format!(
                    "{}({arguments}){}",
                    field.node.response_key().node,
                    written(&field.node.selection_set.node)
                )
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref().unwrap();
                format!("...{}{}", condition.node.on.node, written(&fragment.node.selection_set.node))
            }
            Selection::FragmentSpread(_) => panic!("a plan spreads nothing"),
        });
        let items = items.collect::<Vec<_>>().join(" ");
        if items.is_empty() { String::new() } else { format!("{{{items}}}") }
    }

    #[test]
    fn fields_are_merged_fragments_inlined_and_conditions_decided() {
        for (text, variables, expected) in [
            (
                "{a q{a} ...F q{b:a}} fragment F on Query {q{c:a} a}",
                serde_json::json!({}),
                "{a() q(){a() c() b()}}",
            ),
            ("query($v:Int){a(x:$v y:[1])}", serde_json::json!({}), "{a(y:[1])}"),
            ("query($v:Int){a(x:$v)}", serde_json::json!({"v": 1}), "{a(x:$v)}"),
            (
                "query($v:Boolean!){a @skip(if:$v) q @include(if:$v) {a}}",
                serde_json::json!({"v": true}),
                "{q(){a()}}",
            ),
            (
                "query($v:Boolean!){a @skip(if:$v) q @include(if:$v) {a}}",
                serde_json::json!({"v": false}),
                "{a()}",
            ),
            ("{i{a ...on I{a}}}", serde_json::json!({}), "{i(){a()}}"),
            ("{i{a ...on A{b}}}", serde_json::json!({}), "{i(){...A{a() b()} ...B{a()}}}"),
        ] {
            assert_eq!(planned(text, variables).0, expected, "{text}");
        }
    }

    #[test]
    fn a_plan_knows_where_variables_are_used() {
        let nested = |text: &str| planned(text, serde_json::json!({"v": 1})).1.has_nested_variables;
        assert!(!nested("query($v:Int){a(x:$v) q{a(x:1)}}"));
        assert!(nested("query($v:Int){q{a(x:$v)}}"));
        let repeated = planned("query($v:Int){a(x:$v y:[$v $v]) q{a(x:1)}}", serde_json::json!({"v": 1})).1;
        assert_eq!(repeated.repeated, [(Name::new("v"), 3)]);
        assert!(repeated.check_copies(&Variables::from_json(serde_json::json!({"v": 1}))).is_ok());
        let large = Variables::from_json(serde_json::json!({"v": "x".repeat(MAX_COPIED_BYTES / 2)}));
        assert!(repeated.check_copies(&large).is_err());
        assert_ne!(repeated.id, planned("{a}", serde_json::json!({})).1.id);
    }
}
