//! The end of an import: one transaction that gives staged records their positions and makes them visible.

use crate::{
    domain::{FeedItem, FeedKind, PerFeed, Result, each_feed_item},
    store::{
        entity::{StoredItem, analytics, analytics_day},
        row::Table,
    },
};

use super::session::Session;

/// How many records became part of the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Items of each feed.
    pub items: PerFeed<u64>,
    /// Users whose analytics came.
    pub analytics: u64,
}

/// The first analytics of each user that has none.
const NEW_ANALYTICS: &str = "CREATE TEMPORARY TABLE new_analytics AS
    SELECT MIN(s.seq) AS seq, s.user_id AS user_id FROM staged_analytics s
    WHERE NOT EXISTS (SELECT 1 FROM analytics a WHERE a.user_id = s.user_id) GROUP BY s.user_id";

const COUNT_ANALYTICS: &str = "UPDATE counters SET value = value + (SELECT COUNT(*) FROM new_analytics)
    WHERE name = 'analytics'";

/// The tables of all feeds.
fn tables() -> Vec<&'static str> {
    let mut tables = Vec::new();
    each_feed_item!(T => { tables.push(T::table()); });
    tables
}

/// Each item that is not there yet, with its position: after what its user has, in order of time, over all feeds. Of staged items
/// with the same id the first to arrive counts.
fn positioned() -> String {
    let new = tables().into_iter().zip(0..).map(|(table, feed)| {
        format!(
            "SELECT seq, {feed} AS feed, user_id, ordered_at, read FROM staged_{table} s \
             WHERE seq IN (SELECT MIN(seq) FROM staged_{table} GROUP BY id) \
             AND NOT EXISTS (SELECT 1 FROM {table} i WHERE i.id = s.id)"
        )
    });
    format!(
        "CREATE TEMPORARY TABLE positioned AS \
         SELECT n.seq AS seq, n.feed AS feed, n.user_id AS user_id, n.read AS read, COALESCE(u.position, 0) \
         + ROW_NUMBER() OVER (PARTITION BY n.user_id ORDER BY n.ordered_at, n.seq) AS position \
         FROM ({}) n LEFT JOIN user_position u ON u.user_id = n.user_id",
        new.collect::<Vec<_>>().join(" UNION ALL ")
    )
}

/// Bumps the rows of users by their items, and by one position more where analytics come.
fn bump() -> String {
    let (mut columns, mut sums, mut updates) = (String::new(), String::new(), String::new());
    for (feed, kind) in (0..).zip(FeedKind::ALL) {
        let name = kind.as_str();
        let items = format!("COUNT(*) FILTER (WHERE feed = {feed}");
        columns.push_str(&format!(", {name}_total, {name}_unread"));
        sums.push_str(&format!(", {items}), {items} AND read = FALSE)"));
        for column in [format!("{name}_total"), format!("{name}_unread")] {
            updates.push_str(&format!(", {column} = user_position.{column} + excluded.{column}"));
        }
    }
    format!(
        "INSERT INTO user_position (user_id, position{columns}) SELECT user_id, COUNT(*){sums} \
         FROM (SELECT user_id, feed, read FROM positioned \
         UNION ALL SELECT user_id, -1, TRUE FROM new_analytics) new WHERE TRUE GROUP BY user_id \
         ON CONFLICT (user_id) DO UPDATE SET position = user_position.position + excluded.position{updates}"
    )
}

/// The columns of a staged row, but for its position.
fn columns_with<M: Table>(position: &str) -> String {
    let column = |name: &String| match &**name {
        "position" => position.to_owned(),
        name => format!("s.{name}"),
    };
    M::sql().columns.iter().map(column).collect::<Vec<_>>().join(", ")
}

impl Session {
    /// Makes everything staged visible, or nothing.
    pub(super) async fn apply(&self) -> Result<ImportCounts> {
        let postgres = matches!(self, Self::Postgres(_));
        self.execute(if postgres { "BEGIN" } else { "BEGIN IMMEDIATE" }).await?;
        let staged: Vec<String> = tables().into_iter().map(|table| format!("staged_{table}")).collect();
        let staged = staged.join(", ");
        if postgres {
            // It knows nothing of temporary tables, and would plan for a handful of rows.
            self.execute(&format!("ANALYZE {staged}, staged_analytics, staged_analytics_days")).await?;
        } else {
            self.execute("CREATE INDEX temp.days_of_a_record ON staged_analytics_days (seq)").await?;
        }
        self.execute(&positioned()).await?;
        self.execute(NEW_ANALYTICS).await?;
        if postgres {
            self.execute("ANALYZE positioned, new_analytics").await?;
        }
        self.execute(&bump()).await?;
        // Imported items may have expired as well.
        self.execute("DELETE FROM expired_counts").await?;
        let mut counts = ImportCounts::default();
        let mut index = 0;
        each_feed_item!(T => {
            counts.items[T::FEED] = self.execute(&self.insert_items::<T>(index)).await?;
            index += 1;
        });
        counts.analytics = self.execute(&insert_analytics()).await?;
        self.execute(&insert_days()).await?;
        self.execute(COUNT_ANALYTICS).await?;
        self.execute("COMMIT").await?;
        if postgres {
            let tables = tables().join(", ");
            self.execute(&format!("ANALYZE {tables}, analytics, analytics_days, user_position")).await?;
        }
        Ok(counts)
    }

    /// In order of the user, so that a feed lies together and its indexes grow at their ends.
    fn insert_items<T: StoredItem>(&self, feed: usize) -> String {
        // SQLite reads `positioned` in the order of its rows, which is that of its window function.
        let (join, order) = match self {
            Self::Sqlite(_) => ("CROSS JOIN", "p.rowid"),
            Self::Postgres(_) => ("JOIN", "p.user_id, p.position"),
        };
        let table = T::Row::sql();
        format!(
            "INSERT INTO {name} ({list}) SELECT {columns} FROM positioned p {join} staged_{name} s ON s.seq = p.seq \
             WHERE p.feed = {feed} ORDER BY {order}",
            name = table.name,
            list = table.list,
            columns = columns_with::<T::Row>("p.position"),
        )
    }
}

/// A user's record is the newest change: it has the position that the user has now.
fn insert_analytics() -> String {
    format!(
        "INSERT INTO analytics ({}) SELECT {} FROM new_analytics n JOIN staged_analytics s ON s.seq = n.seq \
         JOIN user_position u ON u.user_id = s.user_id ORDER BY s.user_id",
        analytics::Model::sql().list,
        columns_with::<analytics::Model>("u.position"),
    )
}

fn insert_days() -> String {
    format!(
        "INSERT INTO analytics_days ({}) SELECT {} FROM new_analytics n JOIN staged_analytics_days s ON s.seq = n.seq \
         ORDER BY s.user_id, s.date",
        analytics_day::Model::sql().list,
        columns_with::<analytics_day::Model>("0"),
    )
}
