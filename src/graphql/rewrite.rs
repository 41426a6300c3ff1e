//! What of a valid document async-graphql does not take as it is.

use async_graphql::{
    Positioned,
    parser::types::{DocumentOperations, ExecutableDocument, Field, InlineFragment, Selection, SelectionSet},
};

/// Makes one field of root fields that are the same but for what they select: they are one field of the answer, and the
/// specification has it executed once (<https://spec.graphql.org/draft/#sec-Field-Collection>). async-graphql 8.0.0-rc.5
/// executes it each time, so that a mutation would be made twice. Root fields are few: they were counted before.
pub(super) fn same_root_fields(document: &mut ExecutableDocument) {
    match &mut document.operations {
        DocumentOperations::Single(operation) => merge(&mut operation.node.selection_set.node),
        DocumentOperations::Multiple(operations) => {
            operations.values_mut().for_each(|operation| merge(&mut operation.node.selection_set.node));
        }
    }
}

fn merge(root: &mut SelectionSet) {
    if root.items.len() < 2 {
        return;
    }
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

/// Moves directives of `__typename` to an inline fragment around it, which means the same.
///
/// async-graphql 8.0.0-rc.5 does not look at them when it validates: a variable that is used only there counts as
/// unused, against the specification (section 5.8.4).
pub(super) fn typename_directives(document: &mut ExecutableDocument) {
    let fragments = document.fragments.values_mut().map(|fragment| &mut fragment.node.selection_set.node);
    fragments.for_each(wrap);
    match &mut document.operations {
        DocumentOperations::Single(operation) => {
            wrap(&mut operation.node.selection_set.node);
        }
        DocumentOperations::Multiple(operations) => {
            operations.values_mut().for_each(|operation| wrap(&mut operation.node.selection_set.node));
        }
    }
}

fn wrap(set: &mut SelectionSet) {
    for selection in &mut set.items {
        let pos = selection.pos;
        match &mut selection.node {
            Selection::Field(field)
                if field.node.name.node == "__typename" && !field.node.directives.is_empty() =>
            {
                let directives = std::mem::take(&mut field.node.directives);
                let items = vec![Positioned::new(Selection::Field(field.clone()), pos)];
                let selection_set = Positioned::new(SelectionSet { items }, pos);
                let fragment = InlineFragment { type_condition: None, directives, selection_set };
                selection.node = Selection::InlineFragment(Positioned::new(fragment, pos));
            }
            Selection::Field(field) => wrap(&mut field.node.selection_set.node),
            Selection::InlineFragment(fragment) => wrap(&mut fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
    }
}
