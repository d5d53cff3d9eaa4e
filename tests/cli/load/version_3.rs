//! `beamlive load --api v3`.

use super::{assert_results, assert_success, load, results, row};
use crate::cli::{admin, serve, write};
use crate::support::process::{ended, run, run_with_input};
use rstest::rstest;
use serde_json::json;
use tempfile::TempDir;

#[rstest]
#[case("mxdc", "max", 3, &["sign-in", "launch", "samples", "dataset", "report", "close", "connections"])]
#[case("uploads", "max", 24, &["sign-in", "launch", "dataset", "close"])]
#[case("samples", "40/s", 3, &["sign-in", "samples"])]
#[case("launches", "60/s", 3, &["sign-in", "launch", "close"])]
#[case("access", "30/s", 0, &["access list", "connections", "keys"])]
#[actix_web::test]
async fn every_program_signs_in_and_the_books_are_right(
    #[case] mix: &str,
    #[case] rate: &str,
    #[case] programs: u64,
    #[case] operations: &[&str],
) {
    let place = TempDir::new().unwrap();
    let mut served = serve(place.path(), &[]);
    let mut more = vec!["--api", "v3", "--mix", mix, "--rate", rate];
    // More programs than the service checks passwords at once for one address.
    if programs > 3 {
        more.extend(["--connections", "24"]);
    }
    let ended = ended(load(place.path(), &served.url, &more));
    assert_success(&ended);
    let results = results(place.path());
    assert_results(&results, operations);
    if programs > 0 {
        assert_eq!(row(&results, "sign-in")["count"], programs, "{results:#}");
    }
    let data = place.path().join("data");
    let open = admin(&served, &data, "sessions?active=true").await;
    assert_eq!(open, json!([]), "a session of the load is still open");
    let project = admin(&served, &data, "projects/load-p000").await;
    assert_eq!(project["has_key"], false, "nothing was signed");
    served.stop("TERM");
}

#[actix_web::test]
async fn accounts_from_a_file_sign_in_with_their_passwords() {
    let place = TempDir::new().unwrap();
    let facility = crate::cli::repository("examples/facility.toml");
    let mut served = serve(place.path(), &["--facility", &facility]);
    let passwd = ["passwd", "alice", "--url", &served.url];
    let set = run_with_input(place.path(), &passwd, "p&ss word=10\n");
    assert_eq!(set.code, Some(0), "{}", set.stderr);
    let account = "[[account]]\nusername = \"alice\"\nbeamlines = [\"BM\"]\n";
    let arguments = [
        "load",
        "--api",
        "v3",
        "--url",
        &served.url,
        "--accounts",
        "accounts.toml",
        "--token-file",
        "data/admin.token",
        "--duration",
        "1s",
        "--rate",
        "30/s",
        "--json",
        "load.json",
    ];
    write(place.path(), "accounts.toml", account);
    let refused = run(place.path(), &arguments);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("alice has no password"),
        "{}",
        refused.stderr
    );
    let file = format!("{account}password = \"p&ss word=10\"\n");
    write(place.path(), "accounts.toml", &file);
    assert_success(&run(place.path(), &arguments));
    assert_results(
        &results(place.path()),
        &["sign-in", "launch", "samples", "dataset"],
    );
    served.stop("TERM");
}
