//! The routes of the server: those of its OpenAPI document, and a list of the others.

use std::{collections::BTreeSet, path::Path};

/// What the OpenAPI document does not describe. The test below compares it with the source.
const UNDOCUMENTED: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/graphiql"),
    ("GET", "/docs/api"),
    ("GET", "/assets/{*path}"),
    ("GET", "/metrics"),
    ("GET", "/api/openapi.json"),
    ("ANY", "/api/{*path}"),
    ("POST", "/dev/token"),
    ("GET", "/dev/users"),
    ("ANY", "/graphql"),
    ("ANY", "/graphql/ws"),
    ("ANY", "/socket.io"),
    ("ANY", "/socket.io/"),
];

/// One method of one path. A path that takes any method has one route, whose method is `ANY`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// With its parameters: `/api/activities/{userId}/unread/count`.
    pub path: String,
    pub method: String,
}

impl Route {
    fn new(method: &str, path: &str) -> Self {
        Self { path: path.to_owned(), method: method.to_owned() }
    }

    /// `GET /api/activities/{}`: the names of parameters do not matter.
    pub fn shape(&self) -> String {
        let segments =
            self.path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
        format!("{} {}", self.method, segments.collect::<Vec<_>>().join("/"))
    }
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Every route of the server.
pub fn routes() -> Vec<Route> {
    let document = serde_json::to_value(pulse::rest::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let documented = paths.iter().flat_map(|(path, item)| {
        let methods = ["get", "post", "put", "patch", "delete"].into_iter();
        methods
            .filter(|method| item[method].is_object())
            .map(|method| Route::new(&method.to_uppercase(), path))
    });
    let mut routes: Vec<Route> =
        documented.chain(UNDOCUMENTED.iter().map(|(method, path)| Route::new(method, path))).collect();
    routes.sort();
    assert!(routes.len() > UNDOCUMENTED.len() + 20, "{routes:?}");
    routes
}

/// The paths that the source gives to `route` by hand, and not together with their documentation.
fn registered_by_hand(folder: &Path, paths: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            registered_by_hand(&path, paths);
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for method in [".route_service(", ".nest(", ".nest_service("] {
            assert!(!source.contains(method), "{} calls {method}: list its routes", path.display());
        }
        for call in source.split(".route(").skip(1) {
            let literal = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
            paths.insert(literal.unwrap_or_else(|| panic!("{} hides a path", path.display())).to_owned());
        }
    }
}

#[test]
fn every_route_is_documented_or_listed() {
    let mut registered = BTreeSet::new();
    registered_by_hand(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut registered);
    let listed = UNDOCUMENTED.iter().map(|(_, path)| (*path).to_owned()).collect();
    assert_eq!(registered, listed);
}
