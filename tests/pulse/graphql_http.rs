//! GraphQL over HTTP: methods, media types and statuses.

use reqwest::{
    Method, RequestBuilder,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::{Answer, TestApp, on_both};

const JSON: &str = "application/json";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
const ACTIVE: &str = "{ activeUsers }";

fn get(app: &TestApp, parameters: &[(&str, &str)]) -> RequestBuilder {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    app.request(Method::GET, &format!("/graphql?{query}"))
}

async fn post_as(app: &TestApp, accept: &str, body: &Value) -> Answer {
    app.send(app.request(Method::POST, "/graphql").header(ACCEPT, accept).json(body)).await
}

#[track_caller]
fn is_of(answer: &Answer, media: &str) {
    let given = answer.headers[CONTENT_TYPE].to_str().unwrap();
    assert_eq!(given.split(';').next(), Some(media), "{}", answer.text);
}

/// A request that was not carried out has errors with a code, and no `data` at all.
#[track_caller]
fn is_request_error(answer: &Answer, code: &str) {
    assert!(answer.body.get("data").is_none(), "{}", answer.text);
    assert_eq!(answer.graphql_error().0, code, "{}", answer.text);
}

on_both!(
    async fn a_query_can_come_by_get(app: TestApp) {
        app.create_activity("ada & co", "one").await;
        let query =
            "query Total($user: ID) { activities(userId: $user) { total } } query Other { activeUsers }";
        let variables = json!({"user": "ada & co"}).to_string();
        let parameters = [("query", query), ("variables", &variables), ("operationName", "Total")];
        let answer = app.send(get(&app, &parameters)).await.data();
        assert_eq!(answer, json!({"activities": {"total": 1}}));
        let answer = app.send(get(&app, &[("query", query), ("operationName", "Other")])).await;
        assert_eq!(answer.data(), json!({"activeUsers": 0}));
        for empty in [("variables", ""), ("operationName", ""), ("extensions", ""), ("variables", "null")] {
            let answer = app.send(get(&app, &[("query", ACTIVE), empty])).await;
            assert_eq!(answer.data(), json!({"activeUsers": 0}), "{empty:?}");
        }
    }
);

on_both!(
    async fn a_get_that_cannot_be_read_is_a_bad_request(app: TestApp) {
        for parameters in [
            &[][..],
            &[("variables", "{}")],
            &[("query", ACTIVE), ("variables", "nonsense")],
            &[("query", ACTIVE), ("variables", "[]")],
            &[("query", ACTIVE), ("variables", "7")],
            &[("query", ACTIVE), ("extensions", "{")],
        ] {
            for media in [JSON, GRAPHQL_RESPONSE] {
                let answer = app.send(get(&app, parameters).header(ACCEPT, media)).await;
                assert_eq!(answer.status, 400, "{parameters:?} {}", answer.text);
                is_request_error(&answer, "BAD_USER_INPUT");
                is_of(&answer, media);
            }
        }
    }
);

on_both!(
    async fn a_mutation_by_get_is_not_allowed(app: TestApp) {
        let query = "mutation { createActivity(input: {userId: \"ada\", type: LOGIN, title: \"t\"}) { id } }";
        let two = format!("query Read {ACTIVE} {}", query.replacen("mutation", "mutation Write", 1));
        for parameters in [&[("query", query)][..], &[("query", &two), ("operationName", "Write")]] {
            for media in [JSON, GRAPHQL_RESPONSE] {
                let answer = app.send(get(&app, parameters).header(ACCEPT, media)).await;
                assert_eq!((answer.status, &answer.headers["allow"]), (405, &"POST".parse().unwrap()));
                is_request_error(&answer, "METHOD_NOT_ALLOWED");
            }
        }
        app.send(get(&app, &[("query", &two), ("operationName", "Read")])).await.data();
        assert_eq!(app.get("/api/activities/ada").await.expect(200)["total"], 0);
    }
);

on_both!(
    async fn other_methods_are_not_allowed(app: TestApp) {
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let answer =
                app.send(app.request(method.clone(), "/graphql").json(&json!({"query": ACTIVE}))).await;
            assert_eq!(answer.status, 405, "{method}");
            is_request_error(&answer, "METHOD_NOT_ALLOWED");
            let allow = answer.headers["allow"].to_str().unwrap();
            assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
        }
    }
);

on_both!(
    async fn a_post_needs_json(app: TestApp) {
        let body = json!({"query": ACTIVE}).to_string();
        let post = || app.request(Method::POST, "/graphql").body(body.clone());
        for content_type in [
            "text/plain",
            "application/graphql",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
        ] {
            let answer = app.send(post().header(CONTENT_TYPE, content_type)).await;
            assert_eq!(answer.status, 415, "{content_type}");
            is_request_error(&answer, "UNSUPPORTED_MEDIA_TYPE");
        }
        assert_eq!(app.send(post()).await.status, 415);
        for content_type in
            ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]
        {
            let answer = app.send(post().header(CONTENT_TYPE, content_type)).await;
            assert_eq!(answer.data(), json!({"activeUsers": 0}), "{content_type}");
        }
    }
);

on_both!(
    async fn a_post_that_cannot_be_read_is_a_bad_request(app: TestApp) {
        for body in [
            "",
            "nonsense",
            "{",
            "null",
            "7",
            "{}",
            "[]",
            "[{\"query\":\"{ activeUsers }\"}]",
            "{\"query\": null}",
            "{\"query\": 7}",
            "{\"query\": \"{ activeUsers }\", \"variables\": []}",
            "{\"query\": \"{ activeUsers }\", \"variables\": \"{}\"}",
            "{\"query\": \"{ activeUsers }\", \"operationName\": 7}",
            "{\"query\": \"{ activeUsers }\", \"extensions\": 7}",
        ] {
            for media in [JSON, GRAPHQL_RESPONSE] {
                let request = app.request(Method::POST, "/graphql").header(CONTENT_TYPE, JSON);
                let answer = app.send(request.header(ACCEPT, media).body(body)).await;
                assert_eq!(answer.status, 400, "{body} {}", answer.text);
                is_request_error(&answer, "BAD_USER_INPUT");
                is_of(&answer, media);
            }
        }
    }
);

on_both!(
    async fn a_batch_is_refused_whole(app: TestApp) {
        let create =
            "mutation { createActivity(input: {userId: \"ada\", type: LOGIN, title: \"t\"}) { id } }";
        let answer = app.post("/graphql", &json!([{"query": create}, {"query": create}])).await;
        assert_eq!(answer.status, 400);
        is_request_error(&answer, "BAD_USER_INPUT");
        assert!(answer.body["errors"][0]["message"].as_str().unwrap().contains("batch"), "{}", answer.text);
        assert_eq!(app.get("/api/activities/ada").await.expect(200)["total"], 0);
    }
);

on_both!(
    async fn a_body_of_more_than_64_kib_is_refused(app: TestApp) {
        let query = |bytes: usize| {
            let frame = json!({"query": ACTIVE}).to_string().len();
            json!({"query": format!("{ACTIVE}{}", " ".repeat(bytes - frame))})
        };
        app.post("/graphql", &query(64 * 1024)).await.data();
        let answer = app.post("/graphql", &query(64 * 1024 + 1)).await;
        assert_eq!(answer.status, 413);
        is_request_error(&answer, "PAYLOAD_TOO_LARGE");
    }
);

on_both!(
    async fn the_answer_is_of_the_type_that_accept_prefers(app: TestApp) {
        for (accept, media) in [
            ("application/json", JSON),
            ("application/graphql-response+json", GRAPHQL_RESPONSE),
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                GRAPHQL_RESPONSE,
            ),
            ("application/graphql-response+json;q=0.5, application/json;q=0.9", JSON),
            ("application/json;q=0.9, application/graphql-response+json", GRAPHQL_RESPONSE),
            ("text/html;q=0.1, application/json", JSON),
            ("image/png, APPLICATION/JSON", JSON),
        ] {
            for answer in [
                post_as(&app, accept, &json!({"query": ACTIVE})).await,
                app.send(get(&app, &[("query", ACTIVE)]).header(ACCEPT, accept)).await,
            ] {
                is_of(&answer, media);
                assert_eq!(answer.data(), json!({"activeUsers": 0}), "{accept}");
            }
        }
    }
);

on_both!(
    async fn a_request_error_is_4xx_as_graphql_response_and_200_as_json(app: TestApp) {
        let with_variable = |ty: &str, value: Value| -> Value {
            json!({"query": format!("query($user: {ty}) {{ unreadActivityCount(userId: $user) }}"), "variables": value})
        };
        let limited = |value: Value| -> Value {
            let query = "query($limit: Int!) { leaderboard(limit: $limit) { total } }";
            json!({"query": query, "variables": value})
        };
        let two = "query A { activeUsers } query B { activeUsers }";
        for (body, code) in [
            (json!({"query": "{"}), Some("GRAPHQL_PARSE_FAILED")),
            (json!({"query": ""}), Some("GRAPHQL_PARSE_FAILED")),
            (json!({"query": "nonsense { activeUsers }"}), Some("GRAPHQL_PARSE_FAILED")),
            (json!({"query": "{ unknownField }"}), Some("GRAPHQL_VALIDATION_FAILED")),
            (json!({"query": "{ activeUsers { more } }"}), Some("GRAPHQL_VALIDATION_FAILED")),
            (json!({"query": "{ leaderboard }"}), Some("GRAPHQL_VALIDATION_FAILED")),
            (json!({"query": "{ leaderboard(limit: \"5\") { total } }"}), Some("GRAPHQL_VALIDATION_FAILED")),
            (json!({"query": "{ leaderboard(limit: null) { total } }"}), Some("GRAPHQL_VALIDATION_FAILED")),
            (json!({"query": "{ unreadActivityCount(userId: $user) }"}), Some("GRAPHQL_VALIDATION_FAILED")),
            (json!({"query": "{ ...Missing }"}), Some("GRAPHQL_VALIDATION_FAILED")),
            (json!({"query": "mutation { markActivityRead { id } }"}), Some("GRAPHQL_VALIDATION_FAILED")),
            (
                json!({"query": "{ activityConnection(type: other) { nodes { id } } }"}),
                Some("GRAPHQL_VALIDATION_FAILED"),
            ),
            (json!({"query": two}), None),
            (json!({"query": two, "operationName": "C"}), None),
            (json!({"query": "query A { activeUsers }", "operationName": "B"}), None),
            (with_variable("ID!", json!({})), None),
            (with_variable("ID!", json!({"user": null})), None),
            (with_variable("ID!", json!({"user": {}})), None),
            (with_variable("ID", json!({"user": true})), None),
            (limited(json!({})), None),
            (limited(json!({"limit": null})), None),
            (limited(json!({"limit": "5"})), None),
            (limited(json!({"limit": 1.5})), None),
            (limited(json!({"limit": 3_000_000_000_u64})), None),
            (limited(json!({"limit": [5]})), None),
        ] {
            let answer = post_as(&app, GRAPHQL_RESPONSE, &body).await;
            assert_eq!(answer.status, 400, "{body} {}", answer.text);
            is_of(&answer, GRAPHQL_RESPONSE);
            let given = answer.graphql_error().0;
            is_request_error(&answer, code.unwrap_or(&given));
            assert!(
                ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"].contains(&&*given)
            );

            let answer = post_as(&app, JSON, &body).await;
            assert_eq!(answer.status, 200, "{body} {}", answer.text);
            is_of(&answer, JSON);
            is_request_error(&answer, &given);
        }
    }
);

on_both!(
    async fn an_error_of_a_field_is_200_and_has_data(app: TestApp) {
        let body = json!({"query": "{ activities(userId: \"\") { total } }"});
        for media in [JSON, GRAPHQL_RESPONSE] {
            let answer = post_as(&app, media, &body).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.body.get("data"), Some(&Value::Null));
            assert_eq!(answer.graphql_error(), ("BAD_USER_INPUT".to_owned(), Some("userId".to_owned())));
        }
    }
);

on_both!(
    async fn a_null_variable_is_not_an_absent_one(app: TestApp) {
        // The default is for what is absent; null is a value, and Int! has none of it.
        let query = "query($limit: Int = 5) { leaderboard(limit: $limit) { total } }";
        assert_eq!(app.graphql(query, json!({})).await.data(), json!({"leaderboard": {"total": 0}}));
        let answer = app.graphql(query, json!({"limit": null})).await;
        assert!(answer.body["errors"].is_array(), "{}", answer.text);
        let optional = "query($user: ID) { analytics(userId: $user) { cursor } }";
        let answer = app.user("ada").graphql(optional, json!({"user": null})).await;
        assert_eq!(answer.data(), json!({"analytics": null}));
    }
);

on_both!(
    async fn variables_that_are_not_asked_for_do_not_matter(app: TestApp) {
        let answer = app.graphql(ACTIVE, json!({"other": 1})).await;
        assert_eq!(answer.data(), json!({"activeUsers": 0}));
    }
);

on_both!(
    async fn a_browser_is_shown_graphiql(app: TestApp) {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for path in ["/graphql", "/graphql?query=%7BactiveUsers%7D", "/graphiql"] {
            let answer = app.send(app.request(Method::GET, path).header(ACCEPT, browser)).await;
            assert_eq!(answer.status, 200, "{path}");
            is_of(&answer, "text/html");
        }
        let page = app.send(app.request(Method::GET, "/graphiql").header(ACCEPT, browser)).await;
        for foreign in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
            assert!(!page.text.contains(foreign), "{foreign}");
        }
        let policy = page.headers.get("content-security-policy").map(|policy| policy.to_str().unwrap());
        assert!(policy.is_some_and(|policy| policy.contains("default-src 'none'")), "{policy:?}");
        // A POST is never a page.
        let answer = post_as(&app, browser, &json!({"query": ACTIVE})).await;
        assert_eq!(answer.data(), json!({"activeUsers": 0}));
    }
);
