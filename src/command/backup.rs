//! `pulse backup`.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use pulse::{config::Config, transfer};

/// How often the spinner is drawn where nothing moves it.
const TICK: Duration = Duration::from_millis(200);

#[derive(Args)]
#[command(
    long_about = "Copy the SQLite database at DATABASE_URL into a file, as it is at one instant. The server may run \
                  and is not kept waiting. The copy is compact, checked, readable by its owner only, and gets its name \
                  when it is complete. To restore it, stop the server and put it in the place of the database.\n\n\
                  Cursors from before a restore are refused (CURSOR_EXPIRED), so that clients read anew and miss nothing. \
                  A PostgreSQL is backed up by pg_dump: see docs/DEPLOYING.md.",
    after_help = "Example:\n  pulse backup /var/backups/pulse-$(date +%F).db"
)]
pub(crate) struct Backup {
    /// Where to
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace a file that is there already
    #[arg(long)]
    force: bool,
}

impl Backup {
    pub(crate) async fn run(self, config: &Config) -> Result<(), String> {
        // It shows itself on a terminal only.
        let spinner = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {bytes} copied, {elapsed}");
        spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        spinner.enable_steady_tick(TICK);
        let watch = |bytes| spinner.set_position(bytes);
        let outcome = transfer::back_up(&config.database_url, &self.file, self.force, watch).await;
        spinner.finish_and_clear();
        let done = outcome.map_err(|problem| super::problem::explain(config, problem))?;
        super::output::print(format_args!(
            "{} has {} ({} bytes), checked, in {:.1} s\n",
            self.file.display(),
            HumanBytes(done.bytes),
            done.bytes,
            done.took.as_secs_f64()
        ))
    }
}
