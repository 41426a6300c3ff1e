//! What every feed does, through every door and on every database.

use futures_util::future::{LocalBoxFuture, join_all};
use pulse::domain::Role;
use serde_json::{Value, json};

use crate::support::{Door, FEEDS, FeedClient, door_tests, millis, stories, token};

const UNKNOWN_ID: &str = "0123456789abcdef01234567";

stories! {
    by door_tests;

    async fn a_new_item_shows_what_was_given(feed: FeedClient) {
        for (input, shown) in feed.feed.examples("ada") {
            let item = feed.create(&input).await.unwrap();
            for (field, value) in shown.as_object().unwrap() {
                assert_eq!(&item[field], value, "{field}");
            }
            assert_eq!(item["read"], false);
            let seconds = millis(&item[feed.feed.created_at]) / 1_000;
            assert!(seconds > 1_700_000_000);
            // The layout of an ObjectId starts with the second of its creation.
            let id = item["id"].as_str().unwrap();
            assert_eq!(i64::from_str_radix(&id[..8], 16).unwrap(), seconds);
            assert_eq!(feed.page_at_every_door("ada").await.items[0], item);
        }
    }

    async fn optional_fields_that_were_not_given_have_no_value(feed: FeedClient) {
        let plain = feed.feed.input("ada", "plain");
        let mut nulls = plain.clone();
        for field in feed.feed.optional.iter().chain(feed.feed.required.iter().filter(|it| **it == "expiresAt")) {
            nulls[*field] = Value::Null;
        }
        for input in [plain, nulls] {
            let item = feed.create(&input).await.unwrap();
            feed.feed.check_defaults(&item);
            assert_eq!(feed.page_at_every_door("ada").await.items[0], item);
        }
    }

    async fn a_user_without_items_has_an_empty_page(feed: FeedClient) {
        let page = feed.page_at_every_door("nobody").await;
        assert!(page.items.is_empty() && !page.has_more, "{page:?}");
        assert_eq!((page.total, page.unread), (0, 0));
        assert_eq!(feed.unread_count("nobody").await.unwrap(), 0);
        assert_eq!(feed.mark_all_read("nobody").await.unwrap(), 0);
    }

    async fn a_page_is_newest_first_and_goes_on_with_skip(feed: FeedClient) {
        feed.add_all("ada", &["one", "two", "three", "four", "five"]).await;
        feed.add("bob", "of somebody else").await;
        for (limit, skip, titles, has_more) in [
            (None, None, &["five", "four", "three", "two", "one"][..], false),
            (Some(2), None, &["five", "four"], true),
            (Some(2), Some(1), &["four", "three"], true),
            (Some(2), Some(2), &["three", "two"], true),
            (Some(2), Some(4), &["one"], false),
            (Some(2), Some(5), &[], false),
            (None, Some(3), &["two", "one"], false),
            (Some(3), Some(2), &["three", "two", "one"], false),
            (None, Some(5), &[], false),
            (None, Some(2_147_483_647), &[], false),
        ] {
            let page = feed.try_page("ada", limit, skip).await.unwrap();
            assert_eq!((page.titles().as_slice(), page.has_more), (titles, has_more), "{limit:?} {skip:?}");
            assert_eq!((page.total, page.unread), (5, 5), "{limit:?} {skip:?}");
        }
    }

    async fn a_page_has_a_default_size_and_never_more_than_200(feed: FeedClient) {
        // How they are created does not matter here, and REST is the fastest.
        let rest = feed.through(Door::Rest);
        join_all((0..201).map(|_| rest.add("ada", "many"))).await;
        for (limit, skip, count, has_more) in [
            (None, None, feed.feed.page_size, true),
            (None, Some(200), 1, false),
            (Some(200), None, 200, true),
            (Some(201), None, 200, true),
            (Some(201), Some(1), 200, false),
            (Some(200), Some(200), 1, false),
            (Some(2_147_483_647), Some(1), 200, false),
        ] {
            let page = feed.try_page("ada", limit, skip).await.unwrap();
            assert_eq!((page.items.len(), page.has_more), (count, has_more), "{limit:?} {skip:?}");
            assert_eq!(page.total, 201, "{limit:?} {skip:?}");
        }
    }

    async fn marking_read_again_gives_the_same_answer(feed: FeedClient) {
        let mut first = feed.add("ada", "one").await;
        feed.add("ada", "two").await;
        first["read"] = json!(true);
        for _ in 0..2 {
            assert_eq!(feed.mark_read(&first["id"]).await.unwrap(), first);
            assert_eq!(feed.unread_count("ada").await.unwrap(), 1);
        }
        let page = feed.page_at_every_door("ada").await;
        assert_eq!((page.total, page.unread), (2, 1));
        assert_eq!(page.items[1], first);
    }

    async fn mark_all_counts_what_was_unread(feed: FeedClient) {
        let items = feed.add_all("ada", &["one", "two", "three"]).await;
        let others = feed_and_user_beside(&feed).await;
        feed.mark_read(&items[1]["id"]).await.unwrap();
        for modified in [2, 0] {
            assert_eq!(feed.mark_all_read("ada").await.unwrap(), modified);
        }
        let page = feed.page_at_every_door("ada").await;
        assert_eq!((page.total, page.unread), (3, 0));
        assert!(page.items.iter().all(|item| item["read"] == true), "{page:?}");
        assert_eq!(feed.unread_count("ada").await.unwrap(), 0);
        for (other, user) in others {
            assert_eq!(other.unread_count(user).await.unwrap(), 1, "{user}");
        }
    }

    async fn a_deleted_item_is_gone(feed: FeedClient) {
        let items = feed.add_all("ada", &["one", "two"]).await;
        let id = &items[0]["id"];
        assert_eq!(feed.delete(id).await.unwrap(), format!("{} deleted", feed.feed.noun));
        assert!(feed.delete(id).await.unwrap_err().is("NOT_FOUND", None));
        assert!(feed.mark_read(id).await.unwrap_err().is("NOT_FOUND", None));
        let page = feed.page_at_every_door("ada").await;
        assert_eq!(page.items, items[1..]);
        assert_eq!((page.total, page.unread), (1, 1));
    }

    async fn deleting_what_was_read_leaves_the_unread_count(feed: FeedClient) {
        let items = feed.add_all("ada", &["one", "two"]).await;
        feed.mark_read(&items[0]["id"]).await.unwrap();
        feed.delete(&items[0]["id"]).await.unwrap();
        let page = feed.page_at_every_door("ada").await;
        assert_eq!((page.total, page.unread), (1, 1));
    }

    async fn an_item_of_one_feed_is_unknown_in_the_others(feed: FeedClient) {
        let item = feed.add("ada", "one").await;
        for other in FEEDS.iter().filter(|other| other.name != feed.feed.name) {
            let other = feed.of(other);
            assert!(other.delete(&item["id"]).await.unwrap_err().is("NOT_FOUND", None));
            assert!(other.mark_read(&item["id"]).await.unwrap_err().is("NOT_FOUND", None));
        }
        assert_eq!(feed.page("ada").await.items, [item]);
    }

    async fn the_user_of_a_token_need_not_be_named(feed: FeedClient) {
        let mut input = feed.feed.input("", "mine");
        input.as_object_mut().unwrap().remove("userId");
        let item = feed.by(feed.app.user("ada")).create(&input).await.unwrap();
        assert_eq!(item["userId"], "ada");
        let nobody = feed.create(&input).await.unwrap_err();
        assert!(nobody.is("BAD_USER_INPUT", Some("userId")), "{nobody:?}");
    }

    async fn an_item_for_somebody_else_takes_a_service_or_admin(feed: FeedClient) {
        let input = feed.feed.input("bob", "t");
        let refused = feed.by(feed.app.user("ada")).create(&input).await.unwrap_err();
        assert!(refused.is("FORBIDDEN", None), "{refused:?}");
        for role in [Role::Service, Role::Admin] {
            let teller = feed.by(feed.app.with_token(token("teller", role)));
            assert_eq!(teller.create(&input).await.unwrap()["userId"], "bob");
        }
        assert_eq!(feed.page("bob").await.total, 2);
    }

    async fn counts_stay_exact_under_concurrent_writes(feed: FeedClient) {
        let created = join_all((0..40).map(|_| feed.add("ada", "busy"))).await;
        join_all(created.iter().enumerate().map(async |(number, item)| match number % 4 {
            0 => drop(feed.delete(&item["id"]).await.unwrap()),
            1 => drop(feed.mark_read(&item["id"]).await.unwrap()),
            _ => drop(feed.add("ada", "more").await),
        }))
        .await;
        let page = feed.try_page("ada", Some(200), None).await.unwrap();
        assert_eq!((page.total, page.unread, page.items.len()), (50, 40, 50));
        assert_eq!(page.items.iter().filter(|item| item["read"] == false).count(), 40);
    }

    /// With the same code, field and sentence at every door.
    async fn what_cannot_be_used_is_refused(feed: FeedClient) {
        for input in feed.feed.invalid() {
            let refused = feed.create(&input).await.unwrap_err();
            assert_eq!(refused.code, "BAD_USER_INPUT");
            assert_eq!(feed.through(Door::Rest).create(&input).await.unwrap_err(), refused);
        }
        for (limit, skip, field) in [(Some(0), None, "limit"), (Some(-5), None, "limit"), (None, Some(-1), "skip")] {
            let refused = feed.try_page("ada", limit, skip).await.unwrap_err();
            assert!(refused.is("BAD_USER_INPUT", Some(field)), "{refused:?}");
            assert_eq!(feed.through(Door::Rest).try_page("ada", limit, skip).await.unwrap_err(), refused);
        }
        let id = json!(UNKNOWN_ID);
        let unknown = feed.mark_read(&id).await.unwrap_err();
        assert_eq!(unknown.message, format!("{} {UNKNOWN_ID} was not found.", feed.feed.noun));
        assert_eq!(feed.through(Door::Rest).mark_read(&id).await.unwrap_err(), unknown);
        assert_eq!(feed.delete(&id).await.unwrap_err(), unknown);
        let ada = feed.by(feed.app.user("ada"));
        let forbidden = ada.try_page("bob", None, None).await.unwrap_err();
        assert!(forbidden.is("FORBIDDEN", None), "{forbidden:?}");
        assert_eq!(ada.through(Door::Rest).try_page("bob", None, None).await.unwrap_err(), forbidden);
        assert_eq!(feed.page_at_every_door("ada").await.total, 0);
    }
}

/// An item of bob in this feed, and one of ada in every other: what changes ada's items of this feed leaves them alone.
async fn feed_and_user_beside(feed: &FeedClient) -> Vec<(FeedClient, &'static str)> {
    let others = FEEDS.iter().filter(|other| other.name != feed.feed.name);
    let mut beside = vec![(feed.clone(), "bob")];
    beside.extend(others.map(|other| (feed.of(other), "ada")));
    for (feed, user) in &beside {
        feed.add(user, "not touched").await;
    }
    beside
}

mod clearing_counts_what_it_deletes {
    use super::*;

    fn story(feed: FeedClient) -> LocalBoxFuture<'static, ()> {
        Box::pin(async move {
            assert_eq!(feed.clear("nobody").await.unwrap(), 0);
            let items = feed.add_all("ada", &["one", "two", "three", "four"]).await;
            let others = feed_and_user_beside(&feed).await;
            feed.mark_read(&items[2]["id"]).await.unwrap();
            for deleted in [4, 0] {
                assert_eq!(feed.clear("ada").await.unwrap(), deleted);
            }
            let page = feed.page_at_every_door("ada").await;
            assert_eq!((page.items.len(), page.total, page.unread), (0, 0, 0));
            assert_eq!(feed.unread_count("ada").await.unwrap(), 0);
            for (other, user) in others {
                let page = other.page(user).await;
                assert_eq!((page.total, page.unread), (1, 1), "{user}");
            }
        })
    }

    door_tests!(notifications, NOTIFICATIONS, story);
}

stories! {
    by push_tests;

    async fn a_new_item_reaches_its_follower_and_nobody_else(feed: FeedClient) {
        let cursor = feed.page("ada").await.cursor;
        let first = feed.add("ada", "before").await;
        let mut ada = feed.follow("ada", &cursor).await;
        let mut bob = feed.follow("bob", &cursor).await;
        assert_eq!(ada.next().await, first);
        let live = feed.add("ada", "live").await;
        assert_eq!(ada.next().await, live);
        let other = feed.add("bob", "other").await;
        assert_eq!(bob.next().await, other);
    }
}
