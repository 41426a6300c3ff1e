//! `/api/notifications`.

use axum::{Json, extract::State, http::StatusCode};

use crate::{
    domain::Result,
    http::{Caller, ErrorBody},
    json::{Fields, NewNotification, Notification, NotificationPage},
};

use super::{
    Rest,
    decode::{NoQuery, NotificationId, PageQuery, PathUser},
    shapes::{DeletedCount, Message, ModifiedCount, UnreadCount},
};

/// A page of a user's notifications, newest first.
///
/// Expired notifications are left out. The items, the counts and the cursor are of one instant.
#[utoipa::path(
    get, path = "/api/notifications/{id}", tag = "notifications", operation_id = "notifications",
    params(
        ("id" = String, Path, description = "The user whose notifications they are"),
        ("limit" = Option<u32>, Query, description = "How many: 1 to 200, 50 if absent; a larger number is taken as 200"),
        ("skip" = Option<u64>, Query, description = "How many of the newest to leave out")
    ),
    responses(
        (status = 200, description = "The page", body = NotificationPage),
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
    PageQuery(window): PageQuery<50>,
) -> Result<Json<NotificationPage>> {
    let page = rest.services().notifications.page(&viewer, Some(user), window).await?.page;
    Ok(Json(page.into()))
}

/// How many of a user's notifications are unread.
///
/// The count is exact at every commit and leaves out expired notifications.
#[utoipa::path(
    get, path = "/api/notifications/{userId}/unread/count", tag = "notifications",
    operation_id = "unreadNotificationCount",
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
    let unread_count = rest.services().notifications.unread_count(&viewer, Some(user)).await?;
    Ok(Json(UnreadCount { unread_count }))
}

/// Creates a notification; it is durable when this answers.
///
/// The open apps of the user receive it. Only a service or an admin may notify another user.
#[utoipa::path(
    post, path = "/api/notifications", tag = "notifications", operation_id = "createNotification",
    request_body = NewNotification,
    responses(
        (status = 201, description = "The notification", body = Notification),
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
) -> Result<(StatusCode, Json<Notification>)> {
    let (user, new) = fields.new_notification(rest.services().notifications.now())?;
    let created = rest.services().notifications.create(&viewer, user, new).await?;
    Ok((StatusCode::CREATED, Json((&*created).into())))
}

/// Marks a notification read; again: the same answer.
///
/// A notification that has expired or belongs to another user is answered as one that does not exist.
#[utoipa::path(
    patch, path = "/api/notifications/{notificationId}/read", tag = "notifications",
    operation_id = "markNotificationRead",
    params(("notificationId" = String, Path, description = "24 hex digits")),
    responses(
        (status = 200, description = "The notification", body = Notification),
        (status = 400, description = "A field cannot be used", body = ErrorBody),
        (status = 401, description = "No token, or not one that can be trusted", body = ErrorBody),
        (status = 404, description = "No such notification", body = ErrorBody),
        (status = 503, description = "Try again shortly", body = ErrorBody)
    )
)]
pub(super) async fn mark_read(
    State(rest): State<Rest>,
    Caller(viewer): Caller,
    _: NoQuery,
    NotificationId(id): NotificationId,
) -> Result<Json<Notification>> {
    let marked = rest.services().notifications.mark_read(&viewer, id).await?;
    Ok(Json((&marked).into()))
}

/// Marks every notification of a user read.
///
/// What is created at the same time stays unread.
#[utoipa::path(
    patch, path = "/api/notifications/{userId}/read-all", tag = "notifications",
    operation_id = "markAllNotificationsRead",
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
    let modified_count = rest.services().notifications.mark_all_read(&viewer, Some(user)).await?;
    Ok(Json(ModifiedCount { modified_count }))
}

/// Deletes a notification.
///
/// A notification that has expired or belongs to another user is answered as one that does not exist.
#[utoipa::path(
    delete, path = "/api/notifications/{id}", tag = "notifications", operation_id = "deleteNotification",
    params(("id" = String, Path, description = "The notification: 24 hex digits")),
    responses(
        (status = 200, description = "It is gone", body = Message),
        (status = 400, description = "A field cannot be used", body = ErrorBody),
        (status = 401, description = "No token, or not one that can be trusted", body = ErrorBody),
        (status = 404, description = "No such notification", body = ErrorBody),
        (status = 503, description = "Try again shortly", body = ErrorBody)
    )
)]
pub(super) async fn delete(
    State(rest): State<Rest>,
    Caller(viewer): Caller,
    _: NoQuery,
    NotificationId(id): NotificationId,
) -> Result<Json<Message>> {
    rest.services().notifications.delete(&viewer, id).await?;
    Ok(Json(Message { message: "Notification deleted" }))
}

/// Deletes every notification of a user.
///
/// What is created at the same time stays.
#[utoipa::path(
    delete, path = "/api/notifications/{userId}/clear-all", tag = "notifications",
    operation_id = "clearNotifications",
    params(("userId" = String, Path, description = "Whose")),
    responses(
        (status = 200, description = "How many are gone", body = DeletedCount),
        (status = 400, description = "A field cannot be used", body = ErrorBody),
        (status = 401, description = "No token, or not one that can be trusted", body = ErrorBody),
        (status = 403, description = "Another user's", body = ErrorBody),
        (status = 503, description = "Try again shortly", body = ErrorBody)
    )
)]
pub(super) async fn clear(
    State(rest): State<Rest>,
    Caller(viewer): Caller,
    _: NoQuery,
    PathUser(user): PathUser,
) -> Result<Json<DeletedCount>> {
    let deleted_count = rest.services().notifications.clear(&viewer, Some(user)).await?;
    Ok(Json(DeletedCount { deleted_count }))
}
