//! Tokens without a rule, and selections that follow the grammar: whatever comes of them is bounded.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{cost::Cost, hostile::DOCUMENT_BYTES, prepare};

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

fn is_bounded(text: &str) -> Result<(), TestCaseError> {
    // The schema is read first.
    prepare("{ activeUsers }");
    let cost = Cost::of(|| prepare(text));
    let over = cost.over_bounds();
    prop_assert!(over.is_none(), "{over:?}: {cost}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn random_tokens_cost_little(words in words(), closed: bool) {
        is_bounded(&text_of(&words, closed))?;
    }

    #[test]
    fn repeated_tokens_cost_little(words in repeated(), closed: bool) {
        is_bounded(&text_of(&words, closed))?;
    }
}
