//! Valid documents, and the plans of their operations. Both are cached.

use std::sync::{Arc, Mutex, PoisonError};

use apollo_compiler::{
    ExecutableDocument, Name as ApolloName,
    diagnostic::ToCliReport,
    executable::Operation as ValidOperation,
    parser::Parser,
    validation::{DiagnosticList, Valid},
};
use async_graphql::{Value, Variables};

use moka::sync::Cache;

use crate::graphql::{
    errors::{MAX_ERRORS, Rejection},
    type_system::{TypeSystem, offset},
    workarounds::{
        field_collection::check_merges,
        plan::{Plan, plan},
        values::default_value,
    },
};

use super::{
    lexical,
    limits::{self, OperationLimits, Size},
    rules::{self, VariableUses},
    variables::{self, Decides, Variable},
};

/// Bytes that kept documents take with their plans, about.
const DOCUMENT_CACHE_BYTES: u64 = 8 * 1024 * 1024;
/// Bytes of the heaviest document that is kept. Heavier ones come from generators, and would push out many others.
const MAX_KEPT_BYTES: usize = 256 * 1024;

/// Plans that are kept of an operation: one for each combination of conditions, or of variables without a value.
const MAX_PLANS: usize = 8;
/// Fields of a plan that is kept.
const MAX_KEPT_FIELDS: usize = 500;
/// Bytes of a field of a plan, and of a byte of text once it is parsed: measured with documents of apps.
const BYTES_PER_FIELD: usize = 250;
const BYTES_PER_TEXT_BYTE: usize = 25;

/// The valid documents of this process by their texts: an app sends the same few, with other variables.
pub(super) struct DocumentCache(Cache<Arc<str>, Entry>);

/// The text is the key; plans share it.
type Entry = (Arc<str>, Arc<Document>);

impl Default for DocumentCache {
    fn default() -> Self {
        let weigher =
            |_: &Arc<str>, (_, document): &Entry| u32::try_from(document.weight).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(DOCUMENT_CACHE_BYTES).weigher(weigher).build())
    }
}

impl DocumentCache {
    /// The document that `text` is. Nothing is kept of a text that is rejected.
    ///
    /// # Errors
    /// Those of [`Document::compile`].
    pub(super) fn get_or_compile(
        &self,
        types: &TypeSystem,
        limits: &OperationLimits,
        text: &str,
    ) -> Result<Entry, Vec<Rejection>> {
        if let Some(entry) = self.0.get(text) {
            return Ok(entry);
        }
        let document = Document::compile(types, limits, text)?;
        let entry: Entry = (text.into(), Arc::new(document));
        if entry.1.weight <= MAX_KEPT_BYTES {
            self.0.insert(entry.0.clone(), entry.clone());
        }
        Ok(entry)
    }
}

/// A valid document.
pub(super) struct Document {
    document: Valid<ExecutableDocument>,
    operations: Vec<Operation>,
    /// Bytes that it takes, about, with all of its plans.
    weight: usize,
}

/// An operation, as far as it does not depend on values.
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
    fn compile(types: &TypeSystem, limits: &OperationLimits, text: &str) -> Result<Self, Vec<Rejection>> {
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
                check_merges(types, &document, operation)?;
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
        let declared = operation.variables.iter().map(|variable| variable.name.clone());
        let plan = plan(types, (&self.document, selected), declared, &variables, text.clone())?;
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

/// The first errors of the library: message and byte.
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

    /// The key of a plan: the values of conditions, and which variables have a value. None where there are too many.
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

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: OperationLimits =
        OperationLimits { depth: 12, aliases: 20, root_fields: 20, introspection: true };

    fn documents() -> (DocumentCache, TypeSystem) {
        (DocumentCache::default(), TypeSystem::new("type Query {activeUsers: Int f: Int}", true))
    }

    #[test]
    fn a_text_that_comes_again_is_compiled_once() {
        let (documents, types) = documents();
        let get = |text| documents.get_or_compile(&types, &LIMITS, text).unwrap().1;
        let first = get("{ activeUsers }");
        assert!(Arc::ptr_eq(&first, &get("{ activeUsers }")));
        assert!(!Arc::ptr_eq(&first, &get("{activeUsers}")));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (documents, types) = documents();
        let comment = "x".repeat(4_000);
        for number in 0..300 {
            let text = format!("{{ a{number}: activeUsers f }} #{comment}");
            documents.get_or_compile(&types, &LIMITS, &text).unwrap();
        }
        documents.0.run_pending_tasks();
        assert!(documents.0.weighted_size() <= DOCUMENT_CACHE_BYTES);
        assert!((50..100).contains(&documents.0.entry_count()), "{}", documents.0.entry_count());
        let long = format!("{{ activeUsers }} #{}", "x".repeat(MAX_KEPT_BYTES));
        let first = documents.get_or_compile(&types, &LIMITS, &long).unwrap().1;
        assert!(!Arc::ptr_eq(&first, &documents.get_or_compile(&types, &LIMITS, &long).unwrap().1));
    }

    #[test]
    fn a_text_that_is_rejected_is_not_kept() {
        let (documents, types) = documents();
        for _ in 0..2 {
            assert!(documents.get_or_compile(&types, &LIMITS, "{").is_err());
        }
        assert_eq!(documents.0.iter().count(), 0);
    }
}
