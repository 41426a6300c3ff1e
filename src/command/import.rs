//! `pulse import`.

use std::{io::IsTerminal, path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pulse::{
    config::Config,
    domain::Timestamp,
    transfer::{self, Collection, Progress, Report, Tally},
};

/// How often the bar is drawn where nothing moves it.
const TICK: Duration = Duration::from_millis(200);

#[derive(Args)]
#[command(
    long_about = "Import what mongoexport wrote of the collections activities, analytics and notifications: a document \
                  a line or one array, canonical or relaxed, gzip'd or not. Ids, times, read flags and expiry are kept.\n\n\
                  Every document is checked. Those that do not fit are listed by file and line, and then nothing is \
                  imported, unless --skip-invalid leaves them out. What is there already stays as it is, so importing \
                  again adds nothing. The server must not run meanwhile.",
    after_help = "Example:\n  \
                  mongoexport --uri \"$MONGODB_URI\" --collection activities --out activities.json\n  \
                  pulse import activities.json analytics.json notifications.json"
)]
pub(crate) struct Import {
    /// Files that mongoexport wrote; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What all documents are: activities, analytics or notifications; else each is told by its fields
    #[arg(long, value_parser = parse_collection)]
    collection: Option<Collection>,
    /// Import the others where some documents do not fit
    #[arg(long)]
    skip_invalid: bool,
}

fn parse_collection(text: &str) -> Result<Collection, String> {
    Collection::parse("collection", text).map_err(|error| error.to_string())
}

impl Import {
    pub(crate) async fn run(self, config: &Config) -> Result<(), String> {
        let skip_invalid = self.skip_invalid;
        let bar = bar(&self.files);
        let shown = bar.clone();
        let watch = Arc::new(move |progress: Progress<'_>| match progress {
            Progress::Read(bytes) => shown.inc(bytes),
            Progress::Unfit { file, line, sentence } => {
                shown.suspend(|| super::output::report(format!("{}:{line}: {sentence}", file.display())));
            }
            Progress::Settling => shown.set_message("writing"),
        });
        let import = transfer::Import { files: self.files, collection: self.collection, skip_invalid };
        let outcome = transfer::import(&config.database_url, import, Timestamp::now(), watch).await;
        bar.finish_and_clear();
        let report = outcome.map_err(|problem| super::problem::explain(config, problem))?;
        super::output::print(table(&report))?;
        match report.invalid() {
            invalid if !report.done => Err(format!(
                "{invalid} {} not fit, so nothing was imported; --skip-invalid leaves them out",
                if invalid == 1 { "document does" } else { "documents do" }
            )),
            _ => Ok(()),
        }
    }
}

/// A bar on standard error that counts bytes; invisible where that is no terminal.
fn bar(files: &[PathBuf]) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let sizes: Option<Vec<u64>> =
        files.iter().map(|file| std::fs::metadata(file).ok().map(|data| data.len())).collect();
    let bar = match sizes {
        Some(sizes) => ProgressBar::new(sizes.iter().sum()),
        None => ProgressBar::no_length(),
    };
    let style = "{msg} [{bar:40}] {bytes}/{total_bytes}, {bytes_per_sec}, {elapsed} ({eta} left)";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message("reading");
    bar.enable_steady_tick(TICK);
    bar
}

fn table(report: &Report) -> String {
    let mut lines = vec![format!(
        "{:<14}{:>12}{:>12}{:>15}{:>10}{:>10}",
        "", "read", "imported", "already there", "expired", "invalid"
    )];
    let mut line = |name: &str, tally: &Tally| {
        let Tally { read, imported, already_there, expired, invalid } = tally;
        lines
            .push(format!("{name:<14}{read:>12}{imported:>12}{already_there:>15}{expired:>10}{invalid:>10}"));
    };
    line("activities", &report.activities);
    line("analytics", &report.analytics);
    line("notifications", &report.notifications);
    if report.unknown > 0 {
        let unknown = Tally { read: report.unknown, invalid: report.unknown, ..Tally::default() };
        line("unknown", &unknown);
    }
    lines.push(format!("in {:.1} s\n", report.took.as_secs_f64()));
    lines.join("\n")
}
