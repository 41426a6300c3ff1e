//! What a server answered.

use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

/// The status, headers and JSON body of a response.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// Null where the body is not JSON.
    pub body: Value,
    pub text: String,
}

impl Answer {
    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status: StatusCode::as_u16(&status), headers, body, text }
    }

    /// The body, where the status is `status`.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// The `data` of a GraphQL response without errors.
    #[track_caller]
    pub fn data(self) -> Value {
        assert!(self.body["errors"].is_null() && self.status == 200, "{} {}", self.status, self.text);
        self.body["data"].clone()
    }

    /// The code and field of the first GraphQL error.
    #[track_caller]
    pub fn graphql_error(&self) -> (String, Option<String>) {
        let extensions = &self.body["errors"][0]["extensions"];
        let code = extensions["code"].as_str().unwrap_or_else(|| panic!("no error: {}", self.text));
        (code.to_owned(), extensions["field"].as_str().map(str::to_owned))
    }

    /// The code and field of a REST error.
    #[track_caller]
    pub fn rest_error(&self) -> (String, Option<String>) {
        let code = self.body["code"].as_str().unwrap_or_else(|| panic!("no error: {}", self.text));
        assert!(self.body["error"].is_string(), "{}", self.text);
        (code.to_owned(), self.body["field"].as_str().map(str::to_owned))
    }
}
