//! `/api/openapi.json` is true to what the server does.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Answer, Backend, Server, TestApp, on_both, routes};

/// The routes of the documentation, whatever their parameters are called.
const DOCUMENTED: &[&str] = &[
    "GET /api/health",
    "GET /api/ready",
    "GET /api/activities/{}",
    "GET /api/activities/{}/unread/count",
    "POST /api/activities",
    "PATCH /api/activities/{}/read",
    "PATCH /api/activities/{}/read-all",
    "DELETE /api/activities/{}",
    "GET /api/analytics/{}",
    "POST /api/analytics/{}/init",
    "PATCH /api/analytics/{}/learning-hours",
    "PATCH /api/analytics/{}/streak",
    "PATCH /api/analytics/{}/increment",
    "POST /api/analytics/{}/weekly",
    "GET /api/analytics/leaderboard/all",
    "GET /api/notifications/{}",
    "GET /api/notifications/{}/unread/count",
    "POST /api/notifications",
    "PATCH /api/notifications/{}/read",
    "PATCH /api/notifications/{}/read-all",
    "DELETE /api/notifications/{}",
    "DELETE /api/notifications/{}/clear-all",
];
/// Not of the API: the document itself, and the 404 of every other path.
const APART: &[&str] = &["GET /api/openapi.json", "ANY /api/{}"];

struct Document(Value);

impl Document {
    async fn of(app: &TestApp) -> Self {
        Self(app.get("/api/openapi.json").await.expect(200))
    }

    /// Each method of each path, as [`crate::support::Route::shape`] has it.
    fn shapes(&self) -> BTreeSet<String> {
        let methods = ["get", "post", "put", "patch", "delete"];
        let paths = self.0["paths"].as_object().unwrap().iter();
        let all = paths.flat_map(|(path, item)| {
            let given = methods.into_iter().filter(|method| item[method].is_object());
            given.map(|method| crate::support::Route { path: path.clone(), method: method.to_uppercase() })
        });
        all.map(|route| route.shape()).collect()
    }

    /// Fails unless the answer to `method path` is what the document says of its status.
    #[track_caller]
    fn check(&self, method: &str, path: &str, answer: &Answer) {
        let responses = &self.0["paths"][path][method.to_lowercase()]["responses"];
        let response = &responses[answer.status.to_string()];
        let place = format!("{method} {path} {}", answer.status);
        assert!(response.is_object(), "{place} is not documented: {}", answer.text);
        let schema = &response["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{place} has no schema: {response}");
        self.check_value(schema, &answer.body, &place);
    }

    #[track_caller]
    fn check_value(&self, schema: &Value, value: &Value, place: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let schema = self.0.pointer(reference.trim_start_matches('#'));
            return self.check_value(
                schema.unwrap_or_else(|| panic!("{reference} leads nowhere")),
                value,
                place,
            );
        }
        if let Some(words) = schema["enum"].as_array() {
            assert!(words.contains(value), "{place} is {value}, it takes one of {words:?}");
        }
        let types = match &schema["type"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => return,
        };
        let fits = |of: &&str| match *of {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("{place} has the unknown type {other}"),
        };
        assert!(types.iter().any(fits), "{place} is {value}, it takes {types:?}");
        for item in value.as_array().into_iter().flatten() {
            self.check_value(&schema["items"], item, &format!("{place}[]"));
        }
        if let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
            for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                assert!(fields.contains_key(required), "{place} has no {required}: {value}");
            }
            for (field, value) in fields {
                let schema =
                    properties.get(field).unwrap_or_else(|| panic!("{place}: {field} is not documented"));
                self.check_value(schema, value, &format!("{place}.{field}"));
            }
        }
    }
}

fn set(shapes: &[&str]) -> BTreeSet<String> {
    shapes.iter().map(|shape| (*shape).to_owned()).collect()
}

#[tokio::test]
async fn the_document_has_every_route_of_the_router_and_no_other() {
    let app = TestApp::start(Backend::Sqlite).await;
    let served = routes().into_iter().filter(|route| route.path.starts_with("/api/"));
    let served: BTreeSet<String> = served.map(|route| route.shape()).collect();
    let served = served.difference(&set(APART)).cloned().collect();
    assert_eq!(Document::of(&app).await.shapes(), served);
}

#[tokio::test]
async fn the_document_has_every_route_that_is_promised() {
    let app = TestApp::start(Backend::Sqlite).await;
    let shapes = Document::of(&app).await.shapes();
    let missing: Vec<_> = set(DOCUMENTED).difference(&shapes).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn the_document_is_openapi_3_1_and_complete() {
    let app = TestApp::start(Backend::Sqlite).await;
    let Document(document) = Document::of(&app).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{place} has no summary");
            assert!(operation["operationId"].is_string(), "{place} has no operationId");
            assert!(operation["description"].is_string(), "{place} has no description");
            let limited = &operation["responses"]["429"];
            assert!(limited["headers"]["Retry-After"].is_object(), "{place} has no 429");
            let reference = limited["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            for response in operation["responses"].as_object().unwrap().values() {
                assert!(response["description"].is_string(), "{place}: {response}");
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].is_string(), "{place}: {parameter}");
            }
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let named = parameters.filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(named, path.matches('{').count(), "{place} does not say what its parameters are");
        }
    }
}

#[tokio::test]
async fn every_schema_and_every_field_is_described() {
    let app = TestApp::start(Backend::Sqlite).await;
    let Document(document) = Document::of(&app).await;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name}");
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert!(schema["description"].is_string(), "{name}.{field}: {schema}");
        }
    }
}

#[tokio::test]
async fn operation_ids_are_unique() {
    let app = TestApp::start(Backend::Sqlite).await;
    let Document(document) = Document::of(&app).await;
    let paths = document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap());
    let ids: Vec<_> = paths.map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

#[tokio::test]
async fn answers_are_what_the_document_says() {
    let app = TestApp::start(Backend::Sqlite).await;
    let document = Document::of(&app).await;
    let activity = json!({
        "userId": "ada", "type": "login", "title": "t", "description": "d", "data": {"any": [1, "two", null]}
    });
    let created = app.post("/api/activities", &activity).await;
    document.check("POST", "/api/activities", &created);
    let notification = json!({
        "userId": "ada", "type": "social", "title": "t", "message": "m", "actionUrl": "/a"
    });
    document.check("POST", "/api/notifications", &app.post("/api/notifications", &notification).await);
    let init = app.post("/api/analytics/ada/init", &json!({})).await;
    document.check("POST", "/api/analytics/{userId}/init", &init);
    let weekly = json!({"date": "2026-01-31", "hoursLogged": 1.5, "logsCount": 2});
    let weekly = app.post("/api/analytics/ada/weekly", &weekly).await;
    document.check("POST", "/api/analytics/{userId}/weekly", &weekly);
    for (template, path) in [
        ("/api/health", "/api/health"),
        ("/api/ready", "/api/ready"),
        ("/api/activities/{id}", "/api/activities/ada"),
        ("/api/activities/{userId}/unread/count", "/api/activities/ada/unread/count"),
        ("/api/notifications/{id}", "/api/notifications/ada"),
        ("/api/analytics/{userId}", "/api/analytics/ada"),
        ("/api/analytics/leaderboard/all", "/api/analytics/leaderboard/all"),
    ] {
        document.check("GET", template, &app.get(path).await.clone());
    }
    let id = created.body["_id"].as_str().unwrap();
    let read = app.patch(&format!("/api/activities/{id}/read"), &json!({})).await;
    document.check("PATCH", "/api/activities/{activityId}/read", &read);
    let all = app.patch("/api/activities/ada/read-all", &json!({})).await;
    document.check("PATCH", "/api/activities/{userId}/read-all", &all);
    document.check("DELETE", "/api/activities/{id}", &app.delete(&format!("/api/activities/{id}")).await);
    let clear = app.delete("/api/notifications/ada/clear-all").await;
    document.check("DELETE", "/api/notifications/{userId}/clear-all", &clear);
}

#[tokio::test]
async fn refusals_are_what_the_document_says() {
    let app = TestApp::start(Backend::Sqlite).await;
    let document = Document::of(&app).await;
    document.check("GET", "/api/analytics/{userId}", &app.get("/api/analytics/nobody").await);
    document.check("GET", "/api/activities/{id}", &app.get("/api/activities/ada?limit=0").await);
    document.check("GET", "/api/activities/{id}", &app.user("bob").get("/api/activities/ada").await);
    document.check(
        "GET",
        "/api/activities/{id}",
        &app.with_token("nonsense").get("/api/activities/ada").await,
    );
    let unknown = app.delete(&format!("/api/activities/{}", "0".repeat(24))).await;
    document.check("DELETE", "/api/activities/{id}", &unknown);
    document.check("POST", "/api/activities", &app.post("/api/activities", &json!({})).await);
    let text = app.request(reqwest::Method::POST, "/api/activities").body("text");
    document.check("POST", "/api/activities", &app.send(text).await);
    let large = json!({"userId": "ada", "type": "login", "title": "x".repeat(100_000)});
    document.check("POST", "/api/activities", &app.post("/api/activities", &large).await);
}

#[tokio::test]
async fn the_command_prints_the_document() {
    let app = TestApp::start(Backend::Sqlite).await;
    let Document(mut served) = Document::of(&app).await;
    served.as_object_mut().unwrap().remove("externalDocs");
    let output = Server::command(&[]).arg("openapi").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), served);
}

#[tokio::test]
async fn it_names_the_page_that_shows_it() {
    let app = TestApp::start(Backend::Sqlite).await;
    let document = Document::of(&app).await.0;
    assert!(document["info"]["description"].as_str().unwrap().contains("/docs/api"));
    assert_eq!(document["servers"][0]["url"], "/");
    let page = app.get("/docs/api").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("<!doctype html>"), "{}", page.text);
}

on_both!(
    async fn the_page_of_the_document_is_at_its_address(app: TestApp) {
        let document = app.get("/api/openapi.json").await.expect(200);
        let page = document["externalDocs"]["url"].as_str().unwrap();
        assert_eq!(page, app.url("/docs/api"));
        assert_eq!(app.http.get(page).send().await.unwrap().status(), 200);
    }
);
