//! `deploy/` agrees with the server: names of settings, paths, and times that must outlast others.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The longest that a shutdown takes, in seconds.
const DRAIN: u64 = 10;
/// How often a socket is pinged, in seconds, and half of what a silent connection must be kept for.
const PING: u64 = 20;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The number after `name` where it stands first in `text`.
#[track_caller]
fn number(text: &str, name: &str) -> u64 {
    let (_, rest) = text.split_once(name).unwrap_or_else(|| panic!("no {name}"));
    let digits: String =
        rest.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

fn files(folder: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(path) } else { vec![path] }).collect()
}

/// Names that look like a setting of the server: those that `.env.example` has, and their misspelt relatives.
fn looks_like_a_setting(name: &str) -> bool {
    let beginnings =
        ["DATABASE_", "NATS_", "JWT_", "CLIENT_", "LOG_", "GRAPHQL_", "WS_", "SOCKETIO_", "MAX_", "NODE_ENV"];
    beginnings.iter().any(|beginning| name.starts_with(beginning))
}

#[test]
fn every_setting_that_is_named_exists() {
    let example = read(".env.example");
    let known: BTreeSet<&str> = example
        .lines()
        .filter_map(|line| line.trim_start_matches(['#', ' ']).split_once('=').map(|(name, _)| name))
        .collect();
    // What deploy/nats/nats.conf is given.
    let others = ["NATS_USER", "NATS_PASSWORD"];
    let mut unknown = Vec::new();
    let mut seen = BTreeSet::new();
    for path in files(root().join("deploy")).into_iter().chain([root().join("docs/DEPLOYING.md")]) {
        let text = fs::read_to_string(&path).unwrap();
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let is_name = word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            if !is_name || !looks_like_a_setting(word) || others.contains(&word) || word.ends_with('_') {
                continue;
            }
            match known.get(word) {
                Some(name) => drop(seen.insert(*name)),
                None => unknown.push(format!("{word} in {}", path.display())),
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    for name in ["DATABASE_URL", "NATS_URL", "NATS_CA", "JWT_SECRET", "CLIENT_URL", "NODE_ENV", "LOG_FORMAT"]
    {
        assert!(seen.contains(name), "{name} is nowhere in deploy/");
    }
}

#[test]
fn whatever_stops_the_server_waits_for_its_drain() {
    assert!(number(&read("deploy/systemd/pulse.service"), "TimeoutStopSec=") > DRAIN);
    assert!(number(&read("deploy/compose.yaml"), "stop_grace_period:") > DRAIN);
    let deployment = read("deploy/kubernetes/base/deployment.yaml");
    let sleep = number(&deployment, "preStop: { sleep:");
    let grace = number(&deployment, "terminationGracePeriodSeconds:");
    assert!(grace > sleep + DRAIN, "{grace} s for {sleep} s of sleep and the drain");
}

#[test]
fn a_proxy_keeps_connections_that_only_ping() {
    let haproxy = read("deploy/haproxy/haproxy.cfg");
    for name in ["timeout client ", "timeout server ", "timeout tunnel "] {
        assert!(number(&haproxy, name) > 2 * PING, "{name}");
    }
}

#[test]
fn the_image_is_built_with_a_rust_that_is_new_enough() {
    let minor = |text: &str, name: &str| {
        let (_, rest) = text.split_once(name).unwrap();
        number(rest, ".")
    };
    let image = minor(&read("deploy/Dockerfile"), "RUST_VERSION=");
    assert!(image >= minor(&read("Cargo.toml"), "rust-version = "), "1.{image}");
}

#[test]
fn alerts_ask_for_gauges_that_exist() {
    let metrics = pulse::telemetry::Metrics::default().text(0, 0);
    for path in ["deploy/prometheus/alerts.yaml", "docs/DEPLOYING.md"] {
        let text = read(path);
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let gauges: BTreeSet<_> = words.filter(|word| word.starts_with("pulse_")).collect();
        assert!(gauges.len() > 2, "{gauges:?}");
        for gauge in gauges {
            assert!(metrics.contains(&format!("\n{gauge} ")), "{gauge} of {path} is not in {metrics}");
        }
    }
}

/// `/metrics` takes a token, and an annotation of a pod cannot give one.
#[test]
fn whoever_scrapes_brings_a_token() {
    for path in files(root().join("deploy/kubernetes")) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("prometheus.io/"), "{}", path.display());
    }
    let monitor = read("deploy/kubernetes/examples/podmonitor.yaml");
    assert!(monitor.contains("path: /metrics") && monitor.contains("authorization:"), "{monitor}");
    let jobs = read("deploy/prometheus/prometheus.yml");
    let mut scraped = 0;
    for job in jobs.split("- job_name: ").skip(1) {
        // The probe of readiness asks another program.
        if !job.contains("metrics_path:") {
            assert!(job.contains("authorization:") && job.contains("credentials_file:"), "{job}");
            scraped += 1;
        }
    }
    assert_eq!(scraped, 2);
}

/// A request that was sent and not answered may have ended the node: it must not be sent to the next one.
#[test]
fn a_proxy_repeats_nothing_that_a_node_has_heard() {
    let haproxy = read("deploy/haproxy/haproxy.cfg");
    let retried: Vec<_> = haproxy.lines().filter_map(|line| line.trim().strip_prefix("retry-on ")).collect();
    assert!(!retried.is_empty());
    assert!(retried.iter().all(|on| *on == "conn-failure 503"), "{retried:?}");
    let caddy = read("deploy/caddy/Caddyfile");
    let matched = caddy.split_once("lb_retry_match {").unwrap().1.split_once('}').unwrap().0.trim();
    assert_eq!(matched, "method NONE", "without it Caddy repeats a GET that was not answered");
}
