//! `survey/`, which is open to everyone with the key.

use super::{targets, Outcome, Table};
use crate::support::raw::RawRequest;
use crate::support::Service;

/// MiB by which memory may grow.
const BOUND: u64 = 48;

/// A service with one session, and the path of its survey.
fn surveyed() -> (Service, String) {
    let service = Service::start();
    let alice = service.client("alice");
    let reply = service.send(&RawRequest::post(service.signed(&alice, "launch/BM/day/"), ""));
    let url = reply.json()["survey"].as_str().unwrap().to_owned();
    let path = url[url.find("/survey/").unwrap()..].to_owned();
    (service, path)
}

#[test]
fn no_url_breaks_the_survey() {
    let (service, path) = surveyed();
    let key = path
        .trim_start_matches("/survey/")
        .trim_end_matches('/')
        .to_owned();
    let mut table = Table::begin(service);
    let upper = key.to_uppercase();
    let keys = [
        "0".repeat(40),
        "f".repeat(40),
        key[..39].to_owned(),
        format!("{key}0"),
        format!("{key}%00"),
        format!("{key};x"),
        upper,
    ];
    for method in ["GET", "POST"] {
        for key in &keys {
            let request = RawRequest {
                method,
                ..RawRequest::get(format!("/survey/{key}/"))
            };
            table.row(key, &request, &Outcome::Page);
        }
        for (segment, outcome) in targets::all() {
            let request = RawRequest {
                method,
                ..RawRequest::get(format!("/survey/{segment}/"))
            };
            let name = format!("{method} {}", targets::shown(&segment));
            // One segment is an unknown key, which is answered with a page. Other paths are not a
            // route. Both are 404.
            match (outcome, table.service.exchange(&request.bytes())) {
                (Outcome::Refused, Some(reply)) => assert_eq!(reply.status, 404, "{name}"),
                (outcome, reply) => super::check(&name, reply, &outcome),
            }
        }
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        table.row(
            method,
            &RawRequest {
                method,
                ..RawRequest::get(&path)
            },
            &Outcome::Status(405),
        );
    }
    let service = table.end(BOUND);
    let page = service.send(&RawRequest::get(&path));
    assert_eq!(page.status, 200);
    assert!(page.head.contains("text/html"), "{}", page.head);
}

#[test]
fn no_form_breaks_the_survey() {
    let (service, path) = surveyed();
    let mut table = Table::begin(service);
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("no field", b"&&&===&&".to_vec()),
        ("an unknown field", b"colour=red".to_vec()),
        ("an empty comment", b"comments=".to_vec()),
        ("a blank comment", b"comments=+%20%09%0a".to_vec()),
        ("a null byte", b"\0\0\0".to_vec()),
        ("a comment of null bytes", b"comments=%00%00".to_vec()),
        ("a rating of 6", b"beamline-rating=6".to_vec()),
        ("a rating of 0", b"beamline-rating=0".to_vec()),
        ("a rating below 0", b"beamline-rating=-1".to_vec()),
        (
            "a rating that is not a number",
            b"support-rating=%ff&comments=x".to_vec(),
        ),
        (
            "a rating beyond 64 bits",
            b"remote-rating=99999999999999999999&comments=x".to_vec(),
        ),
        ("bytes that are not UTF-8", b"\xff\xfe=\xff".to_vec()),
        ("JSON", b"{\"comments\":\"x\"}".to_vec()),
        ("MessagePack", vec![0x81, 0xa1, b'a', 1]),
        (
            "multipart without parts",
            b"--x\r\nContent-Disposition: form-data; name=\"comments\"\r\n\r\nx\r\n--x--".to_vec(),
        ),
        ("10,000 fields", "a=b&".repeat(10_000).into_bytes()),
        ("a name of 100,000 letters", "a".repeat(100_000).into_bytes()),
        (
            "100,000 letters of comment",
            format!("comments={}", "x".repeat(100_000)).into_bytes(),
        ),
    ];
    for (name, bytes) in forms {
        let request =
            RawRequest::post(&path, bytes).header("Content-Type", "application/x-www-form-urlencoded");
        let reply = table.service.send(&request);
        assert!((400..500).contains(&reply.status), "{name}: {}", reply.status);
        table.rows += 1;
    }
    for length in [129 << 10, 10 << 20] {
        table.row(
            "too long",
            &RawRequest::post(&path, vec![b'a'; length]),
            &Outcome::Status(413),
        );
    }
    let service = table.end(BOUND);
    let script = "<script>alert(1)</script>";
    let form = serde_urlencoded::to_string([("comments", script)]).unwrap();
    let request = RawRequest::post(&path, form).header("Content-Type", "application/x-www-form-urlencoded");
    let reply = service.send(&request);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(!reply.text().contains(script));
    assert_eq!(
        service.admin("feedback")[0]["comments"],
        script,
        "stored unchanged"
    );
}
