//! Commands with much to say of their own: what they take, show and print.

mod backup;
mod epoch;
mod export;
mod health;
mod import;
mod output;
mod problem;
mod seed;

pub(crate) use self::{
    backup::Backup,
    epoch::Epoch,
    export::Export,
    health::Health,
    import::Import,
    output::{print, report, report_in_time, written},
    problem::database_problem,
    seed::Seed,
};
