//! The plan of an operation: a document that async-graphql executes by the specification.
//!
//! Its fields are merged, its fragments inlined and its conditions decided ([`field_collection`](super::field_collection)),
//! and arguments whose variables have no value are left out ([`values`](super::values)).

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use apollo_compiler::{ExecutableDocument, ast::OperationType as ApolloKind, executable::Operation};
use async_graphql::{
    Name, Pos, Positioned, Variables,
    parser::types::{
        BaseType, DocumentOperations, ExecutableDocument as PlanDocument, OperationDefinition, OperationType,
        SelectionSet, Type as PlanType, VariableDefinition,
    },
};

use crate::graphql::{
    errors::{Rejection, position},
    type_system::TypeSystem,
};

use super::{
    field_collection::{Conditions, Planner},
    values::value_bytes,
};

/// The document that async-graphql executes for an operation and the values of its conditions.
#[derive(Debug)]
pub(in crate::graphql) struct Plan {
    /// No other plan of this process has it; not 0.
    pub(in crate::graphql) id: u64,
    pub(in crate::graphql) kind: OperationType,
    /// The name of the operation, where it has one.
    pub(in crate::graphql) name: Option<String>,
    /// The operation alone. A subscription is a query here, because the event schema has its fields as queries.
    pub(in crate::graphql) document: PlanDocument,
    /// Whether an argument below the root fields has a variable, so that results depend on values.
    pub(in crate::graphql) has_nested_variables: bool,
    /// The variables that are used more than once, and how often.
    repeated: Vec<(Name, usize)>,
    text: Arc<str>,
}

/// Bytes that values of variables may take where async-graphql copies them: at each use but one.
const MAX_COPIED_BYTES: usize = 1024 * 1024;

impl Plan {
    /// Checks that `variables` take little room where they are copied.
    ///
    /// # Errors
    /// Values that are used too often for their size.
    pub(in crate::graphql) fn check_copies(&self, variables: &Variables) -> Result<(), Rejection> {
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

fn nowhere<T>(node: T) -> Positioned<T> {
    Positioned::new(node, Pos::default())
}

/// Makes the plan of `operation`, which declares the variables `declared`.
pub(in crate::graphql) fn plan(
    types: &TypeSystem,
    (document, operation): (&ExecutableDocument, &Operation),
    declared: impl Iterator<Item = Name>,
    variables: &Variables,
    text: Arc<str>,
) -> Result<Plan, Rejection> {
    static NEXT: AtomicU64 = AtomicU64::new(1);

    let set = &operation.selection_set;
    let conditions = Conditions::Of(variables);
    let mut planner = Planner::new(types, document, conditions);
    let items = planner.object(&[set])?;
    let name = operation.name.as_ref().map(ToString::to_string);
    let kind = match operation.operation_type {
        ApolloKind::Query => OperationType::Query,
        ApolloKind::Mutation => OperationType::Mutation,
        ApolloKind::Subscription => OperationType::Subscription,
    };
    let ty = if kind == OperationType::Subscription { OperationType::Query } else { kind };
    // They have been coerced: async-graphql only looks up their values.
    let any = PlanType { base: BaseType::Named(types.name("Int")), nullable: true };
    let variable_definitions = declared.map(|name| {
        nowhere(VariableDefinition {
            name: nowhere(name),
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

#[cfg(test)]
mod tests {
    use async_graphql::parser::types::Selection;

    use super::*;

    const SDL: &str = "type Query {q:Query a(x:Int y:[Int]):Int}";

    /// The selection of a plan as text, and the plan.
    fn planned(text: &str, variables: serde_json::Value) -> (String, Plan) {
        let types = TypeSystem::new(SDL, true);
        let document = ExecutableDocument::parse_and_validate(&types.schema, text, "").unwrap();
        let operation = document.operations.iter().next().unwrap();
        let plan = plan(
            &types,
            (&document, operation),
            std::iter::empty(),
            &Variables::from_json(variables),
            text.into(),
        )
        .unwrap();
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
            _ => panic!("a plan has fields alone"),
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
            ("{q{a ...on Query{b:a ...{a}}}}", serde_json::json!({}), "{q(){a() b()}}"),
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
