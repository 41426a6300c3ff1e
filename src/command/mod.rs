//! Commands that move whole collections: what they take, show and print.

mod export;
mod import;
mod seed;

use pulse::{config::Config, domain::Error, transfer::Problem};

pub(crate) use self::{export::Export, import::Import, seed::Seed};

/// One line for people: what a database did not do names its address.
fn explain(config: &Config, problem: Problem) -> String {
    match problem {
        Problem::Database(error @ (Error::Unavailable(_) | Error::Internal(_))) => {
            crate::database_problem(config, &error)
        }
        problem => problem.to_string(),
    }
}
