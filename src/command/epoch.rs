//! `pulse epoch`.

use clap::Args;
use pulse::{config::Config, store::Bulk};

#[derive(Args)]
#[command(
    long_about = "Print the mark of the database at DATABASE_URL, which every cursor carries, or give it a new one.\n\n\
                  A database that went back to an earlier state gives out positions a second time: a cursor of the lost \
                  history would skip events without a word. Servers notice a failover of PostgreSQL, a recovery to a point \
                  in time, and a restore into another cluster or database by themselves. Renew the mark after other \
                  restores, of a snapshot of the disk or of a dump into the same database, before a server starts. Old \
                  cursors are then refused (CURSOR_EXPIRED), and clients read anew. What `pulse backup` made needs none \
                  of this. The servers must not run meanwhile.",
    after_help = "Example:\n  pulse epoch --renew"
)]
pub(crate) struct Epoch {
    /// Give the database a new mark
    #[arg(long)]
    renew: bool,
}

impl Epoch {
    pub(crate) async fn run(self, config: &Config) -> Result<(), String> {
        let url = &config.database_url;
        let explain = |error: pulse::domain::Error| super::problem::explain(config, error.into());
        let shown = |mark: Option<pulse::domain::Epoch>| {
            mark.map_or_else(|| "none yet".to_owned(), |mark| mark.to_string())
        };
        if self.renew {
            let (old, new) = Bulk::renew_epoch(url).await.map_err(explain)?;
            super::output::print(format_args!(
                "The mark was {} and is {new}: cursors from before are refused.\n",
                shown(old)
            ))
        } else {
            let mark = shown(Bulk::find_epoch(url).await.map_err(explain)?);
            super::output::print(format_args!("{mark}\n"))
        }
    }
}
