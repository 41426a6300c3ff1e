//! Collects the fields of an operation by the specification:
//! <https://spec.graphql.org/September2025/#sec-Executing-Selection-Sets.Field-Collection>

use std::collections::{HashMap, HashSet};

use apollo_compiler::{
    ExecutableDocument, Node,
    ast::{Argument, Directive, Value as Literal},
    executable::{Field as SelectedField, Operation, Selection as Selected, SelectionSet as SelectedSet},
};
use async_graphql::{
    Name, Pos, Positioned, Value as Const, Variables,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
};
use async_graphql_value::Value;

use crate::graphql::{
    errors::Rejection,
    type_system::{TypeSystem, offset},
};

use super::values::{count_uses, is_left_out, literal};

/// Checks that fields with the same key have the same arguments, lists and objects included: apollo-compiler 1.33.1
/// compares no more of two lists than both have.
///
/// # Errors
/// The first field that differs.
pub(in crate::graphql) fn check_merges(
    types: &TypeSystem,
    document: &ExecutableDocument,
    operation: &Operation,
) -> Result<(), Rejection> {
    let set = &operation.selection_set;
    let mut planner = Planner::new(types, document, Conditions::All);
    planner.object(&[set]).map(drop)
}

pub(super) struct Planner<'a> {
    types: &'a TypeSystem,
    document: &'a ExecutableDocument,
    conditions: Conditions<'a>,
    pub(super) has_nested_variables: bool,
    /// How often each variable is used in arguments.
    pub(super) uses: HashMap<Name, usize>,
    level: usize,
}

/// Which selections of a document are included.
#[derive(Clone, Copy)]
pub(super) enum Conditions<'a> {
    /// Everything.
    All,
    /// Those that these variables include.
    Of(&'a Variables),
}

/// Fields by their key in the answer.
type Groups<'a> = IndexMap<&'a str, Vec<&'a Node<SelectedField>>>;
type Planned<T> = Result<Positioned<T>, Rejection>;

impl<'a> Planner<'a> {
    pub(super) fn new(
        types: &'a TypeSystem,
        document: &'a ExecutableDocument,
        conditions: Conditions<'a>,
    ) -> Self {
        Self { types, document, conditions, has_nested_variables: false, uses: HashMap::new(), level: 0 }
    }

    /// Merges the fields that `sets` select of one object.
    pub(super) fn object(
        &mut self,
        sets: &[&'a SelectedSet],
    ) -> Result<Vec<Positioned<Selection>>, Rejection> {
        let mut groups = Groups::new();
        let mut seen = HashSet::new();
        for set in sets {
            self.collect(set, &mut groups, &mut seen);
        }
        groups.into_values().map(|fields| self.field(&fields)).collect()
    }

    /// Collects the fields of `set`. The schema has objects alone, so the type condition of a valid fragment is that of the
    /// object.
    fn collect(&self, set: &'a SelectedSet, groups: &mut Groups<'a>, seen: &mut HashSet<&'a str>) {
        for item in &set.selections {
            if !self.is_included(item.directives()) {
                continue;
            }
            match item {
                Selected::Field(field) => groups.entry(field.response_key()).or_default().push(field),
                Selected::InlineFragment(fragment) => self.collect(&fragment.selection_set, groups, seen),
                Selected::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                        && seen.insert(&spread.fragment_name)
                    {
                        self.collect(&fragment.selection_set, groups, seen);
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
        let sets = fields.iter().map(|field| &field.selection_set);
        let sets: Vec<&SelectedSet> = sets.filter(|set| !set.selections.is_empty()).collect();
        self.level += 1;
        let items = self.object(&sets);
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
}

/// A position that is resolved only where an error has it.
fn unresolved(offset: usize) -> Pos {
    Pos { line: 0, column: offset + 1 }
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
        // The library compared the rest.
        _ => true,
    }
}
