//! The pages: what they may load, when they are sent again, and what stands where they were not built.

use reqwest::{Method, header};

use crate::support::{Answer, Backend, Client, TestApp};

const PAGES: &[&str] = &["/graphiql", "/docs/api"];
const NOT_BUILT: &str = "were the pages built? That takes Node.js: make web";

fn text<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// The sources that a policy names for a kind of thing.
fn sources<'a>(policy: &'a str, kind: &str) -> Vec<&'a str> {
    let directive =
        policy.split(';').map(str::trim).find_map(|part| part.strip_prefix(kind)?.strip_prefix(' '));
    directive.unwrap_or_default().split_whitespace().collect()
}

async fn page(client: &Client, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = client.request(method, path).header(header::ACCEPT, "text/html");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request).await
}

#[tokio::test]
async fn every_page_is_shut_off_from_everything_but_this_server() {
    for app in [TestApp::start(Backend::Sqlite).await, TestApp::production(Backend::Sqlite).await] {
        for path in ["/", "/graphql", "/graphiql", "/docs/api"] {
            let answer = page(&app, Method::GET, path, &[]).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(text(&answer, "content-type"), "text/html; charset=utf-8", "{path}");
            let policy = text(&answer, "content-security-policy");
            assert_eq!(sources(policy, "default-src"), ["'none'"], "{path}: {policy}");
            for kind in ["script-src", "connect-src", "worker-src", "font-src"] {
                let named = sources(policy, kind);
                assert!(named.iter().all(|source| *source == "'self'"), "{path}: {kind} {named:?}");
            }
            // Only Monaco, the editor of GraphiQL, needs styles inline.
            let unsafe_words = policy.matches("unsafe").count();
            let expected = usize::from(answer.text.contains("id=\"graphiql\""));
            assert_eq!(unsafe_words, expected, "{path}: {policy}");
            assert_eq!(
                sources(policy, "style-src").contains(&"'unsafe-inline'"),
                expected == 1,
                "{path}: {policy}"
            );
            assert_eq!(sources(policy, "frame-ancestors"), ["'none'"], "{path}: {policy}");
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-site"),
                ("cache-control", "no-cache"),
            ] {
                assert_eq!(text(&answer, name), value, "{path}: {name}");
            }
            for foreign in ["=\"http", "=\"//", "<script>", "<style", " style=", " onclick="] {
                assert!(!answer.text.contains(foreign), "{path} holds {foreign}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn a_page_that_the_browser_has_is_not_sent_again() {
    let app = TestApp::start(Backend::Sqlite).await;
    for path in [PAGES, &["/graphql"]].concat() {
        let first = page(&app, Method::GET, path, &[]).await;
        let tag = text(&first, "etag");
        assert!(tag.starts_with("W/\""), "{path}: {tag:?}");
        let again = page(&app, Method::GET, path, &[("if-none-match", tag)]).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
        assert_eq!((text(&again, "etag"), text(&again, "cache-control")), (tag, "no-cache"), "{path}");
        let other = page(&app, Method::GET, path, &[("if-none-match", "\"another\"")]).await;
        assert_eq!((other.status, &other.text), (200, &first.text), "{path}");
        let compressed = page(&app, Method::GET, path, &[("accept-encoding", "gzip")]).await;
        assert_eq!(text(&compressed, "etag"), tag, "{path}");
        let varies = text(&compressed, "vary");
        assert!(varies.contains("accept-encoding"), "{path}: {varies}");
        let head = page(&app, Method::HEAD, path, &[]).await;
        assert_eq!((head.status, head.text.as_str(), text(&head, "etag")), (200, "", tag), "{path}");
        assert_eq!(text(&head, "content-length"), first.text.len().to_string(), "{path}");
    }
}

#[tokio::test]
async fn what_pages_are_made_of_is_kept_for_good() {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut assets: Vec<String> = Vec::new();
    for path in PAGES {
        let html = page(&app, Method::GET, path, &[]).await.text;
        let found = html.split('"').filter(|part| part.starts_with("/assets/")).map(str::to_owned);
        assets.extend(found);
    }
    assert!(assets.len() >= 4, "a script and a style each, and not {assets:?}: {NOT_BUILT}");
    for asset in assets {
        let answer = app.get(&asset).await;
        assert_eq!(answer.status, 200, "{asset}");
        assert_eq!(text(&answer, "cache-control"), "public, max-age=31536000, immutable", "{asset}");
        assert_eq!(text(&answer, "x-content-type-options"), "nosniff", "{asset}");
        let kind = match asset.rsplit_once('.').unwrap().1 {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{asset}: say here what {other} is"),
        };
        assert_eq!(text(&answer, "content-type"), kind, "{asset}");
    }
    let missing = app.get("/assets/none.js").await;
    assert_eq!((missing.status, missing.rest_error().0.as_str()), (404, "NOT_FOUND"));
    assert_eq!(text(&missing, "cache-control"), "no-store");
}

#[tokio::test]
async fn only_a_development_server_tells_its_pages_to_get_tokens() {
    let development = TestApp::start(Backend::Sqlite).await;
    let production = TestApp::production(Backend::Sqlite).await;
    for path in PAGES {
        let says = |answer: Answer, mode: &str| {
            answer.text.contains(&format!("name=\"pulse-mode\" content=\"{mode}\""))
        };
        let told = says(page(&development, Method::GET, path, &[]).await, "development");
        assert!(told, "{path} in development: {NOT_BUILT}");
        let told = says(page(&production, Method::GET, path, &[]).await, "production");
        assert!(told, "{path} in production: {NOT_BUILT}");
    }
}

#[tokio::test]
async fn a_page_takes_no_other_method() {
    let app = TestApp::start(Backend::Sqlite).await;
    for path in ["/", "/graphiql", "/docs/api"] {
        let answer = page(&app, Method::POST, path, &[]).await;
        assert_eq!((answer.status, answer.rest_error().0.as_str()), (405, "METHOD_NOT_ALLOWED"), "{path}");
    }
}
