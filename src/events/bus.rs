//! The bus between nodes: what is committed on one is heard by those who follow the user on another.
//!
//! It may lose, repeat and reorder, like the hub: a follower that finds a gap reads the tables. What is lost without a
//! gap to show for it is found by a check of positions, which comes at once where the bus itself knows that it missed
//! something, and every 15 s in any case.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_nats::{Client, ConnectOptions, Event as Happening, Subscriber, connection::State};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::StreamExt;
use percent_encoding::percent_decode_str;
use tokio::{
    sync::{Notify, mpsc},
    task::AbortHandle,
};

use crate::{
    domain::{Activity, Epoch, Error, Event, Result, UserId},
    store::Store,
};

use super::{Hub, heads::check_heads, wire};

/// Events that wait to be sent; one more is dropped.
const OUTBOX: usize = 8_192;
/// Messages of one user that wait to be taken up; one more is dropped by the library, which says so.
const INBOX: usize = 256;
/// How often the bus is asked whether it is there. After two questions without an answer it counts as gone.
const PING: Duration = Duration::from_secs(5);
/// The first and the longest pause before the bus is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(4));
/// When the positions of users are read who are listened for since then: what was committed before the bus had taken up
/// the subscription everywhere was not heard.
const SETTLED: Duration = Duration::from_millis(500);
/// How long a user whom nobody follows any more is listened for: once to twice this. Those who come back find it there.
const GRACE: Duration = Duration::from_secs(15);

/// How to reach the bus.
#[derive(Clone, Debug)]
pub struct BusAddress {
    /// `nats://` or `tls://` addresses of the servers of one cluster, separated by commas.
    pub url: String,
    /// A credentials file (`.creds`).
    pub credentials: Option<std::path::PathBuf>,
    /// Certificates of the authority that the servers' certificates are signed by.
    pub authority: Option<std::path::PathBuf>,
}

/// A node's place on the bus. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bus(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    outbox: mpsc::Sender<Outgoing>,
}

/// What a node tells the others.
#[derive(Debug)]
enum Outgoing {
    /// To those who listen for its user.
    Event(Arc<Event>),
    /// To everyone.
    Public(Arc<Activity>),
}

impl Bus {
    /// Joins the bus of `store`'s database and listens for the users that are followed on `hub`, until the store is
    /// closed. A bus that does not answer is waited for meanwhile.
    ///
    /// # Errors
    /// BAD_USER_INPUT for an address or file that cannot be used.
    pub async fn join(address: &BusAddress, hub: Hub, store: Store) -> Result<Self> {
        let missed = Arc::new(Notify::new());
        let client = connect(address, missed.clone()).await?;
        let (outbox, waiting) = mpsc::channel(OUTBOX);
        let subjects = Subjects::of(store.epoch());
        tokio::spawn(send(client.clone(), subjects.clone(), waiting, store.closed()));
        let listener = Listener {
            client: client.clone(),
            subjects: subjects.clone(),
            hub: hub.clone(),
            store: store.clone(),
            listening: HashMap::new(),
        };
        tokio::spawn(listener.run());
        tokio::spawn(hear_everyone(client.clone(), subjects.public(), hub.clone(), store.clone()));
        tokio::spawn(check_what_was_missed(missed, hub, store));
        Ok(Self(Arc::new(Inner { client, outbox })))
    }

    /// Tells the other nodes. Never blocks: where too much waits, the event is dropped, and the others find it by their
    /// check of positions.
    pub fn publish(&self, event: Arc<Event>) {
        self.send(Outgoing::Event(event));
    }

    /// Shows an activity to everyone on the other nodes. Where too much waits, it is dropped for good.
    pub fn publish_publicly(&self, activity: Arc<Activity>) {
        self.send(Outgoing::Public(activity));
    }

    fn send(&self, outgoing: Outgoing) {
        if self.0.outbox.try_send(outgoing).is_err() {
            tracing::debug!("the bus is behind: something was not sent");
        }
    }

    /// Whether the bus answers.
    pub fn answers(&self) -> bool {
        self.0.client.connection_state() == State::Connected
    }
}

async fn connect(address: &BusAddress, missed: Arc<Notify>) -> Result<Client> {
    let unusable = |name: &'static str, error: &dyn std::fmt::Display| {
        Error::field(name, format!("{name} cannot be used: {error}"))
    };
    let mut options = ConnectOptions::new()
        .name("pulse")
        .no_echo()
        .retry_on_initial_connect()
        .ping_interval(PING)
        .subscription_capacity(INBOX)
        .reconnect_delay_callback(|attempts| {
            let doubled = RETRY.0.saturating_mul(1 << attempts.min(10));
            doubled.min(RETRY.1).mul_f64(rand::random_range(0.5..1.0))
        })
        .event_callback(move |happening| {
            let missed = missed.clone();
            async move { take_note(&happening, &missed) }
        });
    // The library does not take them from the address.
    match login(&address.url) {
        Some((user, Some(password))) => options = options.user_and_password(user, password),
        Some((token, None)) => options = options.token(token),
        None => {}
    }
    if let Some(file) = &address.credentials {
        options =
            options.credentials_file(file).await.map_err(|error| unusable("NATS_CREDENTIALS", &error))?;
    }
    if let Some(file) = &address.authority {
        std::fs::metadata(file).map_err(|error| unusable("NATS_CA", &error))?;
        options = options.add_root_certificates(file.clone()).require_tls(true);
    }
    let servers: Vec<&str> = address.url.split(',').map(str::trim).collect();
    options.connect(servers).await.map_err(|error| unusable("NATS_URL", &error))
}

/// The user and password in the first address that has them, or a token, which stands alone.
fn login(addresses: &str) -> Option<(String, Option<String>)> {
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut urls = addresses.split(',').filter_map(|address| url::Url::parse(address.trim()).ok());
    let url = urls.find(|url| !url.username().is_empty())?;
    Some((plain(url.username()), url.password().map(plain)))
}

/// What the library tells of the connection. Whatever may have cost a message costs a check.
fn take_note(happening: &Happening, missed: &Notify) {
    match happening {
        Happening::Connected => tracing::info!("the bus is there"),
        Happening::SlowConsumer(_) => tracing::debug!("the bus dropped a message for this node"),
        Happening::Disconnected => {
            tracing::warn!("the bus is gone: changes of other nodes are found by reading positions");
        }
        other => tracing::warn!("the bus: {other}"),
    }
    if matches!(happening, Happening::Connected | Happening::SlowConsumer(_)) {
        missed.notify_one();
    }
}

/// A subject per user, below one per database. Ids are encoded, because a subject has no room for any text.
#[derive(Clone, Debug)]
struct Subjects(Arc<str>);

impl Subjects {
    fn of(epoch: Epoch) -> Self {
        Self(format!("pulse.{epoch}").into())
    }

    fn user(&self, user: &UserId) -> String {
        format!("{}.user.{}", self.0, URL_SAFE_NO_PAD.encode(user.as_str()))
    }

    fn public(&self) -> String {
        format!("{}.public", self.0)
    }
}

/// Sends what is committed here, in order.
async fn send(
    client: Client,
    subjects: Subjects,
    mut waiting: mpsc::Receiver<Outgoing>,
    closed: tokio_util::sync::CancellationToken,
) {
    let sending = async {
        while let Some(outgoing) = waiting.recv().await {
            let (subject, message) = match &outgoing {
                Outgoing::Event(event) => (subjects.user(&event.user), wire::encode(event)),
                Outgoing::Public(activity) => (subjects.public(), wire::encode_public(activity)),
            };
            match message {
                // Waits while the bus is behind; it fails only where the client has ended.
                Ok(message) => drop(client.publish(subject, message.into()).await),
                Err(error) => tracing::error!(cause = ?error.cause(), "a change could not be told: {error}"),
            }
        }
    };
    closed.run_until_cancelled(sending).await;
    // What was committed last should still be heard; who does not hear it reads it.
    let _ = tokio::time::timeout(Duration::from_secs(1), client.flush()).await;
}

/// Listens for those who are followed here, and for nobody else.
struct Listener {
    client: Client,
    subjects: Subjects,
    hub: Hub,
    store: Store,
    listening: HashMap<UserId, Listening>,
}

struct Listening {
    task: AbortHandle,
    /// Whether nobody followed the user when it was last looked.
    idle: bool,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener {
    /// One task adds and removes, so that a user who gets a follower while their subscription ends is not forgotten.
    async fn run(mut self) {
        let closed = self.store.closed();
        let mut prune = tokio::time::interval(GRACE);
        prune.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = closed.cancelled() => return,
                users = self.hub.newly_followed() => self.listen(users.into_iter().collect()).await,
                _ = prune.tick() => self.prune().await,
            }
        }
    }

    async fn listen(&mut self, users: Vec<UserId>) {
        for user in &users {
            if self.listening.contains_key(user) {
                continue;
            }
            match self.client.subscribe(self.subjects.user(user)).await {
                Ok(subscriber) => {
                    let hear = hear(self.hub.clone(), user.clone(), self.store.epoch(), subscriber);
                    let task = tokio::spawn(hear).abort_handle();
                    self.listening.insert(user.clone(), Listening { task, idle: false });
                }
                Err(error) => tracing::warn!(%error, "a user is not listened for"),
            }
        }
        let (hub, store) = (self.hub.clone(), self.store.clone());
        tokio::spawn(async move {
            tokio::time::sleep(SETTLED).await;
            check_heads(&hub, &store, &users).await;
        });
    }

    /// Ends the subscriptions of users whom nobody has followed for a while, and makes up for any that is missing.
    async fn prune(&mut self) {
        let hub = &self.hub;
        self.listening.retain(|user, listening| {
            let was_idle = std::mem::replace(&mut listening.idle, !hub.follows(user));
            !(was_idle && listening.idle)
        });
        let mut missing = self.hub.followed();
        missing.retain(|user| !self.listening.contains_key(user));
        if !missing.is_empty() {
            self.listen(missing).await;
        }
    }
}

/// Reads the positions of everyone who is followed here each time that something may have been missed; one such read at
/// a time, and at most one in [`SETTLED`].
async fn check_what_was_missed(missed: Arc<Notify>, hub: Hub, store: Store) {
    let checks = async {
        loop {
            missed.notified().await;
            tokio::time::sleep(SETTLED).await;
            check_heads(&hub, &store, &hub.followed()).await;
        }
    };
    store.closed().run_until_cancelled(checks).await;
}

/// Passes on what other nodes show to everyone.
async fn hear_everyone(client: Client, subject: String, hub: Hub, store: Store) {
    let hearing = async {
        let Ok(mut messages) = client.subscribe(subject).await else { return };
        while let Some(message) = messages.next().await {
            match wire::decode_public(store.epoch(), &message.payload) {
                Ok(activity) => hub.publish_publicly(Arc::new(activity)),
                Err(error) => {
                    tracing::debug!(cause = ?error.cause(), "a message of another version was left out")
                }
            }
        }
    };
    store.closed().run_until_cancelled(hearing).await;
}

/// Passes what other nodes tell of `user` on to the followers here.
async fn hear(hub: Hub, user: UserId, epoch: Epoch, mut messages: Subscriber) {
    while let Some(message) = messages.next().await {
        match wire::decode(&user, epoch, &message.payload) {
            Ok(event) => hub.publish(Arc::new(event)),
            Err(error) => {
                tracing::debug!(cause = ?error.cause(), "a message of another version was left out")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_taken_from_the_first_address_that_has_one() {
        let login =
            |addresses| login(addresses).map(|(user, password)| (user, password.unwrap_or("-".into())));
        assert_eq!(login("nats://a:4222, tls://b:4222"), None);
        assert_eq!(login("nats://a:4222,nats://us%40er:p%3Aw@b:4222"), Some(("us@er".into(), "p:w".into())));
        assert_eq!(login("nats://t0ken@a:4222"), Some(("t0ken".into(), "-".into())));
    }

    #[test]
    fn subjects_hold_nothing_that_means_something_to_the_bus() {
        let epoch = Epoch::generate();
        let subjects = Subjects::of(epoch);
        for id in ["ada", "a.b", "*", ">", "a b", "\u{1F389}", "x".repeat(128).as_str()] {
            let subject = subjects.user(&UserId::parse("userId", id).unwrap());
            let token = subject.strip_prefix(&format!("pulse.{epoch}.user.")).unwrap();
            assert!(
                token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
                "{token}"
            );
        }
    }
}
