//! Fragments, and what is merged through them.

use std::fmt::Write;

use super::{DOCUMENT_BYTES, around, fill, name, of_types, repeated};

/// Fragments that spread each other.
pub(super) fn fragments() -> Vec<(&'static str, String)> {
    let chain = |count: usize| {
        let links = repeated(count, |index| format!("fragment F{index} on Query{{...F{}}}", index + 1));
        format!("{{...F0}}{links}fragment F{count} on Query{{activeUsers}}")
    };
    vec![
        ("a chain of 1,500", chain(1_500)),
        (
            "a chain without an end",
            fill("{...F0}", "", |index| format!("fragment F{index} on Query{{...F{}}}", index + 1)),
        ),
        (
            "twice the next",
            fill("{...F0}", "", |index| {
                format!("fragment F{index} on Query{{...F{next} ...F{next}}}", next = index + 1)
            }),
        ),
        (
            "twice the next below",
            fill("{__type(name:\"Q\"){...F0}}", "", |index| {
                format!(
                    "fragment F{index} on __Type{{ofType{{...F{next}}} x:ofType{{...F{next}}}}}",
                    next = index + 1
                )
            }),
        ),
        ("25 times twice in an operation that is not meant", {
            let levels = repeated(25, |index| {
                format!("fragment F{index} on Query{{...F{next} ...F{next}}}", next = index + 1)
            });
            format!("query A{{activeUsers}}query B{{...F0}}{levels}fragment F25 on Query{{activeUsers}}")
        }),
        ("twice the next, and then one that is not there", {
            let levels = repeated(30, |index| {
                format!("fragment F{index} on Query{{...F{next} ...F{next}}}", next = index + 1)
            });
            format!("{{...F0}}{levels}fragment F30 on Query{{...Nope}}")
        }),
        ("layers", layers(48, 12)),
        ("layers of fields", layers_of_fields()),
        ("each spreads all", {
            let all = repeated(100, |index| format!("...{} ", name(index)));
            format!(
                "{{...a}}{}",
                repeated(100, |index| format!("fragment {} on Query{{{all}}}", name(index)))
            )
        }),
        ("a circle", {
            let count = 1_200;
            let links =
                repeated(count, |index| format!("fragment F{index} on Query{{...F{}}}", (index + 1) % count));
            format!("{{...F0}}{links}")
        }),
        (
            "circles of one",
            fill("{activeUsers}", "", |index| format!("fragment F{index} on Query{{...F{index}}}")),
        ),
        (
            "unused",
            fill("{activeUsers}", "", |index| format!("fragment {}_ on Query{{activeUsers}}", name(index))),
        ),
        ("one name", fill("{...F}", "", |_| "fragment F on Query{activeUsers}".into())),
        ("unused and in conflict", {
            let parts = repeated(400, |index| format!("a:analytics(userId:{index}){{cursor}}"));
            let other = repeated(800, |index| format!("a:analytics(userId:{}){{cursor}}", index + 400));
            format!("{{activeUsers}}fragment F on Query{{{parts}}}fragment G on Query{{{other}...F}}")
        }),
        ("towers", {
            let count = 75;
            let tower = |index: usize, top: &str| {
                format!("fragment F{index} on Query{{{}}}", around(95, "...{", top, "}"))
            };
            let towers = repeated(count, |index| tower(index, &format!("...F{}", index + 1)));
            format!("{{...F0}}{towers}fragment F{count} on Query{{activeUsers}}")
        }),
    ]
}

/// Every fragment of a layer spreads every one of the next.
pub(super) fn layers(count: usize, width: usize) -> String {
    let spreads = |layer: usize| repeated(width, |index| format!("...{}{index} ", name(layer)));
    let mut text = format!("{{{}activeUsers}}", spreads(0));
    for layer in 0..count {
        let below = if layer + 1 < count { spreads(layer + 1) } else { String::new() };
        for index in 0..width {
            let _ = write!(text, "fragment {}{index} on Query{{{below}activeUsers}}", name(layer));
        }
    }
    text
}

/// The same, a field deeper in each layer.
fn layers_of_fields() -> String {
    let (count, width) = (40, 12);
    let spreads = |layer: usize| repeated(width, |index| format!("...{}{index} ", name(layer)));
    let mut text = format!("{{__type(name:\"Q\"){{{}}}}}", spreads(0));
    for layer in 0..count {
        for index in 0..width {
            let below =
                if layer + 1 < count { format!("ofType{{{}}}", spreads(layer + 1)) } else { "name".into() };
            let _ = write!(text, "fragment {}{index} on __Type{{{below}}}", name(layer));
        }
    }
    text
}

/// Fields with one key, whose selections have to be compared.
pub(super) fn merging() -> Vec<(&'static str, String)> {
    vec![
        ("one field with selections", fill("{", "}", |_| "activities{total} ".into())),
        ("one deep field", fill("{", "}", |_| format!("{} ", of_types(90, "name")))),
        (
            "deep fields that differ at the bottom",
            fill("{", "}", |index| format!("{} ", of_types(90, &format!("{}:name", name(index))))),
        ),
        (
            "deep fields in conflict at the bottom",
            fill("{", "}", |index| {
                format!("{} ", of_types(90, if index % 2 == 0 { "a:name" } else { "a:kind" }))
            }),
        ),
        ("conflicts", fill("{", "}", |index| format!("a:analytics(userId:{index}){{cursor}}"))),
        (
            "conflicts of names",
            fill("{", "}", |index| {
                format!("a:{} ", ["activeUsers", "unreadActivityCount", "unreadNotificationCount"][index % 3])
            }),
        ),
        (
            "long arguments",
            fill("mutation{", "}", |_| {
                format!("createActivity(input:{{data:[{}]}}){{id}}", "1 ".repeat(100))
            }),
        ),
        ("subsets of 10", subsets(10, 60)),
        ("subsets of 14", subsets(14, 60)),
        ("subsets of 18", subsets(18, 60)),
        ("other selections at each key", choices(10, 4)),
        ("other selections at each key, wide", choices(16, 3)),
    ]
}

/// A level has `count` fragments of two keys: one key turns them, the other leaves one out, so that 2^count sets of
/// them have to be merged.
pub(super) fn subsets(count: usize, levels: usize) -> String {
    let all = repeated(count, |index| format!("...{}0 ", name(index)));
    let ends =
        |level: usize| repeated(count, |index| format!("fragment {}{level} on __Type{{name}}", name(index)));
    let mut text = format!("{{__type(name:\"Q\"){{{all}}}}}");
    for level in 0..levels {
        let next = level + 1;
        let part = repeated(count, |index| {
            let turned = format!("a:ofType{{...{}{next}}}", name((index + 1) % count));
            let kept =
                if index > 0 { format!("b:ofType{{...{}{next}}}", name(index)) } else { String::new() };
            format!("fragment {}{level} on __Type{{{turned}{kept}}}", name(index))
        });
        if text.len() + part.len() + ends(next).len() > DOCUMENT_BYTES {
            return text + &ends(level);
        }
        text += &part;
    }
    text + &ends(levels)
}

/// At each of `keys` keys a fragment spreads some of the `count` of the next level, chosen without a rule.
fn choices(count: usize, keys: usize) -> String {
    let mut state = 12_345_u64;
    let mut chosen = move |one_in: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.is_multiple_of(one_in)
    };
    let fragment = |index: usize, level: usize| format!("{}{level}", name(index));
    let ends = |level: usize| {
        repeated(count, |index| format!("fragment {} on __Type{{name}}", fragment(index, level)))
    };
    let mut text = format!(
        "{{__type(name:\"Q\"){{{}}}}}",
        repeated(count, |index| format!("...{} ", fragment(index, 0)))
    );
    for level in 0.. {
        let mut part = String::new();
        for index in 0..count {
            let _ = write!(part, "fragment {} on __Type{{", fragment(index, level));
            for key in (0..keys).filter(|_| chosen(2)).collect::<Vec<_>>() {
                let _ = write!(part, "{}:ofType{{name ", name(key));
                for next in (0..count).filter(|_| chosen(4)).collect::<Vec<_>>() {
                    let _ = write!(part, "...{} ", fragment(next, level + 1));
                }
                part.push('}');
            }
            part += "name}";
        }
        if text.len() + part.len() + ends(level + 1).len() > DOCUMENT_BYTES {
            text += &ends(level);
            break;
        }
        text += &part;
    }
    text
}
