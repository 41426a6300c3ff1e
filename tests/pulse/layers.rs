//! Imports point down only, and each foreign library is named in one place.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What each part of the crate may name besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("transfer", &["domain", "store"]),
    ("events", &["domain", "store"]),
    ("service", &["domain", "events", "store"]),
    ("http", &["domain", "service", "telemetry"]),
    ("json", &["domain"]),
    // The doors. GraphQL and Socket.IO name the type of their limits, and no other door knows of settings.
    ("graphql", &["domain", "service", "http", "telemetry", "config"]),
    ("rest", &["domain", "service", "http", "json", "telemetry"]),
    ("socketio", &["domain", "service", "http", "json", "telemetry", "config"]),
    ("dev", &["domain", "service", "http"]),
    ("web", &["domain", "service", "http", "telemetry"]),
    ("telemetry", &["config", "domain"]),
    ("config", &["domain"]),
    ("lib", &[]),
];
/// These put the parts together, and may name everything.
const ROOTS: &[&str] = &["app", "main", "command"];

/// The rooms of the GraphQL door, from below: each may name those before it.
const GRAPHQL_ROOMS: &[&str] = &["request", "schema", "engine", "transport"];

/// Libraries, and the only places that know them.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("sea_orm", &["src/store/"]),
    ("apollo_compiler", &["src/graphql/request/"]),
    ("async_graphql", &["src/graphql/"]),
    ("indicatif", &["src/command/"]),
    ("socketioxide", &["src/socketio/"]),
    ("utoipa", &["src/rest/", "src/json/", "src/http/error.rs"]),
    ("utoipa_axum", &["src/rest/"]),
];

struct Source {
    /// From the root of the repository, as `src/store/mod.rs`.
    path: String,
    /// Without comments and unit tests.
    code: String,
}

impl Source {
    /// The part of the crate that it belongs to.
    fn layer(&self) -> &str {
        let below = self.path.trim_start_matches("src/");
        below.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// How many modules lie between it and the root of the crate.
    fn depth(&self) -> usize {
        let below = self.path.trim_start_matches("src/");
        below.matches('/').count() + usize::from(!below.ends_with("mod.rs"))
    }

    /// The parts of the crate that it names, by `crate::` or by enough `super::`.
    fn named(&self) -> BTreeSet<String> {
        let root = "super::".repeat(self.depth());
        let paths = ["crate::", &root].into_iter().filter(|prefix| !prefix.is_empty());
        paths
            .flat_map(|prefix| self.code.match_indices(prefix))
            .filter(|(at, _)| self.starts_a_path(*at))
            .fold(BTreeSet::new(), |mut named, (at, prefix)| {
                named.extend(first_segments(&self.code[at + prefix.len()..]));
                named
            })
    }

    /// The rooms of the GraphQL door that it names, by `graphql::`, or in the `mod.rs` of a room by `super::`.
    fn named_rooms(&self) -> BTreeSet<String> {
        let prefixes =
            if self.path.ends_with("mod.rs") { &["graphql::", "super::"][..] } else { &["graphql::"] };
        let found = prefixes.iter().flat_map(|prefix| {
            self.code.match_indices(prefix).map(|(at, prefix)| &self.code[at + prefix.len()..])
        });
        found.flat_map(first_segments).collect()
    }

    /// Whether it names the library `name`.
    fn names(&self, name: &str) -> bool {
        self.code.match_indices(name).any(|(at, _)| {
            let rest = &self.code[at + name.len()..];
            self.starts_a_path(at) && (rest.starts_with("::") || rest.starts_with(';'))
        })
    }

    /// Whether a path begins at `at`, and is not the end of another one.
    fn starts_a_path(&self, at: usize) -> bool {
        !self.code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
    }
}

/// The first segments of `a::b`, or of `{a::b, c::{d, e}}`.
fn first_segments(text: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = text.strip_prefix('{') else { return vec![word(text)] };
    let mut depth = 0;
    let mut segments = vec![word(group.trim_start())];
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => segments.push(word(group[at + 1..].trim_start())),
            _ => {}
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments
}

/// Every Rust file below `src`.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
                let code = lines.filter(|line| !line.trim_start().starts_with("//"));
                let code = code.collect::<Vec<_>>().join("\n");
                let path = path.strip_prefix(root).unwrap().display().to_string();
                found.push(Source { path, code });
            }
        }
    }
    assert!(found.len() > 40, "the sources were not found");
    found
}

#[test]
fn imports_point_down_only() {
    let layers: BTreeSet<&str> =
        LAYERS.iter().map(|(layer, _)| *layer).chain(ROOTS.iter().copied()).collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let layer = source.layer();
        if ROOTS.contains(&layer) {
            continue;
        }
        let Some((_, below)) = LAYERS.iter().find(|(known, _)| *known == layer) else {
            wrong.push(format!("{} belongs to no layer: say in this test what it may import", source.path));
            continue;
        };
        for named in source.named() {
            if named != layer && layers.contains(named.as_str()) && !below.contains(&named.as_str()) {
                wrong.push(format!("{} names {named}, which is not below it", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rooms_of_the_graphql_door_name_those_below_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        let room =
            GRAPHQL_ROOMS.iter().position(|room| source.path.starts_with(&format!("src/graphql/{room}/")));
        let Some(room) = room else { continue };
        let named = source.named_rooms();
        let above = GRAPHQL_ROOMS[room + 1..].iter().filter(|above| named.contains(**above));
        wrong.extend(above.map(|above| format!("{} names {above}, which is above it", source.path)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_library_is_known_in_its_place_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (library, places) in LIBRARIES {
            if source.names(library) && !places.iter().any(|place| source.path.starts_with(place)) {
                wrong.push(format!("{} names {library}, which only {places:?} may", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn this_test_reads_imports_as_the_compiler_does() {
    let source = |path: &str, code: &str| Source { path: path.to_owned(), code: code.to_owned() };
    let named = |path: &str, code: &str| source(path, code).named().into_iter().collect::<Vec<_>>();
    let nested = "use crate::{\n    config::{A, B},\n    domain::C, telemetry,\n};";
    assert_eq!(named("src/rest/mod.rs", nested), ["config", "domain", "telemetry"]);
    assert_eq!(
        named("src/rest/mod.rs", "let x = crate::store::Store; use super::graphql::X;"),
        ["graphql", "store"]
    );
    assert_eq!(
        named("src/graphql/websocket/socket.rs", "use super::protocol; use super::super::super::rest;"),
        ["rest"]
    );
    let rooms = source(
        "src/graphql/engine/mod.rs",
        "use crate::{graphql::{a::B, transport::C}}; use super::schema::D;",
    );
    assert_eq!(rooms.named_rooms().into_iter().collect::<Vec<_>>(), ["a", "schema", "transport"]);
    assert!(source("src/app.rs", "use sea_orm::Value;").names("sea_orm"));
    assert!(!source("src/app.rs", "use sea_orm_migration::Value; my::sea_orm::X").names("sea_orm"));
}
