//! What Pulse is about, without I/O: types that parse once at the edge and are proof afterwards.
//!
//! Nothing in here knows the network, the database or a protocol.

mod activity;
mod analytics;
mod cursor;
mod error;
mod event;
mod feed;
mod history;
mod hours;
mod id;
mod item;
mod lifetime;
mod nearest;
mod notification;
mod text;
mod time;
mod user;
mod viewer;
pub(crate) mod words;

pub use activity::{Activity, ActivityType, NewActivity};
pub use analytics::{
    Analytics, AnalyticsChange, Changed, Counter, DayEntry, MonthEntry, Ranking, StatName, WeeklyEntry,
};
pub use cursor::{Cursor, Epoch, Position};
pub use error::{Error, Result};
pub use event::{Change, Event, UnreadCounts};
pub use feed::{FeedFilter, Keyset, Page, Scope, Slice, Window};
pub use history::History;
pub use hours::Hours;
pub use id::ItemId;
pub(crate) use item::each_feed_item;
pub use item::{FeedItem, FeedKind, Item, NewItem, PerFeed};
pub use lifetime::{Lifetime, TokenRules};
pub(crate) use nearest::nearest;
pub use notification::{NewNotification, Notification, NotificationType};
pub use text::{ActionUrl, JsonData, Text, Title};
pub use time::{Clock, Day, Month, Timestamp};
pub use user::UserId;
pub(crate) use words::words;

pub use viewer::{OperationRights, Role, Viewer};
