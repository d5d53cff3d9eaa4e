//! `download/data/create/`, which creates the key of a directory.

use super::{Outcome, Table};
use crate::support::raw::RawRequest;
use crate::support::Service;
use serde_json::json;

/// MiB by which memory may grow.
const BOUND: u64 = 48;
const CREATE: &str = "/download/data/create/";

fn form(path: &str) -> String {
    serde_urlencoded::to_string([("path", path)]).unwrap()
}

#[test]
fn no_path_leads_out_of_the_users_roots() {
    let mut table = Table::begin(Service::with(&["--users-root", "/srv/users"]));
    let outside = [
        "/",
        "/etc",
        "/etc/passwd",
        "/srv",
        "/srv/users",
        "/srv/users/",
        "/srv/users/.",
        "/srv/usersx/alice",
        "/srv/users/../etc",
        "/srv/users/alice/../../etc",
        "/srv/users/./../users2/x",
        "//srv//users//..//..//etc",
        "..",
        "../etc",
        "alice/../..",
        ".",
        "alice/..",
        "./",
        "a/../../../../../../../../etc",
        "/proc/self/environ",
        "\u{ff0f}etc/..",
        "\0",
        "/srv/users/a\0b",
        "a\0",
        "/SRV/users/alice/../../../etc",
    ];
    for path in outside {
        // A name in another script is refused only because its path leads out.
        let outcome = Outcome::Status(403);
        table.row(path, &RawRequest::post(CREATE, form(path)), &outcome);
        table.row(
            path,
            &RawRequest::post(CREATE, json!({"path": path}).to_string()).json(),
            &outcome,
        );
    }
    for path in ["a/".repeat(2_100), "x".repeat(4_097), "../".repeat(1_300)] {
        table.row(
            "a path that is too long",
            &RawRequest::post(CREATE, form(&path)),
            &Outcome::Status(403),
        );
    }
    let service = table.end(BOUND);
    let reply = service.send(&RawRequest::post(CREATE, form("alice/day")));
    assert_eq!(reply.status, 200);
    let key = reply.json()["key"].as_str().unwrap().to_owned();
    assert!(
        key.len() == 40 && key.bytes().all(|byte| b"0123456789abcdef".contains(&byte)),
        "{key}"
    );
}

#[test]
fn no_body_breaks_key_creation() {
    let mut table = Table::begin(Service::with(&["--users-root", "/srv/users"]));
    let path = Outcome::names(&["path"]);
    let forms: Vec<(&str, Vec<u8>, Outcome)> = vec![
        ("nothing", Vec::new(), path.clone()),
        ("another field", b"directory=/srv/users/a".to_vec(), path.clone()),
        ("no value", b"path".to_vec(), Outcome::Status(403)),
        ("an empty path", b"path=".to_vec(), Outcome::Status(403)),
        (
            "half an escape, outside",
            b"path=/etc/%".to_vec(),
            Outcome::Status(403),
        ),
        (
            "invalid escapes, outside",
            b"path=%2Fetc%zz%%".to_vec(),
            Outcome::Status(403),
        ),
        ("two paths", b"path=/srv/users/a&path=/etc".to_vec(), path.clone()),
        ("invalid UTF-8", b"path=\xff\xfe".to_vec(), path.clone()),
        ("a list", b"path[]=/srv/users/a".to_vec(), path.clone()),
        (
            "MessagePack",
            vec![0x81, 0xa4, b'p', b'a', b't', b'h', 0xa1, b'x'],
            path.clone(),
        ),
        ("noise", (0..=255).collect(), path.clone()),
        ("15,000 fields", "&".repeat(15_000).into_bytes(), path.clone()),
        ("a megabyte", vec![b'a'; 1 << 20], Outcome::Status(413)),
    ];
    for (name, bytes, outcome) in forms {
        table.row(name, &RawRequest::post(CREATE, bytes), &outcome);
    }
    // Some of these are longer than the limit of this endpoint.
    for (name, bytes) in super::bodies::broken_json() {
        let outcome = if bytes.len() > 16 * 1024 {
            Outcome::Status(413)
        } else {
            path.clone()
        };
        table.row(&name, &RawRequest::post(CREATE, bytes).json(), &outcome);
    }
    for wrong in [
        json!(1),
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!(["/srv/users/a"]),
        json!({"path": "/srv/users/a"}),
    ] {
        table.row(
            "path is not a text",
            &RawRequest::post(CREATE, json!({"path": wrong}).to_string()).json(),
            &path,
        );
    }
    for method in ["GET", "PUT", "DELETE"] {
        table.row(
            method,
            &RawRequest {
                method,
                ..RawRequest::get(CREATE)
            },
            &Outcome::Status(405),
        );
    }
    for target in [
        "/download/data/create/x",
        "/download/data/../data/create/",
        "/download//data/create/",
        "/download/data/create%2F",
        "/download/data%2fcreate/",
    ] {
        table.row(
            target,
            &RawRequest::post(target, form("alice")),
            &Outcome::Status(404),
        );
    }
    let service = table.end(BOUND);
    let again = || {
        service
            .send(&RawRequest::post(CREATE, form("/srv/users/alice")))
            .json()["key"]
            .clone()
    };
    assert_ne!(again(), again());
    // As in every form, a percent sign that escapes nothing stands for itself, so it may be the
    // name of a directory.
    let reply = service.send(&RawRequest::post(CREATE, "path=alice/%"));
    assert_eq!(reply.status, 200);
    let reply = service.send(&RawRequest::post(CREATE, form("/srv/users/alice/%")));
    assert_eq!(reply.status, 200);
}

#[test]
fn only_admitted_callers_create_keys() {
    let mut table = Table::begin(Service::with(&["--trusted-proxy", "127.0.0.1"]));
    for address in [
        "10.0.0.1",
        "192.168.1.1",
        "::ffff:10.0.0.1",
        "2001:db8::1",
        "127.0.0.2, 10.0.0.1",
        "0.0.0.0",
    ] {
        for secret in [None, Some(""), Some("guess")] {
            let mut request = RawRequest::post(CREATE, form("alice")).header("X-Forwarded-For", address);
            if let Some(secret) = secret {
                request = request.header("X-Beamlive-Secret", secret);
            }
            table.row(address, &request, &Outcome::Status(403));
        }
    }
    table.end(BOUND);
}
