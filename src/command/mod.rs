//! Commands with much to say of their own: what they take, show and print.

mod backup;
mod epoch;
mod export;
mod health;
mod import;
mod output;
mod seed;

use pulse::{config::Config, domain::Error, transfer::Problem};

pub(crate) use self::{
    backup::Backup,
    epoch::Epoch,
    export::Export,
    health::Health,
    import::Import,
    output::{print, report, report_in_time, written},
    seed::Seed,
};

/// One line for people: what a database did not do names its address.
fn explain(config: &Config, problem: Problem) -> String {
    match problem {
        Problem::Database(error @ (Error::Unavailable(_) | Error::Internal(_))) => {
            crate::database_problem(config, &error)
        }
        problem => problem.to_string(),
    }
}
