//! What is valid, and as large as the bounds let it be.

use super::{
    around,
    fragments::{layers, subsets},
    name, of_types, repeated, stored,
};

/// Documents that are as large as the bounds let them be.
pub(super) fn within() -> Vec<(&'static str, String)> {
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
