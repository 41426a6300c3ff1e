//! WebSocket frames that no client should send: each is answered by a close frame that says what is wrong, so that the
//! client does not come back to send the same again.

use serde_json::{Value, json};

use crate::support::{Backend, Client, Raw, TestApp};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const PING: u8 = 9;
const FINAL: u8 = 0x80;
const KIB: usize = 1024;

/// A masked frame; the mask is zeros, so that the payload is as it is.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

fn text(payload: &str) -> Vec<u8> {
    frame(FINAL | TEXT, payload.as_bytes())
}

async fn upgrade(client: &Client, path: &str, protocol: &str) -> Raw {
    let mut raw = Raw::connect(client).await;
    raw.send(format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{protocol}\r\n"
    ))
    .await;
    assert_eq!(raw.answer().await.status, 101);
    raw
}

/// The next frame: its first byte and its payload.
async fn next(raw: &mut Raw) -> (u8, Vec<u8>) {
    let head = raw.bytes(2).await;
    let length = match head[1] {
        126 => u16::from_be_bytes(raw.bytes(2).await.try_into().unwrap()).into(),
        127 => usize::try_from(u64::from_be_bytes(raw.bytes(8).await.try_into().unwrap())).unwrap(),
        length => length.into(),
    };
    (head[0], raw.bytes(length).await)
}

/// The code of the close frame that comes next, after whatever else comes; 1005 where it has none.
async fn close_code(raw: &mut Raw) -> u16 {
    loop {
        let (first, payload) = next(raw).await;
        if first == FINAL | 8 {
            return payload.get(..2).map_or(1005, |code| u16::from_be_bytes(code.try_into().unwrap()));
        }
    }
}

/// What is sent, what is wrong with it, and the code that it is closed with.
fn violations() -> Vec<(&'static str, Vec<u8>, u16)> {
    let long = vec![b' '; 30 * KIB];
    let fragments = |last: &[u8]| {
        [frame(TEXT, &long), frame(0, &long), frame(FINAL, last), text("{}"), vec![b' '; 400 * KIB]].concat()
    };
    let mut unmasked = text("{}");
    unmasked[1] &= 0x7f;
    vec![
        ("a frame over 64 KiB", text(&" ".repeat(64 * KIB + 1)), 1009),
        ("a binary frame over 64 KiB", frame(FINAL | BINARY, &vec![0; 70 * KIB]), 1009),
        ("a frame of 4 MiB, all of which is sent", text(&" ".repeat(4096 * KIB)), 1009),
        ("a message over 64 KiB in fragments, and more after it", fragments(&long), 1009),
        ("a text that is not UTF-8", frame(FINAL | TEXT, b"\"\xff\""), 1007),
        ("the same in fragments", [frame(TEXT, b"\"\xff"), frame(FINAL, b"\"")].concat(), 1007),
        ("a reserved bit", frame(FINAL | 0x40 | TEXT, b"{}"), 1002),
        ("another reserved bit", frame(FINAL | 0x10 | TEXT, b"{}"), 1002),
        ("an unmasked frame", unmasked, 1002),
        ("a ping of 126 bytes", frame(FINAL | PING, &[0; 126]), 1002),
        ("a ping in fragments", [frame(PING, b"a"), frame(FINAL, b"b")].concat(), 1002),
        ("a close frame in fragments", frame(8, &1000_u16.to_be_bytes()), 1002),
        ("a reserved opcode", frame(FINAL | 3, b"{}"), 1002),
        ("a reserved control opcode", frame(FINAL | 11, b"{}"), 1002),
        ("a continuation of nothing", frame(FINAL, b"{}"), 1002),
        ("a text amid fragments", [frame(TEXT, b"{"), text("{}")].concat(), 1002),
        ("a close frame of one byte", frame(FINAL | 8, b"x"), 1002),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_closed_with_its_code() {
    let app = TestApp::start(Backend::Sqlite).await;
    for path in ["/graphql", "/graphql/ws"] {
        for protocol in ["graphql-transport-ws", "graphql-ws"] {
            let header = format!("Sec-WebSocket-Protocol: {protocol}\r\n");
            for initialised in [false, true] {
                for (what, bytes, code) in violations() {
                    let mut raw = upgrade(&app, path, &header).await;
                    if initialised {
                        raw.send(text("{\"type\":\"connection_init\"}")).await;
                        assert!(
                            String::from_utf8(next(&mut raw).await.1).unwrap().contains("connection_ack")
                        );
                    }
                    raw.send(&bytes).await;
                    assert_eq!(close_code(&mut raw).await, code, "{what}, {path}, {protocol}");
                    raw.end().await;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_64_kib_is_read() {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut raw = upgrade(&app, "/graphql", "Sec-WebSocket-Protocol: graphql-transport-ws\r\n").await;
    let init = "{\"type\":\"connection_init\"}";
    raw.send(text(&format!("{init}{}", " ".repeat(64 * KIB - init.len())))).await;
    assert!(String::from_utf8(next(&mut raw).await.1).unwrap().contains("connection_ack"));
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_io_is_closed_with_a_frame() {
    let app = TestApp::start(Backend::Sqlite).await;
    for (what, bytes, _) in violations() {
        let mut raw = upgrade(&app, "/socket.io/?EIO=4&transport=websocket", "").await;
        assert!(next(&mut raw).await.1.starts_with(b"0{"));
        raw.send(text("40{}")).await;
        while !next(&mut raw).await.1.starts_with(b"40{") {}
        raw.send(&bytes).await;
        // The library gives no code.
        assert_eq!(close_code(&mut raw).await, 1005, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_is_answered_with_its_payload() {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut raw = upgrade(&app, "/graphql", "Sec-WebSocket-Protocol: graphql-transport-ws\r\n").await;
    for payload in [&b""[..], b"data", &[0xff; 125]] {
        raw.send(frame(FINAL | PING, payload)).await;
        assert_eq!(next(&mut raw).await, (FINAL | 10, payload.to_vec()));
    }
    let mut socket = app.socket().await;
    for payload in [
        json!({"at": 1, "nested": {"list": [1.5, null, "é"]}}),
        json!({}),
        json!({"token": {"is": "no text"}}),
    ] {
        socket.send(&json!({"type": "ping", "payload": payload})).await;
        assert_eq!(socket.receive().await, json!({"type": "pong", "payload": payload}));
    }
    for ping in [json!({"type": "ping"}), json!({"type": "ping", "payload": null})] {
        socket.send(&ping).await;
        assert_eq!(socket.receive().await, json!({"type": "pong"}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_not_sent_back() {
    let app = TestApp::start(Backend::Sqlite).await;
    let token = app.user("ada").token.unwrap();
    let ping = json!({"type": "ping", "payload": {"token": token, "at": 1}});
    // Before the connection is acknowledged a token is nobody's.
    let mut raw = upgrade(&app, "/graphql", "Sec-WebSocket-Protocol: graphql-transport-ws\r\n").await;
    raw.send(text(&ping.to_string())).await;
    assert_eq!(String::from_utf8(next(&mut raw).await.1).unwrap(), "{\"type\":\"pong\"}");
    let mut socket = app.user("ada").socket().await;
    socket.send(&ping).await;
    let pong = socket.receive().await;
    assert_eq!(pong["type"], "pong");
    let keys: Vec<&String> = pong["payload"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["expiresAt"], "{pong}");
    assert_ne!(pong["payload"]["expiresAt"], Value::Null);
}
