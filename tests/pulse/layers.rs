//! Imports point down only, no files import each other in a circle, and each foreign library is named in one place.
//!
//! A file imports another one where its code names something that the other one defines. Declaring a module (`mod x;`) and
//! passing a name on (`pub use`) are no imports, unless the file uses that name itself: whoever imports a name that is passed
//! on imports the file that defines it. So a `mod.rs` may declare and re-export its children, and a child may import another
//! one through it; a child that uses what its `mod.rs` defines, while that uses the child, is a circle of the two. Unit
//! tests are left out. Methods are not followed: a call of a method that another file adds to a type is not seen.

use std::{
    collections::{BTreeMap, BTreeSet},
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
const GRAPHQL_ROOMS: &[&str] = &["workarounds", "request", "schema", "engine", "transport"];

/// Files that are in a circle, until they are taken apart. None may be added; one that is in no circle any more must go.
const FILES_IN_CIRCLES: &[&str] = &[];

/// Libraries, and the only places that know them.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("sea_orm", &["src/store/"]),
    ("apollo_compiler", &["src/graphql/request/", "src/graphql/workarounds/", "src/graphql/type_system.rs"]),
    ("async_graphql", &["src/graphql/"]),
    ("async_graphql_axum", &["src/graphql/transport/"]),
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

    /// The path of its module from the root of the crate; empty for a root.
    fn module(&self) -> String {
        let below = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        match below {
            "lib" => String::new(),
            below => below.trim_end_matches("/mod").replace('/', "::"),
        }
    }

    /// The code without its `use` lines.
    fn without_uses(&self) -> String {
        let mut code = String::new();
        let mut in_use = false;
        for line in self.code.lines() {
            in_use |= without_visibility(line).starts_with("use ");
            if !in_use {
                code.push_str(line);
                code.push('\n');
            }
            in_use &= !line.trim_end().ends_with(';');
        }
        code
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

/// A line of code without `pub` and `pub(in crate::a)`.
fn without_visibility(line: &str) -> &str {
    let line = line.trim_start();
    let Some(rest) = line.strip_prefix("pub") else { return line };
    rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(rest, |(_, rest)| rest).trim_start()
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

/// The modules of the crate, by the files that define what they name.
struct Modules {
    /// The file of each module, by its path: `store::entity` is `src/store/entity/mod.rs`.
    files: BTreeMap<String, String>,
    /// What the `use` lines of a module bring in: the module, the name, and the path that it stands for.
    aliases: BTreeMap<(String, String), String>,
}

/// A path in the code of a module, from the root of the crate.
struct Named {
    path: String,
    /// By which name the module that has it knows it.
    name: String,
    /// Whether it is only passed on: `pub use`.
    passed_on: bool,
    /// Whether it stands in a `use` line.
    used: bool,
}

impl Modules {
    fn new(sources: &[Source]) -> Self {
        let files = sources.iter().map(|source| (source.module(), source.path.clone())).collect();
        let mut modules = Self { files, aliases: BTreeMap::new() };
        for source in sources {
            let module = source.module();
            for named in modules.paths(source).into_iter().filter(|named| named.used) {
                modules.aliases.insert((module.clone(), named.name), named.path);
            }
        }
        modules
    }

    /// The paths of `source` that begin with `crate::`, `super::`, `self::` or the name of a child.
    fn paths(&self, source: &Source) -> Vec<Named> {
        let module = source.module();
        let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent).to_owned();
        let mut starts = vec![("crate::".to_owned(), String::new()), ("self::".to_owned(), module.clone())];
        let mut above = parent;
        for depth in 1..=source.depth().max(1) {
            starts.push(("super::".repeat(depth), above.clone()));
            above = above.rsplit_once("::").map_or("", |(above, _)| above).to_owned();
        }
        let within = if module.is_empty() { String::new() } else { format!("{module}::") };
        let children = self.files.keys().filter_map(|path| path.strip_prefix(&within));
        let children = children.filter(|child| !child.is_empty() && !child.contains("::"));
        starts.extend(children.map(|child| (format!("{child}::"), join(&module, child))));
        let mut found = Vec::new();
        for (prefix, base) in &starts {
            for (at, _) in source.code.match_indices(prefix.as_str()) {
                let rest = &source.code[at + prefix.len()..];
                let line = source.code[..at].rsplit('\n').next().unwrap_or_default();
                // A visibility is no import.
                if !source.starts_a_path(at) || rest.starts_with("super::") || line.ends_with("(in ") {
                    continue;
                }
                let used = without_visibility(line).starts_with("use ");
                for (path, name) in leaves(rest) {
                    let passed_on = used && line.starts_with("pub");
                    found.push(Named { path: join(base, &path), name, passed_on, used });
                }
            }
        }
        found
    }

    /// The file that defines what `path` names, and whether it is that of a module as a whole.
    fn defining(&self, path: &str) -> Option<(&str, bool)> {
        let (mut module, mut rest) = (String::new(), path);
        loop {
            let (first, after) = rest.split_once("::").unwrap_or((rest, ""));
            let below = join(&module, first);
            if first.is_empty() || !self.files.contains_key(&below) {
                break;
            }
            (module, rest) = (below, after);
        }
        let file = self.files.get(&module)?;
        let (name, after) = rest.split_once("::").unwrap_or((rest, ""));
        if name.is_empty() || name == "self" {
            return Some((file, true));
        }
        match self.aliases.get(&(module.clone(), name.to_owned())) {
            Some(alias) => self.defining(&join(alias, after)),
            None => Some((file, false)),
        }
    }

    /// The files that `source` imports.
    fn imports(&self, source: &Source) -> BTreeSet<String> {
        let body = source.without_uses();
        let words: BTreeSet<&str> =
            body.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
        let mut imports = BTreeSet::new();
        for named in self.paths(source) {
            let Some((file, whole)) = self.defining(&named.path) else { continue };
            if whole && named.used {
                // A module: what is named of it counts.
                let prefix = format!("{}::", named.name);
                let module = named.path.trim_end_matches("::self");
                for (at, _) in body.match_indices(&prefix) {
                    let starts = !body[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
                    let leaf = leaves(&body[at + prefix.len()..]).into_iter().next();
                    if let (true, Some((leaf, _))) = (starts, leaf)
                        && let Some((file, _)) = self.defining(&join(module, &leaf))
                    {
                        imports.insert(file.to_owned());
                    }
                }
            } else if !named.passed_on || words.contains(named.name.as_str()) {
                imports.insert(file.to_owned());
            }
        }
        imports.remove(&source.path);
        imports
    }
}

fn join(base: &str, path: &str) -> String {
    match (base, path) {
        ("", path) => path.to_owned(),
        (base, "") => base.to_owned(),
        (base, path) => format!("{base}::{path}"),
    }
}

/// The paths of `a::b`, or of `a::{b, c::{d, e as f}}`, each with the name that it is known by.
fn leaves(text: &str) -> Vec<(String, String)> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(text.len());
    let path = &text[..end];
    let rest = &text[end..];
    let base = path.trim_end_matches(':');
    let Some(group) = rest.strip_prefix('{').filter(|_| path.is_empty() || path.ends_with("::")) else {
        let last = base.rsplit("::").next().unwrap_or_default();
        let renamed = rest
            .strip_prefix(" as ")
            .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>());
        return vec![(base.to_owned(), renamed.unwrap_or_else(|| last.to_owned()))];
    };
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    let below = parts.flat_map(leaves);
    let own = base.rsplit("::").next().unwrap_or_default();
    below
        .map(|(below, name)| match below.as_str() {
            "self" => (base.to_owned(), if name == "self" { own.to_owned() } else { name }),
            _ => (join(base, &below), name),
        })
        .collect()
}

/// The sets of files that import each other, directly or by way of others.
fn circles(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reached = |from: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(file) = next.pop() {
            let below = imports.get(file).into_iter().flatten();
            next.extend(below.map(String::as_str).filter(|file| seen.insert((*file).to_owned())));
        }
        seen
    };
    let reach: BTreeMap<&str, BTreeSet<String>> =
        imports.keys().map(|file| (file.as_str(), reached(file))).collect();
    let circle = |file: &str| {
        let others = reach[file].iter().filter(|other| reach[other.as_str()].contains(file));
        others.cloned().collect::<BTreeSet<String>>()
    };
    let circles: BTreeSet<_> = imports.keys().map(|file| circle(file)).collect();
    circles.into_iter().filter(|circle| !circle.is_empty()).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let sources = sources();
    let modules = Modules::new(&sources);
    let imports: BTreeMap<_, _> =
        sources.iter().map(|source| (source.path.clone(), modules.imports(source))).collect();
    assert!(imports["src/app.rs"].contains("src/config/mod.rs"), "imports were not read");
    let circles = circles(&imports);
    let mut wrong = Vec::new();
    for circle in &circles {
        if circle.iter().all(|file| FILES_IN_CIRCLES.contains(&file.as_str())) {
            continue;
        }
        for file in circle {
            let others: Vec<_> = imports[file].intersection(circle).collect();
            wrong.push(format!("{file} is in a circle: it imports {others:?}"));
        }
    }
    let known = FILES_IN_CIRCLES.iter().filter(|file| !circles.iter().any(|circle| circle.contains(**file)));
    wrong.extend(known.map(|file| format!("{file} is in no circle any more: take it off the list")));
    assert!(wrong.is_empty(), "{wrong:#?}");
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
fn imports_are_followed_to_the_file_that_defines_a_name() {
    let source = |path: &str, code: &str| Source { path: path.to_owned(), code: code.to_owned() };
    let sources = [
        source("src/lib.rs", "pub mod a; pub mod b;"),
        source("src/a/mod.rs", "mod one;\nmod two;\npub use self::one::One;\nfn shared() {}"),
        source("src/a/one.rs", "use crate::b::{self, Named as Other};\npub struct One(b::Deep);"),
        source("src/a/two.rs", "pub(in crate::a) fn two() { super::shared(); one(super::One) }"),
        source(
            "src/b.rs",
            "pub use crate::a::One;\nuse crate::a::{\n    one::{One as Uno},\n};\npub struct Named;",
        ),
    ];
    let modules = Modules::new(&sources);
    let imports = |at: usize| modules.imports(&sources[at]).into_iter().collect::<Vec<_>>();
    assert!(imports(1).is_empty(), "a name that is only passed on is no import");
    assert_eq!(imports(2), ["src/b.rs"]);
    assert_eq!(imports(3), ["src/a/mod.rs", "src/a/one.rs"], "a name is found through mod.rs");
    assert_eq!(imports(4), ["src/a/one.rs"]);
    let imports: BTreeMap<_, _> =
        sources.iter().map(|source| (source.path.clone(), modules.imports(source))).collect();
    let expected = ["src/a/one.rs", "src/b.rs"].map(str::to_owned);
    assert_eq!(circles(&imports), [BTreeSet::from(expected)]);
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
