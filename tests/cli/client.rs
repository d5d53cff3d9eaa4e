//! `beamlive client`: a day at a beamline.

mod version_3;

use super::{admin, done, failed, repository, serve, write};
use serde_json::{json, Value};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn strs(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[actix_web::test]
async fn keygen_makes_a_private_file_and_never_overwrites_a_key() {
    let place = TempDir::new().unwrap();
    let public = done(place.path(), &["client", "--key", "k", "keygen"]);
    assert!(
        public.starts_with("ssh-ed25519 AAAA") && public.lines().count() == 1,
        "{public}"
    );
    let file = place.path().join("k");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let key = std::fs::read_to_string(&file).unwrap();
    assert!(key.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
    assert!(failed(place.path(), &["client", "--key", "k", "keygen"]).contains("k"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), key);
}

#[actix_web::test]
async fn a_day_at_a_beamline_with_the_examples() {
    let place = TempDir::new().unwrap();
    let facility = repository("examples/facility.toml");
    let mut served = serve(place.path(), &["--facility", &facility]);
    let data = place.path().join("data");
    let url = served.url.as_str();
    let common = [
        "client",
        "--url",
        url,
        "--user",
        "alice",
        "--beamline",
        "BM",
        "--key",
        "k",
    ];
    let client = |more: &[&str]| -> Vec<String> {
        common
            .iter()
            .chain(more)
            .map(|&argument| argument.to_owned())
            .collect()
    };
    let done = |directory: &Path, arguments: &[String]| done(directory, &strs(arguments));
    let failed = |directory: &Path, arguments: &[String]| failed(directory, &strs(arguments));
    done(place.path(), &client(&["keygen"]));
    let early = failed(place.path(), &client(&["launch", "day-1"]));
    assert!(early.contains("400") && early.contains("register"), "{early}");
    for _ in 0..2 {
        assert_eq!(done(place.path(), &client(&["register"])), "{}\n");
    }
    let launched = parsed(&done(place.path(), &client(&["launch", "day-1"])));
    assert_eq!(
        (&launched["session"], &launched["duration"]),
        (&json!("day-1"), &json!("0 minutes"))
    );
    let samples = parsed(&done(place.path(), &client(&["samples"])));
    assert!(!samples.as_array().unwrap().is_empty());
    assert!(samples[0]["port"].is_string());
    let dataset = repository("examples/dataset.json");
    assert_eq!(
        parsed(&done(place.path(), &client(&["data", &dataset]))),
        json!({"id": 1})
    );
    assert_eq!(
        parsed(&done(place.path(), &client(&["data", &dataset]))),
        json!({"id": 1}),
        "the uuid is the same"
    );
    let report = repository("examples/report.json");
    assert_eq!(
        parsed(&done(place.path(), &client(&["report", &report]))),
        json!({"id": 1})
    );
    let closed = parsed(&done(place.path(), &client(&["close", "day-1"])));
    assert_eq!(closed["session"], "day-1");
    let session = admin(&served, &data, "sessions/1").await;
    assert_eq!(
        (&session["datasets"], &session["reports"]),
        (&json!(1), &json!(1)),
        "{session}"
    );
    assert!(session["stretches"][0]["end"].is_string());
    assert_eq!(admin(&served, &data, "data/1").await["num_frames"], 1800);
    assert_eq!(admin(&served, &data, "reports/1").await["data_id"], json!([1]));
    served.stop("TERM");
}

#[actix_web::test]
async fn a_refusal_is_printed_with_every_field() {
    let place = TempDir::new().unwrap();
    let facility = repository("examples/facility.toml");
    let mut served = serve(place.path(), &["--facility", &facility]);
    let url = ["client", "--url", served.url.as_str()];
    let client = |more: &[&'static str]| [&url[..], more].concat();
    done(place.path(), &client(&["register"]));
    write(place.path(), "bad.json", "{\"name\": 1, \"energy\": -1}");
    let said = failed(place.path(), &client(&["data", "bad.json"]));
    for part in ["400", "directory: ", "energy: ", "name: ", "type: "] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    write(place.path(), "no.json", "{");
    assert!(failed(place.path(), &client(&["data", "no.json"])).contains("no.json"));
    assert!(failed(place.path(), &client(&["report", "missing.json"])).contains("missing.json"));
    assert!(failed(place.path(), &client(&["close", "never"])).contains("404"));
    assert!(failed(place.path(), &client(&["--beamline", "XX", "samples"])).contains("404"));
    assert!(
        failed(place.path(), &client(&["--user", "bob", "samples"])).contains("400"),
        "bob has no key yet"
    );
    assert!(
        failed(place.path(), &client(&["--key", "other", "samples"])).contains("keygen"),
        "the command that makes a key"
    );
    done(place.path(), &client(&["--key", "other", "keygen"]));
    assert!(failed(place.path(), &client(&["--key", "other", "samples"])).contains("405"));
    assert!(failed(place.path(), &client(&["--key", "other", "register"])).contains("409"));
    served.stop("TERM");
}
