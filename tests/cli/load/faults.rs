//! A load through a proxy that injects faults.

use super::faulty_proxy::{Fault, FaultyProxy};
use super::{assert_success, load, results, row};
use crate::cli::serve;
use crate::support::process::{ended, run};
use rstest::rstest;
use std::time::Duration;
use tempfile::TempDir;

#[rstest]
#[case(Fault::Swallow, "are missing", "is missing")]
#[case(Fault::Repeat, "are there twice", "is there twice")]
#[actix_web::test]
async fn lost_and_doubled_uploads_are_found_and_named(
    #[case] fault: Fault,
    #[case] summary: &str,
    #[case] named: &str,
) {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    let proxy = FaultyProxy::start(&served.url, fault);
    let ended = ended(load(
        place.path(),
        &proxy.url,
        &["--mix", "uploads", "--rate", "30/s"],
    ));
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stderr.contains("the stored records are wrong"),
        "{}",
        ended.stderr
    );
    let audit = &results(place.path())["audit"];
    assert_eq!(audit["verdict"], "wrong");
    let wrong = if fault == Fault::Swallow {
        "missing"
    } else {
        "twice"
    };
    assert_eq!(audit[wrong], 1, "{audit}");
    assert!(ended.stdout.contains(&format!("1 {summary}")), "{}", ended.stdout);
    assert!(audit["named"].to_string().contains(named), "{audit}");
    served.stop("TERM");
}

#[actix_web::test]
async fn a_latency_starts_when_the_request_is_due() {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    let proxy = FaultyProxy::start(&served.url, Fault::Delay(Duration::from_millis(50)));
    // 100 requests a second are due, but the proxy answers only 20.
    let more = ["--beamlines", "1", "--mix", "samples", "--rate", "100/s"];
    let arguments: Vec<_> = [
        "load",
        "--url",
        &proxy.url,
        "--samples",
        "5",
        "--duration",
        "1s",
        "--json",
        "load.json",
    ]
    .into_iter()
    .chain(more)
    .collect();
    let ended = run(place.path(), &arguments);
    assert_success(&ended);
    let results = results(place.path());
    let samples = row(&results, "samples");
    assert!(
        samples["p50_ms"].as_f64().unwrap() > 200.0,
        "the latency does not include the wait for earlier answers: {samples}"
    );
    assert!(results["unsent"].as_u64().unwrap() > 20, "{}", results["unsent"]);
    assert!(ended.stdout.contains("did not keep up"), "{}", ended.stdout);
    served.stop("TERM");
}
