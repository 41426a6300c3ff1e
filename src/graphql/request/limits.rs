//! Bounds on a parsed document, checked before it is validated: validation multiplies what fragments spread.
//!
//! Fragments are measured where they are spread, each only once ([`Measure`] remembers), so a document that doubles with
//! every fragment costs no more to reject than it took to send.

use std::collections::HashMap;

use apollo_compiler::{
    Name,
    ast::{Definition, Document, OperationDefinition, Selection},
};

use crate::graphql::errors::Rejection;

/// Levels of an introspection query: the standard one, as GraphiQL sends it, has 15.
const MAX_INTROSPECTION_DEPTH: usize = 20;
/// How often an introspection query may go from types to the types of their fields.
const MAX_INTROSPECTION_TURNS: usize = 2;
/// How often an operation may ask for the schema or a type of it: each answer has some thousand values.
const MAX_INTROSPECTIONS: usize = 2;
/// Fields of an operation with its fragments spread.
const MAX_OPERATION_FIELDS: usize = 2_000;
/// Fields of all operations and unused fragments of a document. apollo-compiler merges sets of fields, and has at most as
/// many sets as there are fields here.
const MAX_DOCUMENT_FIELDS: usize = 4_000;
/// Nesting of fields and fragments of all kinds.
const MAX_SELECTION_NESTING: usize = 100;
/// Operations of a document; each is validated with all of its fragments.
const MAX_OPERATIONS: usize = 100;
/// Fragments times places where fragments are spread: from each fragment, apollo-compiler looks for a way back to it.
const MAX_FRAGMENT_SPREADS: usize = 200_000;

/// Limits on operations.
#[derive(Clone, Copy, Debug)]
pub(in crate::graphql) struct OperationLimits {
    pub(in crate::graphql) depth: usize,
    pub(in crate::graphql) aliases: usize,
    pub(in crate::graphql) root_fields: usize,
    pub(in crate::graphql) introspection: bool,
}

/// The size of a selection with its fragments spread. Sums saturate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub(super) fields: usize,
    aliases: usize,
    /// Fields of the selection itself.
    roots: usize,
    /// Levels of fields below and with the selection, without introspection.
    depth: usize,
    /// Levels of introspection.
    introspection_depth: usize,
    /// Turns from types to the types of their fields on the deepest path.
    turns: usize,
    /// Levels of fields and fragments.
    nesting: usize,
    /// Selections of the schema or of a type of it.
    introspections: usize,
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
            nesting: self.nesting.max(other.nesting),
            introspections: self.introspections.saturating_add(other.introspections),
        }
    }

    /// Rejects an operation over a limit.
    fn check(&self, operation: &OperationDefinition, limits: &OperationLimits) -> Result<(), Rejection> {
        let name = operation.name.as_ref().map_or(String::new(), |name| format!(" {name}"));
        let bounds = [
            ("levels", self.depth, limits.depth),
            ("levels of introspection", self.introspection_depth, MAX_INTROSPECTION_DEPTH),
            ("turns from types to the types of their fields", self.turns, MAX_INTROSPECTION_TURNS),
            ("introspection fields at its root", self.introspections, MAX_INTROSPECTIONS),
            ("aliases", self.aliases, limits.aliases),
            ("root fields", self.roots, limits.root_fields),
            ("fields", self.fields, MAX_OPERATION_FIELDS),
        ];
        for (what, count, limit) in bounds {
            if count > limit {
                return reject(format!("Operation{name} has {count} {what}. The limit is {limit}."));
            }
        }
        if self.introspections > 0 && !limits.introspection {
            return reject("Introspection is turned off.");
        }
        Ok(())
    }
}

/// Measures the operations of a document, in order.
///
/// # Errors
/// A document that exceeds a bound, or with a fragment that spreads itself.
pub(super) fn check(document: &Document, limits: &OperationLimits) -> Result<Vec<Size>, Rejection> {
    let mut fragments = HashMap::new();
    let mut operations = Vec::new();
    for definition in &document.definitions {
        match definition {
            Definition::FragmentDefinition(fragment) => {
                fragments.insert(&fragment.name, &fragment.selection_set[..]);
            }
            Definition::OperationDefinition(operation) => operations.push(operation),
            _ => {}
        }
    }
    if operations.len() > MAX_OPERATIONS {
        let count = operations.len();
        return reject(format!("The document has {count} operations. The limit is {MAX_OPERATIONS}."));
    }
    let mut measure = Measure { fragments: &fragments, known: HashMap::new(), spreads: 0 };
    let sizes = operations.iter().map(|operation| measure.selection(&operation.selection_set, false, 0));
    let sizes: Vec<Size> = sizes.collect::<Result<_, _>>()?;
    let mut fields = sizes.iter().fold(0, |sum: usize, size| sum.saturating_add(size.fields));
    // Fragments that no operation spreads are validated too.
    for name in fragments.keys() {
        if !measure.known.contains_key(&(*name, false)) && !measure.known.contains_key(&(*name, true)) {
            fields = fields.saturating_add(measure.fragment(name, false, 0)?.fields);
        }
    }
    for (operation, size) in operations.iter().zip(&sizes) {
        size.check(operation, limits)?;
    }
    if fields > MAX_DOCUMENT_FIELDS {
        return reject(format!("The document has {fields} fields. The limit is {MAX_DOCUMENT_FIELDS}."));
    }
    if measure.spreads.saturating_mul(fragments.len()) > MAX_FRAGMENT_SPREADS {
        return reject("The document has too many fragments and spreads.");
    }
    Ok(sizes)
}

struct Measure<'a> {
    fragments: &'a HashMap<&'a Name, &'a [Selection]>,
    /// By name, and whether it is spread inside of introspection; none while it is being measured.
    known: HashMap<(&'a Name, bool), Option<Size>>,
    spreads: usize,
}

impl<'a> Measure<'a> {
    /// The size of `selections`, which `level` fields and fragments surround.
    fn selection(
        &mut self,
        selections: &'a [Selection],
        inside: bool,
        level: usize,
    ) -> Result<Size, Rejection> {
        if level > MAX_SELECTION_NESTING {
            return too_deep();
        }
        let mut size = Size::default();
        for selection in selections {
            let mut part = match selection {
                Selection::Field(field) => {
                    // Valid at the root alone.
                    let introspects = matches!(field.name.as_str(), "__schema" | "__type");
                    let inside = inside || introspects;
                    let below = self.selection(&field.selection_set, inside, level + 1)?;
                    let turn = inside
                        && matches!(
                            field.name.as_str(),
                            "fields" | "inputFields" | "interfaces" | "possibleTypes"
                        );
                    Size {
                        fields: below.fields.saturating_add(1),
                        aliases: below.aliases.saturating_add(usize::from(field.alias.is_some())),
                        roots: 1,
                        depth: below.depth + usize::from(!inside),
                        introspection_depth: below.introspection_depth + usize::from(inside),
                        turns: below.turns + usize::from(turn),
                        introspections: below.introspections.saturating_add(usize::from(introspects)),
                        ..below
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.selection(&fragment.selection_set, inside, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.spreads += 1;
                    self.fragment(&spread.fragment_name, inside, level + 1)?
                }
            };
            part.nesting += 1;
            size = size.beside(part);
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &'a Name, inside: bool, level: usize) -> Result<Size, Rejection> {
        match self.known.get(&(name, inside)) {
            Some(Some(size)) if level + size.nesting > MAX_SELECTION_NESTING => return too_deep(),
            Some(Some(size)) => return Ok(*size),
            Some(None) => return reject(format!("Fragment {name} spreads itself.")),
            None => {}
        }
        // A fragment that is not there is left to validation.
        let Some(selections) = self.fragments.get(name) else { return Ok(Size::default()) };
        self.known.insert((name, inside), None);
        let size = self.selection(selections, inside, level)?;
        self.known.insert((name, inside), Some(size));
        Ok(size)
    }
}

fn too_deep<T>() -> Result<T, Rejection> {
    reject(format!("Selections are nested more than {MAX_SELECTION_NESTING} levels deep."))
}

fn reject<T>(message: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::validation(message, None))
}

#[cfg(test)]
mod tests {
    use apollo_compiler::parser::Parser;

    use super::*;

    const LIMITS: OperationLimits =
        OperationLimits { depth: 3, aliases: 2, root_fields: 2, introspection: true };

    fn problem(text: &str, limits: &OperationLimits) -> Option<String> {
        let document = Parser::new().parse_ast(text, "").unwrap();
        check(&document, limits).err().map(|rejection| rejection.into_error(text).message)
    }

    #[test]
    fn each_limit_is_exact() {
        for (fits, exceeds, message) in [
            ("{a{b{c}}}", "{a{b{c{d}}}}", "Operation has 4 levels. The limit is 3."),
            ("{x:a y:b}", "query Q {x:a y:b{z:c}}", "Operation Q has 3 aliases. The limit is 2."),
            ("{a b{c d e}}", "{a b c}", "Operation has 3 root fields. The limit is 2."),
            (
                "{a ...F} fragment F on Q {b}",
                "{a ...F} fragment F on Q {b ... on Q {c}}",
                "Operation has 3 root fields. The limit is 2.",
            ),
            (
                "{__schema{types{name}} __type(name:\"A\"){name}}",
                "{__schema{types{name}} ...F} fragment F on Q {...G ...G} fragment G on Q {__type(name:\"A\"){name}}",
                "Operation has 3 introspection fields at its root. The limit is 2.",
            ),
            (
                "{__schema{types{fields{type{fields{name}}}}}}",
                "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}",
                "Operation has 3 turns from types to the types of their fields. The limit is 2.",
            ),
        ] {
            assert_eq!(problem(fits, &LIMITS), None, "{fits}");
            assert_eq!(problem(exceeds, &LIMITS).as_deref(), Some(message), "{exceeds}");
        }
        let wide = format!("{{a{{{}}}}}", "b ".repeat(MAX_OPERATION_FIELDS));
        assert_eq!(problem(&wide, &LIMITS).as_deref(), Some("Operation has 2001 fields. The limit is 2000."));
        let off = OperationLimits { introspection: false, ..LIMITS };
        assert_eq!(problem("{__typename}", &off), None);
        assert_eq!(
            problem("{...F} fragment F on Q {__type}", &off).as_deref(),
            Some("Introspection is turned off.")
        );
    }

    #[test]
    fn the_whole_document_is_bounded() {
        let many = "query A{a}".repeat(MAX_OPERATIONS + 1);
        let message = "The document has 101 operations. The limit is 100.";
        assert_eq!(problem(&many, &LIMITS).as_deref(), Some(message));
        let shared = "query A{a{...F}}query B{b{...F}}query C{c{...F}}fragment F on T{".to_owned()
            + &"f ".repeat(1_500)
            + "}";
        let message = "The document has 4503 fields. The limit is 4000.";
        assert_eq!(problem(&shared, &LIMITS).as_deref(), Some(message));
        let unused = format!("{{a}} fragment F on T{{{}}}", "f ".repeat(MAX_DOCUMENT_FIELDS));
        assert!(problem(&unused, &LIMITS).is_some());
        let chain = |length: usize| {
            let links = (0..length).map(|link| format!(" fragment F{link} on T{{...F{}}}", link + 1));
            format!("{{...F0}}{} fragment F{length} on T{{a}}", links.collect::<String>())
        };
        assert_eq!(problem(&chain(98), &LIMITS), None);
        assert!(problem(&chain(101), &LIMITS).is_some());
        // Short ways to a deep fragment were measured first.
        let late = "fragment Z on T{...F0} fragment Y on T{...Z}";
        assert!(problem(&(chain(98) + late), &LIMITS).is_some());
    }

    #[test]
    fn what_doubles_with_each_fragment_is_rejected_at_once() {
        let fragments = (0..60).map(|link| format!(" fragment F{link} on T{{...F{0} ...F{0}}}", link + 1));
        let text = format!("{{...F0}}{} fragment F60 on T{{a b}}", fragments.collect::<String>());
        assert!(problem(&text, &LIMITS).is_some());
    }

    #[test]
    fn a_fragment_that_spreads_itself_is_rejected() {
        for text in ["{...F} fragment F on Q{a ...F}", "{a} fragment F on Q{...G} fragment G on Q{b{...F}}"] {
            assert!(
                problem(text, &LIMITS).is_some_and(|message| message.contains("spreads itself")),
                "{text}"
            );
        }
    }
}
