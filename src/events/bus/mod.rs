//! The bus between nodes: what is committed on one is heard by those who follow the user on another.
//!
//! It may lose, repeat and reorder, like the hub: a follower that finds a gap reads the tables. What is lost without a
//! gap to show for it is found by a check of positions, which comes at once where the bus itself knows that it missed
//! something, and every 15 s in any case.
//!
//! Messages are authenticated (`super::mac`). One that is not from a node of this database is dropped, and the positions of
//! its user are read: it may have come in the place of a real one.

mod receive;
mod topics;

use std::{sync::Arc, time::Duration};

use async_nats::{Client, ConnectOptions, Event as Happening, connection::State};
use percent_encoding::percent_decode_str;
use tokio::sync::{mpsc, watch};

use crate::{
    domain::{Activity, Error, Event, Result},
    store::Store,
};

use self::{
    receive::Receiver,
    topics::{RETRY_PAUSE_MAX, RETRY_PAUSE_MIN, SUBSCRIPTION_DELAY, Topics},
};

use super::{Hub, position_check::PendingChecks, wire};

/// Events that wait to be sent; one more is dropped.
const OUTBOX: usize = 8_192;
/// Messages of one user that wait to be taken up; one more is dropped by the library, which says so.
const INBOX: usize = 256;
/// How often the bus is asked whether it is there. After two questions without an answer it counts as gone.
const PING: Duration = Duration::from_secs(5);
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
    /// BAD_USER_INPUT for an address or file that cannot be used; UNAVAILABLE where the database does not answer.
    pub async fn join(address: &BusAddress, hub: Hub, store: Store) -> Result<Self> {
        let checks = Arc::new(PendingChecks::default());
        let client = connect(address, checks.clone()).await?;
        let (outbox, waiting) = mpsc::channel(OUTBOX);
        let (topics, topics_now) = watch::channel(Topics::of(&store).await?);
        tokio::spawn(send(client.clone(), topics_now, waiting, store.closed()));
        let receiver = Receiver {
            client: client.clone(),
            hub: hub.clone(),
            store: store.clone(),
            checks: checks.clone(),
            forged: Arc::default(),
        };
        tokio::spawn(receiver.run(topics));
        tokio::spawn(async move { checks.run(hub, store, SUBSCRIPTION_DELAY).await });
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

async fn connect(address: &BusAddress, checks: Arc<PendingChecks>) -> Result<Client> {
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
            let doubled = RETRY_PAUSE_MIN.saturating_mul(1 << attempts.min(10));
            doubled.min(RETRY_PAUSE_MAX).mul_f64(rand::random_range(0.5..1.0))
        })
        .event_callback(move |happening| {
            let checks = checks.clone();
            async move { on_client_event(&happening, &checks) }
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
fn on_client_event(happening: &Happening, checks: &PendingChecks) {
    match happening {
        Happening::Connected => tracing::info!("the bus is there"),
        Happening::SlowConsumer(_) => tracing::debug!("the bus dropped a message for this node"),
        Happening::Disconnected => {
            tracing::warn!("the bus is gone: changes of other nodes are found by reading positions");
        }
        other => tracing::warn!("the bus: {other}"),
    }
    if matches!(happening, Happening::Connected | Happening::SlowConsumer(_)) {
        checks.everyone();
    }
}

/// Sends what is committed here, in order.
async fn send(
    client: Client,
    topics: watch::Receiver<Topics>,
    mut waiting: mpsc::Receiver<Outgoing>,
    closed: tokio_util::sync::CancellationToken,
) {
    let sending = async {
        while let Some(outgoing) = waiting.recv().await {
            let topics = topics.borrow().clone();
            let (cursor, subject, message) = match &outgoing {
                Outgoing::Event(event) => {
                    (event.counts.cursor, topics.user(&event.user), wire::encode(event))
                }
                Outgoing::Public(activity) => {
                    (activity.cursor, topics.public(), wire::encode_public(activity))
                }
            };
            // The other nodes follow another history meanwhile.
            if !cursor.is_of(topics.epoch) {
                continue;
            }
            match message {
                // Waits while the bus is behind; it fails only where the client has ended.
                Ok(message) => {
                    let message = topics.key.sign(&subject, message);
                    drop(client.publish(subject, message.into()).await);
                }
                Err(error) => tracing::error!(cause = ?error.cause(), "a change could not be told: {error}"),
            }
        }
    };
    closed.run_until_cancelled(sending).await;
    // What was committed last should still be heard; who does not hear it reads it.
    let _ = tokio::time::timeout(Duration::from_secs(1), client.flush()).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Epoch, UserId},
        events::mac::MessageKey,
    };

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
        let topics = Topics::new(epoch, MessageKey::new(&[0; 32]).unwrap());
        for id in ["ada", "a.b", "*", ">", "a b", "\u{1F389}", "x".repeat(128).as_str()] {
            let subject = topics.user(&UserId::parse("userId", id).unwrap());
            let token = subject.strip_prefix(&format!("pulse.{epoch}.user.")).unwrap();
            assert!(
                token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
                "{token}"
            );
        }
    }
}
