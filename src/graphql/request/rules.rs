//! Rules of the specification that apollo-compiler 1.33.1 does not have, or not wholly: input fields that are given
//! twice, variables inside of lists, input objects and JSON, and literals of scalars that take texts alone.
//!
//! `tests` below fails when the library has them.

use std::collections::{HashMap, HashSet};

use apollo_compiler::{
    ExecutableDocument, Node,
    ast::{Argument, Directive, InputValueDefinition, Type, Value, VariableDefinition},
    executable::{Operation, Selection, SelectionSet},
};

use crate::graphql::{
    errors::Rejection,
    type_system::{TypeSystem, offset},
};

/// The names of variables.
pub(super) type Names<'a> = HashSet<&'a str>;

/// How an operation uses its variables.
#[derive(Debug, Default)]
pub(super) struct VariableUses<'a> {
    /// Those that are used where null is not taken.
    pub(super) non_null: Names<'a>,
    /// Those that decide in `@skip` and `@include` what is selected.
    pub(super) conditions: Names<'a>,
}

/// Checks an operation with its fragments.
///
/// # Errors
/// The first rule that it breaks.
pub(super) fn check<'a>(
    types: &'a TypeSystem,
    document: &'a ExecutableDocument,
    operation: &'a Operation,
) -> Result<VariableUses<'a>, Rejection> {
    let variables = operation.variables.iter().map(|definition| (definition.name.as_str(), &**definition));
    let variables = variables.collect();
    let mut walk = Walk { types, document, variables, seen: HashSet::new(), uses: VariableUses::default() };
    for definition in &operation.variables {
        if let Some(default) = &definition.default_value {
            walk.value(default, Some(&definition.ty), false)?;
        }
        walk.directives(&definition.directives)?;
    }
    walk.directives(&operation.directives)?;
    walk.selection(&operation.selection_set)?;
    Ok(walk.uses)
}

struct Walk<'a> {
    types: &'a TypeSystem,
    document: &'a ExecutableDocument,
    variables: HashMap<&'a str, &'a VariableDefinition>,
    seen: HashSet<&'a str>,
    uses: VariableUses<'a>,
}

type Checked = Result<(), Rejection>;

impl<'a> Walk<'a> {
    fn selection(&mut self, set: &'a SelectionSet) -> Checked {
        for item in &set.selections {
            self.directives(item.directives())?;
            match item {
                Selection::Field(field) => {
                    self.arguments(&field.arguments, &field.definition.arguments)?;
                    self.selection(&field.selection_set)?;
                }
                Selection::InlineFragment(fragment) => self.selection(&fragment.selection_set)?,
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                        && self.seen.insert(&spread.fragment_name)
                    {
                        self.directives(&fragment.directives)?;
                        self.selection(&fragment.selection_set)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn directives(&mut self, directives: &'a [Node<Directive>]) -> Checked {
        for directive in directives {
            if let Some(definition) = self.types.schema.directive_definitions.get(&directive.name) {
                self.arguments(&directive.arguments, &definition.arguments)?;
            }
            if matches!(directive.name.as_str(), "skip" | "include") {
                let condition = directive.specified_argument_by_name("if");
                self.uses
                    .conditions
                    .extend(condition.and_then(|value| value.as_variable()).map(|name| name.as_str()));
            }
        }
        Ok(())
    }

    fn arguments(
        &mut self,
        arguments: &'a [Node<Argument>],
        definitions: &'a [Node<InputValueDefinition>],
    ) -> Checked {
        for argument in arguments {
            let definition = definitions.iter().find(|definition| definition.name == argument.name);
            let has_default = definition.is_some_and(|definition| definition.default_value.is_some());
            self.value(&argument.value, definition.map(|definition| &*definition.ty), has_default)?;
        }
        Ok(())
    }

    /// `ty` is none for a part of a value of JSON; `has_default` is that of the place where the value stands.
    fn value(&mut self, value: &'a Node<Value>, ty: Option<&Type>, has_default: bool) -> Checked {
        match &**value {
            Value::Variable(name) => self.variable(name, ty, has_default, offset(value)),
            Value::Null | Value::String(_) => Ok(()),
            Value::List(items) if ty.is_none_or(Type::is_list) => {
                let ty = ty.map(Type::item_type);
                items.iter().try_for_each(|item| self.value(item, ty, false))
            }
            _ if ty.is_some_and(|ty| self.types.is_text_scalar(ty)) => {
                let name = ty.map_or("", |ty| ty.inner_named_type());
                Err(Rejection::validation(format!("{name} must be a string."), Some(offset(value))))
            }
            // A scalar that takes anything.
            Value::List(items) => items.iter().try_for_each(|item| self.value(item, None, false)),
            Value::Object(members) => {
                let fields = ty.and_then(|ty| self.types.input_fields(ty));
                let mut names = HashSet::new();
                for (name, value) in members {
                    if !names.insert(name) {
                        let message = format!("Input field `{name}` is given more than once.");
                        return Err(Rejection::validation(message, Some(offset(value))));
                    }
                    let field = fields.and_then(|fields| fields.get(name));
                    let has_default = field.is_some_and(|field| field.default_value.is_some());
                    self.value(value, field.map(|field| &*field.ty), has_default)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// <https://spec.graphql.org/September2025/#sec-All-Variable-Usages-Are-Allowed>
    fn variable(&mut self, name: &'a str, ty: Option<&Type>, has_default: bool, at: usize) -> Checked {
        let Some(definition) = self.variables.get(name) else {
            return Err(Rejection::validation(format!("Variable `${name}` is not defined."), Some(at)));
        };
        let Some(ty) = ty else { return Ok(()) };
        let fits = if ty.is_non_null() && !definition.ty.is_non_null() {
            self.uses.non_null.insert(name);
            let default = definition.default_value.as_ref().is_some_and(|value| !value.is_null());
            (default || has_default) && definition.ty.is_assignable_to(&ty.clone().nullable())
        } else {
            definition.ty.is_assignable_to(ty)
        };
        if fits {
            return Ok(());
        }
        let message = format!(
            "Variable `${name}` of type `{}` cannot be used where `{ty}` is expected.",
            definition.ty
        );
        Err(Rejection::validation(message, Some(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDL: &str = "scalar JSON scalar DateTime scalar Date
        input I { a: String! b: Int = 1 c: [Int!] d: Int! = 2 }
        type Query { f(i: I, l: [I!], n: Int! = 1, t: DateTime, j: JSON): Int g: Query }";

    /// What is wrong, and whether the library itself says so.
    fn problem(text: &str) -> (Option<String>, bool) {
        let types = TypeSystem::new(SDL, true);
        let Ok(document) = ExecutableDocument::parse_and_validate(&types.schema, text, "") else {
            return (None, true);
        };
        let operation = document.operations.iter().next().unwrap();
        let problem = check(&types, &document, operation).err();
        (problem.map(|rejection| rejection.into_error(text).message), false)
    }

    /// When the second assertion fails, the library has the rule: remove it here.
    #[test]
    fn rules_that_the_library_lacks() {
        for (text, message) in [
            ("{f(i:{a:\"x\" a:\"y\"})}", "Input field `a` is given more than once."),
            ("{f(j:[{a:1 a:1}])}", "Input field `a` is given more than once."),
            (
                "query($v:String){f(i:{a:$v})}",
                "Variable `$v` of type `String` cannot be used where `String!` is expected.",
            ),
            (
                "query($v:Int){f(l:[{a:\"x\" c:[$v]}])}",
                "Variable `$v` of type `Int` cannot be used where `Int!` is expected.",
            ),
            ("{f(j:{a:$v})}", "Variable `$v` is not defined."),
            ("{f(t:1)}", "DateTime must be a string."),
            ("{f(t:{a:1})}", "DateTime must be a string."),
            ("query($v:DateTime=1){f(t:$v)}", "DateTime must be a string."),
        ] {
            let (problem, by_library) = problem(text);
            assert!(!by_library, "the library rejects it now: {text}");
            assert_eq!(problem.as_deref(), Some(message), "{text}");
        }
    }

    #[test]
    fn what_is_allowed() {
        for text in [
            "{f(i:{a:\"x\" b:null c:1 d:3} n:1 t:\"x\" j:{a:[B 1 null]})}",
            "query($v:String!){f(i:{a:$v})}",
            "query($v:String=\"x\"){f(i:{a:$v})}",
            "query($v:Int){f(i:{a:\"x\" d:$v b:$v} n:$v)}",
            "query($v:JSON){f(j:[$v {a:$v}])}",
        ] {
            assert_eq!(problem(text), (None, false), "{text}");
        }
    }

    #[test]
    fn uses_of_variables_are_found() {
        let types = TypeSystem::new(SDL, true);
        let text = "query($a:Int $b:Boolean!=true $c:Boolean! $d:Int){f(n:$a i:{a:\"x\" b:$d}) g @include(if:$b) {...F}}
            fragment F on Query {f @skip(if:$c)}";
        let document = ExecutableDocument::parse_and_validate(&types.schema, text, "").unwrap();
        let uses = check(&types, &document, document.operations.iter().next().unwrap()).unwrap();
        assert_eq!(uses.non_null, HashSet::from(["a"]));
        assert_eq!(uses.conditions, HashSet::from(["b", "c"]));
    }
}
