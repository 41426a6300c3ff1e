//! `/api/analytics`.

use axum::{Json, extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    domain::{self, AnalyticsChange, Error, Result, UserId, Viewer},
    http::{Authenticated, ErrorBody},
    json::{Analytics, Fields, Increment, LeaderboardPage, LearningHours, Streak, WeeklyEntry},
};

use super::{
    errors::{BodyErrors, CallerErrors, UserErrors},
    extract::{NoQuery, PageQuery, PathUser},
    state::Rest,
};

/// The size of a page of the leaderboard if the client gives none.
const LEADERBOARD_ITEMS: i64 = 100;

pub(super) fn router() -> OpenApiRouter<Rest> {
    OpenApiRouter::new()
        .routes(routes!(leaderboard))
        .routes(routes!(get))
        .routes(routes!(init))
        .routes(routes!(learning_hours))
        .routes(routes!(streak))
        .routes(routes!(increment))
        .routes(routes!(weekly))
}

/// Everybody's analytics: most learning hours first, ties by userId.
///
/// Every caller with a token may read it.
#[utoipa::path(
    get, path = "/api/analytics/leaderboard/all", tag = "analytics", operation_id = "leaderboard",
    params(
        ("limit" = Option<u32>, Query, description = "How many: 1 to 200, 100 if absent; a larger number is taken as 200"),
        ("skip" = Option<u64>, Query, description = "How many of the first to leave out")
    ),
    responses(
        (status = 200, description = "The page", body = LeaderboardPage),
        CallerErrors
    )
)]
async fn leaderboard(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    query: PageQuery,
) -> Result<Json<LeaderboardPage>> {
    Ok(Json(rest.services().analytics.leaderboard(&viewer, query.window(LEADERBOARD_ITEMS)?).await?.into()))
}

/// A user's analytics.
///
/// A user has none before the first change or `init`.
#[utoipa::path(
    get, path = "/api/analytics/{userId}", tag = "analytics", operation_id = "analytics",
    params(("userId" = String, Path, description = "Whose")),
    responses(
        (status = 200, description = "The analytics", body = Analytics),
        UserErrors,
        (status = 404, description = "No such analytics: the user has none yet", body = ErrorBody)
    )
)]
async fn get(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    PathUser(user): PathUser,
) -> Result<Json<Analytics>> {
    let found = rest.services().analytics.get(&viewer, Some(user.clone())).await?;
    let missing = || Error::NotFound(format!("User {} has no analytics yet.", user.as_str()).into());
    Ok(Json((&found.ok_or_else(missing)?).into()))
}

/// Creates a user's analytics, or leaves them as they stand.
///
/// Every counter begins at 0.
#[utoipa::path(
    post, path = "/api/analytics/{userId}/init", tag = "analytics", operation_id = "initAnalytics",
    params(("userId" = String, Path, description = "Whose")),
    responses(
        (status = 201, description = "They were created", body = Analytics),
        (status = 200, description = "They stood already", body = Analytics),
        UserErrors
    )
)]
async fn init(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    PathUser(user): PathUser,
) -> Result<(StatusCode, Json<Analytics>)> {
    let changed = rest.services().analytics.change(&viewer, Some(user), AnalyticsChange::Init).await?;
    let status = if changed.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json((&changed.analytics).into())))
}

/// Adds to a user's learning hours.
///
/// A negative number corrects; the total never falls below 0. The record is created where it is missing.
#[utoipa::path(
    patch, path = "/api/analytics/{userId}/learning-hours", tag = "analytics",
    operation_id = "updateLearningHours",
    params(("userId" = String, Path, description = "Whose")),
    request_body = LearningHours,
    responses(
        (status = 200, description = "The analytics", body = Analytics),
        UserErrors,
        BodyErrors
    )
)]
async fn learning_hours(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    PathUser(user): PathUser,
    mut fields: Fields,
) -> Result<Json<Analytics>> {
    let change = AnalyticsChange::add_hours(fields.number("hours")?)?;
    apply(&rest, &viewer, user, change).await
}

/// Sets a user's streaks. The longest one never falls.
///
/// The longest streak becomes the largest of the stored one and the two given. The record is created where it is
/// missing.
#[utoipa::path(
    patch, path = "/api/analytics/{userId}/streak", tag = "analytics", operation_id = "updateStreak",
    params(("userId" = String, Path, description = "Whose")),
    request_body = Streak,
    responses(
        (status = 200, description = "The analytics", body = Analytics),
        UserErrors,
        BodyErrors
    )
)]
async fn streak(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    PathUser(user): PathUser,
    mut fields: Fields,
) -> Result<Json<Analytics>> {
    let change = AnalyticsChange::set_streak(fields.whole("currentStreak")?, fields.whole("longestStreak")?)?;
    apply(&rest, &viewer, user, change).await
}

/// Adds to one of a user's counters.
///
/// The counter never falls below 0. The record is created where it is missing.
#[utoipa::path(
    patch, path = "/api/analytics/{userId}/increment", tag = "analytics", operation_id = "incrementStat",
    params(("userId" = String, Path, description = "Whose")),
    request_body = Increment,
    responses(
        (status = 200, description = "The analytics", body = Analytics),
        UserErrors,
        BodyErrors
    )
)]
async fn increment(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    PathUser(user): PathUser,
    mut fields: Fields,
) -> Result<Json<Analytics>> {
    let stat = domain::StatName::parse("statName", &fields.text("statName")?)?;
    let change = AnalyticsChange::increment(stat, fields.optional_whole("incrementBy")?.unwrap_or(1))?;
    apply(&rest, &viewer, user, change).await
}

/// Adds to a day. A second entry for a day adds to the first.
///
/// A day holds at most 24 hours. The month of the day is updated as well. The record is created where it is missing.
#[utoipa::path(
    post, path = "/api/analytics/{userId}/weekly", tag = "analytics", operation_id = "addWeeklyData",
    params(("userId" = String, Path, description = "Whose")),
    request_body = WeeklyEntry,
    responses(
        (status = 200, description = "The analytics", body = Analytics),
        UserErrors,
        BodyErrors
    )
)]
async fn weekly(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    PathUser(user): PathUser,
    mut fields: Fields,
) -> Result<Json<Analytics>> {
    let (date, hours) = (fields.text("date")?, fields.number("hoursLogged")?);
    let entry = domain::WeeklyEntry::parse(&date, hours, fields.whole("logsCount")?)?;
    let change = AnalyticsChange::AddWeekly(entry);
    apply(&rest, &viewer, user, change).await
}

async fn apply(
    rest: &Rest,
    viewer: &Viewer,
    user: UserId,
    change: AnalyticsChange,
) -> Result<Json<Analytics>> {
    let changed = rest.services().analytics.change(viewer, Some(user), change).await?;
    Ok(Json((&changed.analytics).into()))
}
