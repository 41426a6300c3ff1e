//! Problems as one line for people.

use pulse::{config::Config, domain::Error, transfer::Problem};

/// A problem of the database, with its address.
pub(crate) fn database_problem(config: &Config, error: &Error) -> String {
    let cause = error.cause().map_or_else(|| error.to_string(), ToString::to_string);
    config.unusable_database(&cause).to_string()
}

/// One line for people: what a database did not do names its address.
pub(super) fn explain(config: &Config, problem: Problem) -> String {
    match problem {
        Problem::Database(error @ (Error::Unavailable(_) | Error::Internal(_))) => {
            database_problem(config, &error)
        }
        problem => problem.to_string(),
    }
}
