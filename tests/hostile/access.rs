//! `accesslist/` and `keys/`.

use super::bodies::{broken, broken_json, wrong_for, Takes};
use super::{targets, Outcome, Table};
use crate::support::msgpack::{nested, pack, value, with};
use crate::support::raw::RawRequest;
use crate::support::Service;
use rmpv::Value as Packed;
use serde_json::{json, Value};

/// MiB by which memory may grow: bodies have at most 4 MiB.
const BOUND: u64 = 64;
const LIST: &str = "/api/v2/accesslist/";

fn entry() -> Value {
    json!({"project": "alice", "name": "D-host-1", "status": "Connected", "date": "2026-11-23 09:00:00"})
}

fn list(entry: &[u8]) -> Vec<u8> {
    [&[0x91], entry].concat()
}

#[test]
fn no_body_breaks_the_access_list() {
    let mut table = Table::begin(Service::start());
    let body = Outcome::names(&["body"]);
    let good = list(&pack(&value(&entry())));
    for (name, bytes) in broken(&good) {
        let longer = bytes.len() > 4 << 20;
        let outcome = if longer {
            Outcome::Status(413)
        } else {
            body.clone()
        };
        table.row(&name, &RawRequest::post(LIST, bytes), &outcome);
    }
    for (name, bytes) in broken_json() {
        table.row(&name, &RawRequest::post(LIST, bytes).json(), &body);
    }
    let nils = |count: u32| {
        [
            vec![0xdd],
            count.to_be_bytes().to_vec(),
            vec![0xc0; count as usize],
        ]
        .concat()
    };
    let shapes = [
        ("a map", pack(&value(&entry())), body.clone()),
        ("an empty map", vec![0x80], body.clone()),
        ("a million nulls", nils(1_000_000), body.clone()),
        ("10,001 nulls", nils(10_001), body.clone()),
        ("16 million nulls", nils(16_000_000), Outcome::Status(413)),
        ("an entry of 200 levels", list(&pack(&nested(200))), body),
    ];
    for (name, bytes, outcome) in shapes {
        table.row(name, &RawRequest::post(LIST, bytes), &outcome);
    }
    let service = table.end(BOUND);
    let reply = service.send(&RawRequest::post(LIST, good));
    assert_eq!((reply.status, reply.json()), (200, json!(["alice", "bob"])));
    assert_eq!(service.admin("connections").as_array().unwrap().len(), 1);
}

/// By the contract a bad entry is skipped and logged, and the answer is the same as to GET.
#[test]
fn bad_entries_are_skipped() {
    let mut table = Table::begin(Service::start());
    let mut post =
        |name: &str, bytes: Vec<u8>| table.row(name, &RawRequest::post(LIST, bytes), &Outcome::Harmless);
    for field in ["project", "name", "status", "date"] {
        let takes = if field == "name" {
            Takes::Text
        } else {
            Takes::FormOfText
        };
        for (kind, wrong) in wrong_for(takes) {
            // The name of a connection may have control characters. 10 MB are above the limit of
            // bodies.
            if kind != "a text of 10 MB" && (field, kind) != ("name", "a text with a null byte") {
                post(&format!("{field} is {kind}"), list(&with(&entry(), field, wrong)));
            }
        }
        post(
            &format!("{field} is a megabyte"),
            list(&with(&entry(), field, "x".repeat(1 << 20).into())),
        );
        post(
            &format!("{field} is empty"),
            list(&with(&entry(), field, "".into())),
        );
    }
    for date in [
        "2026-11-23",
        "2026-11-23T09:00:00+99:00",
        "2026-02-30 09:00:00",
        "0000-00-00 00:00:00",
        "99999-01-01 00:00:00",
        "now",
    ] {
        post(date, list(&with(&entry(), "date", date.into())));
    }
    for project in ["nobody", "Alice", "alice\0", "../alice", "alice' OR '1'='1"] {
        post(project, list(&with(&entry(), "project", project.into())));
    }
    for (name, item) in [
        ("null", Packed::Nil),
        ("a text", "x".into()),
        ("a list", nested(3)),
        ("a number", 5.into()),
    ] {
        post(name, pack(&Packed::Array(vec![item; 100])));
    }
    post(
        "10,000 empty entries",
        [vec![0xdc], 10_000_u16.to_be_bytes().to_vec(), vec![0x80; 10_000]].concat(),
    );
    post("an empty list", vec![0x90]);
    let service = table.end(BOUND);
    let mixed = pack(&Packed::Array(vec![Packed::Nil, value(&entry()), "x".into()]));
    assert_eq!(
        service.send(&RawRequest::post(LIST, mixed)).json(),
        json!(["alice", "bob"])
    );
    assert_eq!(
        service.admin("connections")[0]["name"],
        "D-host-1",
        "the good entry between bad ones is kept"
    );
}

#[test]
fn no_url_and_no_header_breaks_the_access_list_or_the_keys() {
    let mut table = Table::begin(Service::start());
    for root in ["/api/v2/accesslist", "/access/accesslist"] {
        for query in [
            "",
            "/",
            "?",
            "/?project=bob",
            "?%",
            "/?%ff%fe",
            "?a=b&a=b&&&=",
            "/?10.0.0.1",
            "/?X-Forwarded-For=1.2.3.4",
        ] {
            let reply = table.service.send(&RawRequest::get(format!("{root}{query}")));
            assert_eq!(
                (reply.status, reply.json()),
                (200, json!(["alice", "bob"])),
                "{root}{query}"
            );
        }
        // No proxy is trusted here, so by the contract the header is ignored.
        for address in [
            "10.0.0.1",
            "not an address",
            "",
            ",,,",
            "::1, 127.0.0.1",
            "999.999.999.999",
            "127.0.0.1\0",
        ] {
            let request = RawRequest::get(root).header("X-Forwarded-For", address);
            let no_http = address.contains('\0');
            table.row(
                address,
                &request,
                if no_http {
                    &Outcome::NoHttp
                } else {
                    &Outcome::Harmless
                },
            );
        }
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
            table.row(
                method,
                &RawRequest {
                    method,
                    ..RawRequest::get(root)
                },
                &Outcome::Status(405),
            );
        }
    }
    for root in ["/api/v2/keys", "/access/keys"] {
        for (segment, outcome) in targets::all() {
            let reply = table
                .service
                .exchange(&RawRequest::get(format!("{root}/{segment}")).bytes());
            let name = format!("{root}/{}", targets::shown(&segment));
            match (&outcome, reply) {
                // By the contract a user that is on no list has no keys: 200 with an empty body.
                (Outcome::Refused, Some(reply)) if reply.status == 200 => {
                    assert_eq!(reply.text(), "", "{name}")
                }
                (_, reply) => super::check(&name, reply, &outcome),
            }
        }
        for nobody in [
            "staff",
            "carol_3-x",
            "nobody",
            "Alice",
            "alice%00",
            "alice%2F",
            "%61lice%20",
        ] {
            let reply = table.service.send(&RawRequest::get(format!("{root}/{nobody}")));
            assert_eq!((reply.status, reply.text()), (200, String::new()), "{nobody}");
        }
        for method in ["POST", "PUT", "DELETE"] {
            let request = RawRequest {
                method,
                ..RawRequest::get(format!("{root}/alice"))
            };
            table.row(method, &request, &Outcome::Status(405));
        }
    }
    let service = table.end(BOUND);
    let keys = service.send(&RawRequest::get("/api/v2/keys/alice")).text();
    assert!(
        keys.starts_with("ssh-ed25519 ") && keys.ends_with('\n') && keys.lines().count() == 1,
        "{keys}"
    );
}

#[test]
fn no_forwarded_address_breaks_a_trusted_proxy() {
    let mut table = Table::begin(Service::with(&["--trusted-proxy", "127.0.0.1"]));
    let bad = [
        "not an address",
        "10.0.0.256",
        "10.0.0",
        "1.2.3.4.5",
        "::g",
        "10.0.0.1, x",
        "localhost",
        "127.1",
        "0x7f.0.0.1",
        "[::1",
        "::1]",
        "10.0.0.1/8",
        "1.2.3.4;5.6.7.8",
        "\u{e9}",
        "fe80::1%eth0%",
    ];
    for address in bad {
        for target in [LIST, "/api/v2/keys/alice"] {
            let request = RawRequest::get(target).header("X-Forwarded-For", address);
            table.row(address, &request, &Outcome::names(&["X-Forwarded-For"]));
        }
    }
    let long = "10.0.0.1,".repeat(5_000) + "x";
    let request = RawRequest::get(LIST).header("X-Forwarded-For", long);
    table.row("5,000 addresses", &request, &Outcome::names(&["X-Forwarded-For"]));
    let service = table.end(BOUND);
    let of = |address: &str| {
        service
            .send(&RawRequest::get(LIST).header("X-Forwarded-For", address))
            .json()
    };
    assert_eq!(of("127.9.9.9"), json!(["alice", "bob"]));
    assert_eq!(of("10.0.0.1"), json!([]));
    assert_eq!(of("127.9.9.9, 10.0.0.1"), json!([]), "the last address is used");
}
