//! A feed through one of the doors: the same verbs and the same shapes, whichever the door.
//!
//! Items have the words of REST (`type` in lower case), `id`, and null where an optional field has no value. What only one
//! door shows (which fields REST leaves out, the status of a refusal, `data` beside errors) is checked here at each use.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Answer, Client, EventStream, Feed, Socket, Subscription, TestApp, is_id, keys};

/// A way to ask the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Rest,
    /// GraphQL by POST.
    Graphql,
    /// GraphQL by `graphql-transport-ws`.
    Websocket,
    /// GraphQL by server-sent events.
    EventStream,
}

impl Door {
    pub const ALL: [Self; 4] = [Self::Rest, Self::Graphql, Self::Websocket, Self::EventStream];
}

/// A page of a feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub items: Vec<Value>,
    pub total: u64,
    pub unread: u64,
    pub has_more: bool,
    pub cursor: String,
}

impl Page {
    pub fn titles(&self) -> Vec<&str> {
        self.items.iter().map(|item| item["title"].as_str().unwrap()).collect()
    }
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub field: Option<String>,
    pub message: String,
}

impl Refusal {
    pub fn is(&self, code: &str, field: Option<&str>) -> bool {
        (self.code.as_str(), self.field.as_deref()) == (code, field)
    }
}

pub type Outcome<T = Value> = Result<T, Refusal>;

/// A feed as somebody sees it through a door.
#[derive(Clone)]
pub struct FeedClient {
    pub app: Arc<TestApp>,
    pub feed: &'static Feed,
    client: Client,
    door: Door,
}

impl FeedClient {
    pub fn new(app: &Arc<TestApp>, door: Door, feed: &'static Feed) -> Self {
        Self { app: app.clone(), feed, client: (**app).clone(), door }
    }

    /// The same by somebody else, such as [`Client::user`].
    pub fn by(&self, client: Client) -> Self {
        Self { client, ..self.clone() }
    }

    pub fn through(&self, door: Door) -> Self {
        Self { door, ..self.clone() }
    }

    pub fn of(&self, feed: &'static Feed) -> Self {
        Self { feed, ..self.clone() }
    }

    pub async fn create(&self, input: &Value) -> Outcome {
        let Feed { name, noun, .. } = self.feed;
        if self.door == Door::Rest {
            let answer = self.client.post(&format!("/api/{name}"), input).await;
            return rest(answer, 201).map(|item| self.rest_item(item));
        }
        let mut input = input.clone();
        if let Some(kind) = input["type"].as_str() {
            input["type"] = json!(kind.to_uppercase());
        }
        let document = format!(
            "mutation($input: Create{noun}Input!) {{ create{noun}(input: $input) {{ {} }} }}",
            self.selection()
        );
        self.graphql(&document, json!({"input": input})).await.map(graphql_item)
    }

    /// Creates an item with nothing but a title.
    pub async fn add(&self, user: &str, title: &str) -> Value {
        self.create(&self.feed.input(user, title)).await.unwrap()
    }

    /// Creates items of these titles, one after the other.
    pub async fn add_all(&self, user: &str, titles: &[&str]) -> Vec<Value> {
        let mut items = Vec::new();
        for title in titles {
            items.push(self.add(user, title).await);
        }
        items
    }

    pub async fn page(&self, user: &str) -> Page {
        self.try_page(user, None, None).await.unwrap()
    }

    pub async fn try_page(&self, user: &str, limit: Option<i64>, skip: Option<i64>) -> Outcome<Page> {
        let given = [("limit", limit), ("skip", skip)];
        let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let Feed { name, .. } = self.feed;
        if self.door == Door::Rest {
            let query: Vec<String> = given.map(|(name, value)| format!("{name}={value}")).collect();
            let answer = self.client.get(&format!("/api/{name}/{user}?{}", query.join("&"))).await;
            let body = rest(answer, 200)?;
            assert_eq!(keys(&body), sorted(&["cursor", "hasMore", "total", "unreadCount", name]));
            return Ok(self.page_of(&body, |item| self.rest_item(item)));
        }
        let arguments: String = given.map(|(name, value)| format!(", {name}: {value}")).collect();
        let document = format!(
            "{{ {name}(userId: {}{arguments}) {{ {name} {{ {} }} total hasMore unreadCount cursor }} }}",
            json!(user),
            self.selection()
        );
        Ok(self.page_of(&self.graphql(&document, json!({})).await?, graphql_item))
    }

    pub async fn unread_count(&self, user: &str) -> Outcome<u64> {
        let Feed { name, noun, .. } = self.feed;
        if self.door == Door::Rest {
            let answer = self.client.get(&format!("/api/{name}/{user}/unread/count")).await;
            return rest(answer, 200).map(|body| only(&body, "unreadCount"));
        }
        let document = format!("{{ unread{noun}Count(userId: {}) }}", json!(user));
        self.graphql(&document, json!({})).await.map(|count| count.as_u64().unwrap())
    }

    pub async fn mark_read(&self, id: &Value) -> Outcome {
        let Feed { name, noun, .. } = self.feed;
        if self.door == Door::Rest {
            let answer = self.client.patch(&format!("/api/{name}/{}/read", text(id)), &json!({})).await;
            return rest(answer, 200).map(|item| self.rest_item(item));
        }
        let document = format!("mutation {{ mark{noun}Read(id: {id}) {{ {} }} }}", self.selection());
        self.graphql(&document, json!({})).await.map(graphql_item)
    }

    /// Returns how many were unread.
    pub async fn mark_all_read(&self, user: &str) -> Outcome<u64> {
        let Feed { name, plural, .. } = self.feed;
        if self.door == Door::Rest {
            let answer = self.client.patch(&format!("/api/{name}/{user}/read-all"), &json!({})).await;
            return rest(answer, 200).map(|body| only(&body, "modifiedCount"));
        }
        let document =
            format!("mutation {{ markAll{plural}Read(userId: {}) {{ modifiedCount }} }}", json!(user));
        self.graphql(&document, json!({})).await.map(|body| only(&body, "modifiedCount"))
    }

    /// Returns the message of the answer.
    pub async fn delete(&self, id: &Value) -> Outcome<String> {
        let Feed { name, noun, .. } = self.feed;
        if self.door == Door::Rest {
            let body = rest(self.client.delete(&format!("/api/{name}/{}", text(id))).await, 200)?;
            assert_eq!(keys(&body), ["message"]);
            return Ok(text(&body["message"]).to_owned());
        }
        let document = format!("mutation {{ delete{noun}(id: {id}) {{ id message }} }}");
        let body = self.graphql(&document, json!({})).await?;
        assert_eq!(body["id"], *id);
        Ok(text(&body["message"]).to_owned())
    }

    /// Returns how many there were.
    pub async fn clear(&self, user: &str) -> Outcome<u64> {
        let Feed { name, plural, .. } = self.feed;
        if self.door == Door::Rest {
            let answer = self.client.delete(&format!("/api/{name}/{user}/clear-all")).await;
            return rest(answer, 200).map(|body| only(&body, "deletedCount"));
        }
        let document = format!("mutation {{ clear{plural}(userId: {}) {{ deletedCount }} }}", json!(user));
        self.graphql(&document, json!({})).await.map(|body| only(&body, "deletedCount"))
    }

    /// The page of a user, after checking that every door shows the same.
    pub async fn page_at_every_door(&self, user: &str) -> Page {
        let page = self.page(user).await;
        for door in Door::ALL.into_iter().filter(|door| *door != self.door) {
            assert_eq!(self.through(door).page(user).await, page, "{door:?} beside {:?}", self.door);
        }
        page
    }

    /// Every field of an item, in GraphQL.
    pub fn selection(&self) -> String {
        ["id"]
            .iter()
            .chain(self.feed.required)
            .chain(self.feed.optional)
            .copied()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The only field of a GraphQL answer.
    async fn graphql(&self, document: &str, variables: Value) -> Outcome {
        let body = match self.door {
            Door::Rest => unreachable!("REST takes no documents"),
            Door::Graphql => self.client.graphql(document, variables).await.body,
            Door::Websocket => {
                let mut socket = self.client.socket().await;
                let operation = socket.subscribe(document, variables).await;
                let message = socket.message_of(&operation).await;
                if message["type"] == "error" {
                    json!({"errors": message["payload"]})
                } else {
                    message["payload"].clone()
                }
            }
            Door::EventStream => {
                let mut events = EventStream::open(&self.client, document, variables).await;
                let body = events.next().await.unwrap();
                assert_eq!(events.next().await, None, "a query has one result");
                body
            }
        };
        let error = &body["errors"][0];
        if error.is_null() {
            return Ok(field(&body).clone());
        }
        assert!(body["data"].is_null(), "{body}");
        let extensions = &error["extensions"];
        Err(refusal(&extensions["code"], &extensions["field"], &error["message"]))
    }

    /// Subscribes to the items of a user that are created after a cursor.
    pub async fn follow(&self, user: &str, after: &str) -> Follower {
        let document = format!(
            "subscription {{ {}(userId: {}, after: {}) {{ {} }} }}",
            self.feed.subscription,
            json!(user),
            json!(after),
            self.selection()
        );
        match self.door {
            Door::Websocket => {
                let mut socket = self.client.socket().await;
                let subscription = socket.subscribe(&document, json!({})).await;
                Follower::Websocket(Box::new(socket), subscription)
            }
            Door::EventStream => {
                Follower::EventStream(EventStream::open(&self.client, &document, json!({})).await)
            }
            Door::Rest | Door::Graphql => unreachable!("{:?} has no subscriptions", self.door),
        }
    }

    fn page_of(&self, body: &Value, item: impl Fn(Value) -> Value) -> Page {
        Page {
            items: body[self.feed.name].as_array().unwrap().iter().cloned().map(item).collect(),
            total: body["total"].as_u64().unwrap(),
            unread: body["unreadCount"].as_u64().unwrap(),
            has_more: body["hasMore"].as_bool().unwrap(),
            cursor: text(&body["cursor"]).to_owned(),
        }
    }

    /// An item of REST, after checking that it has exactly the fields that it should.
    fn rest_item(&self, item: Value) -> Value {
        let given = self.feed.optional.iter().filter(|name| item.get(name).is_some());
        let expected: Vec<&str> = ["_id"].iter().chain(self.feed.required).chain(given).copied().collect();
        assert_eq!(keys(&item), sorted(&expected));
        let Value::Object(mut fields) = item else { unreachable!("it has keys") };
        for name in self.feed.optional {
            let shown = fields.get(*name);
            assert!(shown.is_none_or(|value| !value.is_null()), "REST leaves out a {name} of null");
            fields.entry(*name).or_insert(Value::Null);
        }
        let id = fields.remove("_id").unwrap();
        assert!(is_id(&id), "{id}");
        fields.insert("id".to_owned(), id);
        fields.into()
    }
}

/// A subscription to the items of a feed.
pub enum Follower {
    Websocket(Box<Socket>, Subscription),
    EventStream(EventStream),
}

impl Follower {
    /// The next item.
    pub async fn next(&mut self) -> Value {
        let body = match self {
            Self::Websocket(socket, subscription) => socket.message_of(subscription).await["payload"].clone(),
            Self::EventStream(events) => events.next().await.expect("the stream has ended"),
        };
        assert!(body["errors"].is_null(), "{body}");
        graphql_item(field(&body).clone())
    }
}

/// The only field of the data of a result.
#[track_caller]
fn field(body: &Value) -> &Value {
    let data = body["data"].as_object().unwrap_or_else(|| panic!("no data: {body}"));
    assert_eq!(data.len(), 1, "{body}");
    data.values().next().unwrap()
}

/// An item of GraphQL.
fn graphql_item(mut item: Value) -> Value {
    assert!(is_id(&item["id"]), "{item}");
    item["type"] = json!(text(&item["type"]).to_lowercase());
    item
}

/// The body of an answer of REST, whose status is `success` or that of its code.
fn rest(answer: Answer, success: u16) -> Outcome {
    if answer.status == success {
        return Ok(answer.body);
    }
    let refusal = refusal(&answer.body["code"], &answer.body["field"], &answer.body["error"]);
    let status = match refusal.code.as_str() {
        "BAD_USER_INPUT" => 400,
        "UNAUTHENTICATED" => 401,
        "FORBIDDEN" => 403,
        "NOT_FOUND" => 404,
        _ => panic!("{} {}", answer.status, answer.text),
    };
    assert_eq!(answer.status, status, "{}", answer.text);
    Err(refusal)
}

fn refusal(code: &Value, field: &Value, message: &Value) -> Refusal {
    let [code, message] = [code, message].map(|value| text(value).to_owned());
    Refusal { code, field: field.as_str().map(str::to_owned), message }
}

/// The number in an object that holds nothing else.
fn only(body: &Value, name: &str) -> u64 {
    assert_eq!(keys(body), [name]);
    body[name].as_u64().unwrap()
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn sorted<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names
}
