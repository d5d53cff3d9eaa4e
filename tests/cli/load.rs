//! `beamlive load`: a simulated facility against `beamlive serve`.

mod faults;
mod faulty_proxy;
mod version_3;

use super::{admin, serve, write};
use crate::support::process::{beamlive, ended, run, Ended, Served};
use rstest::rstest;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A load of three beamlines, with `more` options.
fn load(directory: &Path, url: &str, more: &[&str]) -> Command {
    let common = [
        "load",
        "--url",
        url,
        "--beamlines",
        "3",
        "--hosts",
        "2",
        "--samples",
        "20",
        "--duration",
        "1s",
        "--json",
        "load.json",
    ];
    beamlive(directory, &[&common[..], more].concat())
}

fn results(directory: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(directory.join("load.json")).unwrap()).unwrap()
}

/// The row of an operation.
fn row<'a>(results: &'a Value, operation: &str) -> &'a Value {
    let rows = results["operations"].as_array().unwrap();
    let row = rows.iter().find(|row| row["operation"] == operation);
    row.unwrap_or_else(|| panic!("no {operation} in {rows:?}"))
}

fn assert_success(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}

/// Asserts that every request was answered with 200 and that the records are right.
fn assert_results(results: &Value, operations: &[&str]) {
    for operation in operations {
        let row = row(results, operation);
        assert_eq!(row["failed"], 0, "{row}");
        assert_eq!(row["statuses"]["200"], row["count"], "{row}");
        assert!(row["p50_ms"].as_f64().unwrap() > 0.0 && row["max_ms"].as_f64() >= row["p99_ms"].as_f64());
    }
    assert_eq!(results["audit"]["verdict"], "right", "{results:#}");
}

#[rstest]
#[case("mxdc", "max", "ed25519", &["launch", "samples", "dataset", "report", "close", "connections"])]
#[case("mxdc", "60/s", "dsa", &["launch", "samples", "dataset", "report", "close", "connections"])]
#[case("uploads", "max", "ed25519", &["launch", "dataset", "close"])]
#[case("samples", "40/s", "ed25519", &["samples"])]
#[case("launches", "max", "ed25519", &["launch", "close"])]
#[case("access", "30/s", "ed25519", &["access list", "connections", "keys"])]
#[actix_web::test]
async fn every_mix_is_answered_and_its_books_are_right(
    #[case] mix: &str,
    #[case] rate: &str,
    #[case] keys: &str,
    #[case] operations: &[&str],
) {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    let more = ["--mix", mix, "--rate", rate, "--key-type", keys];
    let ended = ended(load(place.path(), &served.url, &more));
    assert_success(&ended);
    let results = results(place.path());
    assert_results(&results, operations);
    assert!(ended.stdout.contains("audit: right"), "{}", ended.stdout);
    let audit = &results["audit"];
    let data = place.path().join("data");
    if mix != "samples" && mix != "access" {
        assert_eq!(audit["launches"], row(&results, "launch")["count"]);
        let open = admin(&served, &data, "sessions?active=true").await;
        assert_eq!(open, serde_json::json!([]), "a session of the load is still open");
    }
    if mix == "uploads" {
        assert_eq!(audit["datasets"], row(&results, "dataset")["count"]);
    }
    served.stop("TERM");
}

/// The users on this machine's access list.
async fn access_list(served: &Served) -> Value {
    beamlive::proxy::install_crypto();
    let list = reqwest::get(format!("{}/api/v2/accesslist/", served.url));
    list.await.unwrap().json().await.unwrap()
}

#[actix_web::test]
async fn a_load_removes_its_declarations_and_can_run_again() {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    let data = place.path().join("data");
    for mix in ["mxdc", "uploads"] {
        let said = ended(load(place.path(), &served.url, &["--mix", mix, "--rate", "20/s"]));
        assert_success(&said);
        assert!(said.stdout.contains("What stays"), "{}", said.stdout);
        assert_eq!(
            access_list(&served).await,
            serde_json::json!([]),
            "the access list of the load still exists"
        );
        let project = admin(&served, &data, "projects/load-p000").await;
        assert_eq!(
            (&project["has_key"], &project["ssh_keys"]),
            (&true.into(), &0.into())
        );
    }
    write(
        place.path(),
        "theirs.toml",
        "[[project]]\nusername = \"their-p000\"\n",
    );
    let apply = ["apply", "theirs.toml", "--url", &served.url];
    super::done(place.path(), &apply);
    let refused = ended(load(place.path(), &served.url, &["--prefix", "their"]));
    assert_eq!(refused.code, Some(1));
    for part in ["their-p000", "--prefix"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    served.stop("TERM");
}

#[actix_web::test]
async fn a_load_keeps_what_it_did_not_declare() {
    let place = TempDir::new().unwrap();
    let facility = super::repository("examples/facility.toml");
    let mut served = serve(place.path(), &["--facility", &facility]);
    let data = place.path().join("data");
    super::done(
        place.path(),
        &["client", "--url", &served.url, "--user", "alice", "register"],
    );
    let before = (
        admin(&served, &data, "projects/alice").await,
        access_list(&served).await,
    );
    assert_ne!(
        before.1,
        serde_json::json!([]),
        "the operator's list for this machine"
    );
    let said = ended(load(
        place.path(),
        &served.url,
        &["--mix", "mxdc", "--rate", "20/s"],
    ));
    assert_success(&said);
    assert!(
        said.stdout
            .contains("without hosts: this machine has an access list"),
        "{}",
        said.stdout
    );
    let refused = ended(load(place.path(), &served.url, &["--mix", "access"]));
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("must not be logged off"),
        "{}",
        refused.stderr
    );
    let after = (
        admin(&served, &data, "projects/alice").await,
        access_list(&served).await,
    );
    assert_eq!(after, before);
    let again = super::done(place.path(), &["apply", &facility, "--url", &served.url]);
    assert!(again.starts_with("0 created, 0 updated"), "{again}");
    served.stop("TERM");
}

#[actix_web::test]
async fn a_signal_ends_a_load_early_and_cleanly() {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    let more = [
        "--duration",
        "10min",
        "--mix",
        "mxdc",
        "--rate",
        "50/s",
        "--html",
        "load.html",
    ];
    let arguments: Vec<_> = [
        "load",
        "--url",
        &served.url,
        "--beamlines",
        "2",
        "--samples",
        "5",
        "--json",
        "load.json",
    ]
    .into_iter()
    .chain(more)
    .collect();
    let mut loading = Served::spawn(beamlive(place.path(), &arguments));
    loading.until("dataset: ");
    let ended = loading.stop("INT");
    assert_success(&ended);
    let results = results(place.path());
    assert_eq!(results["interrupted"], true);
    assert!(results["seconds"].as_f64().unwrap() < 590.0);
    assert_results(&results, &["launch", "dataset", "close"]);
    assert!(ended.stdout.contains("ended before its time"), "{}", ended.stdout);
    served.stop("TERM");
}

#[actix_web::test]
async fn results_are_written_as_a_page_and_as_histogram_logs() {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    let more = [
        "--mix",
        "uploads",
        "--rate",
        "max",
        "--connections",
        "6",
        "--threads",
        "2",
        "--sign",
        "each",
        "--html",
        "load.html",
        "--hdr",
        "logs",
    ];
    assert_success(&ended(load(place.path(), &served.url, &more)));
    let results = results(place.path());
    let count = row(&results, "dataset")["count"].as_u64().unwrap();
    let page = std::fs::read_to_string(place.path().join("load.html")).unwrap();
    assert!(page.contains(&format!("200 ×{count}")) && page.contains(served.url.as_str()));
    let log = std::fs::read_to_string(place.path().join("logs/dataset.hlog")).unwrap();
    assert_eq!(logged(&log), count);
    served.stop("TERM");
}

/// How many values are in a histogram log.
fn logged(log: &str) -> u64 {
    use base64::Engine;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    let mut deserializer = hdrhistogram::serialization::Deserializer::new();
    let mut count = 0;
    for entry in IntervalLogIterator::new(log.as_bytes()) {
        if let LogEntry::Interval(interval) = entry.unwrap() {
            let bytes = base64::prelude::BASE64_STANDARD
                .decode(interval.encoded_histogram())
                .unwrap();
            let histogram: hdrhistogram::Histogram<u64> =
                deserializer.deserialize(&mut bytes.as_slice()).unwrap();
            count += histogram.len();
        }
    }
    count
}

#[actix_web::test]
async fn accounts_from_a_file_do_not_need_the_admin_api() {
    let place = TempDir::new().unwrap();
    let facility = super::repository("examples/facility.toml");
    let mut served = serve(place.path(), &["--facility", &facility]);
    let register = [
        "client",
        "--url",
        &served.url,
        "--user",
        "alice",
        "--key",
        "alice.key",
        "register",
    ];
    super::done(place.path(), &register);
    let accounts = "[[account]]\nusername = \"alice\"\nkey = \"alice.key\"\nbeamlines = [\"BM\"]\n";
    write(place.path(), "accounts.toml", accounts);
    let accounts = [
        "load",
        "--url",
        &served.url,
        "--accounts",
        "accounts.toml",
        "--duration",
        "1s",
        "--rate",
        "30/s",
        "--json",
        "load.json",
    ];
    let ended = run(place.path(), &accounts);
    assert_success(&ended);
    assert!(
        ended.stdout.contains("audit: not checked") && ended.stdout.contains("--token-file"),
        "{}",
        ended.stdout
    );
    assert_eq!(row(&results(place.path()), "dataset")["failed"], 0);
    let checked = run(
        place.path(),
        &[&accounts[..], &["--token-file", "data/admin.token"]].concat(),
    );
    assert_success(&checked);
    assert_results(&results(place.path()), &["launch", "samples", "dataset"]);
    served.stop("TERM");
}

#[rstest]
#[case(&["--url", "ftp://127.0.0.1:1"], "http and https")]
#[case(&["--connections", "4", "--rate", "5/s"], "--rate max")]
#[case(&["--accounts", "nowhere.toml", "--url", "http://127.0.0.1:1"], "nowhere.toml")]
#[case(&["--url", "http://127.0.0.1:1", "--token-file", "nowhere"], "nowhere")]
#[case(&["--address", "here"], "--address here")]
#[case(&["--api", "v3", "--sign", "each"], "--api v2")]
#[case(&["--api", "v3", "--key-type", "dsa"], "--api v2")]
#[actix_web::test]
async fn unusable_arguments_are_explained(#[case] arguments: &[&str], #[case] why: &str) {
    let place = TempDir::new().unwrap();
    write(place.path(), "data", "");
    let said = super::failed(place.path(), &[&["load"], arguments].concat());
    assert!(said.contains(why), "{said}");
}
