//! The GraphQL door: decodes, calls one service, encodes.
//!
//! A request comes in by `transport`, is prepared by `request`, and executed by `engine` on the `schema`.

mod digest;
mod engine;
mod errors;
mod json;
mod request;
mod schema;
mod transport;

pub use self::{engine::Api, schema::sdl, transport::router};

use self::request::{OperationLimits, Params, Preparer};

/// Prepares documents as a server does with the default limits: returns whether one can be executed. Tests measure with it
/// what hostile documents cost.
#[doc(hidden)]
pub fn preparer() -> impl Fn(&str) -> bool {
    let limits = OperationLimits { depth: 12, aliases: 20, root_fields: 20, introspection: true };
    let preparer = Preparer::new(&sdl(), limits);
    move |text| preparer.prepare(Params { query: text.to_owned(), ..Params::default() }).is_ok()
}
