//! The schema as introspection tells it.

use serde_json::Value;

use super::Client;

const INTROSPECTION: &str = "query Introspection { __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { kind name description
        fields(includeDeprecated: true) { name description type { ...T }
            args { name description defaultValue type { ...T } } }
        inputFields { name description defaultValue type { ...T } }
        enumValues(includeDeprecated: true) { name description } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// What a client learns of the schema.
pub struct Introspected(Value);

/// A root field, and a document that asks for it with every argument that it needs.
#[derive(Clone, Debug)]
pub struct RootField {
    /// `Query`, `Mutation` or `Subscription`.
    pub root: String,
    pub name: String,
    /// Whether an argument, or a field of an input object, says whose things are meant.
    pub takes_user: bool,
    /// Whether an argument names an item.
    pub takes_id: bool,
    document: String,
}

impl RootField {
    /// The operation on things of `user`, or on their `item`; a subscription starts after `cursor`.
    pub fn document(&self, user: &str, item: &str, cursor: &str) -> String {
        self.document.replace("$USER", user).replace("$ITEM", item).replace("$CURSOR", cursor)
    }
}

impl std::fmt::Display for RootField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.root, self.name)
    }
}

impl Introspected {
    pub async fn of(client: &Client) -> Self {
        let body = serde_json::json!({"query": INTROSPECTION});
        Self(client.post("/graphql", &body).await.data()["__schema"].clone())
    }

    /// The types of the product: not those of the introspection itself.
    pub fn types(&self) -> impl Iterator<Item = &Value> {
        list(&self.0["types"]).iter().filter(|of| !name(of).starts_with("__"))
    }

    pub fn find(&self, wanted: &str) -> &Value {
        self.types().find(|of| name(of) == wanted).unwrap_or_else(|| panic!("there is no type {wanted}"))
    }

    /// Every query, mutation and subscription.
    pub fn root_fields(&self) -> Vec<RootField> {
        ["query", "mutation", "subscription"]
            .into_iter()
            .flat_map(|operation| {
                let root = name(&self.0[format!("{operation}Type")]).to_owned();
                let fields = list(&self.find(&root)["fields"]);
                fields.iter().map(|field| self.root_field(operation, &root, field)).collect::<Vec<_>>()
            })
            .collect()
    }

    fn root_field(&self, operation: &str, root: &str, field: &Value) -> RootField {
        let resumes = |argument: &&Value| operation == "subscription" && name(argument) == "after";
        let arguments = self.filled(&field["args"], resumes);
        let arguments = if arguments.is_empty() { arguments } else { format!("({arguments})") };
        let leaf = matches!(innermost(&field["type"]).0, "SCALAR" | "ENUM");
        let selection = if leaf { "" } else { " { __typename }" };
        let document = format!("{operation} Walk {{ {}{arguments}{selection} }}", name(field));
        RootField {
            root: root.to_owned(),
            name: name(field).to_owned(),
            takes_user: document.contains("$USER"),
            takes_id: document.contains("$ITEM"),
            document,
        }
    }

    /// `name: value` for every argument that is needed, for each that says whose, and where `wanted`.
    fn filled(&self, arguments: &Value, wanted: impl Fn(&&Value) -> bool) -> String {
        let needed = list(arguments).iter().filter(|argument| {
            let required = argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null();
            required || name(argument) == "userId" || wanted(argument)
        });
        let filled = needed.map(|argument| format!("{}: {}", name(argument), self.value(argument)));
        filled.collect::<Vec<_>>().join(", ")
    }

    /// A value that fits the type of an argument.
    fn value(&self, argument: &Value) -> String {
        let (kind, of) = innermost(&argument["type"]);
        match (kind, of) {
            (_, "ID") if name(argument) == "userId" => "\"$USER\"".to_owned(),
            (_, "ID") => "\"$ITEM\"".to_owned(),
            (_, "String") if name(argument) == "after" => "\"$CURSOR\"".to_owned(),
            (_, "String") => "\"text\"".to_owned(),
            (_, "Int" | "Float") => "1".to_owned(),
            (_, "Boolean") => "true".to_owned(),
            (_, "Date") => "\"2026-01-31\"".to_owned(),
            ("ENUM", of) => name(&self.find(of)["enumValues"][0]).to_owned(),
            ("INPUT_OBJECT", of) => format!("{{{}}}", self.filled(&self.find(of)["inputFields"], |_| false)),
            other => panic!("no value is known for {other:?} of {}", name(argument)),
        }
    }
}

/// A type reference as the schema language has it: `[Activity!]!`.
pub fn type_text(of: &Value) -> String {
    match of["kind"].as_str() {
        Some("NON_NULL") => format!("{}!", type_text(&of["ofType"])),
        Some("LIST") => format!("[{}]", type_text(&of["ofType"])),
        _ => name(of).to_owned(),
    }
}

/// The kind and name below lists and non-nulls.
fn innermost(of: &Value) -> (&str, &str) {
    if of["ofType"].is_null() { (of["kind"].as_str().unwrap(), name(of)) } else { innermost(&of["ofType"]) }
}

pub fn name(of: &Value) -> &str {
    of["name"].as_str().unwrap()
}

/// The members of a list; none of null.
pub fn list(of: &Value) -> &[Value] {
    of.as_array().map_or(&[], Vec::as_slice)
}
