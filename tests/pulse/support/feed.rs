//! What the feeds are called, what their items hold, and examples of them: all that a story needs to know of a feed.

use serde_json::{Value, json};

use super::{millis, with};

/// A feed of the product. Texts are the words of REST; the doors derive theirs.
#[derive(Debug)]
pub struct Feed {
    /// `activities`: its path, and the field of a page that has the items.
    pub name: &'static str,
    /// `Activity`, as in `createActivity`.
    pub noun: &'static str,
    /// `Activities`, as in `markAllActivitiesRead`.
    pub plural: &'static str,
    /// The subscription to new items.
    pub subscription: &'static str,
    /// The number of items of a page that names no limit.
    pub page_size: usize,
    pub types: &'static [&'static str],
    /// The fields that every item has, but for its id.
    pub required: &'static [&'static str],
    /// The fields that REST leaves out where they are null.
    pub optional: &'static [&'static str],
    /// The field that says when an item was created.
    pub created_at: &'static str,
    /// What the smallest valid input holds beside `userId`, `type` and `title`.
    base: fn() -> Value,
    /// Inputs with every field, beside `userId`, and where the item shows them differently, how.
    examples: fn() -> Vec<(Value, Value)>,
    /// Changes of a valid input that make it invalid, beside those of both feeds.
    invalid: fn() -> Vec<Value>,
}

pub static ACTIVITIES: Feed = Feed {
    name: "activities",
    noun: "Activity",
    plural: "Activities",
    subscription: "activityCreated",
    page_size: 20,
    types: &["login", "log_created", "goal_completed", "skill_added", "portfolio_updated", "email_sent"],
    required: &["userId", "type", "title", "timestamp", "read", "cursor"],
    optional: &["description", "data"],
    created_at: "timestamp",
    base: || json!({}),
    examples: || {
        let values = [
            json!({"z": [1, null, {"deep": 0.5}], "a": "b"}),
            json!("text"),
            json!(1.25),
            json!(true),
            json!([]),
            json!({}),
            json!({"ключ": "🎉"}),
        ];
        let example = |data| (json!({"description": "The first one", "data": data}), json!({}));
        let empty = (json!({"description": "", "data": {"a": [1.5, null]}}), json!({}));
        values.into_iter().map(example).chain([empty]).collect()
    },
    invalid: || {
        let deep = (0..33).fold(json!(1), |inner, _| json!([inner]));
        vec![
            json!({"description": "é".repeat(2_001)}),
            json!({"data": "a".repeat(16 * 1024)}),
            json!({"data": deep}),
        ]
    },
};

pub static NOTIFICATIONS: Feed = Feed {
    name: "notifications",
    noun: "Notification",
    plural: "Notifications",
    subscription: "notificationReceived",
    page_size: 50,
    types: &["achievement", "milestone", "reminder", "system", "social"],
    required: &["userId", "type", "title", "message", "read", "createdAt", "expiresAt", "cursor"],
    optional: &["actionUrl"],
    created_at: "createdAt",
    base: || json!({"message": "m"}),
    examples: || {
        let example = |url: &str, expires: &str, shown: &str| {
            let input = json!({"message": "You did it.", "actionUrl": url, "expiresAt": expires});
            (input, json!({"expiresAt": shown}))
        };
        let late = "2999-12-31T23:59:59.999Z";
        vec![
            example("/goals/1?tab=done#top", late, late),
            example("https://example.org/x", "2999-01-01T01:30:00+02:00", "2998-12-31T23:30:00.000Z"),
        ]
    },
    invalid: || {
        vec![
            json!({"message": "é".repeat(2_001)}),
            json!({"message": "\0"}),
            json!({"actionUrl": "//evil.example"}),
            json!({"actionUrl": "javascript:alert(1)"}),
            json!({"actionUrl": format!("/{}", "a".repeat(2_048))}),
            json!({"expiresAt": "2020-01-01T00:00:00Z"}),
            json!({"expiresAt": "tomorrow"}),
        ]
    },
};

/// Every feed.
pub static FEEDS: [&Feed; 2] = [&ACTIVITIES, &NOTIFICATIONS];

impl Feed {
    /// The smallest valid input.
    pub fn input(&self, user: &str, title: &str) -> Value {
        with((self.base)(), &json!({"userId": user, "type": self.types[0], "title": title}))
    }

    /// Inputs with every field, of every type, and the fields that the item shows.
    pub fn examples(&self, user: &str) -> Vec<(Value, Value)> {
        let examples = (self.examples)();
        let count = examples.len().max(self.types.len());
        let examples = examples.iter().cycle().zip(self.types.iter().cycle()).take(count);
        let example = |((fields, shown), kind): (&(Value, Value), &&str)| {
            let input = with(json!({"userId": user, "type": kind, "title": kind}), fields);
            (input.clone(), with(input, shown))
        };
        examples.map(example).collect()
    }

    /// Inputs that are refused.
    pub fn invalid(&self) -> Vec<Value> {
        let both = vec![
            json!({"title": ""}),
            json!({"title": "é".repeat(201)}),
            json!({"title": "a\0b"}),
            json!({"userId": ""}),
            json!({"userId": "u".repeat(129)}),
            json!({"userId": "a\nb"}),
            json!({"userId": null}),
        ];
        let changes = both.into_iter().chain((self.invalid)());
        changes.map(|changes| with(self.input("ada", "t"), &changes)).collect()
    }

    /// Checks what an item shows of the fields that its input did not give.
    pub fn check_defaults(&self, item: &Value) {
        for field in self.optional {
            assert!(item[field].is_null(), "{field}: {item}");
        }
        if self.required.contains(&"expiresAt") {
            let lifetime = millis(&item["expiresAt"]) - millis(&item[self.created_at]);
            assert_eq!(lifetime, 30 * 86_400_000, "{item}");
        }
    }
}
