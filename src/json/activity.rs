//! An activity as JSON.

use serde::Serialize;
use utoipa::{ToSchema, openapi::Object};

use crate::domain::{self, ActivityType, Page, Result, Timestamp, UserId};

use super::{feed::FeedJson, fields::Fields, words::words};

/// Something that a user did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Activity {
    /// 24 hex digits.
    #[serde(rename = "_id")]
    #[schema(value_type = String, example = "65b9f2a1c3d4e5f6a7b8c9d0")]
    id: domain::ItemId,
    /// Whose activity it is.
    #[schema(value_type = String)]
    user_id: domain::UserId,
    #[schema(schema_with = kind)]
    r#type: domain::ActivityType,
    /// What happened, in a few words.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    title: domain::Title,
    /// What happened, in more words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Option<domain::Text>,
    /// Any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<domain::JsonData>,
    /// When it was created: RFC 3339 in UTC with milliseconds.
    #[schema(value_type = String, format = DateTime)]
    timestamp: domain::Timestamp,
    /// Whether the user has read it.
    read: bool,
    /// The position of the change that made it, to resume from.
    #[schema(value_type = String)]
    cursor: domain::Cursor,
}

impl From<&domain::Activity> for Activity {
    fn from(activity: &domain::Activity) -> Self {
        Self {
            id: activity.id,
            user_id: activity.user.clone(),
            r#type: activity.kind,
            title: activity.title.clone(),
            description: activity.description.clone(),
            data: activity.data.clone(),
            timestamp: activity.timestamp,
            read: activity.read,
            cursor: activity.cursor,
        }
    }
}

/// An activity to be created.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what is decoded field by field")]
pub(crate) struct NewActivity {
    /// Whose; the caller's own if absent.
    #[schema(min_length = 1, max_length = 128, example = "user_id_here")]
    user_id: Option<String>,
    #[schema(schema_with = kind)]
    r#type: String,
    /// What happened, in a few words.
    #[schema(min_length = 1, max_length = 200, example = "User Login")]
    title: String,
    /// What happened, in more words.
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// Any JSON: up to 16 KiB and 32 levels deep.
    data: Option<serde_json::Value>,
}

/// A page of activities, newest first, with the counts of the same instant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivityPage {
    /// The items, newest first.
    activities: Vec<Activity>,
    /// How many items the feed has.
    total: u64,
    /// Whether older items follow.
    has_more: bool,
    /// How many items of the feed are unread.
    unread_count: u64,
    /// Where the feed stood, to resume from.
    #[schema(value_type = String)]
    cursor: domain::Cursor,
}

impl From<Page<domain::Activity>> for ActivityPage {
    fn from(page: Page<domain::Activity>) -> Self {
        Self {
            activities: page.items.iter().map(|item| Activity::from(&**item)).collect(),
            total: page.total,
            has_more: page.has_more,
            unread_count: page.unread,
            cursor: page.cursor,
        }
    }
}

fn kind() -> Object {
    words("What kind of thing a user did.", ActivityType::ALL, |kind| kind.as_str())
}

impl FeedJson for domain::Activity {
    const CREATED_EVENT: &'static str = "activity:created";

    type Item = Activity;
    type Page = ActivityPage;
    type NewItem = NewActivity;

    fn from_fields(
        fields: &mut Fields,
        _: impl FnOnce() -> Timestamp,
    ) -> Result<(Option<UserId>, Self::New)> {
        let user = fields.user()?;
        let kind = ActivityType::parse("type", &fields.text("type")?)?;
        let (title, description) = (fields.text("title")?, fields.optional_text("description")?);
        let new = domain::NewActivity::parse(kind, title, description, fields.value("data").as_ref())?;
        Ok((user, new))
    }
}
