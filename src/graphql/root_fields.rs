//! Root fields that are the same but for what they select are one field of the answer, and the specification has it
//! executed once: <https://spec.graphql.org/draft/#sec-Field-Collection>. async-graphql 8.0.0-rc.5 executes it each time, so
//! that a mutation would be made as often as a document names it.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, FragmentDefinition, OperationDefinition,
        OperationType, Selection, SelectionSet, TypeCondition,
    },
};

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// Makes one field of those that are the same, in the operation `name` of a document that is within its limits: its root
/// fields are few, those of its fragments included, and its fragments do not spread themselves.
///
/// A mutation's fragments are looked into as well: those at its root are put in their place, and those that are spread
/// nowhere any more are taken out, or they would count as unused. What is put in place is validated there.
pub(super) fn merge(document: &mut ExecutableDocument, name: Option<&str>) {
    let operation = match (&mut document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get_mut(name),
        (DocumentOperations::Multiple(operations), None) => operations.values_mut().next(),
    };
    let Some(OperationDefinition { ty, selection_set, .. }) = operation.map(|operation| &mut operation.node)
    else {
        return;
    };
    let root = &mut selection_set.node;
    let mut placed = HashSet::new();
    let has_fragments = root.items.iter().any(|item| !matches!(item.node, Selection::Field(_)));
    if *ty == OperationType::Mutation && has_fragments {
        root.items = in_place(root, &document.fragments, &mut placed);
    }
    if root.items.len() > 1 {
        merge_fields(root);
    }
    if !placed.is_empty() {
        remove_unused(document, &placed);
    }
}

/// The selections of `set`, with those of its fragments in their place. A fragment with directives or on another type is
/// left as it is. The names of fragments that were put in place go to `placed`.
fn in_place(
    set: &SelectionSet,
    fragments: &Fragments,
    placed: &mut HashSet<Name>,
) -> Vec<Positioned<Selection>> {
    let mut items = Vec::with_capacity(set.items.len());
    for item in &set.items {
        match &item.node {
            Selection::InlineFragment(inline)
                if inline.node.directives.is_empty()
                    && inline.node.type_condition.as_ref().is_none_or(is_on_root) =>
            {
                items.extend(in_place(&inline.node.selection_set.node, fragments, placed));
            }
            Selection::FragmentSpread(spread) if spread.node.directives.is_empty() => {
                let name = &spread.node.fragment_name.node;
                match fragments.get(name) {
                    Some(fragment)
                        if fragment.node.directives.is_empty()
                            && is_on_root(&fragment.node.type_condition) =>
                    {
                        placed.insert(name.clone());
                        items.extend(in_place(&fragment.node.selection_set.node, fragments, placed));
                    }
                    _ => items.push(item.clone()),
                }
            }
            _ => items.push(item.clone()),
        }
    }
    items
}

fn is_on_root(condition: &Positioned<TypeCondition>) -> bool {
    condition.node.on.node == "Mutation"
}

fn merge_fields(root: &mut SelectionSet) {
    let mut merged: Vec<Positioned<Selection>> = Vec::with_capacity(root.items.len());
    for item in std::mem::take(&mut root.items) {
        let same = merged.iter_mut().find_map(|first| match (&mut first.node, &item.node) {
            (Selection::Field(first), Selection::Field(field)) => {
                are_same(&first.node, &field.node).then_some(first)
            }
            _ => None,
        });
        match (same, item.node) {
            (Some(first), Selection::Field(field)) => {
                first.node.selection_set.node.items.extend(field.node.selection_set.node.items);
            }
            (_, node) => merged.push(Positioned::new(node, item.pos)),
        }
    }
    root.items = merged;
}

/// Whether both are the same field with the same key and arguments. With directives they may mean different things.
fn are_same(one: &Field, other: &Field) -> bool {
    one.response_key().node == other.response_key().node
        && one.name.node == other.name.node
        && one.directives.is_empty()
        && other.directives.is_empty()
        && one.arguments == other.arguments
}

/// Takes the fragments of `placed` out that no operation spreads any more.
fn remove_unused(document: &mut ExecutableDocument, placed: &HashSet<Name>) {
    let mut used = HashSet::new();
    for (_, operation) in document.operations.iter() {
        note_spreads(&operation.node.selection_set.node, &document.fragments, &mut used);
    }
    document.fragments.retain(|name, _| !placed.contains(name) || used.contains(name));
}

fn note_spreads(set: &SelectionSet, fragments: &Fragments, used: &mut HashSet<Name>) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => note_spreads(&field.node.selection_set.node, fragments, used),
            Selection::InlineFragment(inline) => {
                note_spreads(&inline.node.selection_set.node, fragments, used);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if let Some(fragment) = fragments.get(name).filter(|_| used.insert(name.clone())) {
                    note_spreads(&fragment.node.selection_set.node, fragments, used);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    /// The keys of the root of `text` after the merge, and the names of the fragments that are left.
    fn merged(text: &str, name: Option<&str>) -> (Vec<String>, Vec<String>) {
        let mut document = parse_query(text).unwrap();
        merge(&mut document, name);
        let operation = document.operations.iter().find(|(other, _)| other.map(Name::as_str) == name);
        let root = &operation.unwrap().1.node.selection_set.node.items;
        let keys = root.iter().map(|item| match &item.node {
            Selection::Field(field) => field.node.response_key().node.to_string(),
            Selection::InlineFragment(_) => "... on".to_owned(),
            Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
        });
        let mut fragments: Vec<String> = document.fragments.keys().map(Name::to_string).collect();
        fragments.sort();
        (keys.collect(), fragments)
    }

    #[test]
    fn the_same_field_is_named_once() {
        for (text, keys) in [
            ("mutation { a(x: 1) {b} a(x: 1) {c} }", &["a"][..]),
            ("mutation { a(x: 1) {b} a(x: 2) {c} }", &["a", "a"]),
            ("mutation { a {b} z: a {b} a @include(if: true) {b} }", &["a", "z", "a"]),
            (
                "mutation { a {b} ... {a {c}} ... on Mutation {a {d} e} ... on Query {a {d}} }",
                &["a", "e", "... on"],
            ),
            ("mutation { ... {a {b} a {c}} }", &["a"]),
            ("{ a {b} ... {a {c}} a {d} }", &["a", "... on"]),
        ] {
            assert_eq!(merged(text, None).0, keys, "{text}");
        }
    }

    #[test]
    fn fragments_of_a_mutation_are_put_in_place_and_out_of_the_document() {
        let text = "mutation M { a {b} ...F ...F @include(if: true) }
            mutation N { ...G }
            fragment F on Mutation { a {...I} ...G ...H }
            fragment G on Mutation { a {c} }
            fragment H on Mutation { d }
            fragment I on A { e }";
        let (keys, fragments) = merged(text, Some("M"));
        assert_eq!(
            (keys, fragments.join(" ")),
            (vec!["a".into(), "d".into(), "...F".into()], "F G H I".into())
        );
        let (keys, fragments) = merged(&text.replace("...F @include(if: true)", ""), Some("M"));
        assert_eq!((keys, fragments.join(" ")), (vec!["a".into(), "d".into()], "G I".into()));
    }
}
