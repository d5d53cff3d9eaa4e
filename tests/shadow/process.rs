//! `beamlive shadow` as a process.

use super::nowhere;
use super::upstream::{json, Upstream};
use crate::support::process::{beamlive, run, Served};
use crate::support::{eventually, Reply, Service};
use rstest::rstest;
use serde_json::{json, Value};
use tempfile::TempDir;

const LIST: &str = "/api/v2/accesslist/";

async fn get(url: &str) -> Reply {
    beamlive::proxy::install_crypto();
    Reply::of(reqwest::Client::new().get(format!("{url}{LIST}"))).await
}

fn start(place: &TempDir, upstream: &str, service: &str, more: &[&str]) -> Served {
    let common = [
        "shadow",
        "--listen",
        "127.0.0.1:0",
        "--upstream",
        upstream,
        "--service",
        service,
    ];
    Served::start(beamlive(place.path(), &[&common[..], more].concat()))
}

#[actix_web::test]
async fn the_report_is_printed_at_the_end() {
    let place = TempDir::new().unwrap();
    let upstream = Upstream::start(|_| json(&json!(["alice", "bob"])));
    let service = Service::start();
    let address = format!("http://{}", service.address());
    let mut shadow = start(&place, &upstream.url(), &address, &["--every", "50ms"]);
    for _ in 0..3 {
        assert_eq!(get(&shadow.url).await.json(), json!(["alice", "bob"]));
    }
    shadow.until("3 requests, 3 copied, 0 dropped: 3 same, 0 explained, 0 different");
    let ended = shadow.stop("TERM");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let text = ended.stdout;
    assert!(
        text.contains(&format!("Rehearsal of {address}/ before {}/\n", upstream.url())),
        "{text}"
    );
    assert!(
        text.contains("GET /api/v2/accesslist/\n  3 requests, 3 copied: 3 same"),
        "{text}"
    );
}

#[actix_web::test]
async fn the_report_is_written_into_its_file_meanwhile() {
    let place = TempDir::new().unwrap();
    let upstream = Upstream::start(|_| json(&json!([])));
    let more = ["--report", "report.json"];
    let mut shadow = start(&place, &upstream.url(), &nowhere(), &more);
    let file = place.path().join("report.json");
    get(&shadow.url).await;
    let hangup = ["-HUP", &shadow.id().to_string()].map(ToOwned::to_owned);
    let report = eventually("the report after SIGHUP", || async {
        let sent = std::process::Command::new("kill").args(&hangup).status();
        assert!(sent.unwrap().success());
        let report: Value = serde_json::from_slice(&std::fs::read(&file).ok()?).unwrap();
        (report["dropped"] == 1).then_some(report)
    });
    assert_eq!(report.await["routes"][0]["route"], LIST);
    get(&shadow.url).await;
    let ended = shadow.stop("INT");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "the report is in report.json\n");
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((&report["requests"], &report["dropped"]), (&json!(2), &json!(2)));
}

#[rstest]
#[case::tls(&["--upstream", "https://mx.example.org"], "--upstream must be http://HOST")]
#[case::path(&["--upstream", "http://mx.example.org/mxlive/"], "--upstream must be http://HOST")]
#[case::password(&["--upstream", "http://mx", "--service", "http://a:b@127.0.0.1:1"], "without a name or a password")]
#[case::itself(&["--upstream", "http://127.0.0.1:8000"], "every request would count twice")]
#[case::address(&["--upstream", "http://mx", "--listen", "192.0.2.1:80"], "can't listen on 192.0.2.1:80")]
fn what_can_t_be_used_is_refused(#[case] arguments: &[&str], #[case] words: &str) {
    let place = TempDir::new().unwrap();
    let ended = run(place.path(), &[&["shadow"], arguments].concat());
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
    assert!(!ended.stderr.contains("a:b"), "{}", ended.stderr);
}

#[test]
fn a_report_needs_a_name_that_chooses_its_format() {
    let place = TempDir::new().unwrap();
    let ended = run(
        place.path(),
        &["shadow", "--upstream", "http://mx", "--report", "report.pdf"],
    );
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("*.html, *.json or *.txt"),
        "{}",
        ended.stderr
    );
}
