//! The table of positions and counts.

entity! {
    /// The position of a user's history, and the total and unread count of each feed in the order of `FeedKind::ALL`, expired
    /// items included until they are swept.
    "user_position" {
        #[sea_orm(primary_key, auto_increment = false)]
        user_id: String,
        position: i64,
        activities_total: i64,
        activities_unread: i64,
        notifications_total: i64,
        notifications_unread: i64,
    }
}

#[cfg(test)]
mod tests {
    use crate::{domain::FeedKind, store::row::Table};

    use super::*;

    #[test]
    fn each_feed_has_its_counts_in_order() {
        let counts = FeedKind::ALL
            .iter()
            .flat_map(|feed| ["total", "unread"].map(|count| format!("{}_{count}", feed.as_str())));
        let columns = ["user_id".to_owned(), "position".to_owned()].into_iter().chain(counts);
        assert_eq!(Model::sql().columns, columns.collect::<Vec<_>>());
    }
}
