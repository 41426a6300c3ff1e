//! `pulse export`.

use std::path::PathBuf;

use clap::Args;
use pulse::{config::Config, domain::Timestamp, transfer};

#[derive(Args)]
#[command(
    long_about = "Write activities.jsonl, analytics.jsonl and notifications.jsonl into a folder, as mongoexport does: \
                  relaxed Extended JSON, a document a line. They show the database at one instant; the server may run \
                  meanwhile. `pulse import` makes an equal database of them, and mongoimport collections.",
    after_help = "Example:\n  pulse export backup\n  \
                  DATABASE_URL='sqlite://copy.db?mode=rwc' pulse import backup/*.jsonl"
)]
pub(crate) struct Export {
    /// Where to; created where it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Replace files that are there already
    #[arg(long)]
    force: bool,
}

impl Export {
    pub(crate) async fn run(self, config: &Config) -> Result<(), String> {
        let exported =
            transfer::export(&config.database_url, &self.folder, self.force, Timestamp::now()).await;
        let exported = exported.map_err(|problem| super::problem::explain(config, problem))?;
        super::output::print(format_args!(
            "{} activities, {} analytics and {} notifications are in {}\n",
            exported.activities,
            exported.analytics,
            exported.notifications,
            self.folder.display()
        ))
    }
}
