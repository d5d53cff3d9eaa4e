//! Bytes that are not HTTP, wrong lengths, and connections that end halfway.

use super::{check, unharmed, Outcome, FEWEST, MIB};
use crate::support::msgpack::{pack, value};
use crate::support::raw::{exchange, replies};
use crate::support::{Client, Service};
use serde_json::json;
use std::io::Write;
use std::net::{Shutdown, TcpStream};

/// MiB by which memory may grow.
const BOUND: u64 = 64;

fn dataset() -> Vec<u8> {
    pack(&value(
        &json!({"directory": "/users/alice/x", "type": "DATA", "name": "n", "energy": 12.6, "exposure": 0.5}),
    ))
}

fn begin() -> (Service, Client, u64) {
    let service = Service::start();
    let alice = service.client("alice");
    service.forget_peak();
    let resident = service.resident_kib();
    (service, alice, resident)
}

/// Checks that nothing was stored and that the next valid upload is the first.
fn end(service: &Service, alice: &Client, resident: u64) {
    let grown = service.peak_kib().saturating_sub(resident);
    assert!(grown < BOUND * MIB, "memory grew by {} MiB", grown / MIB);
    assert_eq!(service.admin("data"), json!([]));
    assert_eq!(service.admin("sessions"), json!([]));
    unharmed(service);
    let reply = service.send(&super::RawRequest::post(
        service.signed(alice, "data/BM/"),
        dataset(),
    ));
    assert_eq!((reply.status, reply.json()), (200, json!({"id": 1})));
}

#[test]
fn bytes_that_are_not_a_request_are_refused() {
    let (service, alice, resident) = begin();
    let target = service.signed(&alice, "launch/BM/day/");
    let lines: Vec<Vec<u8>> = vec![
        b"\r\n\r\n\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET /\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1 extra\r\n\r\n".to_vec(),
        b"GET  /health/live HTTP/1.1\r\n\r\n".to_vec(),
        b" GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"G\0T / HTTP/1.1\r\n\r\n".to_vec(),
        b"GET nowhere HTTP/1.1\r\n\r\n".to_vec(),
        b"GET / FTP/1.1\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\n: no name\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\na b: c\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\na: b\0c\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\na: b\r\n folded\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(),
        vec![
            0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 0xff, 0xff, b'\r', b'\n',
            b'\r', b'\n',
        ],
        vec![0; 100_000],
        vec![b'A'; 1_000_000],
        [
            format!("POST {target} HTTP/1.1\r\nHost: x\r\nX: ").into_bytes(),
            vec![b'x'; 1_000_000],
            b"\r\n\r\n".to_vec(),
        ]
        .concat(),
        [
            format!("POST {target} HTTP/1.1\r\nHost: x\r\n").into_bytes(),
            b"X: y\r\n".repeat(10_000),
            b"\r\n".to_vec(),
        ]
        .concat(),
        [
            format!("POST {target} HTTP/1.1\r\n").into_bytes(),
            vec![b'N'; 1_000_000],
            b": x\r\n\r\n".to_vec(),
        ]
        .concat(),
    ];
    assert!(lines.len() >= FEWEST);
    for line in &lines {
        let name: String = String::from_utf8_lossy(line).chars().take(60).collect();
        check(&name, exchange(service.address(), line, true), &Outcome::NoHttp);
    }
    end(&service, &alice, resident);
}

#[test]
fn wrong_lengths_are_refused_or_the_connection_is_closed() {
    let (service, alice, resident) = begin();
    let body = dataset();
    let cut = &body[..body.len() - 1];
    let length = body.len();
    let chunk = |size: &str| {
        [
            format!("{size}\r\n").into_bytes(),
            body.clone(),
            b"\r\n0\r\n\r\n".to_vec(),
        ]
        .concat()
    };
    let requests: Vec<(&str, String, Vec<u8>)> = vec![
        (
            "longer than the body",
            format!("Content-Length: {}", length + 1),
            body.clone(),
        ),
        (
            "much longer than the body",
            "Content-Length: 16000000".to_owned(),
            body.clone(),
        ),
        (
            "exabytes",
            "Content-Length: 18446744073709551615".to_owned(),
            body.clone(),
        ),
        (
            "beyond 64 bits",
            "Content-Length: 99999999999999999999999".to_owned(),
            body.clone(),
        ),
        ("negative", "Content-Length: -1".to_owned(), body.clone()),
        ("signed", format!("Content-Length: +{length}"), body.clone()),
        (
            "hexadecimal",
            format!("Content-Length: 0x{length:x}"),
            body.clone(),
        ),
        ("a word", "Content-Length: long".to_owned(), body.clone()),
        ("empty", "Content-Length:".to_owned(), body.clone()),
        (
            "a list",
            format!("Content-Length: {length}, {length}"),
            body.clone(),
        ),
        (
            "two different ones",
            format!("Content-Length: {length}\r\nContent-Length: 3"),
            body.clone(),
        ),
        (
            "shorter than the body",
            format!("Content-Length: {}\r\nConnection: close", length - 1),
            body.clone(),
        ),
        (
            "a body cut short",
            format!("Content-Length: {length}"),
            cut.to_vec(),
        ),
        (
            "an unknown encoding",
            "Transfer-Encoding: nonsense".to_owned(),
            body.clone(),
        ),
        ("gzip alone", "Transfer-Encoding: gzip".to_owned(), body.clone()),
        (
            "chunked not last",
            "Transfer-Encoding: chunked, identity".to_owned(),
            body.clone(),
        ),
        (
            "chunked twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked".to_owned(),
            body.clone(),
        ),
        ("no chunk", "Transfer-Encoding: chunked".to_owned(), body.clone()),
        (
            "a chunk of no size",
            "Transfer-Encoding: chunked".to_owned(),
            chunk(""),
        ),
        (
            "a chunk of a negative size",
            "Transfer-Encoding: chunked".to_owned(),
            chunk("-1"),
        ),
        (
            "a chunk beyond 64 bits",
            "Transfer-Encoding: chunked".to_owned(),
            chunk("fffffffffffffffffff"),
        ),
        (
            "a chunk of exabytes",
            "Transfer-Encoding: chunked".to_owned(),
            chunk("ffffffffffffffff"),
        ),
        (
            "a chunk that is too short",
            "Transfer-Encoding: chunked".to_owned(),
            chunk("2"),
        ),
        (
            "no last chunk",
            "Transfer-Encoding: chunked".to_owned(),
            [format!("{length:x}\r\n").as_bytes(), &body].concat(),
        ),
        ("no body", String::from("X: y"), Vec::new()),
    ];
    for (name, header, body) in requests {
        let target = service.signed(&alice, "data/BM/");
        let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n");
        let reply = exchange(service.address(), &[head.as_bytes(), &body].concat(), true);
        check(name, reply, &Outcome::NoHttp);
    }
    end(&service, &alice, resident);
}

/// A proxy and the service must agree on the end of a request, so a request with two lengths is
/// refused.
#[test]
fn no_second_request_is_smuggled_in_a_body() {
    let (service, alice, resident) = begin();
    for header in [
        "Content-Length: {}\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: {}",
        "Transfer-Encoding : chunked\r\nContent-Length: {}",
        "Transfer-Encoding: xchunked\r\nContent-Length: {}",
        "Transfer-Encoding:\x0bchunked\r\nContent-Length: {}",
    ] {
        let launch = service.signed(&alice, "launch/BM/smuggled/");
        let inner = format!("0\r\n\r\nPOST {launch} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        let header = header.replace("{}", &inner.len().to_string());
        let target = service.signed(&alice, "data/BM/");
        let request = format!("POST {target} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n{inner}");
        check(
            &header,
            exchange(service.address(), request.as_bytes(), true),
            &Outcome::NoHttp,
        );
        assert_eq!(service.admin("sessions"), json!([]), "{header:?}");
    }
    end(&service, &alice, resident);
}

#[test]
fn connections_that_end_halfway_hold_no_resources() {
    let (service, alice, resident) = begin();
    let body = dataset();
    let target = service.signed(&alice, "data/BM/");
    let request = [
        format!(
            "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes(),
        body,
    ]
    .concat();
    for end in (0..request.len()).step_by(request.len() / 60) {
        let mut stream = TcpStream::connect(service.address()).unwrap();
        stream.write_all(&request[..end]).unwrap();
        drop(stream);
    }
    let mut waiting: Vec<TcpStream> = (0..200)
        .map(|_| TcpStream::connect(service.address()).unwrap())
        .collect();
    for stream in &mut waiting {
        stream.write_all(&request[..request.len() - 1]).unwrap();
    }
    assert_eq!(
        service.admin("data"),
        json!([]),
        "other clients are answered while 200 connections wait for the rest of a body"
    );
    drop(waiting);
    end(&service, &alice, resident);
}

#[test]
fn a_client_that_has_finished_sending_is_answered() {
    let (service, alice, _) = begin();
    let target = service.signed(&alice, "samples/BM/");
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
    let stream = TcpStream::connect(service.address()).unwrap();
    (&stream).write_all(request.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let reply = replies(&stream, 1).pop().unwrap();
    assert_eq!(reply.status, 200);
    unharmed(&service);
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let (service, alice, _) = begin();
    let body = dataset();
    let mut bytes = Vec::new();
    for number in 0..20 {
        let request = match number % 4 {
            0 => b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            1 => b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            2 => {
                let target = service.signed(&alice, "data/BM/");
                let head = format!(
                    "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                [head.as_bytes(), &body].concat()
            }
            _ => {
                let target = service.signed(&alice, "data/BM/");
                format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx").into_bytes()
            }
        };
        bytes.extend(request);
    }
    let stream = TcpStream::connect(service.address()).unwrap();
    (&stream).write_all(&bytes).unwrap();
    let answers = replies(&stream, 20);
    let statuses: Vec<u16> = answers.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 404, 200, 400].repeat(5));
    let ids: Vec<_> = answers
        .iter()
        .skip(2)
        .step_by(4)
        .map(|reply| reply.json()["id"].clone())
        .collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    unharmed(&service);
}
