//! Variables that are costly.

use super::{DOCUMENT_BYTES, around, fill_to, name};

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
