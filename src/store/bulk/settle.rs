//! The end of an import: one transaction that gives staged records their positions and makes them visible.

use crate::domain::Result;

use super::session::Session;

/// How many records became part of the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Activities.
    pub activities: u64,
    /// Notifications.
    pub notifications: u64,
    /// Users whose analytics came.
    pub analytics: u64,
}

/// Of staged records with the same id, the first to arrive.
const FIRST: &str = "CREATE TEMPORARY TABLE first_items AS
    SELECT MIN(seq) AS seq FROM staged_items GROUP BY feed, id";

/// Each item that is not there yet, with its position: after what its user has, in order of time, over both feeds.
const PLACED: &str = "CREATE TEMPORARY TABLE placed AS
    SELECT s.seq AS seq, s.feed AS feed, s.user_id AS user_id, s.read AS read, COALESCE(u.position, 0)
           + ROW_NUMBER() OVER (PARTITION BY s.user_id ORDER BY s.ordered_at, s.seq) AS position
    FROM first_items f JOIN staged_items s ON s.seq = f.seq
    LEFT JOIN user_position u ON u.user_id = s.user_id
    WHERE NOT EXISTS (SELECT 1 FROM activities a WHERE s.feed = 0 AND a.id = s.id)
      AND NOT EXISTS (SELECT 1 FROM notifications n WHERE s.feed = 1 AND n.id = s.id)";

/// The first analytics of each user that has none.
const FRESH: &str = "CREATE TEMPORARY TABLE fresh_analytics AS
    SELECT MIN(s.seq) AS seq, s.user_id AS user_id FROM staged_analytics s
    WHERE NOT EXISTS (SELECT 1 FROM analytics a WHERE a.user_id = s.user_id) GROUP BY s.user_id";

/// Users grow by their items, and by one position more where analytics come.
const GROW: &str = "INSERT INTO user_position
        (user_id, position, activities_total, activities_unread, notifications_total, notifications_unread)
    SELECT user_id, COUNT(*), SUM(activity), SUM(activity * unread), SUM(notification), SUM(notification * unread)
    FROM (SELECT user_id, 1 - feed AS activity, feed AS notification, 1 - read AS unread FROM placed
          UNION ALL SELECT user_id, 0, 0, 0 FROM fresh_analytics) grown
    WHERE TRUE GROUP BY user_id
    ON CONFLICT (user_id) DO UPDATE SET
        position = user_position.position + excluded.position,
        activities_total = user_position.activities_total + excluded.activities_total,
        activities_unread = user_position.activities_unread + excluded.activities_unread,
        notifications_total = user_position.notifications_total + excluded.notifications_total,
        notifications_unread = user_position.notifications_unread + excluded.notifications_unread";

/// In order of the user, so that a feed lies together and its indexes grow at their ends.
const ACTIVITIES: &str = "INSERT INTO activities
        (user_id, position, id, type, title, description, data, created_at, read)
    SELECT p.user_id, p.position, s.id, s.type, s.title, s.body, s.extra, s.created_at, s.read = 1
    FROM placed p {JOIN} staged_items s ON s.seq = p.seq WHERE p.feed = 0 {IN_ORDER}";

const NOTIFICATIONS: &str = "INSERT INTO notifications
        (user_id, position, id, type, title, message, action_url, created_at, expires_at, read)
    SELECT p.user_id, p.position, s.id, s.type, s.title, s.body, s.extra, s.created_at, s.expires_at, s.read = 1
    FROM placed p {JOIN} staged_items s ON s.seq = p.seq WHERE p.feed = 1 {IN_ORDER}";

/// A user's record is the newest change: it has the position that the user has now.
const ANALYTICS: &str = "INSERT INTO analytics
        (user_id, position, total_hours, current_streak, longest_streak, logs_created, goals_completed, skills_added,
         weekly, monthly, updated_at)
    SELECT s.user_id, u.position, s.total_hours, s.current_streak, s.longest_streak, s.logs_created,
           s.goals_completed, s.skills_added, s.weekly, s.monthly, s.updated_at
    FROM fresh_analytics f JOIN staged_analytics s ON s.seq = f.seq
    JOIN user_position u ON u.user_id = s.user_id ORDER BY s.user_id";

const DAYS: &str = "INSERT INTO analytics_days (user_id, date, hours, logs)
    SELECT f.user_id, d.date, d.hours, d.logs FROM fresh_analytics f JOIN staged_days d ON d.seq = f.seq
    ORDER BY f.user_id, d.date";

const COUNT: &str = "UPDATE counters SET value = value + (SELECT COUNT(*) FROM fresh_analytics)
    WHERE name = 'analytics'";

impl Session {
    /// Makes everything staged visible, or nothing.
    pub(super) async fn settle(&mut self) -> Result<Moved> {
        let postgres = matches!(self, Self::Postgres(..));
        self.execute(if postgres { "BEGIN" } else { "BEGIN IMMEDIATE" }).await?;
        if postgres {
            // It knows nothing of temporary tables, and would plan for a handful of rows.
            self.execute("ANALYZE staged_items, staged_analytics, staged_days").await?;
        } else {
            self.execute("CREATE INDEX temp.days_of_a_record ON staged_days (seq)").await?;
        }
        self.execute(FIRST).await?;
        self.execute(PLACED).await?;
        self.execute(FRESH).await?;
        if postgres {
            self.execute("ANALYZE placed, fresh_analytics").await?;
        }
        self.execute(GROW).await?;
        // What comes may have expired as well.
        self.execute("DELETE FROM expired_counts").await?;
        let moved = Moved {
            activities: self.execute(&self.words(ACTIVITIES)).await?,
            notifications: self.execute(&self.words(NOTIFICATIONS)).await?,
            analytics: self.execute(ANALYTICS).await?,
        };
        self.execute(DAYS).await?;
        self.execute(COUNT).await?;
        self.execute("COMMIT").await?;
        if postgres {
            self.execute("ANALYZE activities, notifications, analytics, analytics_days, user_position")
                .await?;
        }
        Ok(moved)
    }
}
