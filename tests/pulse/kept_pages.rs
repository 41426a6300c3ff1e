//! A page that was read before is shown again only while nothing was written, by whichever process.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Client, Server, on_both_databases};

/// Users who write and read at the same time, more than there are connections to a database.
const USERS: usize = 48;
/// How often each does.
const TURNS: usize = 6;

async fn page(reader: &Client) -> Value {
    page_of(reader, "ada").await
}

async fn page_of(reader: &Client, user: &str) -> Value {
    reader.get(&format!("/api/activities/{user}")).await.expect(200)
}

/// Both servers show the page that `writer` shows after a write, and again, when it is kept.
async fn shows_the_same(writer: &Client, reader: &Client, before: &Value) -> Value {
    let now = page(writer).await;
    assert_ne!(&now, before, "a write shows at once");
    for _ in 0..2 {
        assert_eq!(page(reader).await, now);
        assert_eq!(page(writer).await, now);
    }
    now
}

on_both_databases! {
    async fn every_write_shows_in_the_next_page(url: &str) {
        let (one, two) = (Server::start(url, &[]), Server::start(url, &[]));
        let empty = page(&two).await;
        assert_eq!(page(&two).await, empty);
        let first = one.create_activity("ada", "first").await;
        let mut seen = shows_the_same(&one, &two, &empty).await;
        two.create_activity("ada", "second").await;
        seen = shows_the_same(&two, &one, &seen).await;
        assert_eq!(seen["total"], 2);
        let path = format!("/api/activities/{}", first["_id"].as_str().unwrap());
        one.patch(&format!("{path}/read"), &json!({})).await.expect(200);
        seen = shows_the_same(&one, &two, &seen).await;
        assert_eq!(seen["unreadCount"], 1);
        two.patch("/api/activities/ada/read-all", &json!({})).await.expect(200);
        seen = shows_the_same(&two, &one, &seen).await;
        assert_eq!(seen["unreadCount"], 0);
        one.delete(&path).await.expect(200);
        seen = shows_the_same(&one, &two, &seen).await;
        assert_eq!(seen["total"], 1);
        // What is not of this feed moves the position too: the cursor is the newer one.
        two.create_notification("ada", "something else").await;
        let after = shows_the_same(&two, &one, &seen).await;
        assert_eq!(after["activities"], seen["activities"]);
        // Another window is another page, and others have theirs.
        let shorter = one.get("/api/activities/ada?limit=1").await.expect(200);
        assert_eq!(shorter["activities"], after["activities"]);
        let others = one.get("/api/activities/bob").await.expect(200);
        assert_eq!(others["total"], 0);
    }
}

on_both_databases! {
    async fn who_asks_together_with_others_is_told_of_their_own(url: &str) {
        let (one, two) = (Server::start(url, &[]), Server::start(url, &[]));
        let turns = |user: usize| {
            let (writer, other) = ((*one).clone(), (*two).clone());
            async move {
                let user = format!("user-{user}");
                for turn in 1..=TURNS {
                    writer.create_activity(&user, "one more").await;
                    for reader in [&writer, &other, &writer] {
                        let seen = page_of(reader, &user).await;
                        assert_eq!(seen["total"], turn, "{user}");
                        assert_eq!(seen["activities"].as_array().unwrap().len(), turn, "{user}");
                    }
                }
            }
        };
        let users: JoinSet<()> = (0..USERS).map(turns).collect();
        users.join_all().await;
    }
}
