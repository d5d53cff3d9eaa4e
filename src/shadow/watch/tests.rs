#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver};

const LIST: &str = "/api/v2/accesslist/";

fn recorder(places: usize, most: usize) -> (Recorder, UnboundedReceiver<Event>) {
    let (events, heard) = unbounded_channel();
    let recorder = Recorder {
        events,
        places: Arc::new(Semaphore::new(places)),
        budget: Budget::new(1000),
        most,
    };
    (recorder, heard)
}

fn watch() -> (Watch, UnboundedReceiver<Event>) {
    let (recorder, heard) = recorder(10, 100);
    (Watch::new(IpAddr::from([10, 0, 0, 1]), recorder), heard)
}

/// What was heard, in short.
fn heard(events: &mut UnboundedReceiver<Event>) -> Vec<String> {
    let mut said = Vec::new();
    while let Ok(event) = events.try_recv() {
        said.push(match event {
            Event::Seen {
                outcome: Outcome::Copy(exchange),
                took,
                ..
            } => {
                assert!(took.is_some());
                let body = |capture: &Capture| String::from_utf8(capture.bytes().to_vec()).unwrap();
                format!(
                    "{} {} {:?} {} {:?}",
                    exchange.method,
                    exchange.target.rsplit('/').nth(1).unwrap(),
                    body(&exchange.request_body),
                    exchange.status,
                    body(&exchange.response_body)
                )
            }
            Event::Seen { outcome, pattern, .. } => format!("{pattern} {outcome:?}"),
            other => format!("{other:?}"),
        });
    }
    said
}

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\n\r\n").into_bytes()
}

fn answer(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[test]
fn requests_that_are_sent_ahead_are_paired_in_order() {
    let (mut watch, mut events) = watch();
    watch.request(&[get("/access/accesslist/"), get("/"), get("/access/keys/bob/")].concat());
    assert!(watch.awaits_first_answer());
    watch.response(&[answer("a"), answer("page"), answer("c")].concat());
    assert!(watch.is_idle() && !watch.awaits_first_answer());
    assert_eq!(
        heard(&mut events),
        [
            r#"GET accesslist "" 200 "a""#,
            "everything else Passed",
            r#"GET bob "" 200 "c""#
        ]
    );
}

#[test]
fn an_interim_answer_is_no_answer() {
    let (mut watch, mut events) = watch();
    let head = format!("POST {LIST} HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
    watch.request(head.as_bytes());
    watch.response(b"HTTP/1.1 100 Continue\r\n\r\n");
    watch.request(b"3\r\nabc\r\n0\r\n\r\n");
    watch.response(&answer("[]"));
    assert_eq!(heard(&mut events), [r#"POST accesslist "abc" 200 "[]""#]);
}

#[test]
fn an_answer_before_the_end_of_its_request_waits_for_it() {
    let (mut watch, mut events) = watch();
    watch.request(format!("POST {LIST} HTTP/1.1\r\nContent-Length: 4\r\n\r\nab").as_bytes());
    watch.response(&answer("early"));
    assert_eq!(heard(&mut events), [""; 0]);
    assert!(!watch.is_idle());
    watch.request(b"cd");
    assert_eq!(heard(&mut events), [r#"POST accesslist "abcd" 200 "early""#]);
}

#[test]
fn a_head_has_no_body_and_an_answer_may_end_with_its_connection() {
    let (mut watch, mut events) = watch();
    watch.request(format!("HEAD {LIST} HTTP/1.1\r\n\r\n").as_bytes());
    watch.response(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    watch.request(&get(LIST));
    watch.response(b"HTTP/1.1 200 OK\r\n\r\n[1");
    watch.response(b",2]");
    watch.upstream_ended();
    assert_eq!(
        heard(&mut events),
        [r#"HEAD accesslist "" 200 """#, r#"GET accesslist "" 200 "[1,2]""#]
    );
}

#[test]
fn what_is_cut_off_is_counted() {
    let (mut watch, mut events) = watch();
    watch.request(&get(LIST));
    watch.response(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    watch.upstream_ended();
    drop(watch);
    assert_eq!(heard(&mut events), ["/api/v2/accesslist/ Lost(Incomplete)"]);
}

#[test]
fn an_upgrade_ends_the_watch() {
    let (mut watch, mut events) = watch();
    watch.request(b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
    watch.response(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x05hello");
    watch.request(b"\x81\x85");
    assert!(!watch.is_idle() && !watch.awaits_first_answer());
    assert_eq!(heard(&mut events), ["everything else Passed", "Unread"]);
}

#[test]
fn other_protocols_end_the_watch_once() {
    let (mut watch, mut events) = watch();
    watch.request(b"SSH-2.0-x\r\n\r\n");
    watch.request(b"more\r\n\r\n");
    watch.response(b"SSH-2.0-y\r\n\r\n");
    assert_eq!(heard(&mut events), ["Unread"]);
}

#[test]
fn an_answer_without_a_request_ends_the_watch() {
    let (mut watch, mut events) = watch();
    watch.response(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(heard(&mut events), ["Unread"]);
    assert!(!watch.awaits_first_answer());
}

#[test]
fn more_than_the_queue_holds_is_dropped() {
    let (recorder, mut events) = recorder(1, 100);
    let mut watch = Watch::new(IpAddr::from([10, 0, 0, 1]), recorder.clone());
    for _ in 0..2 {
        watch.request(&get(LIST));
        watch.response(&answer("[]"));
    }
    assert_eq!(
        heard(&mut events),
        [
            r#"GET accesslist "" 200 "[]""#,
            "/api/v2/accesslist/ Lost(QueueFull)"
        ]
    );
    assert_eq!(recorder.places.available_permits(), 1, "a place is free again");
}

#[test]
fn a_long_body_on_either_side_is_not_copied() {
    let (recorder, mut events) = recorder(10, 4);
    let mut watch = Watch::new(IpAddr::from([10, 0, 0, 1]), recorder);
    watch.request(format!("POST {LIST} HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345").as_bytes());
    watch.response(&answer("[]"));
    watch.request(&get(LIST));
    watch.response(&answer("[1,2]"));
    watch.request(&get("/static/large.js"));
    watch.response(&answer("12345"));
    let lost = "/api/v2/accesslist/ Lost(TooLarge)";
    assert_eq!(heard(&mut events), [lost, lost, "everything else Passed"]);
}
