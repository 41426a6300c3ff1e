//! Documents that are made to be costly, each of up to 64 KiB: they nest, multiply, repeat, or fail everywhere at once.
//!
//! Those whose name starts with `within` are valid and lie just inside of the bounds on size and depth.

use std::fmt::Write;

/// Bytes of the largest document: it has to fit into a request body of 64 KiB with what is around it.
pub const DOCUMENT_BYTES: usize = 65_000;

/// Levels of what nests without end; more than any parser should follow.
const ENDLESS: usize = 20_000;

/// All documents, by name.
pub fn documents() -> Vec<(&'static str, String)> {
    let all =
        [nested(), flat(), values(), fragments(), merging(), operations(), wrong(), unreadable(), within()];
    all.into_iter().flatten().collect()
}

/// Bodies of requests whose variables are what is costly, by name.
pub fn bodies() -> Vec<(&'static str, String)> {
    let body =
        |query: &str, variables: String| format!("{{\"query\":\"{query}\",\"variables\":{variables}}}");
    let stored = |ty: &str, value: String| {
        let query = format!(
            "mutation($v:{ty}){{createActivity(input:{{type:LOGIN,title:\\\"t\\\",data:{{v:$v}}}}){{id}}}}"
        );
        body(&query, format!("{{\"v\":{value}}}"))
    };
    let room = DOCUMENT_BYTES - 300;
    vec![
        ("a deep list", stored("JSON", around(room / 2, "[", "1", "]"))),
        ("a deep object", stored("JSON", around(room / 6, "{\"a\":", "1", "}"))),
        ("a deep list for a flat one", stored("[Int]", around(100, "[", "1", "]"))),
        ("a list", stored("[Int]", fill_to(room, "[1", "]", |_| ",1".into()))),
        ("a list of lists", stored("[[[[Int]]]]", fill_to(room, "[1", "]", |_| ",1".into()))),
        ("a list of nulls", stored("[Int!]", fill_to(room, "[null", "]", |_| ",null".into()))),
        ("a list of objects", stored("[CreateActivityInput]", fill_to(room, "[{}", "]", |_| ",{}".into()))),
        ("keys", stored("JSON", fill_to(room, "{\"_\":1", "}", |index| format!(",\"{}\":1", name(index))))),
        (
            "keys of an input",
            stored("CreateActivityInput", {
                fill_to(room, "{\"_\":1", "}", |index| format!(",\"{}\":1", name(index)))
            }),
        ),
        ("one key", stored("JSON", fill_to(room, "{\"a\":1", "}", |_| ",\"a\":1".into()))),
        ("a string", stored("ActivityType", format!("\"{}\"", "x".repeat(room)))),
        ("a number", stored("Int", "9".repeat(room))),
        ("a fraction", stored("Int", format!("1.{}", "0".repeat(room)))),
        ("an exponent", stored("Float", format!("1e{}", "9".repeat(room)))),
        (
            "variables that are not declared",
            body("{activeUsers}", {
                fill_to(room, "{\"_\":1", "}", |index| format!(",\"{}\":1", name(index)))
            }),
        ),
    ]
}

/// A mutation that stores the JSON literal `data`.
fn stored(data: &str) -> String {
    format!("mutation{{createActivity(input:{{type:LOGIN,title:\"t\",data:{data}}}){{id}}}}")
}

fn stored_around(inside: impl FnOnce(usize) -> String) -> String {
    let frame = stored("").len();
    stored(&inside(DOCUMENT_BYTES - frame))
}

/// `head`, then `part(0) part(1) ...` as often as they fit, then `tail`.
fn fill(head: &str, tail: &str, part: impl Fn(usize) -> String) -> String {
    fill_to(DOCUMENT_BYTES, head, tail, part)
}

fn fill_to(bytes: usize, head: &str, tail: &str, part: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    for index in 0.. {
        let part = part(index);
        if text.len() + part.len() + tail.len() > bytes {
            break;
        }
        text += &part;
    }
    text + tail
}

fn repeated(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// `open` and `close` around `inside`, `levels` times.
fn around(levels: usize, open: &str, inside: &str, close: &str) -> String {
    format!("{}{inside}{}", open.repeat(levels), close.repeat(levels))
}

/// The shortest name number `index`.
fn name(mut index: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut text = String::new();
    loop {
        text.push(char::from(LETTERS[index % LETTERS.len()]));
        index /= LETTERS.len();
        if index == 0 {
            return text;
        }
    }
}

/// A selection of the type `Query` that can nest without end: `inside` so many levels down.
fn of_types(levels: usize, inside: &str) -> String {
    format!("__type(name:\"Q\"){{{}}}", around(levels, "ofType{", inside, "}"))
}

/// One thing in another.
fn nested() -> Vec<(&'static str, String)> {
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
fn flat() -> Vec<(&'static str, String)> {
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
fn values() -> Vec<(&'static str, String)> {
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

/// Fragments that spread each other.
fn fragments() -> Vec<(&'static str, String)> {
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
fn layers(count: usize, width: usize) -> String {
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
fn merging() -> Vec<(&'static str, String)> {
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
fn subsets(count: usize, levels: usize) -> String {
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

/// Many operations, of which one is meant.
fn operations() -> Vec<(&'static str, String)> {
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
fn wrong() -> Vec<(&'static str, String)> {
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
fn unreadable() -> Vec<(&'static str, String)> {
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

/// Documents that are as large as the bounds let them be.
fn within() -> Vec<(&'static str, String)> {
    vec![
        ("within: fields", format!("{{activities{{activities{{{}}}}}}}", "id ".repeat(1_990))),
        ("within: fields with selections", format!("{{activities{{{}}}}}", "activities{id}".repeat(990))),
        ("within: fields in fragments", {
            let fields = "id userId type title data read cursor ".repeat(4);
            format!(
                "{{activities{{activities{{{}}}}}}}fragment F on Activity{{{fields}}}",
                "...F ".repeat(70)
            )
        }),
        ("within: deep fields", format!("{{{}}}", format!("{} ", of_types(18, "name")).repeat(19))),
        ("within: deep fields that differ", {
            format!(
                "{{{}}}",
                repeated(19, |index| format!("{} ", of_types(18, &format!("{}:name", name(index)))))
            )
        }),
        ("within: unknown fields at the bottom", format!("{{{}}}", of_types(18, &"x ".repeat(1_900)))),
        ("within: inline fragments", format!("{{{}}}", around(95, "...{", "activeUsers", "}").repeat(19))),
        ("within: subsets of 3", subsets(3, 7)),
        ("within: subsets of 4", subsets(4, 6)),
        ("within: subsets of 8", subsets(8, 4)),
        ("within: layers", layers(3, 12)),
        ("within: operations of one fragment", {
            let fields = "activeUsers ".repeat(19);
            let all = repeated(100, |index| format!("query {}_{{...F}}", name(index)));
            format!("fragment F on Query{{{fields}}}{all}")
        }),
        ("within: operations with variables", {
            let definitions = repeated(40, |index| format!("${}:Int!", name(index)));
            let list = repeated(40, |index| format!("${} ", name(index)));
            let field = format!("createActivity(input:{{type:LOGIN,title:\"t\",data:{{a:[{list}]}}}}){{id}}");
            let all = repeated(60, |index| format!("mutation {}_({definitions}){{...F}}", name(index)));
            format!("fragment F on Mutation{{{}}}{all}", repeated(19, |index| format!("a{index}:{field}")))
        }),
        ("within: variables", {
            let count = 1_400;
            let definitions = repeated(count, |index| format!("${}:Int!", name(index)));
            let uses = repeated(count * 2, |index| format!("${}", name(count - 1 - index % count)));
            stored(&format!("{{a:[{uses}]}}")).replacen("mutation", &format!("mutation({definitions})"), 1)
        }),
        ("within: keys in two orders", {
            let keys: Vec<String> = (0..1_900).map(|index| format!("{}:1,", name(index))).collect();
            let back: String = keys.iter().rev().map(String::as_str).collect();
            let field = |keys: &str| {
                format!("createActivity(input:{{type:LOGIN,title:\"t\",data:{{{keys}}}}}){{id}}")
            };
            format!("mutation{{{}{}}}", field(&keys.concat()), field(&back))
        }),
        ("within: as many keys as there are tokens, in two orders", {
            let keys: Vec<String> = (0..2_600).map(|index| format!("{}:\"\"", name(index))).collect();
            let back: String = keys.iter().rev().map(String::as_str).collect();
            let field = |keys: &str| {
                format!("createActivity(input:{{type:LOGIN,title:\"t\",data:{{{keys}}}}}){{id}}")
            };
            format!("mutation{{{}{}}}", field(&keys.concat()), field(&back))
        }),
        ("within: lists that differ at the end", {
            let field = |end: usize| {
                let list = "[]".repeat(420);
                format!("createActivity(input:{{type:LOGIN,title:\"t\",data:[{list}{end}]}}){{id}}")
            };
            format!("mutation{{{}}}", repeated(18, |index| field(index / 17)))
        }),
        ("within: arguments in two orders", {
            let page =
                "activityConnection(first:1 after:\"\" type:LOGIN unreadOnly:true userId:\"\"){nodes{id}}";
            let back =
                "activityConnection(userId:\"\" unreadOnly:true type:LOGIN after:\"\" first:1){nodes{id}}";
            format!("{{{}{}}}", page.repeat(9), back.repeat(9))
        }),
        ("within: a list", stored(&format!("[{}]", "1,".repeat(15_000)))),
        ("within: names", "a ".repeat(7_990)),
        ("within: comments", format!("{}{{activeUsers}}", "#\n".repeat(7_900))),
        ("within: directives", format!("{{activeUsers {}}}", "@skip(if:true)".repeat(2_200))),
    ]
}

#[test]
fn every_document_fits_into_a_request_and_has_a_name_of_its_own() {
    let documents = documents();
    let names: std::collections::BTreeSet<&str> = documents.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), documents.len());
    for (name, text) in &documents {
        assert!(text.len() <= DOCUMENT_BYTES, "{name}: {} bytes", text.len());
    }
    // They are meant to be large, but for those that are costly as small ones.
    let large = documents.iter().filter(|(_, text)| text.len() > DOCUMENT_BYTES / 2).count();
    assert!(large > 100, "{large} of {}", documents.len());
}
