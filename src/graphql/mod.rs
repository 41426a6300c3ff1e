//! The GraphQL door: decodes, calls one service, encodes.
//!
//! Four rooms: `transport` reads requests and writes responses, `request` prepares operations, `engine` executes them on the
//! `schema`. `workarounds` holds what is there only because of async-graphql; `errors`, `json` and `type_system` are shared.

mod engine;
mod errors;
mod json;
mod request;
mod schema;
mod transport;
mod type_system;
mod workarounds;

pub use self::{engine::Engine, schema::sdl, transport::router};

use self::request::{OperationLimits, Params, Preparer};

/// Prepares documents as a server does with the default limits: returns whether one can be executed. Tests measure with it
/// what hostile documents cost.
#[doc(hidden)]
pub fn preparer() -> impl Fn(&str) -> bool {
    let limits = OperationLimits { depth: 12, aliases: 20, root_fields: 20, introspection: true };
    let preparer = Preparer::new(&sdl(), limits);
    move |text| preparer.prepare(Params { query: text.to_owned(), ..Params::default() }).is_ok()
}
