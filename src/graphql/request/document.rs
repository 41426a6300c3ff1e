//! A valid document, and the plans of its operations.

use std::sync::{Arc, Mutex, PoisonError};

use apollo_compiler::{
    ExecutableDocument, Name as ApolloName,
    diagnostic::ToCliReport,
    executable::Operation as ValidOperation,
    parser::Parser,
    validation::{DiagnosticList, Valid},
};
use async_graphql::{Value, Variables};

use super::{
    lexical,
    limits::{self, OperationLimits, Size},
    plan::{self, Plan},
    rejection::Rejection,
    rules::{self, VariableUses},
    type_system::{TypeSystem, offset},
    values::default_value,
    variables::{self, Decides, Variable},
};

/// Errors of one document that are answered.
pub(in crate::graphql) const MAX_ERRORS: usize = 20;
/// Plans that are kept of an operation: one for each combination of conditions, or of variables without a value.
const MAX_PLANS: usize = 8;
/// Fields of a plan that is kept.
const MAX_KEPT_FIELDS: usize = 500;
/// Bytes of a field of a plan, and of a byte of text once it is parsed: measured with documents of apps.
const BYTES_PER_FIELD: usize = 250;
const BYTES_PER_TEXT_BYTE: usize = 25;

/// A valid document.
pub(super) struct Document {
    document: Valid<ExecutableDocument>,
    operations: Vec<Operation>,
    /// Bytes that it takes, about, with all of its plans.
    pub(super) weight: usize,
}

/// An operation, and what of it does not depend on values.
struct Operation {
    name: Option<ApolloName>,
    variables: Vec<Variable>,
    keeps_plans: bool,
    plans: Mutex<Vec<(u64, Arc<Plan>)>>,
}

impl Document {
    /// Parses and validates `text`.
    ///
    /// # Errors
    /// What is wrong with it: one error of syntax or of a bound, or up to [`MAX_ERRORS`] of validation.
    pub(super) fn compile(
        types: &TypeSystem,
        limits: &OperationLimits,
        text: &str,
    ) -> Result<Self, Vec<Rejection>> {
        let scanned = lexical::scan(text).map_err(|rejection| vec![rejection])?;
        let ast = Parser::new().recursion_limit(lexical::MAX_NESTING).parse_ast(&*scanned.text, "");
        let ast = ast.map_err(|with| {
            let error = rejections(&with.errors, 1).next();
            error
                .map(|(message, offset)| Rejection::syntax(message, offset.unwrap_or(0)))
                .into_iter()
                .collect::<Vec<_>>()
        })?;
        let sizes = limits::check(&ast, limits).map_err(|rejection| vec![rejection])?;
        let document = ast.to_executable_validate(&types.schema).map_err(|with| {
            let errors = rejections(&with.errors, MAX_ERRORS);
            let errors =
                errors.map(|(message, offset)| Rejection::validation(suggest(types, message), offset));
            errors.collect::<Vec<_>>()
        })?;
        Self::with_rules(types, document, &sizes, scanned.has_compound_values, text)
            .map_err(|rejection| vec![rejection])
    }

    fn with_rules(
        types: &TypeSystem,
        document: Valid<ExecutableDocument>,
        sizes: &[Size],
        has_compound_values: bool,
        text: &str,
    ) -> Result<Self, Rejection> {
        if document.operations.is_empty() {
            return Err(Rejection::validation("The document has no operation.", None));
        }
        let mut weight = text.len() * BYTES_PER_TEXT_BYTE;
        let mut operations = Vec::with_capacity(sizes.len());
        // The operations of a valid document have the order of its text.
        for (operation, size) in document.operations.iter().zip(sizes) {
            let uses = rules::check(types, &document, operation)?;
            if has_compound_values {
                plan::check_merges(types, &document, operation)?;
            }
            let operation = Operation::new(types, operation, &uses, size);
            weight += operation.weight(size);
            operations.push(operation);
        }
        Ok(Self { document, operations, weight })
    }

    /// The operation that `name` selects, with its variables coerced.
    ///
    /// # Errors
    /// No such operation, or variables that do not fit.
    pub(super) fn prepare(
        &self,
        types: &TypeSystem,
        text: &Arc<str>,
        name: Option<&str>,
        given: Variables,
    ) -> Result<(Arc<Plan>, Variables), Rejection> {
        let (index, operation) = self.select(name)?;
        let variables = variables::coerce(types, &operation.variables, given)?;
        let key = operation.plan_key(&variables);
        if let Some(plan) = key.and_then(|key| operation.kept_plan(key)) {
            plan.check_copies(&variables)?;
            return Ok((plan, variables));
        }
        // It was selected among these.
        let Some(selected) = self.document.operations.iter().nth(index) else { return Err(unknown(name)) };
        let plan =
            plan::plan(types, (&self.document, selected), &operation.variables, &variables, text.clone())?;
        let plan = Arc::new(plan);
        if let Some(key) = key {
            operation.keep_plan(key, &plan);
        }
        plan.check_copies(&variables)?;
        Ok((plan, variables))
    }

    /// <https://spec.graphql.org/September2025/#GetOperation()>
    fn select(&self, name: Option<&str>) -> Result<(usize, &Operation), Rejection> {
        match (name, &self.operations[..]) {
            (None, [operation]) => Ok((0, operation)),
            (None, _) => {
                let message = "The document has several operations. operationName must select one.";
                Err(Rejection::validation(message, None))
            }
            (Some(wanted), operations) => {
                let mut named = operations.iter().enumerate();
                named
                    .find(|(_, operation)| operation.name.as_deref() == Some(wanted))
                    .ok_or_else(|| unknown(name))
            }
        }
    }
}

fn unknown(name: Option<&str>) -> Rejection {
    let message = format!("The document has no operation named {:?}.", name.unwrap_or_default());
    Rejection::validation(message, None)
}

/// The library's message about a word that an enum does not have, with the one that is probably meant.
fn suggest(types: &TypeSystem, message: String) -> String {
    let words = message.strip_prefix("value `").and_then(|rest| rest.strip_suffix('`'));
    match words.and_then(|words| words.split_once("` does not exist on `")) {
        Some((text, name)) => {
            let (text, name) = (text.to_owned(), name.to_owned());
            types.suggest(message, &name, &text)
        }
        None => message,
    }
}

/// The first errors of the library: what is wrong, and the byte where.
fn rejections(errors: &DiagnosticList, most: usize) -> impl Iterator<Item = (String, Option<usize>)> {
    errors.iter().take(most).map(|diagnostic| {
        let offset = diagnostic.error.location().map(|span| span.offset());
        (diagnostic.error.to_string(), offset)
    })
}

impl Operation {
    fn new(types: &TypeSystem, operation: &ValidOperation, uses: &VariableUses<'_>, size: &Size) -> Self {
        let variables = operation.variables.iter().map(|definition| {
            let name = definition.name.as_str();
            let decides = if uses.conditions.contains(name) {
                Some(Decides::Condition)
            } else if !definition.ty.is_non_null() && definition.default_value.is_none() {
                Some(Decides::Presence)
            } else {
                None
            };
            let default = definition.default_value.as_ref();
            Variable {
                name: types.name(name),
                ty: definition.ty.clone(),
                default: default.map(|value| default_value(types, value, &definition.ty)),
                offset: offset(definition),
                non_null: uses.non_null.contains(name),
                decides,
            }
        });
        Self {
            name: operation.name.clone(),
            variables: variables.collect(),
            keeps_plans: size.fields <= MAX_KEPT_FIELDS,
            plans: Mutex::default(),
        }
    }

    /// Bytes that its plans take, about, when all are kept.
    fn weight(&self, size: &Size) -> usize {
        if !self.keeps_plans {
            return 0;
        }
        let decide = self.variables.iter().filter(|variable| variable.decides.is_some()).count();
        let plans = 1_usize
            .checked_shl(decide.try_into().unwrap_or(u32::MAX))
            .map_or(MAX_PLANS, |plans| plans.min(MAX_PLANS));
        size.fields * plans * BYTES_PER_FIELD
    }

    /// In what its plans differ: the values of conditions, and which variables have a value. None where that is too much.
    fn plan_key(&self, variables: &Variables) -> Option<u64> {
        let mut key = 0_u64;
        let mut bits = 0;
        for definition in &self.variables {
            let Some(decides) = definition.decides else { continue };
            let value = variables.get(&definition.name);
            let bit = match decides {
                Decides::Condition => value == Some(&Value::Boolean(true)),
                Decides::Presence => value.is_some(),
            };
            key |= u64::from(bit).checked_shl(bits)?;
            bits += 1;
        }
        self.keeps_plans.then_some(key)
    }

    fn kept_plan(&self, key: u64) -> Option<Arc<Plan>> {
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.iter().find(|(other, _)| *other == key).map(|(_, plan)| plan.clone())
    }

    fn keep_plan(&self, key: u64, plan: &Arc<Plan>) {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.len() < MAX_PLANS && plans.iter().all(|(other, _)| *other != key) {
            plans.push((key, plan.clone()));
        }
    }
}
