//! The operations of a feed, generic over its item.

use std::marker::PhantomData;

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequestParts, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{ToSchema, openapi::HttpMethod};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::{
    domain::{Error, ItemId, Result},
    http::Authenticated,
    json::{FeedJson, Fields},
    service::{StoredItem, StoredPage},
};

use super::{
    endpoint::Endpoint,
    errors::{BodyErrors, ItemErrors, UserErrors},
    extract::{NoQuery, PageQuery, PathUser, segment},
    state::Rest,
};

/// An item of a feed that REST serves below `/api/PLURAL`.
pub(super) trait RestFeed: FeedJson + StoredItem {
    /// The feed in paths, tags and texts.
    const PLURAL: &'static str;
    /// One item in texts, with its article.
    const ONE: &'static str;
    /// The path parameter that holds the id of an item, as errors name it.
    const ID: &'static str;
    /// The size of a page if the client gives none.
    const PAGE_ITEMS: i64;
    /// Whether items expire.
    const ITEMS_EXPIRE: bool;
}

/// The key of the REST encoding of a page in its cache.
const REST_ENCODING: u128 = 0;

/// How many items are unread.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UnreadCount {
    /// How many items of the feed are unread.
    unread_count: u64,
}

/// How many items were unread.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ModifiedCount {
    /// How many items were unread before.
    modified_count: u64,
}

/// How many items were deleted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeletedCount {
    /// How many items were deleted.
    deleted_count: u64,
}

/// One sentence.
#[derive(Serialize, ToSchema)]
struct Message {
    /// What was done.
    message: String,
}

/// The id of an item in a path.
struct PathItem<F>(ItemId, PhantomData<F>);

impl<F: RestFeed, S: Send + Sync> FromRequestParts<S> for PathItem<F> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let id = ItemId::parse(F::ID, &segment(parts, state, F::ID).await?)?;
        Ok(Self(id, PhantomData))
    }
}

/// The operations that every feed has.
pub(super) fn router<F: RestFeed>() -> OpenApiRouter<Rest> {
    OpenApiRouter::new()
        .routes(page_route::<F>())
        .routes(unread_count_route::<F>())
        .routes(create_route::<F>())
        .routes(mark_read_route::<F>())
        .routes(mark_all_read_route::<F>())
        .routes(delete_route::<F>())
}

fn page_route<F: RestFeed>() -> UtoipaMethodRouter<Rest> {
    let (plural, default) = (F::PLURAL, F::PAGE_ITEMS);
    endpoint::<F>(HttpMethod::Get, "/{id}", plural.to_owned())
        .summary(format!("A page of a user's {plural}, newest first."))
        .description(format!(
            "The items, the counts and the cursor are of one instant. A subscription that starts at the cursor misses \
             nothing and repeats nothing.{}",
            without_expired::<F>()
        ))
        .path_parameter("id", format!("The user whose {plural} they are"))
        .query_parameter::<u32>(
            "limit",
            format!("How many: 1 to 200, {default} if absent; a larger number is taken as 200"),
        )
        .query_parameter::<u64>("skip", "How many of the newest to leave out")
        .response::<F::Page>("200", "The page")
        .errors::<UserErrors>()
        .handler(page::<F>)
}

async fn page<F: RestFeed>(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    PathUser(user): PathUser,
    query: PageQuery,
) -> Result<Response> {
    let window = query.window(F::PAGE_ITEMS)?;
    let page = rest.services().feed::<F>().page(&viewer, Some(user), window).await?;
    let StoredPage { page, encoded: Some(encoded) } = page else {
        return Ok(Json(F::Page::from(page.page)).into_response());
    };
    // Only a map whose keys are not strings fails to serialize, and a page has none.
    let text = encoded
        .get_or_encode(REST_ENCODING, || serde_json::to_string(&F::Page::from(page)).unwrap_or_default());
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], Bytes::from_owner(text)).into_response())
}

fn unread_count_route<F: RestFeed>() -> UtoipaMethodRouter<Rest> {
    user_endpoint::<F>(HttpMethod::Get, "unread/count", format!("unread{}Count", capitalized(F::NOUN)))
        .summary(format!("How many of a user's {} are unread.", F::PLURAL))
        .description(format!("The count is exact at every commit.{}", without_expired::<F>()))
        .response::<UnreadCount>("200", "The count")
        .handler(unread_count::<F>)
}

async fn unread_count<F: RestFeed>(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    PathUser(user): PathUser,
) -> Result<Json<UnreadCount>> {
    let unread_count = rest.services().feed::<F>().unread_count(&viewer, Some(user)).await?;
    Ok(Json(UnreadCount { unread_count }))
}

fn create_route<F: RestFeed>() -> UtoipaMethodRouter<Rest> {
    endpoint::<F>(HttpMethod::Post, "", format!("create{}", capitalized(F::NOUN)))
        .summary(format!("Creates {}; it is durable when this answers.", F::ONE))
        .description(
            "The open apps of the user receive it. Without `userId` it belongs to the caller; only a service or an \
             admin may name another user.",
        )
        .body::<F::NewItem>()
        .response::<F::Item>("201", format!("The {}", F::NOUN))
        .errors::<UserErrors>()
        .errors::<BodyErrors>()
        .handler(create::<F>)
}

async fn create<F: RestFeed>(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    mut fields: Fields,
) -> Result<(StatusCode, Json<F::Item>)> {
    let service = rest.services().feed::<F>();
    let (user, new) = F::from_fields(&mut fields, || service.now())?;
    let created = service.create(&viewer, user, new).await?;
    Ok((StatusCode::CREATED, Json(F::Item::from(&created))))
}

fn mark_read_route<F: RestFeed>() -> UtoipaMethodRouter<Rest> {
    let path = format!("/{{{}}}/read", F::ID);
    endpoint::<F>(HttpMethod::Patch, &path, format!("mark{}Read", capitalized(F::NOUN)))
        .summary(format!("Marks {} read; again: the same answer.", F::ONE))
        .description(not_found::<F>())
        .path_parameter(F::ID, "24 hex digits")
        .response::<F::Item>("200", format!("The {}", F::NOUN))
        .errors::<ItemErrors>()
        .handler(mark_read::<F>)
}

async fn mark_read<F: RestFeed>(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    PathItem(id, PhantomData): PathItem<F>,
) -> Result<Json<F::Item>> {
    let marked = rest.services().feed::<F>().mark_read(&viewer, id).await?;
    Ok(Json(F::Item::from(&marked)))
}

fn mark_all_read_route<F: RestFeed>() -> UtoipaMethodRouter<Rest> {
    user_endpoint::<F>(HttpMethod::Patch, "read-all", format!("markAll{}Read", capitalized(F::PLURAL)))
        .summary(format!("Marks every {} of a user read.", F::NOUN))
        .description("What is created at the same time stays unread.")
        .response::<ModifiedCount>("200", "How many were unread")
        .handler(mark_all_read::<F>)
}

async fn mark_all_read<F: RestFeed>(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    PathUser(user): PathUser,
) -> Result<Json<ModifiedCount>> {
    let modified_count = rest.services().feed::<F>().mark_all_read(&viewer, Some(user)).await?;
    Ok(Json(ModifiedCount { modified_count }))
}

fn delete_route<F: RestFeed>() -> UtoipaMethodRouter<Rest> {
    endpoint::<F>(HttpMethod::Delete, "/{id}", format!("delete{}", capitalized(F::NOUN)))
        .summary(format!("Deletes {}.", F::ONE))
        .description(format!("The counts of the feed change with it. {}", not_found::<F>()))
        .path_parameter("id", format!("The {}: 24 hex digits", F::NOUN))
        .response::<Message>("200", "It is gone")
        .errors::<ItemErrors>()
        .handler(delete::<F>)
}

async fn delete<F: RestFeed>(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    PathItem(id, PhantomData): PathItem<F>,
) -> Result<Json<Message>> {
    rest.services().feed::<F>().delete(&viewer, id).await?;
    Ok(Json(Message { message: format!("{} deleted", capitalized(F::NOUN)) }))
}

/// The operation that empties a feed. Not every feed has it.
pub(super) fn clear_route<F: RestFeed>() -> UtoipaMethodRouter<Rest> {
    user_endpoint::<F>(HttpMethod::Delete, "clear-all", format!("clear{}", capitalized(F::PLURAL)))
        .summary(format!("Deletes every {} of a user.", F::NOUN))
        .description("What is created at the same time stays.")
        .response::<DeletedCount>("200", "How many are gone")
        .handler(clear::<F>)
}

async fn clear<F: RestFeed>(
    State(rest): State<Rest>,
    Authenticated(viewer): Authenticated,
    _: NoQuery,
    PathUser(user): PathUser,
) -> Result<Json<DeletedCount>> {
    let deleted_count = rest.services().feed::<F>().clear(&viewer, Some(user)).await?;
    Ok(Json(DeletedCount { deleted_count }))
}

fn endpoint<F: RestFeed>(method: HttpMethod, path: &str, operation_id: String) -> Endpoint {
    Endpoint::new(method, format!("/api/{}{path}", F::PLURAL), operation_id).tag(F::PLURAL)
}

/// An operation on the whole feed of the user in the path.
fn user_endpoint<F: RestFeed>(method: HttpMethod, path: &str, operation_id: String) -> Endpoint {
    endpoint::<F>(method, &format!("/{{userId}}/{path}"), operation_id)
        .path_parameter("userId", "Whose")
        .errors::<UserErrors>()
}

fn without_expired<F: RestFeed>() -> String {
    if F::ITEMS_EXPIRE { format!(" Expired {} are left out.", F::PLURAL) } else { String::new() }
}

fn not_found<F: RestFeed>() -> String {
    let expired = if F::ITEMS_EXPIRE { "has expired or " } else { "" };
    format!("{} that {expired}belongs to another user is not found.", capitalized(F::ONE))
}

fn capitalized(word: &str) -> String {
    let mut word = word.to_owned();
    word[..1].make_ascii_uppercase();
    word
}
