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

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    ops::RangeInclusive,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant, SystemTime},
};

use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
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
/// Clock ticks of `/proc/PID/stat` in a second, the same on every Linux.
const TICKS: f64 = 100.0;

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

/// A child process that serves; it ends with this.
struct Server {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Server {
    fn pulse() -> Self {
        Self::start(Command::new(env!("CARGO_BIN_EXE_pulse")))
    }

    fn peer() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--peer");
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}?mode=rwc", folder.path().join("bench.db").display());
        let mut child = command
            .env_clear()
            .envs([("NODE_ENV", "production"), ("HOST", "127.0.0.1"), ("PORT", "0"), ("RUST_LOG", "info")])
            .envs([("JWT_SECRET", SECRET), ("DATABASE_URL", &database)])
            .current_dir(&folder)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let (sender, addresses) = mpsc::channel();
        // It reads to the end, so that the log never blocks the server.
        std::thread::spawn(move || {
            for address in
                lines.filter_map(|line| line.split_once("http://")?.1.split('/').next()?.parse().ok())
            {
                let _ = sender.send(address);
            }
        });
        let address = addresses.recv_timeout(PATIENCE).expect("the server did not start");
        Self { child, address, _folder: folder }
    }

    /// Waits until the server has nothing to do any more.
    async fn settled(&self) {
        for _ in 0..50 {
            let before = self.processor_time();
            sleep(Duration::from_millis(300)).await;
            if self.processor_time() - before <= 1.0 / TICKS {
                break;
            }
        }
    }

    /// Resident bytes, once the server has settled.
    async fn resident(&self) -> f64 {
        self.settled().await;
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1024.0
    }

    /// Processor time so far, in seconds.
    fn processor_time(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The second field is the name in parentheses, the 14th and 15th are utime and stime.
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
        fields.skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / TICKS
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client's side of a WebSocket with as little in it as can be.
struct Socket {
    stream: TcpStream,
    /// Bytes that are not taken apart yet.
    received: Vec<u8>,
    user: usize,
}

impl Socket {
    async fn open(address: SocketAddr, user: usize) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut socket = Self { stream, received: Vec::new(), user };
        let request = format!(
            "GET /graphql/ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        );
        socket.write(request.as_bytes()).await;
        let end = loop {
            if let Some(start) = socket.received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break start + 4;
            }
            assert!(socket.read().await, "the server hung up in the handshake");
        };
        let head: Vec<u8> = socket.received.drain(..end).collect();
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        socket
    }

    async fn init(mut self) -> Self {
        let authorization = format!("Bearer {}", token(&user(self.user)));
        let payload = json!({"authorization": authorization});
        self.send(&json!({"type": "connection_init", "payload": payload}).to_string()).await;
        let answer = self.next().await.expect("no answer to connection_init");
        assert!(answer.contains("connection_ack"), "{answer}");
        self
    }

    /// Follows the socket's own user.
    async fn follow_own(self) -> Self {
        let own = self.user;
        self.follow(own..=own).await
    }

    /// Starts a subscription for each of `users`. That it stands, the server does not say; the answer to a ping says
    /// that all were read.
    async fn follow(mut self, users: RangeInclusive<usize>) -> Self {
        for number in users {
            let user = user(number);
            let query =
                format!(r#"subscription {{ activityCreated(userId: "{user}") {{ id title cursor }} }}"#);
            let subscribe =
                json!({"id": number.to_string(), "type": "subscribe", "payload": {"query": query}});
            self.send(&subscribe.to_string()).await;
        }
        self.send(r#"{"type":"ping"}"#).await;
        loop {
            let answer = self.next().await.expect("no answer to ping");
            if answer.contains(r#""type":"pong""#) {
                return self;
            }
            self.answer(&answer).await;
        }
    }

    /// Answers pings and counts results, as long as the server holds the socket.
    async fn listen(mut self, heard: Arc<AtomicU64>, closed: Arc<AtomicU64>) {
        while let Some(message) = self.next().await {
            if message.contains(r#""type":"next""#) {
                heard.fetch_add(1, Ordering::Relaxed);
            } else if message.contains(r#""type":"ping""#) {
                self.answer(&message).await;
            } else {
                break;
            }
        }
        closed.fetch_add(1, Ordering::Relaxed);
    }

    async fn answer(&mut self, message: &str) {
        assert!(message.contains(r#""type":"ping""#), "{message}");
        self.send(r#"{"type":"pong"}"#).await;
    }

    /// The next text message; `None` where the socket is closed.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((start, end)) = self.frame() {
                let opcode = self.received[0] & 0x0f;
                let text = String::from_utf8_lossy(&self.received[start..end]).into_owned();
                self.received.drain(..end);
                match opcode {
                    1 => return Some(text),
                    8 => return None,
                    _ => continue,
                }
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// Where the payload of the first frame lies, if all of it is there.
    fn frame(&self) -> Option<(usize, usize)> {
        let (start, length) = match *self.received.get(1)? {
            126 => (4, usize::from(u16::from_be_bytes(self.received.get(2..4)?.try_into().ok()?))),
            length => (2, usize::from(length)),
        };
        (self.received.len() >= start + length).then_some((start, start + length))
    }

    /// Sends text in one frame, with a mask that changes nothing.
    async fn send(&mut self, text: &str) {
        const MASKED: u8 = 0x80;

        let mut frame = vec![0x81];
        match u8::try_from(text.len()) {
            Ok(length) if length < 126 => frame.push(MASKED | length),
            _ => {
                frame.push(MASKED | 126);
                frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.write(&frame).await;
    }

    async fn write(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            self.stream.writable().await.unwrap();
            match self.stream.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("the server does not take what is written: {error}"),
            }
        }
    }

    /// Reads what there is; whether there may be more.
    async fn read(&mut self) -> bool {
        let mut bytes = [0; 2048];
        loop {
            self.stream.readable().await.unwrap();
            match self.stream.try_read(&mut bytes) {
                Ok(count) => {
                    self.received.extend(&bytes[..count]);
                    return count > 0;
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return false,
            }
        }
    }
}

/// Opens a socket for each of `users`.
async fn connect(server: &Server, users: impl IntoIterator<Item = usize>) -> Vec<Socket> {
    let opening = stream::iter(users).map(|user| spawn(Socket::open(server.address, user)));
    opening.buffer_unordered(AT_ONCE).collect().await
}

/// Takes all sockets one step further.
async fn each<F>(sockets: Vec<Socket>, step: impl Fn(Socket) -> F) -> Vec<Socket>
where
    F: Future<Output = Socket> + Send + 'static,
{
    stream::iter(sockets).map(|socket| spawn(step(socket))).buffer_unordered(AT_ONCE).collect().await
}

async fn spawn(step: impl Future<Output = Socket> + Send + 'static) -> Socket {
    tokio::spawn(timeout(PATIENCE, step)).await.unwrap().expect("the server does not answer")
}

/// What came in on sockets that are listened to.
struct Heard {
    results: Arc<AtomicU64>,
    closed: Arc<AtomicU64>,
}

impl Heard {
    fn of(sockets: impl Iterator<Item = Socket>) -> Self {
        let heard = Self { results: Arc::default(), closed: Arc::default() };
        for socket in sockets {
            tokio::spawn(socket.listen(heard.results.clone(), heard.closed.clone()));
        }
        heard
    }

    fn count(&self) -> u64 {
        self.results.load(Ordering::Relaxed)
    }

    async fn wait_for(&self, count: u64) {
        let start = Instant::now();
        while self.count() < count {
            assert!(start.elapsed() < PATIENCE, "{} of {count} results came", self.count());
            sleep(Duration::from_millis(1)).await;
        }
    }

    fn none_is_closed(&self) {
        let closed = self.closed.load(Ordering::Relaxed);
        assert_eq!(
            closed, 0,
            "the server closed sockets or refused subscriptions: what was measured is not what was meant"
        );
    }
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

/// The same subscription with async-graphql's own parts, as its examples put them together.
mod peer {
    use async_graphql::{Context, EmptyMutation, ID, Object, Schema, SimpleObject, Subscription};
    use async_graphql_axum::GraphQLSubscription;
    use axum::{Json, Router, extract::State, routing::post};
    use futures_util::{Stream, StreamExt};
    use serde::Deserialize;
    use tokio::sync::broadcast;
    use tokio_stream::wrappers::BroadcastStream;

    #[derive(Clone, SimpleObject)]
    struct Activity {
        id: ID,
        user_id: ID,
        title: String,
        cursor: String,
    }

    struct Query;

    #[Object]
    impl Query {
        async fn version(&self) -> &str {
            "1"
        }
    }

    struct Activities;

    #[Subscription]
    impl Activities {
        async fn activity_created(&self, ctx: &Context<'_>, user_id: ID) -> impl Stream<Item = Activity> {
            let activities = ctx.data_unchecked::<broadcast::Sender<Activity>>().subscribe();
            BroadcastStream::new(activities)
                .filter_map(|activity| std::future::ready(activity.ok()))
                .filter(move |activity| std::future::ready(activity.user_id == user_id))
        }
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct NewActivity {
        user_id: String,
        title: String,
    }

    async fn create(State(sender): State<broadcast::Sender<Activity>>, Json(new): Json<NewActivity>) {
        let cursor = format!("{:016x}", rand::random::<u64>());
        let activity =
            Activity { id: cursor.clone().into(), user_id: new.user_id.into(), title: new.title, cursor };
        // Without a receiver there is nobody to tell.
        let _ = sender.send(activity);
    }

    pub(super) async fn serve() {
        let sender = broadcast::Sender::new(1_024);
        let schema = Schema::build(Query, EmptyMutation, Activities).data(sender.clone()).finish();
        let router = Router::new()
            .route("/api/activities", post(create))
            .route_service("/graphql/ws", GraphQLSubscription::new(schema))
            .with_state(sender);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        eprintln!("http://{}/", listener.local_addr().unwrap());
        axum::serve(listener, router).await.unwrap();
    }
}
