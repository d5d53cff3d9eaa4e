//! `beamlive status`.

use super::{done, repository, serve};
use crate::support::process::{beamlive, run, Served};
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn it_shows_who_has_a_beamline_and_how_the_service_is() {
    let place = TempDir::new().unwrap();
    let facility = repository("examples/facility.toml");
    let served = serve(place.path(), &["--facility", &facility]);
    let client = |action: &[&str]| {
        done(
            place.path(),
            &[&["client", "--url", &served.url], action].concat(),
        )
    };
    client(&["register"]);
    client(&["launch", "night-shift"]);
    client(&["data", &repository("examples/dataset.json")]);
    let said = done(place.path(), &["status", "--url", &served.url]);
    assert!(said.contains(": ready, beamlive 0."), "{said}");
    let line = said.lines().find(|line| line.contains("night-shift"));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    assert!(
        line.starts_with("BM ") && line.contains("alice") && line.contains("1 datasets"),
        "{line}"
    );
    assert!(
        said.contains("requests ") && said.contains("store     writing") && said.contains("free of"),
        "{said}"
    );
    assert!(said.contains("outbox    0 directories wait"), "{said}");

    let json: Value = serde_json::from_str(&done(
        place.path(),
        &["status", "--format", "json", "--url", &served.url],
    ))
    .unwrap();
    assert_eq!(json["beamlines"][0]["session"]["name"], "night-shift");
    assert!(json["requests"]["per_second"].as_f64().unwrap() > 0.0, "{json}");
    assert!(json["store"]["bytes"].as_f64().unwrap() > 0.0, "{json}");
    client(&["close", "night-shift"]);
    let said = done(place.path(), &["status", "--url", &served.url]);
    assert!(!said.contains("night-shift") && said.contains("free: "), "{said}");
}

#[test]
fn it_shows_again_and_again() {
    let place = TempDir::new().unwrap();
    let served = serve(place.path(), &[]);
    let mut watching = Served::spawn(beamlive(
        place.path(),
        &[
            "status",
            "--watch",
            "100ms",
            "--format",
            "json",
            "--url",
            &served.url,
        ],
    ));
    let begun = std::time::Instant::now();
    while begun.elapsed() < std::time::Duration::from_secs(3) {
        std::thread::park_timeout(std::time::Duration::from_millis(200));
    }
    let said = watching.stop("INT").stdout;
    assert!(said.lines().count() > 3, "{said}");
    for line in said.lines() {
        let picture: Value = serde_json::from_str(line).unwrap();
        assert_eq!(picture["status"], "ready");
    }
}

#[test]
fn metrics_at_another_address_are_named_by_the_health_url() {
    let place = TempDir::new().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let health = free.local_addr().unwrap().to_string();
    drop(free);
    let config = format!("[health]\nlisten = {health:?}\n");
    std::fs::write(place.path().join("config.toml"), config).unwrap();
    let served = serve(place.path(), &["--config", "config.toml"]);
    let status = ["status", "--url", &served.url];
    let ended = run(place.path(), &status);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("--health-url"), "{}", ended.stderr);
    let url = format!("http://{health}");
    assert!(done(place.path(), &[&status[..], &["--health-url", &url]].concat()).contains("ready"));
}
