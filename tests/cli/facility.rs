//! `beamlive check` and `beamlive apply`.

use super::{admin, done, failed, repository, serve, write};
use tempfile::TempDir;

const GOOD: &str = "[[project]]\nusername = \"alice\"\n[[beamline]]\nacronym = \"BM\"\nname = \"08B1-1\"\n";
const BAD: &str = "[[project]]\nusername = \"not good\"\n[[beamline]]\nacronym = \"BM\"\nactve = true\n";

/// Asserts that every mistake of [`BAD`] is named with its place.
fn assert_named(said: &str) {
    for part in [
        "[[project]] #1 (line 1), username",
        "[[beamline]] #1 (line 3)",
        "actve",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[actix_web::test]
async fn check_prints_what_a_file_would_change_without_a_service() {
    let place = TempDir::new().unwrap();
    write(place.path(), "f.toml", GOOD);
    let said = done(place.path(), &["check", "f.toml"]);
    assert_eq!(
        said,
        "create project alice\ncreate beamline BM\n2 created, 0 updated, 0 unchanged\n"
    );
    write(
        place.path(),
        "f.json",
        "{\"project\": [{\"username\": \"alice\"}]}",
    );
    assert!(done(place.path(), &["check", "f.json"]).contains("create project alice"));
    assert_eq!(
        std::fs::read_dir(place.path()).unwrap().count(),
        2,
        "check created files"
    );
}

#[actix_web::test]
async fn check_names_every_mistake_with_its_place() {
    let place = TempDir::new().unwrap();
    write(place.path(), "f.toml", BAD);
    assert_named(&failed(place.path(), &["check", "f.toml"]));
    write(place.path(), "f.toml", "[[project\n");
    assert!(failed(place.path(), &["check", "f.toml"]).contains("line 1"));
    write(
        place.path(),
        "f.toml",
        "[[beamtime]]\nproject = \"x\"\nbeamline = \"BM\"\nstart = 2026-03-08T02:30:00\nend = 2026-03-09\n",
    );
    let said = failed(
        place.path(),
        &["check", "f.toml", "--timezone", "America/Toronto"],
    );
    assert!(said.contains("America/Toronto"), "{said}");
    assert!(failed(place.path(), &["check", "missing.toml"]).contains("missing.toml"));
}

#[actix_web::test]
async fn the_example_is_valid() {
    let place = TempDir::new().unwrap();
    let said = done(place.path(), &["check", &repository("examples/facility.toml")]);
    assert!(said.contains("create project alice"), "{said}");
    assert!(
        said.trim_end().ends_with("created, 0 updated, 0 unchanged"),
        "{said}"
    );
}

#[actix_web::test]
async fn apply_creates_once_and_check_compares_with_the_running_service() {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    write(place.path(), "f.toml", GOOD);
    let url = ["--url", served.url.as_str()];
    let command =
        |command: &'static str, more: &[&'static str]| [&[command, "f.toml"], &url[..], more].concat();
    let foreseen = done(place.path(), &command("check", &[]));
    assert_eq!(
        foreseen,
        "create project alice\ncreate beamline BM\n2 created, 0 updated, 0 unchanged\n"
    );
    assert_eq!(
        done(place.path(), &command("apply", &[])),
        "2 created, 0 updated, 0 unchanged\n"
    );
    assert_eq!(
        done(place.path(), &command("apply", &[])),
        "0 created, 0 updated, 2 unchanged\n"
    );
    assert_eq!(
        done(place.path(), &command("check", &[])),
        "0 created, 0 updated, 2 unchanged\n"
    );
    write(place.path(), "f.toml", &GOOD.replace("08B1-1", "renamed"));
    assert_eq!(
        done(place.path(), &command("apply", &[])),
        "0 created, 1 updated, 1 unchanged\n"
    );
    served.stop("TERM");
}

#[actix_web::test]
async fn apply_removes_only_with_prune() {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    let example = repository("examples/facility.toml");
    let url = ["--url", served.url.as_str()];
    done(place.path(), &[&["apply", example.as_str()], &url[..]].concat());
    write(
        place.path(),
        "f.toml",
        "[[project]]\nusername = \"alice\"\nname = \"Alice's group\"\n",
    );
    let kept = done(place.path(), &[&["apply", "f.toml"], &url[..]].concat());
    assert_eq!(kept, "0 created, 0 updated, 1 unchanged\n");
    let foreseen = done(
        place.path(),
        &[&["check", "f.toml", "--prune"], &url[..]].concat(),
    );
    assert!(foreseen.contains("remove project bob"), "{foreseen}");
    assert_eq!(
        admin(&served, &place.path().join("data"), "projects/bob").await["username"],
        "bob"
    );
    let pruned = done(
        place.path(),
        &[&["apply", "f.toml", "--prune"], &url[..]].concat(),
    );
    assert!(
        pruned.contains(" removed") && !pruned.contains(" 0 removed"),
        "{pruned}"
    );
    let bob = done(
        place.path(),
        &[&["check", "f.toml", "--prune"], &url[..]].concat(),
    );
    assert_eq!(
        bob,
        "0 created, 0 updated, 1 unchanged, 0 removed, 0 kept because records refer to them\n"
    );
    served.stop("TERM");
}

#[actix_web::test]
async fn apply_names_every_mistake_and_changes_nothing() {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    write(
        place.path(),
        "f.toml",
        &format!("{BAD}[[project]]\nusername = \"good\"\n"),
    );
    let said = failed(place.path(), &["apply", "f.toml", "--url", &served.url]);
    assert_named(&said);
    assert_named(&failed(place.path(), &["check", "f.toml", "--url", &served.url]));
    let activity = admin(&served, &place.path().join("data"), "activity").await;
    assert!(
        activity
            .as_array()
            .unwrap()
            .iter()
            .all(|entry| entry["action"] != "apply"),
        "{activity}"
    );
    served.stop("TERM");
}

#[actix_web::test]
async fn apply_explains_why_a_request_failed() {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    write(place.path(), "f.toml", GOOD);
    write(place.path(), "wrong", &"0".repeat(80));
    let said = failed(
        place.path(),
        &["apply", "f.toml", "--url", &served.url, "--token-file", "wrong"],
    );
    assert!(said.contains("401") && said.contains("admin token"), "{said}");
    let said = failed(
        place.path(),
        &["apply", "f.toml", "--url", &served.url, "--token-file", "missing"],
    );
    assert!(said.contains("missing"), "{said}");
    assert!(failed(place.path(), &["apply", "missing.toml", "--url", &served.url]).contains("missing.toml"));
    let url = served.url.clone();
    served.stop("TERM");
    let said = failed(place.path(), &["apply", "f.toml", "--url", &url]);
    assert!(said.contains(&url), "{said}");
}
