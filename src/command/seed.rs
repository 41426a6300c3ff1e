//! `pulse seed`.

use clap::Args;
use pulse::{
    config::Config,
    domain::{Day, FeedKind, Timestamp},
    transfer,
};

#[derive(Args)]
#[command(
    long_about = "Fill the database with a believable demo: people with months of activities, streaks, weekly hours, \
                  and notifications read and unread. The same seed and day make the same data, ids included. Users \
                  that have a history are left as they are, so seeding again adds nothing. The server must not run \
                  meanwhile.",
    after_help = "Example:\n  pulse seed --users 50 --seed 7\n  pulse serve"
)]
pub(crate) struct Seed {
    /// How many people: ada, grace, ..., then user-13 and so on
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    users: u32,
    /// Another number makes other data
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The day on which it should look real [default: today in UTC]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_day)]
    today: Option<Day>,
    /// Do it in production too
    #[arg(long)]
    force: bool,
}

fn parse_day(text: &str) -> Result<Day, String> {
    Day::parse("today", text).map_err(|error| error.to_string())
}

impl Seed {
    pub(crate) async fn run(self, config: &Config) -> Result<(), String> {
        if config.production() && !self.force {
            return Err("NODE_ENV is production, where demo data has no place; --force puts it there".into());
        }
        let now = Timestamp::now();
        let today = self.today.unwrap_or(now.day());
        let seed = transfer::Seed { users: self.users, seed: self.seed, today };
        let seeded = transfer::seed(&config.database_url, seed, now).await;
        let seeded = seeded.map_err(|problem| super::problem::explain(config, problem))?;
        let counts = seeded.counts;
        super::output::print(format_args!(
            "{} users with {} activities and {} notifications were made (seed {}, {today}).\n",
            counts.analytics,
            counts.items[FeedKind::Activities],
            counts.items[FeedKind::Notifications],
            self.seed
        ))?;
        if seeded.left > 0 {
            super::output::print(format_args!(
                "{} users have a history already and were left as they are.\n",
                seeded.left
            ))?;
        }
        super::output::print(format_args!(
            "Serve it:      pulse serve\n\
             Then look at:  curl http://localhost:{}/api/analytics/leaderboard/all?limit=5\n",
            config.port
        ))
    }
}
