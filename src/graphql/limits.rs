//! Bounds on a document, checked before anything else looks at it.
//!
//! Fragments are counted where they are spread, each only once ([`Counter`] remembers), so a document that doubles
//! with every fragment costs no more to refuse than it took to send.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned, ServerError, Variables,
    parser::types::{
        DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
    },
};

use super::errors::{VALIDATION_FAILED, with_code};

/// Levels of an introspection query: the standard one, as GraphiQL sends it, has 15.
const INTROSPECTION_DEPTH: usize = 20;
/// How often an introspection query may go from types to the types of their fields.
const INTROSPECTION_TURNS: usize = 2;
/// Fields of an operation with its fragments spread.
const FIELDS: usize = 2_000;

/// What a document may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct DocumentLimits {
    pub(super) depth: usize,
    pub(super) aliases: usize,
    pub(super) root_fields: usize,
    pub(super) introspection: bool,
}

/// The size of a selection with its fragments spread. Sums saturate.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    fields: usize,
    aliases: usize,
    /// Fields of the selection itself.
    roots: usize,
    /// Levels below and with the selection, apart from introspection.
    depth: usize,
    /// Levels of introspection.
    introspection_depth: usize,
    /// Turns from types to types of fields on the deepest path.
    turns: usize,
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            aliases: self.aliases.saturating_add(other.aliases),
            roots: self.roots.saturating_add(other.roots),
            depth: self.depth.max(other.depth),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            turns: self.turns.max(other.turns),
        }
    }
}

/// The operation that `name` selects.
pub(super) fn select<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, ServerError> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(operation),
        (DocumentOperations::Single(_), Some(name)) => Err(unknown(name)),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).ok_or_else(|| unknown(name))
        }
        (DocumentOperations::Multiple(operations), None) => match operations.values().next() {
            Some(operation) if operations.len() == 1 => Ok(operation),
            _ => Err(refused("the document has several operations, operationName must say which")),
        },
    }
}

fn unknown(name: &str) -> ServerError {
    refused(format!("the document has no operation named {name:?}"))
}

/// Checks the bounds of `operation`.
pub(super) fn check(
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    limits: &DocumentLimits,
) -> Result<(), ServerError> {
    let mut counter = Counter {
        document,
        known: HashMap::new(),
        open: HashSet::new(),
        introspects: false,
        meta_root: false,
    };
    let size = counter.selection(&operation.node.selection_set.node, false, true)?;
    let over = |what: &str, count: usize, limit: usize| {
        (count > limit).then(|| refused(format!("the operation has {count} {what}, the limit is {limit}")))
    };
    let problem = over("levels", size.depth, limits.depth)
        .or_else(|| over("levels of introspection", size.introspection_depth, INTROSPECTION_DEPTH))
        .or_else(|| over("turns from types to the types of their fields", size.turns, INTROSPECTION_TURNS))
        .or_else(|| over("aliases", size.aliases, limits.aliases))
        .or_else(|| over("root fields", size.roots, limits.root_fields))
        .or_else(|| over("fields", size.fields, FIELDS))
        .or_else(|| {
            (counter.introspects && !limits.introspection).then(|| refused("introspection is turned off"))
        })
        .or_else(|| {
            // https://spec.graphql.org/draft/#sec-Single-Root-Field
            let single = size.roots == 1 && !counter.meta_root;
            let subscription = operation.node.ty == OperationType::Subscription;
            (subscription && !single)
                .then(|| refused("a subscription takes one root field, and none of introspection"))
        });
    problem.map_or(Ok(()), Err)
}

/// Checks that every variable that must have a value has one. Values of the wrong type are found by validation.
pub(super) fn check_variables(
    operation: &Positioned<OperationDefinition>,
    variables: &Variables,
) -> Result<(), ServerError> {
    for definition in &operation.node.variable_definitions {
        let definition = &definition.node;
        if definition.var_type.node.nullable {
            continue;
        }
        let name = &definition.name.node;
        let problem = match variables.get(name) {
            Some(async_graphql::Value::Null) => "must not be null",
            None if definition.default_value.is_none() => "has no value",
            _ => continue,
        };
        let message = format!("variable ${name} of type {} {problem}", definition.var_type.node);
        return Err(with_code(ServerError::new(message, Some(definition.name.pos)), VALIDATION_FAILED));
    }
    Ok(())
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    known: HashMap<(&'a Name, bool), Size>,
    open: HashSet<&'a Name>,
    /// Whether the schema is asked for.
    introspects: bool,
    /// Whether a root field is one of introspection, `__typename` among them.
    meta_root: bool,
}

impl<'a> Counter<'a> {
    fn selection(&mut self, set: &'a SelectionSet, inside: bool, root: bool) -> Result<Size, ServerError> {
        let mut size = Size::default();
        for item in &set.items {
            let part = match &item.node {
                Selection::Field(field) => {
                    let name = field.node.name.node.as_str();
                    let introspects = root && matches!(name, "__schema" | "__type");
                    self.introspects |= introspects;
                    self.meta_root |= root && name.starts_with("__");
                    let inside = inside || introspects;
                    let mut below = self.selection(&field.node.selection_set.node, inside, false)?;
                    below.fields = below.fields.saturating_add(1);
                    below.aliases = below.aliases.saturating_add(usize::from(field.node.alias.is_some()));
                    below.roots = 1;
                    if inside {
                        below.introspection_depth += 1;
                        below.turns += usize::from(matches!(
                            name,
                            "fields" | "inputFields" | "interfaces" | "possibleTypes"
                        ));
                    } else {
                        below.depth += 1;
                    }
                    below
                }
                Selection::InlineFragment(fragment) => {
                    self.selection(&fragment.node.selection_set.node, inside, root)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, inside, root)?
                }
            };
            size = size.beside(part);
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &'a Name, inside: bool, root: bool) -> Result<Size, ServerError> {
        if let Some(size) = self.known.get(&(name, inside)) {
            return Ok(*size);
        }
        // A fragment that is not there is left to validation.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        if !self.open.insert(name) {
            return Err(refused(format!("fragment {name} spreads itself")));
        }
        let size = self.selection(&fragment.node.selection_set.node, inside, root)?;
        self.open.remove(name);
        self.known.insert((name, inside), size);
        Ok(size)
    }
}

fn refused(message: impl Into<String>) -> ServerError {
    with_code(ServerError::new(message, None), VALIDATION_FAILED)
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    const LIMITS: DocumentLimits =
        DocumentLimits { depth: 3, aliases: 2, root_fields: 2, introspection: true };

    fn outcome(query: &str) -> Result<(), String> {
        let document = parse_query(query).unwrap();
        let operation = select(&document, None).unwrap();
        check(&document, operation, &LIMITS).map_err(|error| error.message)
    }

    #[test]
    fn each_bound_is_named() {
        for (query, named) in [
            ("{a{b{c{d}}}}", "4 levels"),
            ("{a:x b:x{c:y}}", "3 aliases"),
            ("{a b c}", "3 root fields"),
            ("{...F a} fragment F on Query {b c}", "3 root fields"),
            ("{...F} fragment F on Query {a{b{...G}}} fragment G on B {c{d}}", "4 levels"),
            ("{...F} fragment F on Query {...G} fragment G on Query {...F}", "spreads itself"),
            ("subscription {a b}", "one root field"),
            ("subscription {__typename}", "one root field"),
            ("{__type(name:\"A\"){fields{type{fields{type{fields{name}}}}}}}", "3 turns"),
        ] {
            let message = outcome(query).unwrap_err();
            assert!(message.contains(named), "{query}: {message}");
        }
        assert_eq!(outcome("{a{b{c}} b}"), Ok(()));
    }

    #[test]
    fn fragments_that_double_are_refused_at_once() {
        let mut query = "{...F0}".to_owned();
        for level in 0..60 {
            query += &format!(" fragment F{level} on Query {{...F{next} ...F{next}}}", next = level + 1);
        }
        query += " fragment F60 on Query {a}";
        assert!(outcome(&query).unwrap_err().contains("root fields"));
    }
}
