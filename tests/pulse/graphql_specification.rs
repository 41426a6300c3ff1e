//! GraphQL by the letter of its specification: what is taken, what is refused, and with which values fields are
//! executed. `tests/spec` compares verdicts and results with graphql-js.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, on_both};

#[track_caller]
fn is_rejected(answer: &Answer, code: &str, what: &str) {
    assert!(answer.body.get("data").is_none(), "{what}: {}", answer.text);
    assert_eq!(answer.graphql_error().0, code, "{what}: {}", answer.text);
    for error in answer.body["errors"].as_array().unwrap() {
        let message = error["message"].as_str().unwrap();
        assert!(message.lines().count() == 1 && message.ends_with(['.', '…']), "{what}: {message}");
    }
}

on_both!(
    async fn a_variable_without_a_value_leaves_the_default_of_its_argument(app: TestApp) {
        for number in 0..25 {
            app.create_activity("ada", &number.to_string()).await;
        }
        let query = "query($l: Int, $s: Int) {
            page: activities(userId: \"ada\", limit: $l, skip: $s) { activities { id } }
            slice: activityConnection(userId: \"ada\", first: $l) { nodes { id } }
        }";
        let data = app.graphql(query, json!({})).await.data();
        assert_eq!(data["page"]["activities"].as_array().unwrap().len(), 20);
        assert_eq!(data["slice"]["nodes"].as_array().unwrap().len(), 20);
        let data = app.graphql(query, json!({"l": 3, "s": 24})).await.data();
        assert_eq!(data["page"]["activities"].as_array().unwrap().len(), 1);
        assert_eq!(data["slice"]["nodes"].as_array().unwrap().len(), 3);
        let query = "mutation($n: Int) { incrementStat(userId: \"ada\", statName: GOALS_COMPLETED, incrementBy: $n) \
                     { goalsCompleted } }";
        assert_eq!(app.graphql(query, json!({})).await.data()["incrementStat"]["goalsCompleted"], 1);
        assert_eq!(app.graphql(query, json!({"n": 2.0})).await.data()["incrementStat"]["goalsCompleted"], 3);
    }
);

on_both!(
    async fn conditions_have_the_defaults_of_their_variables(app: TestApp) {
        let page = "activities(userId: \"u\") { total";
        for (directive, default, given, shown) in [
            ("include", "true", json!({}), true),
            ("include", "true", json!({"c": false}), false),
            ("include", "false", json!({}), false),
            ("skip", "true", json!({}), false),
            ("skip", "true", json!({"c": false}), true),
            ("skip", "false", json!({}), true),
        ] {
            let query = format!(
                "query($c: Boolean! = {default}) {{ {page} hasMore @{directive}(if: $c) ...F @{directive}(if: $c) }} }}
                 fragment F on ActivityPage {{ cursor }}"
            );
            for _ in 0..2 {
                let data = app.graphql(&query, given.clone()).await.data();
                let shows = |key: &str| data["activities"].get(key).is_some();
                assert_eq!((shows("hasMore"), shows("cursor")), (shown, shown), "{query} {given}");
            }
        }
    }
);

on_both!(
    async fn texts_have_every_escape_of_the_specification(app: TestApp) {
        for (literal, text) in [
            (r#""\uD83D\uDE00""#, "😀"),
            (r#""\u{1F600}""#, "😀"),
            (r#""\u00e9\t\"\\\/\b\f""#, "é\t\"\\/\u{8}\u{c}"),
            ("\"\"\"\n    one\n      two \\\"\"\"\n    \"\"\"", "one\n  two \"\"\""),
            ("\"😀\"", "😀"),
        ] {
            let query = format!(
                "mutation {{ createActivity(input: {{userId: \"ada\", type: LOGIN, title: \"t\", description: {literal}}}) \
                 {{ description }} }}"
            );
            let data = app.graphql(&query, json!({})).await.data();
            assert_eq!(data["createActivity"]["description"], text, "{literal}");
        }
    }
);

on_both!(
    async fn what_is_not_graphql_or_does_not_fit_is_rejected(app: TestApp) {
        for (query, code) in [
            (r"{ unreadActivityCount(userId: 'u') }", "GRAPHQL_PARSE_FAILED"),
            (r#"{ unreadActivityCount(userId: "\uD83D") }"#, "GRAPHQL_PARSE_FAILED"),
            (r#"{ unreadActivityCount(userId: "\u{110000}") }"#, "GRAPHQL_PARSE_FAILED"),
            ("query() { activeUsers }", "GRAPHQL_PARSE_FAILED"),
            ("{ activeUsers() }", "GRAPHQL_PARSE_FAILED"),
            ("{ activities(userId) { total } }", "GRAPHQL_PARSE_FAILED"),
            ("{ }", "GRAPHQL_PARSE_FAILED"),
            ("", "GRAPHQL_PARSE_FAILED"),
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("\"described\" { activeUsers }", "GRAPHQL_PARSE_FAILED"),
            ("{ __typename { a } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ activeUsers { a } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ activities }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ activeUsers } fragment F on Query { activeUsers }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ activityConnection(type: \"LOGIN\") { nodes { id } } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ activities(limit: \"1\") { total } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ activities(limit: 1.0) { total } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ activities(limit: 1, limit: 1) { total } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ activities(limit: null) { total } }", "GRAPHQL_VALIDATION_FAILED"),
            ("query($n: Int) { leaderboard(limit: [$n]) { total } }", "GRAPHQL_VALIDATION_FAILED"),
            ("query($n: String) { leaderboard(limit: $n) { total } }", "GRAPHQL_VALIDATION_FAILED"),
            ("query($n: Int) { activeUsers }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ leaderboard(limit: $n) { total } }", "GRAPHQL_VALIDATION_FAILED"),
            ("mutation { markActivityRead(id: null) { id } }", "GRAPHQL_VALIDATION_FAILED"),
            ("mutation($i: ID) { markActivityRead(id: $i) { id } }", "GRAPHQL_VALIDATION_FAILED"),
            (
                "mutation { createActivity(input: {type: LOGIN, type: LOGIN, title: \"t\"}) { id } }",
                "GRAPHQL_VALIDATION_FAILED",
            ),
            (
                "mutation($t: String) { createActivity(input: {type: LOGIN, title: $t}) { id } }",
                "GRAPHQL_VALIDATION_FAILED",
            ),
            (
                "mutation { createActivity(input: {type: LOGIN, title: \"t\", data: {a: $x}}) { id } }",
                "GRAPHQL_VALIDATION_FAILED",
            ),
            (
                "{ a: unreadActivityCount(userId: \"x\") a: unreadActivityCount(userId: \"y\") }",
                "GRAPHQL_VALIDATION_FAILED",
            ),
            ("query A { activeUsers } query A { activeUsers }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ activeUsers } { activeUsers }", "GRAPHQL_VALIDATION_FAILED"),
            ("type A { b: Int }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ activeUsers @unknown }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ activeUsers @skip }", "GRAPHQL_VALIDATION_FAILED"),
        ] {
            is_rejected(&app.graphql(query, json!({})).await, code, query);
        }
        let int = "query($n: Int!) { leaderboard(limit: $n) { total } }";
        for value in [json!("1"), json!(1.5), json!(2_147_483_648_u64), json!(true), json!(null), json!([1])]
        {
            is_rejected(
                &app.graphql(int, json!({"n": value})).await,
                "GRAPHQL_VALIDATION_FAILED",
                &value.to_string(),
            );
        }
        is_rejected(&app.graphql(int, json!({})).await, "GRAPHQL_VALIDATION_FAILED", "no value");
        let defaulted = "query($n: Int = 3) { leaderboard(limit: $n) { total } }";
        app.graphql(defaulted, json!({})).await.data();
        is_rejected(&app.graphql(defaulted, json!({"n": null})).await, "GRAPHQL_VALIDATION_FAILED", "null");
    }
);

on_both!(
    async fn errors_have_their_place(app: TestApp) {
        for (query, line, column) in [
            ("{\n  activeUser\n}", 2, 3),
            ("{ unreadActivityCount(userId: \"é😀\") activities(userId: \"u\", limit: 0) { total } }", 1, 37),
            ("query Q(\n$n: Int!) { leaderboard(limit: $n) { total } }", 2, 1),
            ("{ activeUsers ", 1, 15),
        ] {
            let answer = app.graphql(query, json!({})).await;
            let location = &answer.body["errors"][0]["locations"][0];
            assert_eq!(*location, json!({"line": line, "column": column}), "{query} {}", answer.text);
        }
    }
);

on_both!(
    async fn what_the_specification_takes_is_taken(app: TestApp) {
        for (query, variables) in [
            (
                "\"An operation.\" query Q(\"A variable.\" $n: Int = 1) { leaderboard(limit: $n) { total } }",
                json!({}),
            ),
            ("\"\"\"A\nfragment.\"\"\" fragment F on Query { activeUsers } query { ...F }", json!({})),
            ("query($n: Int!) { leaderboard(limit: $n) { total } }", json!({"n": 2.0})),
            ("query($i: ID!) { unreadActivityCount(userId: $i) }", json!({"i": 7})),
            ("{ unreadActivityCount(userId: 123456789012345678901234567890) }", json!({})),
            (
                "{ ...F ...F } fragment F on Query { activeUsers ... @include(if: true) { activeUsers } }",
                json!({}),
            ),
            ("query A { activeUsers }", json!({"unknown": 1})),
            ("{,,, activeUsers #comment\n}", json!({})),
            ("\u{feff}{ activeUsers }", json!({})),
        ] {
            app.graphql(query, variables).await.data();
        }
        let query = "query A { activeUsers } query B { b: activeUsers }";
        let body = json!({"query": query, "operationName": "B"});
        assert_eq!(app.post("/graphql", &body).await.data(), json!({"b": 0}));
        is_rejected(&app.graphql(query, json!({})).await, "GRAPHQL_VALIDATION_FAILED", query);
    }
);

on_both!(
    async fn a_subscription_that_selects_nothing_is_an_error_of_its_own(app: TestApp) {
        let mut socket = app.user("ada").socket().await;
        // After a cursor, so that it misses nothing while it starts.
        let after = app.get("/api/activities/ada").await.expect(200)["cursor"].clone();
        let living = "subscription($after: String) { activityCreated(after: $after) { title } }";
        let living = socket.subscribe(living, json!({"after": after})).await;
        for query in [
            "subscription($s: Boolean!) { activityCreated @skip(if: $s) { title } }",
            "subscription($s: Boolean!) { ... @skip(if: $s) { activityCreated { title } } }",
            "subscription($s: Boolean!) { ...F @skip(if: $s) } fragment F on Subscription { activityCreated { title } }",
            "subscription($s: Boolean!) { ...F } fragment F on Subscription { activityCreated @skip(if: $s) { title } }",
        ] {
            let refused = socket.subscribe(query, json!({"s": true})).await;
            let message = socket.message_of(&refused).await;
            assert_eq!(message["type"], "error", "{query} {message}");
            assert_eq!(message["payload"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{query}");
        }
        app.create_activity("ada", "still there").await;
        assert_eq!(socket.next(&living).await["activityCreated"]["title"], "still there");
    }
);

on_both!(
    async fn persisted_queries_ask_for_the_text(app: TestApp) {
        let extensions = json!({"persistedQuery": {"version": 1, "sha256Hash": "0".repeat(64)}});
        let not_supported = |errors: &Value| {
            assert_eq!(errors[0]["message"], "PersistedQueryNotSupported");
            assert_eq!(errors[0]["extensions"]["code"], "PERSISTED_QUERY_NOT_SUPPORTED");
        };
        let answer = app.post("/graphql", &json!({"extensions": extensions})).await;
        not_supported(&answer.body["errors"]);
        let path = format!("/graphql?extensions={extensions}");
        not_supported(&app.get(&path).await.body["errors"]);
        let body = json!({"query": "{ activeUsers }", "extensions": extensions});
        app.post("/graphql", &body).await.data();
        let mut socket = app.user("ada").socket().await;
        socket.send(&json!({"type": "subscribe", "id": "p", "payload": {"extensions": extensions}})).await;
        let message = socket.receive().await;
        assert_eq!(message["type"], "error", "{message}");
        not_supported(&message["payload"]);
    }
);

on_both!(
    async fn a_mutation_is_executed_once_however_often_it_is_named(app: TestApp) {
        let query = "mutation M($n: Int! = 1) {
            incrementStat(userId: \"ada\", statName: LOGS_CREATED, incrementBy: $n) { logsCreated }
            ...F
            ... on Mutation { incrementStat(userId: \"ada\", statName: LOGS_CREATED, incrementBy: $n) { goalsCompleted } }
        }
        fragment F on Mutation { incrementStat(userId: \"ada\", statName: LOGS_CREATED, incrementBy: $n) { userId } }";
        let data = app.graphql(query, json!({})).await.data();
        assert_eq!(data, json!({"incrementStat": {"logsCreated": 1, "userId": "ada", "goalsCompleted": 0}}));
    }
);

on_both!(
    async fn an_answer_has_a_bound_in_bytes(app: TestApp) {
        let text = "x".repeat(16_000);
        for number in 0..50 {
            let body = json!({"userId": "ada", "type": "login", "title": number.to_string(), "data": {"text": text}});
            app.post("/api/activities", &body).await.expect(201);
        }
        let query = |name: &str, items: &str, fields: &str, count: usize| {
            let fields = (0..count).map(|number| {
                format!(" a{number}: {name}(userId: \"ada\", {fields}) {{ {items} {{ data }} }}")
            });
            format!("{{{} }}", fields.collect::<String>())
        };
        for (name, items, fields) in
            [("activities", "activities", "limit: 200"), ("activityConnection", "nodes", "first: 200")]
        {
            app.graphql(&query(name, items, fields, 5), json!({})).await.data();
            let answer = app.graphql(&query(name, items, fields, 20), json!({})).await;
            let (code, _) = answer.graphql_error();
            assert_eq!((code.as_str(), answer.text.len() < 64 * 1024), ("PAYLOAD_TOO_LARGE", true), "{name}");
            // It was executed, so the error has its place.
            assert_eq!((answer.status, answer.body.get("data")), (200, Some(&Value::Null)), "{name}");
            assert!(
                answer.body["errors"][0]["path"][0].as_str().unwrap().starts_with('a'),
                "{}",
                answer.text
            );
            // The same field under many names.
            let aliases: String = (0..19).map(|number| format!(" d{number}: data")).collect();
            let query = format!("{{ {name}(userId: \"ada\", {fields}) {{ {items} {{{aliases} }} }} }}");
            assert_eq!(app.graphql(&query, json!({})).await.graphql_error().0, "PAYLOAD_TOO_LARGE", "{name}");
        }
    }
);

on_both!(
    async fn variables_are_not_multiplied_by_their_uses(app: TestApp) {
        let create = |data: &str| {
            format!(
                "mutation($d: JSON) {{ createActivity(input: {{userId: \"u\", type: LOGIN, title: \"t\", data: {data}}}) {{ data }} }}"
            )
        };
        let numbers = vec![1; 15_000];
        for data in [
            format!("[{}]", "$d ".repeat(500)),
            format!("{{{}}}", (0..500).map(|n| format!("k{n}: $d ")).collect::<String>()),
        ] {
            let answer = app.graphql(&create(&data), json!({"d": numbers})).await;
            is_rejected(&answer, "GRAPHQL_VALIDATION_FAILED", "a large value");
            // Small values may be used often.
            app.graphql(&create(&data), json!({"d": 1})).await.data();
        }
        let defaulted = create(&format!("[{}]", "$d ".repeat(500)))
            .replace("$d: JSON)", &format!("$d: JSON = [{}])", "1 ".repeat(2_000)));
        is_rejected(&app.graphql(&defaulted, json!({})).await, "GRAPHQL_VALIDATION_FAILED", "a default");
        let once = app.graphql(&create("$d"), json!({"d": vec![1; 8_000]})).await.data();
        assert_eq!(once["createActivity"]["data"].as_array().unwrap().len(), 8_000);
    }
);

on_both!(
    async fn a_misspelt_word_of_an_enum_has_a_suggestion(app: TestApp) {
        let literal = "{ activityConnection(userId: \"u\", type: LOGN) { nodes { id } } }";
        let variable =
            "query($t: ActivityType) { activityConnection(userId: \"u\", type: $t) { nodes { id } } }";
        for answer in [
            app.graphql(literal, json!({})).await,
            app.graphql(variable, json!({"t": "LOGN"})).await,
            app.graphql(variable, json!({"t": "login"})).await,
        ] {
            is_refused_with(&answer, "Did you mean LOGIN?");
        }
    }
);

#[track_caller]
fn is_refused_with(answer: &Answer, text: &str) {
    assert_eq!(answer.graphql_error().0, "GRAPHQL_VALIDATION_FAILED", "{}", answer.text);
    assert!(answer.body["errors"][0]["message"].as_str().unwrap().contains(text), "{}", answer.text);
}
