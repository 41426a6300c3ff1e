//! What the production router really serves: read from axum's own description of it, so that no route can be left out.

use std::collections::BTreeMap;

use pulse::{app::App, config::Config, domain::Clock};

use super::{Backend, fresh_database};

/// One method of one path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// As the router has it: `/api/activities/{userId}/unread/count`.
    pub path: String,
    pub method: String,
}

impl Route {
    /// `GET /api/activities/{}`: the names of parameters do not matter.
    pub fn shape(&self) -> String {
        let segments = self.path.split('/').map(|segment| {
            let parameter = segment.starts_with(['{', ':']);
            if parameter { "{}" } else { segment }
        });
        format!("{} {}", self.method, segments.collect::<Vec<_>>().join("/"))
    }
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Every method of every path. A path that takes any method has one route, whose method is `ANY`.
pub async fn routes() -> Vec<Route> {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let config = Config::from_values(&BTreeMap::from([("DATABASE_URL", url)])).unwrap();
    let app = App::build(&config, Clock::default()).await.unwrap();
    let routes = described(&format!("{:?}", app.router()));
    assert!(routes.len() > 20, "the description of the router was not understood: {routes:?}");
    routes
}

/// The description names each route twice: `RouteId(7): MethodRouter(... allow_header: Bytes(b"GET,HEAD") ...)` and
/// `RouteId(7): "/path"`.
fn described(text: &str) -> Vec<Route> {
    let (own, _) = text.split_once("fallback_router").unwrap();
    let mut methods = BTreeMap::new();
    let mut paths = BTreeMap::new();
    for part in own.split("RouteId(").skip(1) {
        let (id, rest) = part.split_once("): ").unwrap();
        if let Some(path) = rest.strip_prefix('"') {
            paths.insert(id, path.split('"').next().unwrap());
        } else {
            let allowed = rest.split_once("allow_header: Bytes(b\"").map(|(_, rest)| rest);
            methods.insert(id, allowed.map_or("ANY", |rest| rest.split('"').next().unwrap()));
        }
    }
    assert_eq!(methods.len(), paths.len(), "each route has methods and a path");
    let mut routes: Vec<Route> = paths
        .iter()
        .flat_map(|(id, path)| {
            let methods = methods[id].split(',').filter(|method| *method != "HEAD");
            methods.map(|method| Route { path: (*path).to_owned(), method: method.to_owned() })
        })
        .collect();
    routes.sort();
    routes
}
