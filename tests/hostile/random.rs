//! Tokens without a rule, patterns of them, and documents by the grammar: whatever comes of them is bounded.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{cost::Cost, documents::DOCUMENT_BYTES, prepare};

/// Tokens, and beginnings of what takes many of them to be valid.
const WORDS: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "...",
    "=",
    "!",
    "@",
    "|",
    "&",
    "$",
    "$a",
    "$b",
    "on",
    "fragment",
    "query",
    "mutation",
    "subscription",
    "true",
    "null",
    "1",
    "-1",
    "1.5",
    "\"x\"",
    "\"\"\"b\"\"\"",
    "\"\\uD83D\"",
    "F",
    "G",
    "Query",
    "Activity",
    "ActivityPage",
    "Int",
    "[Int!]",
    "__typename",
    "__schema",
    "types",
    "name",
    "ofType",
    "activities",
    "activityConnection",
    "nodes",
    "total",
    "id",
    "limit",
    "data",
    "activeUsers",
    ",",
    "\n",
    "#c\n",
    "é",
    "\\",
    "\u{feff}",
    "@skip(if:true)",
    "@include(if:$a)",
    "...F",
    "...G",
    "...on Activity{",
    "{activeUsers}",
    "fragment F on Query{",
    "fragment G on ActivityPage{",
    "activities(limit:[",
    "activities(userId:{",
    "query($a:Int=1){",
    "query($a:Boolean!){",
    "type",
    "extend",
    "input",
];

/// A text of words, whose brackets are closed at its end where `closed` says so.
fn text_of(words: &[&str], closed: bool) -> String {
    let mut text = String::new();
    let mut open = Vec::new();
    for word in words {
        if text.len() + word.len() + open.len() + 2 > DOCUMENT_BYTES {
            break;
        }
        text += word;
        text.push(' ');
        for letter in word.chars() {
            match letter {
                '{' => open.push('}'),
                '(' => open.push(')'),
                '[' => open.push(']'),
                '}' | ')' | ']' => drop(open.pop()),
                _ => {}
            }
        }
    }
    if closed {
        text.extend(open.into_iter().rev());
    }
    text
}

fn words() -> impl Strategy<Value = Vec<&'static str>> {
    // Few words are valid now and then; many words are large.
    prop_oneof![8 => vec(select(WORDS), 1..40), 1 => vec(select(WORDS), 1..16_000)]
}

/// One pattern of words, again and again.
fn repeated() -> impl Strategy<Value = Vec<&'static str>> {
    (vec(select(WORDS), 0..4), vec(select(WORDS), 1..5), 1..DOCUMENT_BYTES).prop_map(
        |(head, pattern, length)| head.into_iter().chain(pattern.into_iter().cycle()).take(length).collect(),
    )
}

/// Names of fragments, which spread each other as it comes.
const FRAGMENTS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// A value, with variables and nested ones.
fn value() -> impl Strategy<Value = String> {
    let leaf = select(&["1", "-2.5", "\"x\"", "\"\"\"y\"\"\"", "LOGIN", "null", "true", "$a", "$b"][..]);
    leaf.prop_map(str::to_owned).prop_recursive(6, 60, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(|items| format!("[{}]", items.join(" "))),
            vec((select(&["a", "b", "title"][..]), inner), 0..8).prop_map(|members| {
                let members: Vec<String> =
                    members.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn field() -> impl Strategy<Value = String> {
    let name = select(
        &[
            "activities",
            "activityConnection",
            "nodes",
            "edges",
            "node",
            "id",
            "total",
            "data",
            "__type",
            "ofType",
            "name",
            "x",
        ][..],
    );
    let alias = proptest::option::weighted(0.3, select(&["a", "b", "total"][..]));
    let argument = proptest::option::weighted(0.3, (select(&["limit", "userId", "if", "name"][..]), value()));
    let directive = proptest::option::weighted(0.1, select(&["@skip(if:$a)", "@include(if:true)", "@x"][..]));
    (alias, name, argument, directive).prop_map(|(alias, name, argument, directive)| {
        let alias = alias.map(|alias| format!("{alias}:")).unwrap_or_default();
        let argument = argument.map(|(key, value)| format!("({key}:{value})")).unwrap_or_default();
        format!("{alias}{name}{argument} {}", directive.unwrap_or_default())
    })
}

/// What stands between the braces of a selection.
fn selections() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![4 => field(), 1 => select(&FRAGMENTS[..]).prop_map(|name| format!("...{name} "))];
    leaf.prop_recursive(20, 300, 10, |inner| {
        let below = vec(inner, 1..10).prop_map(|items| items.concat());
        prop_oneof![
            3 => (field(), below.clone()).prop_map(|(field, below)| format!("{field}{{{below}}}")),
            1 => below.clone().prop_map(|below| format!("...{{{below}}}")),
            1 => below.prop_map(|below| format!("...on ActivityPage{{{below}}}")),
        ]
    })
}

/// Operations and fragments, each of the latter some times as long as it was made.
fn document() -> impl Strategy<Value = String> {
    let operation = prop_oneof![
        3 => Just("{"),
        1 => Just("query Q($a:Boolean!,$b:Int=1){"),
        1 => Just("mutation M($a:Int){"),
        1 => Just("subscription S{"),
    ];
    let ty = select(&["Query", "ActivityPage", "Activity", "__Type"][..]);
    let fragment = (select(&FRAGMENTS[..]), ty, selections(), 1..40_usize);
    (vec((operation, selections()), 1..4), vec(fragment, 0..8)).prop_map(|(operations, fragments)| {
        let operations = operations.into_iter().map(|(start, below)| format!("{start}{below}}} "));
        let fragments = fragments
            .into_iter()
            .map(|(name, ty, below, times)| format!("fragment {name} on {ty}{{{}}} ", below.repeat(times)));
        let mut text = String::new();
        for part in operations.chain(fragments) {
            if text.len() + part.len() <= DOCUMENT_BYTES {
                text += &part;
            }
        }
        text
    })
}

fn is_bounded(text: &str) -> Result<(), TestCaseError> {
    // The schema is read first.
    prepare("{ activeUsers }");
    let cost = Cost::of(|| prepare(text));
    let over = cost.over_bounds();
    prop_assert!(over.is_none(), "{over:?}: {cost}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn random_tokens_cost_little(words in words(), closed: bool) {
        is_bounded(&text_of(&words, closed))?;
    }

    #[test]
    fn documents_by_the_grammar_cost_little(text in document()) {
        is_bounded(&text)?;
    }

    #[test]
    fn repeated_tokens_cost_little(words in repeated(), closed: bool) {
        is_bounded(&text_of(&words, closed))?;
    }
}
