//! Whole collections as files: what `pulse import`, `pulse export` and `pulse seed` do.
//!
//! And a whole database as one file: `pulse backup`.
//!
//! Files are what `mongoexport` writes: MongoDB Extended JSON, a document a line or an array of them.

mod backup;
mod collection;
mod document;
mod ejson;
mod export;
mod fields;
mod import;
mod problem;
mod reader;
mod seed;

pub use self::{
    backup::{BackedUp, back_up},
    collection::Collection,
    export::{Exported, export},
    import::{Import, Progress, Report, Tally, import},
    problem::Problem,
    seed::{Seed, Seeded, seed},
};
