//! Requests for another protocol: their body ends after `Content-Length` bytes, and the bytes after
//! it are another request.

use super::unharmed;
use crate::support::msgpack::{pack, value};
use crate::support::raw::{replies, RawReply};
use crate::support::Service;
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;

/// Sends pieces one after the other, and reads `count` answers.
fn talk(service: &Service, pieces: &[&[u8]], count: usize) -> Vec<RawReply> {
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream
        .set_read_timeout(Some(std::time::Duration::from_secs(20)))
        .unwrap();
    for piece in pieces {
        stream.write_all(piece).unwrap();
        stream.flush().unwrap();
    }
    replies(&stream, count)
}

fn dataset(name: &str) -> Vec<u8> {
    pack(&value(
        &json!({"directory": "/users/alice/x", "type": "DATA", "name": name, "energy": 12.6, "exposure": 0.5}),
    ))
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in body.chunks(20) {
        bytes.extend(format!("{:x}\r\n", part.len()).into_bytes());
        bytes.extend(part);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[test]
fn the_next_request_is_answered_and_not_read_as_the_body() {
    let service = Service::start();
    let alice = service.client("alice");
    let ways = [
        "Upgrade: websocket\r\n",
        "Upgrade: WebSocket\r\nConnection: upgrade\r\n",
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
        "Upgrade: websocket\r\nUpgrade: websocket\r\n",
        "Upgrade: h2c\r\n",
        "Upgrade: h2c, websocket\r\n",
        "Upgrade: TLS/1.0\r\nConnection: keep-alive\r\n",
    ];
    let mut uploaded = 0;
    for way in ways {
        for is_chunked in [false, true] {
            // A chunked body is always read to its end. With both headers, the connection is closed
            // after it.
            let ends = is_chunked && (way.contains("Connection: upgrade") || way.contains(", Upgrade"));
            let body = dataset(&format!("n-{uploaded}"));
            let target = service.signed(&alice, "data/BM/");
            let length = match is_chunked {
                true => "Transfer-Encoding: chunked".to_owned(),
                false => format!("Content-Length: {}", body.len()),
            };
            let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\n{way}{length}\r\n\r\n").into_bytes();
            let body = if is_chunked { chunked(&body) } else { body };
            let (first, second) = body.split_at(body.len() / 2);
            let pipelined = [head.as_slice(), body.as_slice(), LIVE].concat();
            for pieces in [&[pipelined.as_slice()][..], &[&head, first, second, LIVE]] {
                let context = format!("{way:?} chunked {is_chunked} in {}", pieces.len());
                let replies = talk(&service, pieces, if ends { 1 } else { 2 });
                uploaded += 1;
                assert_eq!(replies.first().map(|reply| reply.status), Some(200), "{context}");
                assert!(replies[0].json()["id"].is_u64(), "{context}");
                if ends {
                    assert!(
                        replies[0].head.contains("connection: close"),
                        "{context}: {}",
                        replies[0].head
                    );
                } else {
                    assert_eq!(replies.len(), 2, "{context}");
                    assert_eq!(replies[1].status, 200, "{context}");
                }
            }
        }
    }
    let names = service.admin("data?limit=1000");
    assert_eq!(names.as_array().unwrap().len(), uploaded);
    unharmed(&service);
}

#[test]
fn a_get_with_an_upgrade_is_a_get() {
    let service = Service::start();
    for way in [
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Upgrade: websocket\r\n",
        "Upgrade: websocket\r\nContent-Length: 0\r\n",
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    ] {
        let first = format!("GET /health/live?a=%2F&b HTTP/1.1\r\nHost: x\r\n{way}\r\n").into_bytes();
        let before = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
        let all = [before.as_slice(), &first, &first, LIVE].concat();
        let replies = talk(&service, &[&all], 4);
        let statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses, [200; 4], "{way:?}");
    }
    // For a request with all headers, the answer has `Connection: close`.
    let h2c =
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
        HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    let replies = talk(&service, &[h2c], 1);
    assert_eq!(replies[0].status, 200);
    assert!(
        replies[0].head.contains("connection: close"),
        "{}",
        replies[0].head
    );
    unharmed(&service);
}

#[test]
fn http_1_0_and_tunnels_are_answered_or_refused() {
    let service = Service::start();
    let alice = service.client("alice");
    let body = dataset("old");
    let target = service.signed(&alice, "data/BM/");
    let head = format!(
        "POST {target} HTTP/1.0\r\nConnection: keep-alive, upgrade\r\nUpgrade: websocket\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let all = [head.as_bytes(), &body, LIVE].concat();
    let replies = talk(&service, &[&all], 2);
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 200]);
    // Without a length the end of the body is unknown.
    let endless = format!("POST {target} HTTP/1.0\r\nUpgrade: websocket\r\n\r\n");
    let replies = talk(&service, &[endless.as_bytes(), &body], 2);
    assert_eq!(replies.len(), 1);
    assert_eq!(
        (replies[0].status, &replies[0].json()["error"]["code"]),
        (400, &json!("not_http"))
    );
    // Without a `Host`, the URL of the survey has the address of the connection.
    let launch = service.signed(&alice, "launch/BM/");
    let launch = format!("POST {launch}old-day/ HTTP/1.0\r\nContent-Length: 0\r\n\r\n");
    let replies = talk(&service, &[launch.as_bytes()], 1);
    let survey = replies[0].json()["survey"].as_str().unwrap().to_owned();
    let here = format!("http://{}/survey/", service.address());
    assert!(survey.starts_with(&here), "{survey}");
    let tunnel = b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n";
    let replies = talk(&service, &[tunnel, b"anything"], 2);
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0].status, 405);
    assert!(replies[0].json()["error"]["message"].is_string());
    unharmed(&service);
}

#[test]
fn requests_that_the_parser_refuses_get_an_explanation() {
    let service = Service::start();
    let names = "frame=image_with_a_long_name_0001&".repeat(3_000);
    let long = format!(
        "GET /download/files/multi/{}/x.tar.gz?{names} HTTP/1.1\r\nHost: x\r\n\r\n",
        "a".repeat(40)
    );
    let longer = format!("GET /?{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1_000_000));
    let header = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(200_000));
    for (bytes, status, code) in [
        (long.as_str(), 414, "url_too_long"),
        (&longer, 431, "head_too_large"),
        (&header, 431, "head_too_large"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "not_http"),
        ("GET /\u{7} HTTP/1.1\r\nHost: x\r\n\r\n", 400, "not_http"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "not_http"),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            400,
            "not_http",
        ),
    ] {
        // Also after a valid request, which has its own answer.
        for before in ["", "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"] {
            let all = [before, bytes].concat();
            let replies = talk(&service, &[all.as_bytes()], 3);
            let context: String = bytes.chars().take(60).collect();
            assert_eq!(replies.len(), 1 + usize::from(!before.is_empty()), "{context}");
            let refusal = replies.last().unwrap();
            assert_eq!(
                (refusal.status, &refusal.json()["error"]["code"]),
                (status, &json!(code)),
                "{context}"
            );
            assert!(refusal.head.contains("connection: close"), "{context}");
        }
    }
    unharmed(&service);
}

/// A file may have the same text as a refusal of the parser.
#[test]
fn a_file_that_looks_like_a_refusal_is_sent_unchanged() {
    let users = crate::support::users::Users::new();
    let refusal = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    users.write("refusal.txt", refusal);
    users.write("long.txt", format!("{}{refusal}", "x".repeat(300_000)));
    let root = users.root();
    let service = Service::with(&["--users-root", root.to_str().unwrap()]);
    let key = service.key_of(&users.day());
    for (name, length) in [
        ("refusal.txt", refusal.len()),
        ("long.txt", 300_000 + refusal.len()),
    ] {
        let get = format!("GET /download/files/raw/{key}/{name} HTTP/1.1\r\nHost: x\r\n\r\n");
        let all = [get.as_bytes(), LIVE].concat();
        for pieces in [&[all.as_slice()][..], &[get.as_bytes(), LIVE]] {
            let replies = talk(&service, pieces, 2);
            assert_eq!(replies.len(), 2, "{name}");
            assert_eq!(replies[0].body.len(), length, "{name}");
            assert!(replies[0].body.ends_with(refusal.as_bytes()), "{name}");
            assert_eq!(replies[1].status, 200, "{name}");
        }
    }
}
