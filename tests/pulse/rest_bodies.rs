//! Requests that are no requests of REST: bodies that cannot be read, methods that are not there.

use std::io::Write;

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use futures_util::stream;
use reqwest::{
    Body, Method, RequestBuilder,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Route, TestApp, on_both, routes};

const LIMIT: usize = 64 * 1024;

fn post(app: &TestApp) -> RequestBuilder {
    app.request(Method::POST, "/api/activities")
}

#[track_caller]
fn is_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.rest_error()), (status, (code.to_owned(), None)), "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "application/json");
}

async fn nothing_is_stored(app: &TestApp) {
    assert_eq!(app.get("/api/activities/ada").await.expect(200)["total"], 0);
}

/// A valid activity, padded with blanks to `bytes`.
fn padded(bytes: usize) -> Vec<u8> {
    let mut body = json!({"userId": "ada", "type": "login", "title": "t"}).to_string().into_bytes();
    body.resize(bytes, b' ');
    body
}

on_both!(
    async fn a_body_that_is_no_json_object_is_refused(app: TestApp) {
        for body in [
            "{",
            "nonsense",
            "{\"a\":}",
            "{'a': 1}",
            "\u{feff}{",
            "\u{feff}\u{feff}{}",
            "[]",
            "[{}]",
            "1",
            "\"text\"",
            "null",
        ] {
            let request = post(&app).header(CONTENT_TYPE, "application/json").body(body);
            is_refused(&app.send(request).await, 400, "BAD_USER_INPUT");
        }
        let broken = vec![b'"', 0xff, b'"'];
        let request = post(&app).header(CONTENT_TYPE, "application/json").body(broken);
        is_refused(&app.send(request).await, 400, "BAD_USER_INPUT");
        let deep = "[".repeat(10_000);
        let request = post(&app).header(CONTENT_TYPE, "application/json").body(deep);
        is_refused(&app.send(request).await, 400, "BAD_USER_INPUT");
        nothing_is_stored(&app).await;
    }
);

on_both!(
    async fn a_body_of_another_type_is_refused(app: TestApp) {
        let body = json!({"userId": "ada", "type": "login", "title": "t"}).to_string();
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonx",
            "text/json",
        ] {
            let request = post(&app).header(CONTENT_TYPE, content_type).body(body.clone());
            is_refused(&app.send(request).await, 415, "UNSUPPORTED_MEDIA_TYPE");
        }
        is_refused(&app.send(post(&app).body(body.clone())).await, 415, "UNSUPPORTED_MEDIA_TYPE");
        nothing_is_stored(&app).await;
        for content_type in
            ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=\"UTF-8\""]
        {
            let request = post(&app).header(CONTENT_TYPE, content_type).body(body.clone());
            app.send(request).await.expect(201);
        }
    }
);

on_both!(
    async fn a_body_has_up_to_64_kib_however_it_is_sent(app: TestApp) {
        let sized = |body: Vec<u8>| post(&app).header(CONTENT_TYPE, "application/json").body(body);
        let chunked = |body: Vec<u8>| {
            let chunks: Vec<Result<Vec<u8>, std::io::Error>> =
                body.chunks(10_000).map(|chunk| Ok(chunk.to_vec())).collect();
            let body = Body::wrap_stream(stream::iter(chunks));
            post(&app).header(CONTENT_TYPE, "application/json").body(body)
        };
        is_refused(&app.send(sized(padded(LIMIT + 1))).await, 413, "PAYLOAD_TOO_LARGE");
        is_refused(&app.send(chunked(padded(LIMIT + 1))).await, 413, "PAYLOAD_TOO_LARGE");
        // Far over the limit too: who is still sending must get to read the answer.
        is_refused(&app.send(sized(padded(8 * LIMIT))).await, 413, "PAYLOAD_TOO_LARGE");
        is_refused(&app.send(chunked(padded(8 * LIMIT))).await, 413, "PAYLOAD_TOO_LARGE");
        nothing_is_stored(&app).await;
        app.send(sized(padded(LIMIT))).await.expect(201);
        app.send(chunked(padded(LIMIT))).await.expect(201);
    }
);

on_both!(
    async fn a_refusal_is_read_by_who_still_sends_a_body(app: TestApp) {
        let stranger = app.with_token("nonsense");
        for _ in 0..20 {
            for (method, path, status) in [
                (Method::POST, "/api/activities", 401),
                (Method::POST, "/graphql", 401),
                (Method::POST, "/api/nope", 404),
                (Method::PUT, "/api/health", 405),
            ] {
                let request = stranger.request(method, path).header(CONTENT_TYPE, "application/json");
                let answer = stranger.send(request.body(padded(LIMIT))).await;
                assert_eq!(answer.status, status, "{path}");
            }
        }
    }
);

on_both!(
    async fn a_method_that_is_not_there_says_which_are(app: TestApp) {
        for (method, path, allowed) in [
            (Method::PUT, "/api/activities/ada", &["GET", "DELETE"][..]),
            (Method::GET, "/api/activities", &["POST"]),
            (Method::POST, "/api/activities/ada/read-all", &["PATCH"]),
            (Method::DELETE, "/api/health", &["GET"]),
            (Method::PATCH, "/api/notifications", &["POST"]),
            (Method::GET, "/api/notifications/ada/clear-all", &["DELETE"]),
            (Method::POST, "/api/analytics/ada", &["GET"]),
            (Method::GET, "/api/analytics/ada/init", &["POST"]),
            (Method::POST, "/api/analytics/leaderboard/all", &["GET"]),
            (Method::POST, "/api/openapi.json", &["GET"]),
        ] {
            let answer = app.send(app.request(method.clone(), path)).await;
            is_refused(&answer, 405, "METHOD_NOT_ALLOWED");
            let allow = answer.headers.get("allow").unwrap_or_else(|| panic!("no Allow: {method} {path}"));
            let mut allow: Vec<&str> = allow.to_str().unwrap().split(',').map(str::trim).collect();
            // HEAD comes with GET by HTTP.
            allow.retain(|method| *method != "HEAD");
            allow.sort_unstable();
            let mut allowed = allowed.to_vec();
            allowed.sort_unstable();
            assert_eq!(allow, allowed, "{method} {path}");
        }
    }
);

on_both!(
    async fn no_error_tells_of_the_inside(app: TestApp) {
        let requests = [
            app.request(Method::POST, "/api/activities").json(&json!({"userId": "ada", "type": "'; DROP"})),
            app.request(
                Method::GET,
                "/api/activities/ada?limit=99999999999999999999&skip=9223372036854775807",
            ),
            app.request(Method::DELETE, "/api/activities/0123456789abcdef01234567"),
            app.request(Method::GET, "/api/analytics/ada%27%20OR%201=1"),
        ];
        for request in requests {
            let answer = app.send(request).await;
            assert!(answer.status < 500, "{}", answer.text);
            for word in ["sqlx", "sea_orm", "panicked", ".rs:", "SELECT"] {
                assert!(!answer.text.contains(word), "{}", answer.text);
            }
            assert!(answer.body != Value::Null);
        }
    }
);

/// The same request by REST and by GraphQL, as a body that is `changed` on its way.
async fn both_doors(
    app: &TestApp,
    encoding: Option<&str>,
    changed: impl Fn(Vec<u8>) -> Vec<u8>,
) -> [Answer; 2] {
    let activity = json!({"userId": "ada", "type": "login", "title": "t"}).to_string();
    let operation = json!({"query": "{ activeUsers }"}).to_string();
    let send = async |path: &str, body: String| {
        let mut request = app.request(Method::POST, path).header(CONTENT_TYPE, "application/json");
        if let Some(encoding) = encoding {
            request = request.header(CONTENT_ENCODING, encoding);
        }
        app.send(request.body(changed(body.into_bytes()))).await
    };
    [send("/api/activities", activity).await, send("/graphql", operation).await]
}

/// Compresses bytes.
type Pack = fn(&[u8]) -> Vec<u8>;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_byte_order_mark_before_a_body_is_taken() {
    let app = TestApp::start(Backend::Sqlite).await;
    let [activity, operation] = both_doors(&app, None, |body| [b"\xef\xbb\xbf", &*body].concat()).await;
    activity.expect(201);
    operation.data();
}

#[tokio::test]
async fn a_compressed_body_is_inflated_within_the_limit() {
    let app = TestApp::start(Backend::Sqlite).await;
    let packs: [(&str, Pack); 5] =
        [("gzip", gzip), ("GZIP", gzip), ("x-gzip", gzip), ("deflate", zlib), ("identity", <[u8]>::to_vec)];
    for (encoding, packed) in packs {
        let [activity, operation] = both_doors(&app, Some(encoding), |body| packed(&body)).await;
        activity.expect(201);
        operation.data();
        let filled = |bytes: usize| {
            move |mut body: Vec<u8>| {
                body.resize(bytes, b' ');
                packed(&body)
            }
        };
        let [activity, operation] = both_doors(&app, Some(encoding), filled(LIMIT)).await;
        activity.expect(201);
        operation.data();
        for bytes in [LIMIT + 1, 20 * LIMIT] {
            if encoding == "identity" && bytes > LIMIT + 1 {
                continue;
            }
            for refused in both_doors(&app, Some(encoding), filled(bytes)).await {
                assert_eq!(refused.status, 413, "{encoding} {bytes}: {}", refused.text);
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_compressed_as_it_says_is_refused() {
    let app = TestApp::start(Backend::Sqlite).await;
    let raw = |body: Vec<u8>| {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&body).unwrap();
        encoder.finish().unwrap()
    };
    for refused in [
        both_doors(&app, Some("gzip"), |body| body).await,
        both_doors(&app, Some("gzip"), |body| gzip(&body)[..30].to_vec()).await,
        both_doors(&app, Some("deflate"), raw).await,
        both_doors(&app, Some("deflate"), |body| gzip(&body)).await,
    ]
    .concat()
    {
        assert_eq!(refused.status, 400, "{}", refused.text);
    }
    for encoding in ["br", "zstd", "gzip, gzip", "nonsense", ""] {
        for refused in both_doors(&app, Some(encoding), |body| body).await {
            assert_eq!(refused.status, 415, "{encoding}: {}", refused.text);
        }
    }
    nothing_is_stored(&app).await;
}

/// The path of `route` as other clients of Express wrote it: with capitals in its fixed parts, and a slash at its end.
fn shouted(route: &Route, id: &str) -> String {
    let parts = route.path.split('/').map(|part| match part.starts_with('{') {
        true => id.to_owned(),
        false => part.to_uppercase(),
    });
    parts.collect::<Vec<_>>().join("/") + "/"
}

#[tokio::test]
async fn capitals_and_a_slash_at_the_end_make_no_other_path() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.create_activity("Ada", "t").await;
    for path in ["/api/activities/Ada/", "/API/Activities/Ada", "/api/Activities/Ada/?limit=1"] {
        assert_eq!(app.get(path).await.expect(200)["total"], 1, "{path}");
    }
    assert_eq!(app.get("/API/activities/ADA").await.expect(200)["total"], 0, "an id is not changed");
    for route in routes() {
        if !route.path.starts_with("/api/") || route.path.contains('*') {
            continue;
        }
        let method = Method::from_bytes(route.method.as_bytes()).unwrap();
        let id = "0123456789ABCDEF01234567";
        let plain = route.path.split('/').map(|part| if part.starts_with('{') { id } else { part });
        let plain = plain.collect::<Vec<_>>().join("/");
        let expected = app.send(app.request(method.clone(), &plain)).await;
        let got = app.send(app.request(method, &shouted(&route, id))).await;
        // Once it is created, it is there already.
        let status = |answer: &Answer| if answer.status == 201 { 200 } else { answer.status };
        assert_eq!(status(&got), status(&expected), "{route}: {}", got.text);
        assert!(!got.text.contains("This path does not exist"), "{route}: {}", got.text);
    }
}
