//! Many operations, errors everywhere, and what no parser can read.

use super::{DOCUMENT_BYTES, fill, name, of_types, repeated};

/// Many operations, of which one is meant.
pub(super) fn operations() -> Vec<(&'static str, String)> {
    let spreading = |fragment: &str, variables: &str| {
        fill(fragment, "", |index| format!("query {}_{variables}{{...F}}", name(index)))
    };
    vec![
        ("operations of one big fragment", {
            spreading(&format!("fragment F on Query{{{}}}", "activeUsers ".repeat(2_700)), "")
        }),
        ("operations of one big fragment with variables", {
            let uses = repeated(1_200, |index| format!("{}:analytics(userId:$a){{cursor}}", name(index)));
            spreading(&format!("fragment F on Query{{{uses}}}"), "($a:ID)")
        }),
        ("operations of one deep fragment", {
            let fields = repeated(45, |index| format!("{}:{} ", name(index), of_types(80, "name")));
            spreading(&format!("fragment F on Query{{{fields}}}"), "")
        }),
        ("operations without a name", fill("", "", |_| "{activeUsers}".into())),
        ("operations of one name", fill("", "", |_| "query a{activeUsers}".into())),
        ("operations", fill("", "", |index| format!("query {}_{{activeUsers}}", name(index)))),
        ("subscriptions", fill("", "", |index| format!("subscription {}_{{activeUsers}}", name(index)))),
        ("definitions of types", fill("{activeUsers}", "", |_| "type A{a:B}".into())),
        ("extensions of types", fill("{activeUsers}", "", |_| "extend type Query{a:B}".into())),
    ]
}

/// An error at every place.
pub(super) fn wrong() -> Vec<(&'static str, String)> {
    vec![
        ("unknown fields", fill("{", "}", |_| "x ".into())),
        ("unknown fields by name", fill("{", "}", |index| format!("{} ", name(index)))),
        ("unknown fields 90 levels down", {
            format!("{{{}}}", of_types(90, &"x ".repeat((DOCUMENT_BYTES - 1_000) / 2)))
        }),
        ("unknown arguments", fill("{", "}", |index| format!("{}:activeUsers(x:1) ", name(index)))),
        ("wrong values", fill("{", "}", |index| format!("{}:activities(limit:\"\"){{total}}", name(index)))),
        (
            "variables that are not declared",
            fill("{", "}", |index| format!("{}:analytics(userId:$x){{cursor}}", name(index))),
        ),
        ("leaves with selections", fill("{", "}", |_| "activeUsers{a}".into())),
        ("objects without selections", fill("{", "}", |_| "activities ".into())),
        ("fragments of unknown types", fill("{", "}", |index| format!("...on {}{{a}}", name(index)))),
        ("fragments of other types", fill("{", "}", |_| "...on Activity{id}".into())),
        (
            "names that are nearly right",
            fill("{", "}", |index| {
                format!(
                    "{} ",
                    ["activitie", "activeUser", "unreadActivityCoun", "notificationConnectio"][index % 4]
                )
            }),
        ),
        (
            "enum values that are nearly right",
            fill("{", "}", |index| format!("{}:activityConnection(type:LOGI){{nodes{{id}}}}", name(index))),
        ),
        (
            "types that are nearly right",
            fill("query(", "){activeUsers}", |index| format!("${}:Activit ", name(index))),
        ),
        (
            "missing arguments",
            fill("mutation{", "}", |index| format!("{}:createActivity{{id}}", name(index))),
        ),
        (
            "variables of unknown types",
            fill("query(", "){activeUsers}", |index| format!("${0}:{0} ", name(index))),
        ),
    ]
}

/// What no parser can read.
pub(super) fn unreadable() -> Vec<(&'static str, String)> {
    let all = |part: &str| part.repeat(DOCUMENT_BYTES / part.len());
    let of_field = |part: &str| fill("{a", "}", |_| part.to_owned());
    vec![
        ("NUL", all("\0")),
        ("é", all("é")),
        ("😀", all("😀")),
        ("byte order marks", all("\u{feff}")),
        ("names", all("a ")),
        ("one name without an end", all("a")),
        ("digits", all("1")),
        ("ats", of_field("@")),
        ("dollars", of_field("$")),
        ("exclamation marks", of_field("!")),
        ("colons", of_field(":")),
        ("equals signs", of_field("=")),
        ("bars", of_field("|")),
        ("dots", fill("{", "}", |_| "... ".into())),
        ("one dot each", of_field(". ")),
        ("quotes", of_field("\"")),
        ("a string without an end", format!("{{a(b:\"{}", "x".repeat(DOCUMENT_BYTES - 10))),
        ("a block string without an end", format!("{{a(b:\"\"\"{}", "\n".repeat(DOCUMENT_BYTES - 10))),
        ("wrong escapes", fill("{a(b:\"", "\")}", |_| "\\q".into())),
        ("surrogates", fill("{a(b:\"", "\")}", |_| "\\uD83D".into())),
        ("line separators", fill("{", "}", |_| "\u{2028}".into())),
        ("backslashes", all("\\")),
        ("an error in each line", fill("{", "}", |_| "é\n".into())),
    ]
}
