//! What can be read.

use async_graphql::{
    Context, Description, ID, Object, OutputType, Result,
    connection::{Connection, Edge},
};

use crate::domain::{FeedFilter, FeedItem, Keyset, Slice, Window};

use super::{
    activity::{Activity, ActivityType},
    analytics::{Analytics, LeaderboardPage},
    budget,
    notification::{Notification, NotificationType},
    page::FeedPage,
    services, viewer,
};

/// What can be read. Every `userId` may be left out: then it is the viewer's own.
#[derive(Description)]
pub(crate) struct Query;

#[Object(use_type_description)]
impl Query {
    /// A user's activities by number, newest first.
    #[graphql(complexity = "1 + page_size(Some(limit)) * child_complexity")]
    async fn activities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(default = 20, desc = "How many: 1 to 200; a larger number is taken as 200.")] limit: i32,
        #[graphql(default = 0, desc = "How many of the newest to leave out.")] skip: i32,
    ) -> Result<FeedPage<Activity>> {
        let window = Window::parse(limit.into(), skip.into())?;
        let user = super::user_id(user_id)?;
        let place = budget::place(ctx).await?;
        Ok(FeedPage::new(services(ctx).activities.page(viewer(ctx), user, window).await?, place))
    }

    /// A user's activities by cursor, newest first, as the Relay specification has it.
    #[graphql(complexity = "1 + page_size(first.or(last)) * child_complexity")]
    #[allow(clippy::too_many_arguments, reason = "the arguments are those of the Relay specification")]
    async fn activity_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "How many of the newest: 0 to 200; 20 if neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only what is older than this cursor.")] after: Option<String>,
        #[graphql(desc = "How many of the oldest: 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only what is newer than this cursor.")] before: Option<String>,
        #[graphql(desc = "Only this type.")] r#type: Option<ActivityType>,
        #[graphql(desc = "Only what is not read.")] unread_only: Option<bool>,
    ) -> Result<Connection<String, Activity>> {
        let keyset = keyset(first, after, last, before)?;
        let filter = FeedFilter { kind: r#type.map(Into::into), unread_only: unread_only.unwrap_or(false) };
        let user = super::user_id(user_id)?;
        let _place = budget::place(ctx).await?;
        let slice = services(ctx).activities.slice(viewer(ctx), user, keyset, filter).await?;
        connection(ctx, slice).await
    }

    /// How many of a user's activities are unread.
    async fn unread_activity_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<u64> {
        Ok(services(ctx).activities.unread_count(viewer(ctx), super::user_id(user_id)?).await?)
    }

    /// A user's analytics; null where the user has none yet.
    async fn analytics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Option<Result<Analytics>> {
        // An error inside the `Option` nulls this field alone; outside of it, it would null the whole answer.
        find_analytics(ctx, user_id).await.transpose()
    }

    /// Everybody's analytics: most learning hours first, ties by user id.
    #[graphql(complexity = "1 + page_size(Some(limit)) * child_complexity")]
    async fn leaderboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 100, desc = "How many: 1 to 200; a larger number is taken as 200.")] limit: i32,
        #[graphql(default = 0, desc = "How many of the first to leave out.")] skip: i32,
    ) -> Result<LeaderboardPage> {
        let window = Window::parse(limit.into(), skip.into())?;
        let place = budget::place(ctx).await?;
        Ok(LeaderboardPage::new(services(ctx).analytics.leaderboard(viewer(ctx), window).await?, place))
    }

    /// A user's notifications by number, newest first.
    #[graphql(complexity = "1 + page_size(Some(limit)) * child_complexity")]
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(default = 50, desc = "How many: 1 to 200; a larger number is taken as 200.")] limit: i32,
        #[graphql(default = 0, desc = "How many of the newest to leave out.")] skip: i32,
    ) -> Result<FeedPage<Notification>> {
        let window = Window::parse(limit.into(), skip.into())?;
        let user = super::user_id(user_id)?;
        let place = budget::place(ctx).await?;
        Ok(FeedPage::new(services(ctx).notifications.page(viewer(ctx), user, window).await?, place))
    }

    /// A user's notifications by cursor, newest first, as the Relay specification has it.
    #[graphql(complexity = "1 + page_size(first.or(last)) * child_complexity")]
    #[allow(clippy::too_many_arguments, reason = "the arguments are those of the Relay specification")]
    async fn notification_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
        #[graphql(desc = "How many of the newest: 0 to 200; 20 if neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only what is older than this cursor.")] after: Option<String>,
        #[graphql(desc = "How many of the oldest: 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only what is newer than this cursor.")] before: Option<String>,
        #[graphql(desc = "Only this type.")] r#type: Option<NotificationType>,
        #[graphql(desc = "Only what is not read.")] unread_only: Option<bool>,
    ) -> Result<Connection<String, Notification>> {
        let keyset = keyset(first, after, last, before)?;
        let filter = FeedFilter { kind: r#type.map(Into::into), unread_only: unread_only.unwrap_or(false) };
        let user = super::user_id(user_id)?;
        let _place = budget::place(ctx).await?;
        let slice = services(ctx).notifications.slice(viewer(ctx), user, keyset, filter).await?;
        connection(ctx, slice).await
    }

    /// How many of a user's notifications are unread.
    async fn unread_notification_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; the viewer's own if absent.")] user_id: Option<ID>,
    ) -> Result<u64> {
        Ok(services(ctx).notifications.unread_count(viewer(ctx), super::user_id(user_id)?).await?)
    }

    /// How many users have at least one open socket.
    async fn active_users(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(services(ctx).presence.count())
    }
}

async fn find_analytics(ctx: &Context<'_>, user: Option<ID>) -> Result<Option<Analytics>> {
    let found = services(ctx).analytics.get(viewer(ctx), super::user_id(user)?).await?;
    Ok(found.map(Analytics::from))
}

fn keyset(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> crate::domain::Result<Keyset> {
    Keyset::parse(first.map(Into::into), after.as_deref(), last.map(Into::into), before.as_deref())
}

/// The connection as the library has it. It keeps its items until the whole answer is made, so what they hold is spent.
async fn connection<T, G>(ctx: &Context<'_>, slice: Slice<T>) -> Result<Connection<String, G>>
where
    T: FeedItem,
    G: OutputType + From<T>,
{
    let bytes = slice.items.iter().map(|item| item.text_bytes()).sum();
    budget::spend(ctx, bytes).await?;
    let mut connection = Connection::new(slice.has_previous, slice.has_next);
    let edges = slice.items.into_iter().map(|item| Edge::new(item.cursor().to_string(), item.into()));
    connection.edges.extend(edges);
    Ok(connection)
}

/// How often the fields of a list are counted.
fn page_size(asked: Option<i32>) -> usize {
    let most = Window::MAX_LIMIT as usize;
    asked.map_or(Keyset::DEFAULT_LIMIT as usize, |asked| usize::try_from(asked).unwrap_or(0).min(most))
}
