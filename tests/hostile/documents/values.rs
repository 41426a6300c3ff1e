//! Depth, width and long values.

use super::{
    DOCUMENT_BYTES, ENDLESS, around, fill, fill_to, name, of_types, repeated, stored, stored_around,
};

/// One thing in another.
pub(super) fn nested() -> Vec<(&'static str, String)> {
    let deep = |open: &str, inside: &str, close: &str| {
        let levels = ((DOCUMENT_BYTES - 200) / (open.len() + close.len())).min(ENDLESS);
        around(levels, open, inside, close)
    };
    vec![
        ("a deep list", format!("{{activities(limit:{}){{total}}}}", deep("[", "1", "]"))),
        (
            "a deep list 1,600 deep",
            format!("{{activities(limit:{}){{total}}}}", around(1_600, "[", "1", "]")),
        ),
        ("a deep list of JSON", stored(&deep("[", "1", "]"))),
        ("a deep object", format!("{{activities(limit:{}){{total}}}}", deep("{a:", "1", "}"))),
        ("a deep object of JSON", stored(&deep("{a:", "1", "}"))),
        (
            "deep objects of JSON",
            stored_around(|room| fill_to(room, "[", "]", |_| format!("{} ", around(95, "{a:", "1", "}")))),
        ),
        ("a deep default", format!("query($a:JSON={}){{activeUsers}}", deep("[", "1", "]"))),
        ("a deep default object", format!("query($a:JSON={}){{activeUsers}}", deep("{a:", "1", "}"))),
        (
            "a deep argument of a directive",
            format!("{{activeUsers @include(if:{})}}", deep("[", "true", "]")),
        ),
        ("a deep type", format!("query($a:{}){{activities(limit:$a){{total}}}}", deep("[", "Int", "]"))),
        ("a deep type of non-null", format!("query($a:{}){{activeUsers}}", deep("[", "Int", "!]!"))),
        ("deep selections", format!("{{{}}}", deep("a{", "b", "}"))),
        ("deep selections of types", format!("{{{}}}", of_types(7_000, "name"))),
        ("deep inline fragments", format!("{{{}}}", deep("...{", "activeUsers", "}"))),
        ("deep inline fragments of a type", format!("{{{}}}", deep("...on Query{", "activeUsers", "}"))),
        ("many deep inline fragments", fill("{", "}", |_| around(95, "...{", "activeUsers", "}"))),
        (
            "many deep selections",
            fill("{", "}", |index| format!("{}:{} ", name(index), of_types(90, "name"))),
        ),
        ("aliases at the bottom", {
            let inside = fill_to(DOCUMENT_BYTES - 1_000, "", "", |index| format!("{}:name ", name(index)));
            format!("{{{}}}", of_types(90, &inside))
        }),
        ("open braces", "{".repeat(DOCUMENT_BYTES)),
        ("open fields", "{a".repeat(DOCUMENT_BYTES / 2)),
        ("open brackets", format!("{{activities(limit:{}", "[".repeat(DOCUMENT_BYTES - 100))),
        ("open objects", format!("{{activities(limit:{}", "{a:".repeat(DOCUMENT_BYTES / 3 - 100))),
        ("open parentheses", "(".repeat(DOCUMENT_BYTES)),
        ("open arguments", "{a(b:".repeat(DOCUMENT_BYTES / 5)),
        ("open inline fragments", format!("{{{}", "...{".repeat(DOCUMENT_BYTES / 4 - 1))),
        ("closed braces", "}".repeat(DOCUMENT_BYTES)),
    ]
}

/// Much of one thing, one after the other.
pub(super) fn flat() -> Vec<(&'static str, String)> {
    vec![
        ("one field", fill("{", "}", |_| "activeUsers ".into())),
        ("typenames", fill("{", "}", |_| "__typename ".into())),
        ("aliases", fill("{", "}", |index| format!("{}:activeUsers ", name(index)))),
        (
            "pages",
            fill("{", "}", |index| format!("{}:activities(limit:200){{activities{{data}}}} ", name(index))),
        ),
        ("arguments", fill("{activities(", "){total}}", |index| format!("{}:1 ", name(index)))),
        ("one argument", fill("{activities(", "){total}}", |_| "limit:1 ".into())),
        ("directives", fill("{activeUsers ", "}", |_| "@skip(if:true)".into())),
        ("unknown directives", fill("{activeUsers ", "}", |index| format!("@{}", name(index)))),
        ("directives of an operation", fill("query ", "{activeUsers}", |_| "@a".into())),
        ("variables", fill("query(", "){activeUsers}", |index| format!("${}:Int ", name(index)))),
        ("one variable", fill("query(", "){activeUsers}", |_| "$a:Int ".into())),
        ("variables and their uses", {
            let count = 2_000;
            let definitions = repeated(count, |index| format!("${}:ID ", name(index)));
            fill(&format!("query({definitions}){{"), "}", |index| {
                format!("{}:analytics(userId:${}){{cursor}}", name(index), name(count - 1 - index % count))
            })
        }),
        ("variables in a list", {
            let count = 4_000;
            let definitions = repeated(count, |index| format!("${}:Int!", name(index)));
            let frame = stored("[]").len() + definitions.len() + 3;
            let uses = fill_to(DOCUMENT_BYTES - frame, "", "", |index| format!("${}", name(index % count)));
            stored(&format!("[{uses}]")).replacen("mutation", &format!("mutation({definitions})"), 1)
        }),
        ("inline fragments", fill("{", "}", |_| "...{activeUsers}".into())),
        ("spreads of one fragment", fill("{", "}fragment F on Query{activeUsers}", |_| "...F ".into())),
        ("spreads of no fragment", fill("{", "}", |index| format!("...{} ", name(index)))),
        ("comments", fill("", "\n{activeUsers}", |_| "#\n".into())),
        ("a comment", format!("#{}\n{{activeUsers}}", "x".repeat(DOCUMENT_BYTES - 20))),
        ("commas", fill("", "{activeUsers}", |_| ",".into())),
        ("line ends", fill("", "{activeUsers}", |_| "\r\n".into())),
        (
            "introspection",
            fill("{__schema{", "}}", |index| {
                format!("{}:types{{name fields{{name type{{name ofType{{name}}}}}}}} ", name(index))
            }),
        ),
        ("a long name", format!("{{{}}}", "a".repeat(DOCUMENT_BYTES - 2))),
        ("a long alias", format!("{{{}:activeUsers}}", "a".repeat(DOCUMENT_BYTES - 20))),
        ("a long name of an operation", format!("query {}{{activeUsers}}", "A".repeat(DOCUMENT_BYTES - 30))),
    ]
}

/// Values: long, many, written at length.
pub(super) fn values() -> Vec<(&'static str, String)> {
    let of_json = |open: &str, close: &str, part: &dyn Fn(usize) -> String| {
        stored_around(|room| fill_to(room, open, close, part))
    };
    vec![
        ("a list", fill("{activities(limit:[", "]){total}}", |_| "1,".into())),
        ("a list of JSON", of_json("[", "]", &|_| "1,".into())),
        ("lists of JSON", of_json("[", "]", &|_| "[]".into())),
        ("keys of JSON", of_json("{", "}", &|index| format!("{}:1 ", name(index)))),
        ("one key of JSON", of_json("{", "}", &|_| "a:1 ".into())),
        ("keys of an input", {
            fill("mutation{createActivity(input:{", "}){id}}", |index| format!("{}:1 ", name(index)))
        }),
        ("one key of an input", fill("mutation{createActivity(input:{", "}){id}}", |_| "title:\"\" ".into())),
        ("one variable in a list", {
            let list = fill_to(DOCUMENT_BYTES - 100, "[", "]", |_| "$a ".into());
            stored(&list).replacen("mutation", "mutation($a:Int!)", 1)
        }),
        ("a string", format!("{{analytics(userId:\"{}\"){{cursor}}}}", "x".repeat(DOCUMENT_BYTES - 40))),
        ("a string of escapes", fill("{analytics(userId:\"", "\"){cursor}}", |_| "\\u{1F600}\\n".into())),
        ("a block string", fill("{analytics(userId:\"\"\"", "\"\"\"){cursor}}", |_| " \n".into())),
        ("an indented block string", {
            fill("{analytics(userId:\"\"\"", "\"\"\"){cursor}}", |index| {
                format!("{}x\n", " ".repeat(200 - index % 200))
            })
        }),
        ("strings", fill("{analytics(userId:", "){cursor}}", |_| "\"\"".into())),
        ("a number", format!("{{activities(limit:{}){{total}}}}", "9".repeat(DOCUMENT_BYTES - 40))),
        ("a number of JSON", stored(&"9".repeat(DOCUMENT_BYTES - 100))),
        ("a fraction of JSON", stored(&format!("0.{}1", "0".repeat(DOCUMENT_BYTES - 100)))),
        ("an exponent of JSON", stored(&format!("1e{}", "9".repeat(DOCUMENT_BYTES - 100)))),
        ("keys in two orders", {
            let keys: Vec<String> = (0..5_000).map(|index| format!("{}:1 ", name(index))).collect();
            let back: String = keys.iter().rev().map(String::as_str).collect();
            let page = |keys: &str| format!("a:createActivity(input:{{data:{{{keys}}}}}){{id}}");
            format!("mutation{{{}{}}}", page(&keys.concat()), page(&back))
        }),
    ]
}
