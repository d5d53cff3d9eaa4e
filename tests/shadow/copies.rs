//! The copies: their order, their bounds, and what is said about them.

use super::upstream::{answer, json, Act, Upstream};
use super::{assert_sums, before, nowhere, row, send, shadow, url};
use crate::support::{dataset, Reply, Site};
use beamlive::shadow::Report;
use serde_json::{json, Value};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const LIST: &str = "/api/v2/accesslist/";

/// Asks for an access list `count` times over one connection, and asserts the answers.
async fn lists(address: SocketAddr, count: usize) {
    let said = answer("200 OK", "Content-Type: application/json\r\n", "[]");
    let requests = format!("GET {LIST} HTTP/1.1\r\nHost: mx\r\n\r\n").repeat(count);
    let got = send(address, requests.as_bytes(), said.len() * count).await;
    assert_eq!(got, said.repeat(count));
}

fn real() -> Upstream {
    Upstream::start(|_| json(&json!([])))
}

/// Why copies of the list were dropped.
fn dropped(report: &Report) -> Vec<(&str, u64)> {
    let row = row(report, "GET", LIST);
    let dropped = row.dropped.iter();
    dropped
        .map(|counted| (counted.why.as_str(), counted.count))
        .collect()
}

#[actix_web::test]
async fn a_dead_service_changes_nothing_and_is_counted() {
    let upstream = real();
    let shadow = shadow(&upstream.url(), &nowhere(), |_| {}).await;
    lists(shadow.address(), 50).await;
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!((report.requests, report.copied), (50, 0));
    assert_eq!(dropped(&report), [("the service was not reached", 50)]);
}

#[actix_web::test]
async fn a_hanging_service_delays_nothing_and_is_counted() {
    let upstream = real();
    let hanging = Upstream::start(|_| Act::Never);
    let shadow = shadow(&upstream.url(), &hanging.url(), |settings| {
        settings.workers = 2;
        settings.queue = 10;
        settings.timeout = Duration::from_secs(2);
        settings.last = Duration::from_millis(500);
    })
    .await;
    let began = Instant::now();
    lists(shadow.address(), 100).await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "the answers waited for copies"
    );
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!((report.requests, report.copied, report.waiting), (100, 0, 2));
    assert_eq!(
        dropped(&report),
        [
            ("too many copies waited", 90),
            ("waited when the rehearsal ended", 8)
        ]
    );
}

#[actix_web::test]
async fn a_service_that_is_too_slow_is_counted() {
    let upstream = real();
    let hanging = Upstream::start(|_| Act::Never);
    let shadow = shadow(&upstream.url(), &hanging.url(), |settings| {
        settings.workers = 3;
        settings.timeout = Duration::from_millis(300);
        settings.oldest = Duration::from_millis(250);
    })
    .await;
    lists(shadow.address(), 5).await;
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!(
        dropped(&report),
        [
            ("waited too long, its token is too old", 2),
            ("the service did not answer in time", 3)
        ]
    );
}

#[actix_web::test]
async fn bodies_that_wait_have_a_bound_together() {
    let upstream = real();
    let hanging = Upstream::start(|_| Act::Never);
    let shadow = shadow(&upstream.url(), &hanging.url(), |settings| {
        settings.max_memory = 2500;
        settings.last = Duration::from_millis(100);
    })
    .await;
    let request = format!(
        "POST {LIST} HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{}",
        "x".repeat(1000)
    );
    let said = answer("200 OK", "Content-Type: application/json\r\n", "[]");
    for _ in 0..5 {
        assert_eq!(send(shadow.address(), request.as_bytes(), said.len()).await, said);
    }
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    let dropped = &row(&report, "POST", LIST).dropped;
    assert_eq!(
        (dropped[0].count, dropped[0].why.as_str()),
        (3, "no memory left for copies")
    );
    assert_eq!(report.waiting, 2);
}

/// A service that notes which requests it has, and when each began and ended.
fn noting(wait: Duration) -> (Upstream, Arc<Mutex<Vec<String>>>) {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let own = notes.clone();
    let service = Upstream::start(move |seen| {
        own.lock().unwrap().push(seen.line());
        Act::Late(wait, answer("200 OK", "Content-Type: application/json\r\n", "{}"))
    });
    (service, notes)
}

#[actix_web::test]
async fn copies_of_one_project_at_one_beamline_keep_their_order() {
    let upstream = Upstream::start(|_| json(&json!({})));
    let (service, notes) = noting(Duration::from_millis(5));
    let shadow = shadow(&upstream.url(), &service.url(), |_| {}).await;
    let mut sent = Vec::new();
    for number in 0..40 {
        let kind = [
            "launch/BM/s/",
            "data/BM/",
            "report/BM/",
            "samples/BM/",
            "close/BM/s/",
        ][number % 5];
        let target = format!("/api/v2/alice:1vb66i:AAAA/{kind}?n={number}");
        let request = format!("POST {target} HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
        // A connection for each, as Python's requests makes them.
        assert!(!send(shadow.address(), request.as_bytes(), 1).await.is_empty());
        sent.push(format!("POST {target}"));
    }
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!((report.copied, report.same), (40, 40));
    assert_eq!(*notes.lock().unwrap(), sent);
}

#[actix_web::test]
async fn copies_of_different_projects_are_played_together() {
    let upstream = Upstream::start(|_| json(&json!({})));
    let (service, notes) = noting(Duration::from_millis(400));
    let shadow = shadow(&upstream.url(), &service.url(), |_| {}).await;
    let began = Instant::now();
    for (user, beamline) in [
        ("a", "BM"),
        ("b", "BM"),
        ("a", "ID"),
        ("c", "SX"),
        ("d", "SX"),
        ("e", "SX"),
    ] {
        let request =
            format!("POST /api/v2/{user}:1:AAAA/data/{beamline}/ HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
        assert!(!send(shadow.address(), request.as_bytes(), 1).await.is_empty());
    }
    let report = shadow.stop().await.unwrap();
    assert_eq!(report.copied, 6);
    assert_eq!(notes.lock().unwrap().len(), 6);
    assert!(
        began.elapsed() < Duration::from_millis(1600),
        "{:?}",
        began.elapsed()
    );
}

#[actix_web::test]
async fn the_copy_is_the_request_with_the_client_s_address() {
    let upstream = real();
    let service = Upstream::start(|_| json(&json!([])));
    let shadow = shadow(&upstream.url(), &service.url(), |_| {}).await;
    let request = format!(
        "POST {LIST}?a=1 HTTP/1.1\r\nHost: mx.example.org\r\nX-Forwarded-For: 10.9.8.7\r\nContent-Type: text/odd\r\n\
         X-Access-Token: Bearer t\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    );
    assert!(!send(shadow.address(), request.as_bytes(), 1).await.is_empty());
    shadow.stop().await.unwrap();
    let copy = String::from_utf8(service.bytes()[0].clone()).unwrap();
    assert!(
        copy.starts_with(&format!("POST {LIST}?a=1 HTTP/1.1\r\n")),
        "{copy}"
    );
    assert!(copy.ends_with("\r\n\r\nabc"), "{copy}");
    let lower = copy.to_ascii_lowercase();
    for header in [
        "host: mx.example.org",
        "x-forwarded-for: 10.9.8.7, 127.0.0.1",
        "content-type: text/odd",
        "x-access-token: bearer t",
        "content-length: 3",
    ] {
        assert_eq!(
            lower.matches(&format!("\r\n{header}\r\n")).count(),
            1,
            "{header}: {copy}"
        );
    }
    assert!(
        !lower.contains("transfer-encoding") && !lower.contains("\r\nconnection:"),
        "{copy}"
    );
}

const HOST: &str = "[[access_list]]\nname = \"host\"\naddress = \"10.9.8.7\"\nusers = [\"alice\"]\n";

/// A GET of the access list from this address, behind a front end.
async fn list_from(shadow: &str, address: &str) -> Value {
    let request = reqwest::Client::new()
        .get(format!("{shadow}{LIST}"))
        .header("X-Forwarded-For", address);
    Reply::of(request).await.json()
}

#[actix_web::test]
async fn access_lists_need_the_shadow_as_a_trusted_proxy_and_the_report_says_so() {
    let upstream = Upstream::start(|_| json(&json!(["alice"])));
    for (trusted, same) in [(false, 0), (true, 1)] {
        let site = Site::with(|settings| {
            if trusted {
                settings.trusted_proxy = vec!["127.0.0.0/8".parse().unwrap()];
            }
        })
        .await;
        site.apply(HOST).await;
        let shadow = before(&upstream.url(), &site).await;
        assert_eq!(list_from(&url(&shadow), "10.9.8.7").await, json!(["alice"]));
        let report = shadow.stop().await.unwrap();
        assert_sums(&report);
        assert_eq!(
            (report.same, report.different),
            (same, 1 - same),
            "{}",
            report.text()
        );
        assert_eq!(
            report.text().contains("trusted_proxy"),
            !trusted,
            "{}",
            report.text()
        );
    }
}

#[actix_web::test]
async fn a_different_answer_is_named_with_its_shape() {
    let upstream = Upstream::start(|_| json(&json!({"id": "text"})));
    let site = Site::new().await;
    let shadow = before(&upstream.url(), &site).await;
    let alice = site.client("alice").await.moved_to(&url(&shadow));
    for name in ["one", "two", "three"] {
        assert_eq!(alice.data("BM", &dataset(name)).await.status, 200);
    }
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!((report.same, report.different), (0, 3));
    let row = row(&report, "POST", "/api/v2/{token}/data/{beamline}/");
    assert_eq!(row.samples.len(), 1);
    assert_eq!(row.samples[0].count, 3);
    assert!(
        report.text().contains("3 × status 200; id: text / number"),
        "{}",
        report.text()
    );
}

#[actix_web::test]
async fn version_3_without_the_secret_is_one_line() {
    let upstream = Upstream::start(|_| json(&json!({"id": 1})));
    let service = Upstream::start(|_| Act::Say(answer("403 Forbidden", "", "")));
    let shadow = shadow(&upstream.url(), &service.url(), |_| {}).await;
    let request = "POST /api/v3/data/BM/ HTTP/1.1\r\nX-Access-Token: Bearer t\r\nContent-Length: 0\r\n\r\n";
    let said = answer("200 OK", "Content-Type: application/json\r\n", "{\"id\":1}");
    let requests = request.repeat(300);
    let got = send(shadow.address(), requests.as_bytes(), said.len() * 300).await;
    assert_eq!(got, said.repeat(300));
    let report = shadow.stop().await.unwrap();
    assert_sums(&report);
    assert_eq!((report.explained, report.different, report.dropped), (300, 0, 0));
    assert_eq!(report.notes.len(), 1);
    assert!(report.notes[0].contains("same secret"), "{:?}", report.notes);
}
