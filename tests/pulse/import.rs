//! `pulse import`: the collections of the old backend come along as they were, all or none, and once.

use std::process::Output;

use pulse::domain::Cursor;
use serde_json::{Value, json};

use crate::support::{
    Backend, Client, Files, Form, Server, activity, complaints, date, each, eventually, fresh_database, id,
    notification, on_both_databases, printed, pulse, said, tally, with,
};

fn import(url: &str, arguments: &[&str]) -> Output {
    pulse(url, &[&["import"], arguments].concat())
}

/// Documents as a file of lines.
fn lines(documents: &[Value]) -> Vec<u8> {
    Form::RelaxedLines.write(documents)
}

fn position(item: &Value) -> u64 {
    Cursor::parse("cursor", item["cursor"].as_str().unwrap()).unwrap().position().0
}

/// The dump of one user, ada, whose id was an ObjectId.
const ADA: &str = "64a000000000000000000ada";

fn old_activities() -> Vec<Value> {
    let owner = json!({"$oid": ADA});
    vec![
        with(
            activity(1, "", 30),
            &json!({
                "userId": owner, "description": "all of it", "read": true,
                "data": {"hours": 1.5, "pages": 12, "of": {"$oid": id(9)}, "at": date("2026-01-01T00:00:00.000Z"),
                         "big": 9_007_199_254_740_993_i64, "none": null, "list": [{"x": true}]}
            }),
        ),
        with(activity(2, "", 10), &json!({"userId": owner, "type": "goal_completed"})),
        // The old backend's model did not need more.
        json!({"_id": {"$oid": id(3)}, "userId": owner, "type": "login", "title": "smallest"}),
    ]
}

fn old_notifications() -> Vec<Value> {
    let owner = json!({"$oid": ADA});
    vec![
        with(notification(1, "", 20), &json!({"userId": owner, "read": true, "actionUrl": "/goals/1"})),
        with(notification(2, "", 40), &json!({"userId": owner, "type": "social"})),
        with(
            notification(3, "", 50),
            &json!({"userId": owner, "expiresAt": date("2026-02-01T00:00:00.000Z")}),
        ),
    ]
}

fn old_analytics() -> Vec<Value> {
    let day = |day: &str, hours: f64, logs: i64| json!({"date": date(day), "hoursLogged": hours, "logsCount": logs});
    vec![json!({
        "_id": {"$oid": id(1)}, "userId": {"$oid": ADA}, "totalLearningHours": 0.1 + 0.2, "currentStreak": 3,
        "longestStreak": 8, "logsCreated": 12, "goalsCompleted": 4, "skillsAdded": 2,
        "weeklyData": [
            day("2026-02-03T00:00:00.000Z", 2.5, 1), day("2026-01-31T10:00:00.000Z", 1.0, 2),
            day("2026-01-31T22:00:00.000Z", 0.5, 1)
        ],
        "monthlyData": [{"month": "2026-01", "hoursLogged": 40.25, "logsCount": 31}],
        "updatedAt": date("2026-02-03T18:30:00.123Z"), "__v": 7
    })]
}

/// Everything that the old backend held of ada is shown as it was.
async fn ada_is_there(server: &Client) {
    let page = server.get(&format!("/api/activities/{ADA}")).await.expect(200);
    let activities = &page["activities"];
    // In order of time: what had none was made when its id was.
    assert_eq!(each(activities, "_id"), [id(1), id(2), id(3)]);
    assert_eq!(
        each(activities, "timestamp"),
        ["2026-01-01T00:30:00.000Z", "2026-01-01T00:10:00.000Z", "2026-01-01T00:00:00.000Z"]
    );
    assert_eq!((&page["total"], &page["unreadCount"]), (&json!(3), &json!(2)));
    assert_eq!((&activities[0]["read"], &activities[0]["description"]), (&json!(true), &json!("all of it")));
    let data = json!({
        "hours": 1.5, "pages": 12, "of": id(9), "at": "2026-01-01T00:00:00.000Z", "big": 9_007_199_254_740_993_i64,
        "none": null, "list": [{"x": true}]
    });
    assert_eq!(activities[0]["data"], data);
    assert_eq!(activities[2]["data"], Value::Null);

    let page = server.get(&format!("/api/notifications/{ADA}")).await.expect(200);
    let notifications = &page["notifications"];
    assert_eq!(each(notifications, "_id"), [id(2), id(1)]);
    assert_eq!(each(notifications, "createdAt"), ["2026-01-01T00:40:00.000Z", "2026-01-01T00:20:00.000Z"]);
    assert_eq!(each(notifications, "expiresAt"), ["2999-01-01T00:00:00.000Z"; 2]);
    assert_eq!((&page["total"], &page["unreadCount"]), (&json!(2), &json!(1)));
    assert_eq!(
        (&notifications[1]["actionUrl"], &notifications[1]["read"]),
        (&json!("/goals/1"), &json!(true))
    );

    let analytics = server.get(&format!("/api/analytics/{ADA}")).await.expect(200);
    let expected = json!({
        "userId": ADA, "totalLearningHours": 0.3, "currentStreak": 3, "longestStreak": 8, "logsCreated": 12,
        "goalsCompleted": 4, "skillsAdded": 2,
        "weeklyData": [{"date": "2026-01-31", "hoursLogged": 1.5, "logsCount": 3},
                       {"date": "2026-02-03", "hoursLogged": 2.5, "logsCount": 1}],
        "monthlyData": [{"month": "2026-01", "hoursLogged": 40.25, "logsCount": 31},
                        {"month": "2026-02", "hoursLogged": 2.5, "logsCount": 1}],
        "updatedAt": "2026-02-03T18:30:00.123Z", "cursor": analytics["cursor"]
    });
    assert_eq!(analytics, expected);
    let board = server.get("/api/analytics/leaderboard/all").await.expect(200);
    assert_eq!((&board["total"], &board["analytics"][0]), (&json!(1), &analytics));
    // Positions are in order of time over both feeds, and the analytics come last.
    let positions =
        [&activities[2], &activities[1], &notifications[1], &activities[0], &notifications[0], &analytics];
    assert_eq!(positions.map(position), [1, 2, 3, 4, 5, 6]);
}

on_both_databases! {
    async fn a_dump_comes_along_as_it_was(url: &str) {
        let files = Files::new();
        let dump = [
            files.write("activities.json", lines(&old_activities())),
            files.write("notifications.json", lines(&old_notifications())),
            files.write("analytics.json", lines(&old_analytics())),
        ];
        let output = import(url, &dump.each_ref().map(String::as_str));
        printed(&output);
        assert_eq!(complaints(&output), [""; 0]);
        assert_eq!(tally(&output, "activities"), [3, 3, 0, 0, 0]);
        assert_eq!(tally(&output, "notifications"), [3, 2, 0, 1, 0]);
        assert_eq!(tally(&output, "analytics"), [1, 1, 0, 0, 0]);
        ada_is_there(&Server::start(url, &[])).await;

        // A second time, when the server is gone, nothing is added.
        let again = eventually("the database to be let go", async || {
            let output = import(url, &dump.each_ref().map(String::as_str));
            output.status.success().then_some(output)
        });
        let again = again.await;
        assert_eq!(tally(&again, "activities"), [3, 0, 3, 0, 0]);
        assert_eq!(tally(&again, "notifications"), [3, 0, 2, 1, 0]);
        assert_eq!(tally(&again, "analytics"), [1, 0, 1, 0, 0]);
        ada_is_there(&Server::start(url, &[])).await;
    }

    async fn what_does_not_fit_is_listed_and_nothing_is_imported(url: &str) {
        let files = Files::new();
        let bad = [
            activity(1, "ada", 1),
            with(activity(2, "ada", 2), &json!({"title": ""})),
            with(activity(3, "ada", 3), &json!({"timestamp": date("yesterday")})),
            activity(4, "ada", 4),
        ];
        let text = [lines(&bad), b"\n{\"_id\": oops}\n".to_vec(), lines(&[notification(5, "ada", 5)])].concat();
        let first = files.write("first.json", text);
        let day = json!({"date": "2026-01-31", "hoursLogged": 13});
        let second = files.write(
            "second.json",
            Form::RelaxedArray.write(&[
                json!({"userId": "ada", "weeklyData": [day]}),
                json!({"userId": "bob", "weeklyData": [day, day]}),
            ]),
        );
        let refused = import(url, &[&first, &second]);
        assert_eq!(refused.status.code(), Some(1));
        let listed = [
            format!("{first}:2: Title must have 1 to 200 characters."),
            format!("{first}:3: Timestamp must be a time like 2026-01-31T09:30:00.000Z, but is \"yesterday\"."),
            format!("{first}:6: The document is not JSON: expected value at column 9."),
            format!("{second}:2: weeklyData[1]: hoursLogged must not bring 2026-01-31 above 24 hours, but is 13 more."),
        ];
        let told = complaints(&refused);
        assert_eq!(told[..4], listed);
        assert!(told[4].contains("4 documents do not fit") && told[4].contains("--skip-invalid"), "{told:?}");
        assert_eq!(told.len(), 5);
        assert_eq!(tally(&refused, "activities"), [4, 0, 0, 0, 2]);
        assert_eq!(tally(&refused, "analytics"), [2, 0, 0, 0, 1]);
        assert_eq!(tally(&refused, "unknown"), [1, 0, 0, 0, 1]);
        let server = Server::start(url, &[]);
        assert_eq!(server.get("/api/activities/ada").await.expect(200)["total"], 0);
        assert_eq!(server.get("/api/analytics/leaderboard/all").await.expect(200)["total"], 0);
        server.kill();

        let skipped = eventually("the database to be let go", async || {
            let output = import(url, &["--skip-invalid", &first, &second]);
            (!said(&output).contains("in use")).then_some(output)
        });
        let skipped = skipped.await;
        printed(&skipped);
        assert_eq!(complaints(&skipped), listed);
        assert_eq!(tally(&skipped, "activities"), [4, 2, 0, 0, 2]);
        assert_eq!(tally(&skipped, "notifications"), [1, 1, 0, 0, 0]);
        let server = Server::start(url, &[]);
        let page = server.get("/api/activities/ada").await.expect(200);
        assert_eq!(each(&page["activities"], "_id"), [id(4), id(1)]);
        assert_eq!(server.get("/api/analytics/leaderboard/all").await.expect(200)["total"], 1);
    }

    async fn what_is_there_stays_and_the_rest_comes_after_it(url: &str) {
        let server = Server::start(url, &[]);
        let own = server.create_activity("ada", "own").await;
        server.create_notification("ada", "own").await;
        server.patch("/api/analytics/ada/learning-hours", &json!({"hours": 5})).await.expect(200);
        let before = server.get("/api/activities/ada").await.expect(200);
        server.kill();

        let files = Files::new();
        // An id that is there, one that comes twice, and analytics of a user that has some.
        let twin = with(activity(2, "bob", 1), &json!({"title": "second of the name"}));
        let taken = with(activity(7, "ada", 7), &json!({"_id": {"$oid": own["_id"]}}));
        let file = files.write(
            "dump.json",
            lines(&[
                activity(3, "ada", 30),
                notification(3, "ada", 20),
                with(activity(2, "ada", 10), &json!({"read": true})),
                twin,
                taken,
                json!({"userId": "ada", "totalLearningHours": 99}),
                json!({"userId": "bob", "totalLearningHours": 7}),
                json!({"userId": "bob", "totalLearningHours": 8}),
            ]),
        );
        let output = eventually("the database to be let go", async || {
            let output = import(url, &[&file]);
            output.status.success().then_some(output)
        });
        let output = output.await;
        assert_eq!(tally(&output, "activities"), [4, 2, 2, 0, 0]);
        assert_eq!(tally(&output, "notifications"), [1, 1, 0, 0, 0]);
        assert_eq!(tally(&output, "analytics"), [3, 1, 2, 0, 0]);

        let server = Server::start(url, &[]);
        let page = server.get("/api/activities/ada").await.expect(200);
        assert_eq!(each(&page["activities"], "_id"), [id(3), id(2), own["_id"].as_str().unwrap().to_owned()]);
        assert_eq!((&page["total"], &page["unreadCount"]), (&json!(3), &json!(2)));
        assert_eq!(page["activities"].as_array().unwrap().iter().map(position).collect::<Vec<_>>(), [6, 4, 1]);
        let notifications = server.get("/api/notifications/ada").await.expect(200);
        assert_eq!((&notifications["total"], &notifications["unreadCount"]), (&json!(2), &json!(2)));
        assert_eq!(server.get("/api/activities/bob").await.expect(200)["total"], 0);
        let hours = async |user: &str| {
            let path = format!("/api/analytics/{user}");
            server.get(&path).await.expect(200)["totalLearningHours"].clone()
        };
        assert_eq!((hours("ada").await, hours("bob").await), (json!(5), json!(7)));
        assert_eq!(server.get("/api/analytics/leaderboard/all").await.expect(200)["total"], 2);

        // A reader that stood before the import resumes through it, and from the cursor of an imported item.
        let query = "subscription($after: String) { activityCreated(userId: \"ada\", after: $after) { id cursor } }";
        let mut socket = server.socket().await;
        for (after, missed) in [(&before["cursor"], vec![id(2), id(3)]), (&page["activities"][1]["cursor"], vec![id(3)])] {
            let subscription = socket.subscribe(query, json!({"after": after})).await;
            for expected in missed {
                assert_eq!(socket.next(&subscription).await["activityCreated"]["id"], expected);
            }
            socket.settle().await;
            let live = server.create_activity("ada", "live").await;
            assert_eq!(socket.next(&subscription).await["activityCreated"]["id"], live["_id"]);
            server.delete(&format!("/api/activities/{}", live["_id"].as_str().unwrap())).await.expect(200);
        }
        // What is imported is changed like everything else.
        server.patch(&format!("/api/activities/{}/read", id(3)), &json!({})).await.expect(200);
        let unread = server.get("/api/activities/ada/unread/count").await.expect(200);
        assert_eq!(unread, json!({"unreadCount": 1}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_a_dump_is_read() {
    for form in Form::ALL {
        let (url, _folder) = fresh_database(Backend::Sqlite).await;
        let files = Files::new();
        let dump = [
            files.write("a", form.write(&old_activities())),
            files.write("n", form.write(&old_notifications())),
            files.write("s", form.write(&old_analytics())),
        ];
        let output = import(&url, &dump.each_ref().map(String::as_str));
        assert!(output.status.success(), "{form:?}: {}", said(&output));
        ada_is_there(&Server::start(&url, &[])).await;
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_before_anything_is_done() {
    let (url, folder) = fresh_database(Backend::Sqlite).await;
    let files = Files::new();
    let good = files.write("good.json", lines(&[activity(1, "ada", 1)]));
    let missing = files.argument("missing.json");
    let bson = files.write("dump.bson", b"\x16\0\0\0\x02hello\0\x06\0\0\0world\0\0");
    for (bad, why) in [(&missing, "cannot be read"), (&bson, "mongoexport")] {
        let output = import(&url, &[&good, bad]);
        assert_eq!(output.status.code(), Some(1));
        let told = complaints(&output);
        assert!(told.len() == 1 && told[0].contains(bad) && told[0].contains(why), "{told:?}");
    }
    assert!(!folder.unwrap().path().join("pulse.db").exists());
    let output = import(&url, &[]);
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn a_compressed_file_that_breaks_off_imports_nothing() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let files = Files::new();
    let documents: Vec<Value> = (0..2_000).map(|number| activity(number, "ada", 1)).collect();
    let whole = Form::Gzip.write(&documents);
    let cut = files.write("cut.json.gz", &whole[..whole.len() / 2]);
    let output = import(&url, &["--skip-invalid", &cut]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(complaints(&output).last().unwrap().contains("cut.json.gz"), "{}", said(&output));
    let server = Server::start(&url, &[]);
    assert_eq!(server.get("/api/activities/ada").await.expect(200)["total"], 0);
}

#[tokio::test]
async fn the_collection_can_be_given() {
    let (url, _folder) = fresh_database(Backend::Sqlite).await;
    let files = Files::new();
    let analytics = files.write("analytics.json", lines(&[json!({"userId": "ada"})]));
    let unknown = import(&url, &[&analytics]);
    assert!(complaints(&unknown)[0].contains("--collection"), "{}", said(&unknown));
    let given = import(&url, &["--collection", "analytics", &analytics]);
    assert_eq!(tally(&given, "analytics"), [1, 1, 0, 0, 0]);
    let wrong = import(&url, &["--collection", "users", &analytics]);
    assert!(!wrong.status.success() && said(&wrong).contains("activities, analytics, notifications"));
}
