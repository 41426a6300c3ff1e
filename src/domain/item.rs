//! The nouns of the feeds: every kind of feed item is listed here once.

use std::{
    ops::{Index, IndexMut},
    sync::Arc,
};

use super::{
    Activity, ActivityType, Cursor, ItemId, NewActivity, NewNotification, Notification, NotificationType,
    Timestamp, UserId,
};

/// An item of a feed. Code that is written for it serves every kind of item.
pub trait FeedItem: Clone + std::fmt::Debug + Send + Sync + 'static {
    /// The fields that a client gives to create one.
    type New: Send + Sync + 'static;
    /// The closed set of types that such an item has.
    type Kind: Copy + std::fmt::Debug + Send + Sync + 'static;

    /// The feed that holds such items.
    const FEED: FeedKind;
    /// The singular noun, for messages.
    const NOUN: &'static str;

    /// The item that the fields of a client become.
    fn create(user: UserId, new: Self::New, now: Timestamp, cursor: Cursor) -> Self;
    /// The value of the type on the outside and in the database.
    fn kind_str(kind: Self::Kind) -> &'static str;
    /// The id.
    fn id(&self) -> ItemId;
    /// The position of the item's creation in the user's history.
    fn cursor(&self) -> Cursor;
    /// Bytes of its texts: most of the memory that it takes.
    fn text_bytes(&self) -> usize;
    /// The fields as those of any item.
    fn into_new(new: Self::New) -> NewItem;
    /// The item as any item.
    fn into_item(item: Arc<Self>) -> Item;
    /// The item, where `item` is of this kind.
    fn from_item(item: &Item) -> Option<&Arc<Self>>;
}

/// Declares [`FeedKind`], [`Item`] and [`NewItem`], and makes each noun a [`FeedItem`]. A noun has inherent `create` and
/// `text_bytes`.
macro_rules! feed_items {
    ($($(#[$doc:meta])* $noun:ident($new:ident, $kind:ident) = $name:literal in $feed:ident = $table:literal;)+) => {
        /// A feed of a user.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FeedKind { $($(#[$doc])* $feed,)+ }

        impl FeedKind {
            /// Every feed. Counts by feed are in this order, in memory and on the bus.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$feed,)+];

            /// The name of the feed, which is also the name of its table and the prefix of its count columns.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$feed => $table,)+ }
            }
        }

        /// An item of any feed.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Item { $($(#[$doc])* $noun(Arc<$noun>),)+ }

        /// An item of any feed that is to be created.
        #[derive(Clone, Debug)]
        pub enum NewItem { $($(#[$doc])* $noun($new),)+ }

        impl Item {
            /// The item that the fields of a client become.
            pub fn create(user: UserId, new: NewItem, now: Timestamp, cursor: Cursor) -> Self {
                match new { $(NewItem::$noun(new) => Self::$noun(Arc::new($noun::create(user, new, now, cursor))),)+ }
            }

            /// The feed that holds the item.
            pub fn feed(&self) -> FeedKind {
                match self { $(Self::$noun(_) => FeedKind::$feed,)+ }
            }

            /// The id.
            pub fn id(&self) -> ItemId {
                match self { $(Self::$noun(item) => item.id,)+ }
            }

            /// The position of the item's creation in the user's history.
            pub fn cursor(&self) -> Cursor {
                match self { $(Self::$noun(item) => item.cursor,)+ }
            }

            /// The user whose item it is.
            pub fn user(&self) -> &UserId {
                match self { $(Self::$noun(item) => &item.user,)+ }
            }
        }

        impl NewItem {
            /// The feed that will hold the item.
            pub fn feed(&self) -> FeedKind {
                match self { $(Self::$noun(_) => FeedKind::$feed,)+ }
            }
        }

        $(impl FeedItem for $noun {
            type New = $new;
            type Kind = $kind;

            const FEED: FeedKind = FeedKind::$feed;
            const NOUN: &'static str = $name;

            fn create(user: UserId, new: $new, now: Timestamp, cursor: Cursor) -> Self {
                $noun::create(user, new, now, cursor)
            }

            fn kind_str(kind: $kind) -> &'static str {
                kind.as_str()
            }

            fn id(&self) -> ItemId {
                self.id
            }

            fn cursor(&self) -> Cursor {
                self.cursor
            }

            fn text_bytes(&self) -> usize {
                $noun::text_bytes(self)
            }

            fn into_new(new: $new) -> NewItem {
                NewItem::$noun(new)
            }

            fn into_item(item: Arc<Self>) -> Item {
                Item::$noun(item)
            }

            fn from_item(item: &Item) -> Option<&Arc<Self>> {
                if let Item::$noun(item) = item { Some(item) } else { None }
            }
        })+
    };
}

feed_items! {
    /// Something that a user did.
    Activity(NewActivity, ActivityType) = "activity" in Activities = "activities";
    /// A message to a user.
    Notification(NewNotification, NotificationType) = "notification" in Notifications = "notifications";
}

/// Runs a block for each kind of item, which it names by the given word.
macro_rules! each_feed_item {
    ($item:ident => $body:block) => {{
        {
            type $item = $crate::domain::Activity;
            $body
        }
        {
            type $item = $crate::domain::Notification;
            $body
        }
    }};
}

pub(crate) use each_feed_item;

/// One value per feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PerFeed<T>([T; FeedKind::ALL.len()]);

impl<T> PerFeed<T> {
    /// The value of each feed, made by `make`.
    pub fn from_fn(make: impl FnMut(FeedKind) -> T) -> Self {
        Self(FeedKind::ALL.map(make))
    }

    /// The values, in the order of [`FeedKind::ALL`].
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl<T> Index<FeedKind> for PerFeed<T> {
    type Output = T;

    fn index(&self, feed: FeedKind) -> &T {
        &self.0[feed as usize]
    }
}

impl<T> IndexMut<FeedKind> for PerFeed<T> {
    fn index_mut(&mut self, feed: FeedKind) -> &mut T {
        &mut self.0[feed as usize]
    }
}
