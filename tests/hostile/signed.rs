//! `project/`, `launch/`, `close/`, `samples/`, and the token itself.

use super::{targets, Outcome, Table};
use crate::support::raw::RawRequest;
use crate::support::{Client, Service};
use serde_json::json;

/// MiB by which memory may grow: only small bodies and long URLs are sent.
const BOUND: u64 = 48;

fn form(public: &str) -> String {
    serde_urlencoded::to_string([("public", public)]).unwrap()
}

#[test]
fn no_form_breaks_key_registration() {
    let service = Service::start();
    let (carol, other) = (service.stranger("carol_3-x"), service.stranger("carol_3-x"));
    let mut table = Table::begin(service);
    let public = Outcome::names(&["public"]);
    let key = carol.public.clone();
    let body = key.split(' ').nth(1).unwrap().to_owned();
    let cut = &body[..body.len() - 8];
    let forms: Vec<(&str, Vec<u8>, Outcome)> = vec![
        ("nothing", Vec::new(), public.clone()),
        ("no field", b"&&&".to_vec(), public.clone()),
        ("another field", b"private=1".to_vec(), public.clone()),
        ("an empty field", b"public=".to_vec(), public.clone()),
        ("a field without a value", b"public".to_vec(), public.clone()),
        ("a list of fields", b"public[]=a".to_vec(), public.clone()),
        ("half an escape", b"public=%".to_vec(), public.clone()),
        ("an escape of one digit", b"public=%4".to_vec(), public.clone()),
        ("an invalid escape", b"public=%zz%%%".to_vec(), public.clone()),
        (
            "escapes that are not UTF-8",
            b"public=%ff%fe%80".to_vec(),
            public.clone(),
        ),
        (
            "bytes that are not UTF-8",
            b"public=\xff\xfe".to_vec(),
            public.clone(),
        ),
        ("null bytes", b"public=%00%00".to_vec(), public.clone()),
        (
            "a null byte in a key",
            form(&key.replace(' ', " \0")).into_bytes(),
            public.clone(),
        ),
        ("a text", form("not a key").into_bytes(), public.clone()),
        (
            "a type without a key",
            form("ssh-ed25519").into_bytes(),
            public.clone(),
        ),
        (
            "a key cut short",
            form(&format!("ssh-ed25519 {cut}")).into_bytes(),
            public.clone(),
        ),
        (
            "a key under another type",
            form(&key.replacen("ssh-ed25519", "ssh-rsa", 1)).into_bytes(),
            public.clone(),
        ),
        (
            "an unknown type",
            form(&key.replacen("ssh-ed25519", "ssh-none", 1)).into_bytes(),
            public.clone(),
        ),
        (
            "a length header of 4 GiB",
            form("ssh-ed25519 /////w==").into_bytes(),
            public.clone(),
        ),
        (
            "two lines",
            form(&format!("{key}\n{key}")).into_bytes(),
            public.clone(),
        ),
        (
            "a private key",
            form("-----BEGIN OPENSSH PRIVATE KEY-----").into_bytes(),
            public.clone(),
        ),
        (
            "60,000 letters",
            form(&"A".repeat(60_000)).into_bytes(),
            public.clone(),
        ),
        (
            "10,000 fields",
            "a=b&".repeat(10_000).into_bytes(),
            public.clone(),
        ),
        ("JSON", json!({"public": key}).to_string().into_bytes(), public),
        (
            "10 MB",
            form(&"A".repeat(10 << 20)).into_bytes(),
            Outcome::Status(413),
        ),
        (
            "a key that did not sign",
            form(&other.public).into_bytes(),
            Outcome::Status(405),
        ),
    ];
    for (name, bytes, outcome) in forms {
        let request = RawRequest::post(table.service.signed(&carol, "project/"), bytes);
        table.row(name, &request, &outcome);
    }
    let nobody = carol.posing_as("nobody");
    let request = RawRequest::post(table.service.signed(&nobody, "project/"), form(&key));
    table.row("a user that does not exist", &request, &Outcome::Status(405));
    let service = table.end(BOUND);
    let good = RawRequest::post(service.signed(&carol, "project/"), form(&key));
    let reply = service.send(&good);
    assert_eq!((reply.status, reply.json()), (200, json!({})));
}

/// Sends a request with each segment at one place of a path.
fn walk(table: &mut Table, client: &Client, method: &'static str, path: impl Fn(&str) -> String) {
    for (segment, outcome) in targets::all() {
        let request = RawRequest {
            method,
            ..RawRequest::get(table.service.signed(client, &path(&segment)))
        };
        table.row(
            &format!("{method} {}", targets::shown(&path(&segment))),
            &request,
            &outcome,
        );
    }
}

/// Whether a segment is not a valid session name. Valid names have only letters, digits, `_` and
/// `-`.
fn names_nothing(segment: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    // A query or a fragment ends the path, and the part before it may be a valid name.
    let path = segment.split(['?', '#']).next().unwrap_or_default();
    !((1..=100).contains(&path.len()) && path.bytes().all(good))
}

fn walk_sessions(table: &mut Table, client: &Client, path: impl Fn(&str) -> String) {
    for (segment, outcome) in targets::all()
        .into_iter()
        .filter(|(segment, _)| names_nothing(segment))
    {
        let request = RawRequest::post(table.service.signed(client, &path(&segment)), "");
        table.row(&targets::shown(&path(&segment)), &request, &outcome);
    }
}

#[test]
fn no_url_breaks_launch_and_close() {
    let service = Service::start();
    let alice = service.client("alice");
    let bob = service.client("bob");
    let launch = RawRequest::post(service.signed(&bob, "launch/BM/bobs/"), "");
    assert_eq!(service.send(&launch).status, 200);
    let mut table = Table::begin(service);
    for verb in ["launch", "close"] {
        walk(&mut table, &alice, "POST", |segment| {
            format!("{verb}/{segment}/day/")
        });
        walk_sessions(&mut table, &alice, |segment| format!("{verb}/BM/{segment}/"));
        let target = table.service.signed(&alice, &format!("{verb}/BM/day/more/"));
        table.row(
            "a segment too many",
            &RawRequest::post(target, ""),
            &Outcome::Status(404),
        );
        let target = table.service.signed(&alice, &format!("{verb}/BM/"));
        table.row(
            "a segment too few",
            &RawRequest::post(target, ""),
            &Outcome::Status(404),
        );
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            let target = table.service.signed(&alice, &format!("{verb}/BM/day/"));
            let request = RawRequest {
                method,
                ..RawRequest::get(target)
            };
            table.row(method, &request, &Outcome::Status(405));
        }
    }
    // Two closes of sessions that alice does not have. Each commits a batch without writes before
    // it is answered.
    table.batches += 2;
    let target = table.service.signed(&alice, "close/BM/bobs/");
    table.row(
        "another project's session",
        &RawRequest::post(target, ""),
        &Outcome::Status(404),
    );
    let target = table.service.signed(&alice, "close/ID/bobs/");
    table.row(
        "another project's session at another beamline",
        &RawRequest::post(target, ""),
        &Outcome::Status(404),
    );
    let service = table.end(BOUND);
    let open = &service.admin("sessions")[0];
    assert_eq!(
        (&open["name"], &open["stretches"][0]["end"]),
        (&json!("bobs"), &json!(null)),
        "still open"
    );
    let good = RawRequest::post(service.signed(&alice, "launch/BM/day/"), "");
    assert_eq!(service.send(&good).json()["session"], "day");
    let good = RawRequest::post(service.signed(&alice, "close/BM/day/"), "");
    assert_eq!(service.send(&good).json()["session"], "day");
}

/// By the contract launch and close ignore their body, so no body is wrong and none is stored.
#[test]
fn no_body_breaks_launch_and_close() {
    let service = Service::start();
    let alice = service.client("alice");
    let open = RawRequest::post(service.signed(&alice, "launch/BM/day/"), "");
    assert_eq!(service.send(&open).status, 200);
    let stretches = service.admin("sessions");
    service.forget_peak();
    let resident = service.resident_kib();
    let bodies = super::bodies::broken(&[0x81, 0xa4, b'n', b'a', b'm', b'e', 0xa1, b'x']);
    assert!(bodies.len() >= super::FEWEST);
    for (name, body) in bodies {
        for request in [
            RawRequest::post(service.signed(&alice, "launch/BM/day/"), body.clone()),
            RawRequest::post(service.signed(&alice, "launch/BM/day/"), body.clone()).json(),
        ] {
            super::check(&name, service.exchange(&request.bytes()), &Outcome::Harmless);
        }
    }
    let after = service.admin("sessions");
    assert_eq!(
        after, stretches,
        "the open stretch continues, and there is no other"
    );
    for _ in 0..15 {
        let request = RawRequest::post(service.signed(&alice, "close/BM/day/"), vec![0x91; 1 << 20]);
        super::check("close", service.exchange(&request.bytes()), &Outcome::Harmless);
    }
    let grown = service.peak_kib() - resident;
    assert!(
        grown < BOUND * super::MIB,
        "memory grew by {} MiB",
        grown / super::MIB
    );
    super::unharmed(&service);
}

#[test]
fn no_url_and_no_header_breaks_samples() {
    let service = Service::start();
    let alice = service.client("alice");
    let expected = service
        .send(&RawRequest::get(service.signed(&alice, "samples/BM/")))
        .text();
    assert!(
        expected.contains("lys-1") && expected.contains("lys-3"),
        "{expected}"
    );
    let mut table = Table::begin(service);
    walk(&mut table, &alice, "GET", |segment| format!("samples/{segment}/"));
    let odd = [
        ("If-None-Match", "\"".to_owned()),
        ("If-None-Match", ",,,\"\",W/\"".to_owned()),
        ("If-None-Match", "\"a\",".repeat(5_000)),
        ("Accept-Encoding", "gzip;q=NaN".to_owned()),
        ("Accept-Encoding", "gzip;q=0;q=0, *;q=-1".to_owned()),
        ("Accept-Encoding", ",;=,".repeat(5_000)),
        ("Accept", "nothing/at-all".to_owned()),
        ("Range", "bytes=0-0,-1,99999999999999999999-".to_owned()),
        ("X-Forwarded-For", "not an address".to_owned()),
        ("Expect", "200-maybe".to_owned()),
        ("Cookie", "a=b; ".repeat(5_000)),
    ];
    for (name, value) in odd {
        let request = RawRequest::get(table.service.signed(&alice, "samples/BM/")).header(name, value);
        // By the contract headers without a meaning are ignored.
        let reply = table.service.send(&request);
        assert_eq!((reply.status, reply.text()), (200, expected.clone()), "{name}");
    }
    let twice = RawRequest::get(table.service.signed(&alice, "samples/BM/")).header("Host", "..");
    table.row("two hosts", &twice, &Outcome::NoHttp);
    for query in ["?", "?a=b", "?%ff", "?%", "?beamline=ID&token=x", "?..%2f"] {
        let request = RawRequest::get(table.service.signed(&alice, &format!("samples/BM/{query}")));
        assert_eq!(table.service.send(&request).text(), expected, "{query}");
    }
    let service = table.end(BOUND);
    assert_eq!(
        service
            .send(&RawRequest::get(service.signed(&alice, "samples/BM/")))
            .text(),
        expected
    );
}

#[test]
fn no_token_breaks_anything() {
    let service = Service::start();
    let (alice, _bob) = (service.client("alice"), service.client("bob"));
    let mut table = Table::begin(service);
    for (segment, outcome) in targets::all() {
        for path in ["samples/BM/", "data/BM/", "project/"] {
            let method = if path.starts_with("samples") {
                "GET"
            } else {
                "POST"
            };
            let request = RawRequest {
                method,
                ..RawRequest::get(format!("/api/v2/{segment}/{path}"))
            };
            table.row(
                &format!("{} {path}", targets::shown(&segment)),
                &request,
                &outcome,
            );
        }
    }
    table.service.signed(&alice, "");
    let token = alice.token();
    let parts: Vec<&str> = token.split(':').collect();
    let (user, time, signature) = (parts[0], parts[1], parts[2]);
    let tokens = [
        format!("{user}:{time}:"),
        format!("{user}:{time}"),
        format!("{user}::{signature}"),
        format!(":{time}:{signature}"),
        format!("bob:{time}:{signature}"),
        format!("nobody:{time}:{signature}"),
        format!("{user}:ZZZZZZZZZZZ:{signature}"),
        format!("{user}:{}:{signature}", "z".repeat(1000)),
        format!("{user}:-1:{signature}"),
        format!("{user}:0:{signature}"),
        format!("{user}:{time}:{}", "A".repeat(20_000)),
        format!("{user}:{time}:{}", "=".repeat(100)),
        format!("{user}:{time}:b'"),
        format!("{user}:{time}:b''"),
        format!("{user}:{time}:{}", signature.replace(['A', 'B', 'C', 'D'], "x")),
        format!("{user}%00:{time}:{signature}"),
        format!("{user}:{time}:{signature}%00"),
        format!("{user}:{time}:{signature}:x"),
        format!("{}:{time}:{signature}", "a".repeat(10_000)),
        format!("%61lice%2e:{time}:{signature}"),
    ];
    for token in tokens {
        let request = RawRequest::get(format!("/api/v2/{token}/samples/BM/"));
        table.row(&targets::shown(&token), &request, &Outcome::Status(405));
    }
    let service = table.end(BOUND);
    assert_eq!(
        service
            .send(&RawRequest::get(service.signed(&alice, "samples/BM/")))
            .status,
        200
    );
}
