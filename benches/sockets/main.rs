//! What sockets cost: memory while they are idle, and processor time for each event.
//!
//! `cargo bench --bench sockets` starts the real binary, and as its peer a server with async-graphql-axum's own
//! `GraphQLSubscription` service over a tokio broadcast channel (this program again, with `--peer`), and prints:
//! - resident memory per idle subscription of its own user, and how it splits (wanted for Pulse: 8,192 bytes or less);
//! - processor time per event of one followed user with 1,000 and with 50,000 other idle subscriptions, and their ratio;
//! - processor time per delivery of an event with 1,000 subscribers of one user and the same operation.
//!
//! `BENCH_SOCKETS` sets for how many sockets memory is measured (10,000 if unset). Pulse runs as in production, with a
//! token for each user and its database on disk; the peer has neither tokens nor a database. All over loopback.

#![allow(missing_docs, clippy::unwrap_used, reason = "a program that measures has no outside")]

mod peer;
mod server;
mod socket;

use std::{
    fs,
    time::{Duration, SystemTime},
};

use futures_util::{StreamExt, stream};
use serde_json::json;

use self::{
    server::Server,
    socket::{Heard, Socket, connect, each},
};

/// The peer has the allocator that Pulse has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SECRET: &str = "a secret of the benchmark, 32 bytes or more";
/// Sockets that are opened, or written to, at the same time.
const AT_ONCE: usize = 64;
/// File descriptors that are left for everything but sockets.
const OTHER_FILES: usize = 500;
/// Subscriptions of one socket, where sockets are shared.
const PER_SOCKET: usize = 64;
/// The longest wait for an answer or for deliveries.
const PATIENCE: Duration = Duration::from_secs(60);
/// Connections that write.
const WRITERS: usize = 4;
/// Turns that the sides of a comparison take.
const ROUNDS: usize = 5;

fn main() {
    // `cargo test --benches` runs this too, to see that it still works: there is nothing to measure then.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        if std::env::args().any(|argument| argument == "--peer") {
            return peer::serve().await;
        }
        memory().await;
        idle_others().await;
        same_operation().await;
    });
}

async fn memory() {
    let wanted = std::env::var("BENCH_SOCKETS").map_or(10_000, |text| text.parse().unwrap());
    let sockets = within_file_limit(wanted);
    let ours = footprint(&Server::pulse(), sockets).await;
    let peers = footprint(&Server::peer(), sockets).await;
    println!("resident bytes per idle subscription of its own user, {sockets} sockets");
    println!("  {:<28}{:>12}{:>20}", "", "Pulse", "async-graphql-axum");
    let steps = ["handshake: socket, task", "connection_init", "subscribe: operation, hub"];
    for ((step, ours), peers) in steps.iter().zip(ours).zip(peers) {
        println!("  {step:<28}{ours:>12.0}{peers:>20.0}");
    }
    let [ours, peers] = [ours, peers].map(|steps| steps.iter().sum::<f64>());
    println!("  {:<28}{ours:>12.0}{peers:>20.0}      (wanted: 8192 or less)", "all");
    println!("  {:<28}{:>12.1}{:>20.1}", "ratio", 1.0, peers / ours);
}

/// Bytes per socket after the handshake, the further ones after `connection_init`, and those after `subscribe`.
async fn footprint(server: &Server, sockets: usize) -> [f64; 3] {
    // What the first sockets bring about is no cost of a socket.
    let first = connect(server, 1..=AT_ONCE).await;
    let first = each(first, Socket::init).await;
    let first = each(first, Socket::follow_own).await;
    let empty = server.resident().await;

    let users = AT_ONCE + 1..=AT_ONCE + sockets;
    let opened = connect(server, users).await;
    let with_sockets = server.resident().await;
    let initialised = each(opened, Socket::init).await;
    let with_connections = server.resident().await;
    let following = each(initialised, Socket::follow_own).await;
    let heard = Heard::of(first.into_iter().chain(following));
    let with_subscriptions = server.resident().await;
    heard.none_is_closed();

    let sizes = [empty, with_sockets, with_connections, with_subscriptions];
    std::array::from_fn(|step| (sizes[step + 1] - sizes[step]) / sockets as f64)
}

async fn idle_others() {
    const EVENTS: usize = 2_000;

    let room = within_file_limit(50_000usize.div_ceil(PER_SOCKET)) * PER_SOCKET;
    let (few, many) = (1_000, room.min(50_000));
    let sides = [Crowd::gather(Server::pulse(), 1, few).await, Crowd::gather(Server::pulse(), 1, many).await];
    let times = in_turns(&sides, EVENTS).await;
    println!(
        "processor time per event of one followed user, its durable write included; median of {ROUNDS} rounds"
    );
    print_costs("Pulse", few, many, times);

    // Every subscriber of the one channel hears of every event: far fewer events say it as well.
    let sides = [Crowd::gather(Server::peer(), 1, few).await, Crowd::gather(Server::peer(), 1, many).await];
    let times = in_turns(&sides, EVENTS / 20).await;
    print_costs("async-graphql-axum", few, many, times);
}

fn print_costs(name: &str, few: usize, many: usize, [with_few, with_many]: [f64; 2]) {
    println!("  {name}");
    println!("    {few:>6} idle others          {with_few:>10.1} us");
    println!("    {many:>6} idle others          {with_many:>10.1} us");
    println!("    ratio                      {:>10.2}", with_many / with_few);
}

async fn same_operation() {
    const SUBSCRIBERS: usize = 1_000;
    const EVENTS: usize = 200;

    let subscribers = within_file_limit(SUBSCRIBERS);
    let ours = Crowd::gather(Server::pulse(), subscribers, 0).await;
    let peers = Crowd::gather(Server::peer(), subscribers, 0).await;
    let times = in_turns(&[ours, peers], EVENTS).await;
    let [ours, peers] = times.map(|time| time / subscribers as f64);
    println!("processor time per delivery, {subscribers} subscribers of one user, {EVENTS} events a round");
    println!("  Pulse                        {ours:>10.2} us");
    println!("  async-graphql-axum           {peers:>10.2} us");
    println!("  ratio                        {:>10.2}", peers / ours);
}

/// A server with subscribers of one user and with idle subscriptions of others.
struct Crowd {
    server: Server,
    subscribers: usize,
    heard: Heard,
    http: reqwest::Client,
}

impl Crowd {
    async fn gather(server: Server, subscribers: usize, idle: usize) -> Self {
        let followers = connect(&server, std::iter::repeat_n(0, subscribers)).await;
        let followers = each(followers, Socket::init).await;
        let followers = each(followers, |socket| socket.follow(0..=0)).await;
        let mut others = Vec::new();
        let sockets: Vec<usize> = (1..=idle.div_ceil(PER_SOCKET)).collect();
        // Each start reads the database: more at once than it answers in its time would be refused.
        for wave in sockets.chunks(AT_ONCE) {
            let opened = each(connect(&server, wave.iter().copied()).await, Socket::init).await;
            others.extend(
                each(opened, |socket| {
                    let first = (socket.user - 1) * PER_SOCKET;
                    socket.follow(first + 1..=idle.min(first + PER_SOCKET))
                })
                .await,
            );
            server.settled().await;
        }
        let heard = Heard::of(followers.into_iter().chain(others));
        server.settled().await;
        Self { server, subscribers, heard, http: reqwest::Client::new() }
    }

    /// Processor time of the server for each of `events` events, in microseconds.
    async fn cost(&self, events: usize) -> f64 {
        let delivered = self.heard.count();
        let before = self.server.processor_time();
        stream::iter(0..events)
            .map(|number| async move {
                self.write(number).await;
                // Nobody falls behind by more than the writers have under way.
                let all_but = (number + 1).saturating_sub(2 * WRITERS) * self.subscribers;
                self.heard.wait_for(delivered + all_but as u64).await;
            })
            .buffered(WRITERS)
            .collect::<()>()
            .await;
        self.heard.wait_for(delivered + (events * self.subscribers) as u64).await;
        let time = self.server.processor_time() - before;
        self.heard.none_is_closed();
        time * 1e6 / events as f64
    }

    async fn write(&self, number: usize) {
        let body = json!({"userId": user(0), "type": "login", "title": format!("Event {number}")});
        let request = self.http.post(format!("http://{}/api/activities", self.server.address)).json(&body);
        let answer = request.bearer_auth(token(&user(0))).send().await.unwrap();
        answer.error_for_status().unwrap().bytes().await.unwrap();
    }
}

/// The median cost of an event on each side, in microseconds, over rounds of `events`; the first does not count.
async fn in_turns(sides: &[Crowd; 2], events: usize) -> [f64; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (side, times) in sides.iter().zip(&mut times) {
            let time = side.cost(events).await;
            if round > 0 {
                times.push(time);
            }
        }
    }
    times.map(median)
}

fn user(number: usize) -> String {
    format!("user-{number}")
}

/// A token that may follow anyone, because some sockets follow many users.
fn token(user: &str) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({"sub": user, "role": "service", "exp": now + 3_600});
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
}

/// As many of `wanted` sockets as a process may open here; says so where they are fewer.
fn within_file_limit(wanted: usize) -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let files = line.split_whitespace().next().unwrap().parse().unwrap_or(usize::MAX);
    let room = files.saturating_sub(OTHER_FILES);
    if room < wanted {
        println!(
            "a process may open {files} files here: {room} sockets instead of {wanted} (ulimit -n raises it)"
        );
    }
    wanted.min(room)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
