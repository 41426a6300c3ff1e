//! `/api/activities`.

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    domain::Result,
    http::{Caller, ErrorBody},
    json::{Activity, ActivityPage, Fields, NewActivity},
    service::StoredPage,
};

use super::{
    Rest,
    decode::{ActivityId, NoQuery, PageQuery, PathUser},
    shapes::{Message, ModifiedCount, UnreadCount},
};

/// A page of a user's activities, newest first.
///
/// The items, the counts and the cursor are of one instant. A subscription that starts at the cursor misses nothing
/// and repeats nothing.
#[utoipa::path(
    get, path = "/api/activities/{id}", tag = "activities", operation_id = "activities",
    params(
        ("id" = String, Path, description = "The user whose activities they are"),
        ("limit" = Option<u32>, Query, description = "How many: 1 to 200, 20 if absent; a larger number is taken as 200"),
        ("skip" = Option<u64>, Query, description = "How many of the newest to leave out")
    ),
    responses(
        (status = 200, description = "The page", body = ActivityPage),
        (status = 400, description = "A field cannot be used", body = ErrorBody),
        (status = 401, description = "No token, or not one that can be trusted", body = ErrorBody),
        (status = 403, description = "Another user's", body = ErrorBody),
        (status = 503, description = "Try again shortly", body = ErrorBody)
    )
)]
pub(super) async fn list(
    State(rest): State<Rest>,
    Caller(viewer): Caller,
    PathUser(user): PathUser,
    PageQuery(window): PageQuery<20>,
) -> Result<Response> {
    let page = rest.services().activities.page(&viewer, Some(user), window).await?;
    let StoredPage { page, encoded: Some(encoded) } = page else {
        return Ok(Json(ActivityPage::from(page.page)).into_response());
    };
    // Maps with keys that are no strings would fail; there are none.
    let text = encoded
        .get_or_encode(AS_REST, || serde_json::to_string(&ActivityPage::from(page)).unwrap_or_default());
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], Bytes::from_owner(text)).into_response())
}

/// How REST writes a page.
const AS_REST: u128 = 0;

/// How many of a user's activities are unread.
///
/// The count is exact at every commit.
#[utoipa::path(
    get, path = "/api/activities/{userId}/unread/count", tag = "activities",
    operation_id = "unreadActivityCount",
    params(("userId" = String, Path, description = "Whose")),
    responses(
        (status = 200, description = "The count", body = UnreadCount),
        (status = 400, description = "A field cannot be used", body = ErrorBody),
        (status = 401, description = "No token, or not one that can be trusted", body = ErrorBody),
        (status = 403, description = "Another user's", body = ErrorBody),
        (status = 503, description = "Try again shortly", body = ErrorBody)
    )
)]
pub(super) async fn unread_count(
    State(rest): State<Rest>,
    Caller(viewer): Caller,
    _: NoQuery,
    PathUser(user): PathUser,
) -> Result<Json<UnreadCount>> {
    let unread_count = rest.services().activities.unread_count(&viewer, Some(user)).await?;
    Ok(Json(UnreadCount { unread_count }))
}

/// Creates an activity; it is durable when this answers.
///
/// The open apps of the user receive it. Without `userId` it is the own activity of the caller; only a service or an
/// admin may name another user.
#[utoipa::path(
    post, path = "/api/activities", tag = "activities", operation_id = "createActivity",
    request_body = NewActivity,
    responses(
        (status = 201, description = "The activity", body = Activity),
        (status = 400, description = "A field cannot be used", body = ErrorBody),
        (status = 401, description = "No token, or not one that can be trusted", body = ErrorBody),
        (status = 403, description = "Another user's", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not application/json", body = ErrorBody),
        (status = 503, description = "Try again shortly", body = ErrorBody)
    )
)]
pub(super) async fn create(
    State(rest): State<Rest>,
    Caller(viewer): Caller,
    _: NoQuery,
    mut fields: Fields,
) -> Result<(StatusCode, Json<Activity>)> {
    let (user, new) = fields.new_activity()?;
    let created = rest.services().activities.create(&viewer, user, new).await?;
    Ok((StatusCode::CREATED, Json((&*created).into())))
}

/// Marks an activity read; again: the same answer.
///
/// An activity of another user is answered as one that does not exist.
#[utoipa::path(
    patch, path = "/api/activities/{activityId}/read", tag = "activities", operation_id = "markActivityRead",
    params(("activityId" = String, Path, description = "24 hex digits")),
    responses(
        (status = 200, description = "The activity", body = Activity),
        (status = 400, description = "A field cannot be used", body = ErrorBody),
        (status = 401, description = "No token, or not one that can be trusted", body = ErrorBody),
        (status = 404, description = "No such activity", body = ErrorBody),
        (status = 503, description = "Try again shortly", body = ErrorBody)
    )
)]
pub(super) async fn mark_read(
    State(rest): State<Rest>,
    Caller(viewer): Caller,
    _: NoQuery,
    ActivityId(id): ActivityId,
) -> Result<Json<Activity>> {
    let marked = rest.services().activities.mark_read(&viewer, id).await?;
    Ok(Json((&marked).into()))
}

/// Marks every activity of a user read.
///
/// What is created at the same time stays unread.
#[utoipa::path(
    patch, path = "/api/activities/{userId}/read-all", tag = "activities",
    operation_id = "markAllActivitiesRead",
    params(("userId" = String, Path, description = "Whose")),
    responses(
        (status = 200, description = "How many were unread", body = ModifiedCount),
        (status = 400, description = "A field cannot be used", body = ErrorBody),
        (status = 401, description = "No token, or not one that can be trusted", body = ErrorBody),
        (status = 403, description = "Another user's", body = ErrorBody),
        (status = 503, description = "Try again shortly", body = ErrorBody)
    )
)]
pub(super) async fn mark_all_read(
    State(rest): State<Rest>,
    Caller(viewer): Caller,
    _: NoQuery,
    PathUser(user): PathUser,
) -> Result<Json<ModifiedCount>> {
    let modified_count = rest.services().activities.mark_all_read(&viewer, Some(user)).await?;
    Ok(Json(ModifiedCount { modified_count }))
}

/// Deletes an activity.
///
/// The counts of the feed change with it. An activity of another user is answered as one that does not exist.
#[utoipa::path(
    delete, path = "/api/activities/{id}", tag = "activities", operation_id = "deleteActivity",
    params(("id" = String, Path, description = "The activity: 24 hex digits")),
    responses(
        (status = 200, description = "It is gone", body = Message),
        (status = 400, description = "A field cannot be used", body = ErrorBody),
        (status = 401, description = "No token, or not one that can be trusted", body = ErrorBody),
        (status = 404, description = "No such activity", body = ErrorBody),
        (status = 503, description = "Try again shortly", body = ErrorBody)
    )
)]
pub(super) async fn delete(
    State(rest): State<Rest>,
    Caller(viewer): Caller,
    _: NoQuery,
    ActivityId(id): ActivityId,
) -> Result<Json<Message>> {
    rest.services().activities.delete(&viewer, id).await?;
    Ok(Json(Message { message: "Activity deleted" }))
}
