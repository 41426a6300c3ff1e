//! Bounds of GraphQL documents, and introspection.

use serde_json::{Value, json};

use crate::support::{Answer, Backend, TestApp, on_both};

/// The query of `getIntrospectionQuery` in graphql-js, with every option of it that GraphQL 2021 has.
const INTROSPECTION: &str = "
    query IntrospectionQuery {
      __schema {
        description
        queryType { name kind }
        mutationType { name kind }
        subscriptionType { name kind }
        types { ...FullType }
        directives {
          name
          description
          isRepeatable
          locations
          args(includeDeprecated: true) { ...InputValue }
        }
      }
    }
    fragment FullType on __Type {
      kind
      name
      description
      specifiedByURL
      fields(includeDeprecated: true) {
        name
        description
        args(includeDeprecated: true) { ...InputValue }
        type { ...TypeRef }
        isDeprecated
        deprecationReason
      }
      inputFields(includeDeprecated: true) { ...InputValue }
      interfaces { ...TypeRef }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      possibleTypes { ...TypeRef }
    }
    fragment InputValue on __InputValue {
      name
      description
      type { ...TypeRef }
      defaultValue
      isDeprecated
      deprecationReason
    }
    fragment TypeRef on __Type {
      kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
        ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
    }";

async fn shallow(backend: Backend) -> TestApp {
    TestApp::with(backend, &[("GRAPHQL_MAX_DEPTH", "3")]).await
}

async fn cheap(backend: Backend) -> TestApp {
    TestApp::with(backend, &[("GRAPHQL_MAX_COMPLEXITY", "50")]).await
}

async fn closed(backend: Backend) -> TestApp {
    TestApp::with(backend, &[("GRAPHQL_INTROSPECTION", "false")]).await
}

#[track_caller]
fn is_refused(answer: &Answer, word: &str) {
    assert_eq!(answer.graphql_error().0, "GRAPHQL_VALIDATION_FAILED", "{}", answer.text);
    assert!(answer.body.get("data").is_none(), "{}", answer.text);
    let message = answer.body["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains(word), "{message}");
}

on_both!(
    async fn depth_is_12(app: TestApp) {
        let nested = |levels: usize| format!("{}{}", "{ a ".repeat(levels), "}".repeat(levels));
        is_refused(&app.graphql(&nested(13), json!({})).await, "12");
        let within = app.graphql(&nested(12), json!({})).await;
        let message = within.body["errors"][0]["message"].as_str().unwrap();
        assert!(!message.contains("levels"), "{message}");
        let spread = "{ ...A } fragment A on Query { a { ...B } } fragment B on X { b { b { b { b { b { b { b { b { b { b \
             { b { b } } } } } } } } } } } }";
        is_refused(&app.graphql(spread, json!({})).await, "12");
    }
);

on_both!(
    start: shallow;
    async fn depth_can_be_set_and_leaves_introspection_alone(app: TestApp) {
        let query = "{ activities(userId: \"ada\") { activities { id } } }";
        app.graphql(query, json!({})).await.data();
        let query = "{ activityConnection(userId: \"ada\") { edges { node { id } } } }";
        is_refused(&app.graphql(query, json!({})).await, "3");
        app.graphql(INTROSPECTION, json!({})).await.data();
    }
);

on_both!(
    async fn aliases_are_20(app: TestApp) {
        // All of them below one field, so that it is not root fields that count.
        let aliased = |count: usize| {
            let fields: String = (0..count).map(|number| format!(" a{number}: total")).collect();
            format!("{{ activities(userId: \"ada\") {{{fields} }} }}")
        };
        app.graphql(&aliased(20), json!({})).await.data();
        is_refused(&app.graphql(&aliased(21), json!({})).await, "aliases");
        let spread = "{ activities(userId: \"ada\") { ...A } b: activities(userId: \"ada\") { ...A } }
            fragment A on ActivityPage { a: total b: total c: total d: total e: total f: total g: total h: total
            i: total j: total }";
        is_refused(&app.graphql(spread, json!({})).await, "aliases");
    }
);

on_both!(
    async fn root_fields_are_20(app: TestApp) {
        app.graphql(&format!("{{{} }}", " activeUsers".repeat(20)), json!({})).await.data();
        let many = format!("{{{} }}", " activeUsers".repeat(21));
        is_refused(&app.graphql(&many, json!({})).await, "root fields");
        let spread =
            "{ ...A ...B } fragment A on Query { ...B ...B } fragment B on Query { activeUsers activeUsers
            activeUsers activeUsers activeUsers activeUsers activeUsers }";
        is_refused(&app.graphql(spread, json!({})).await, "root fields");
    }
);

on_both!(
    async fn complexity_grows_with_what_is_asked_for(app: TestApp) {
        const FIELDS: &str = "activities { id userId type title description data timestamp read cursor }";
        let page = |alias: char| format!(" {alias}: activities(userId: \"ada\", limit: 200) {{ {FIELDS} }}");
        let pages = |count: usize| format!("{{{} }}", ('a'..='z').take(count).map(page).collect::<String>());
        app.graphql(&pages(4), json!({})).await.data();
        is_refused(&app.graphql(&pages(8), json!({})).await, "complex");
    }
);

on_both!(
    start: cheap;
    async fn complexity_counts_the_items_of_a_page(app: TestApp) {
        for (query, limit) in [
            ("query($n: Int!) { activities(userId: \"ada\", limit: $n) { activities { id } } }", 20),
            ("query($n: Int!) { notifications(userId: \"ada\", limit: $n) { notifications { id } } }", 20),
            ("query($n: Int!) { leaderboard(limit: $n) { analytics { userId } } }", 20),
            ("query($n: Int!) { activityConnection(userId: \"ada\", first: $n) { nodes { id } } }", 20),
            ("query($n: Int!) { notificationConnection(userId: \"ada\", last: $n) { nodes { id } } }", 20),
        ] {
            app.graphql(query, json!({"n": limit})).await.data();
            is_refused(&app.graphql(query, json!({"n": 100})).await, "complex");
        }
    }
);

on_both!(
    async fn fragments_that_never_end_are_refused_at_once(app: TestApp) {
        let circle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
        is_refused(&app.graphql(circle, json!({})).await, "itself");
        let mut doubling = "{ ...F0 }".to_owned();
        for level in 0..60 {
            doubling += &format!(" fragment F{level} on Query {{ ...F{next} ...F{next} }}", next = level + 1);
        }
        doubling += " fragment F60 on Query { activeUsers }";
        is_refused(&app.graphql(&doubling, json!({})).await, "limit");
    }
);

on_both!(
    async fn the_standard_introspection_query_passes(app: TestApp) {
        let schema = app.graphql(INTROSPECTION, json!({})).await.data()["__schema"].clone();
        assert_eq!(schema["queryType"]["name"], "Query");
        assert_eq!(schema["mutationType"]["name"], "Mutation");
        assert_eq!(schema["subscriptionType"]["name"], "Subscription");
        let types = schema["types"].as_array().unwrap();
        let fields = |name: &str| -> Vec<&str> {
            let found = types.iter().find(|ty| ty["name"] == name).unwrap();
            found["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect()
        };
        assert_eq!(fields("MarkAllReadPayload"), ["modifiedCount"]);
        assert_eq!(fields("Subscription").len(), 5);
        assert_eq!(fields("Mutation").len(), 14);
        let include =
            schema["directives"].as_array().unwrap().iter().find(|found| found["name"] == "include");
        assert_eq!(include.unwrap()["args"][0]["type"]["kind"], "NON_NULL");
    }
);

on_both!(
    async fn small_introspection_passes_and_endless_does_not(app: TestApp) {
        let small = "{ __typename __type(name: \"Activity\") { name kind fields { name type { name } } } }";
        assert_eq!(app.graphql(small, json!({})).await.data()["__type"]["kind"], "OBJECT");
        for (outer, inner, times) in [
            ("__schema { types { ", "fields { type { ", 5),
            ("__type(name: \"Query\") { ", "fields { type { ", 5),
            ("__type(name: \"Query\") { ", "fields { args { type { ", 5),
            ("__type(name: \"Query\") { ", "possibleTypes { ", 10),
            ("__type(name: \"Query\") { ", "ofType { ", 25),
        ] {
            let opening = format!("{{ {outer}{}", inner.repeat(times));
            let endless = format!("{opening}name{}", " }".repeat(opening.matches('{').count()));
            is_refused(&app.graphql(&endless, json!({})).await, "limit");
        }
        // So deep that it is not even read.
        let endless =
            format!("{{ __type(name: \"Query\") {}name {}", "{ ofType ".repeat(500), "}".repeat(501));
        is_refused(&app.graphql(&endless, json!({})).await, "nested");
    }
);

on_both!(
    start: closed;
    async fn introspection_can_be_turned_off(app: TestApp) {
        for query in [
            INTROSPECTION,
            "{ __schema { queryType { name } } }",
            "{ __type(name: \"Query\") { name } }",
            "{ activeUsers hidden: __schema { queryType { name } } }",
            "{ ...A } fragment A on Query { ... on Query { __type(name: \"Query\") { name } } }",
            "mutation { __schema { queryType { name } } }",
        ] {
            is_refused(&app.graphql(query, json!({})).await, "Introspection");
        }
        let answer = app.graphql("{ __typename activeUsers }", json!({})).await.data();
        assert_eq!(answer, json!({"__typename": "Query", "activeUsers": 0}));
        let unknown: Value = app.graphql("{ activeUser }", json!({})).await.body;
        let message = unknown["errors"][0]["message"].as_str().unwrap();
        assert!(!message.contains("activeUsers"), "a suggestion tells of the schema: {message}");
    }
);
