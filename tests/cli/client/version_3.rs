//! `beamlive client --v3`, and `beamlive passwd`.

use crate::cli::{admin, repository, serve, write};
use crate::support::process::{run_with_input, Served};
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

const PASSWORD: &str = "correct horse";

/// anna is a member of two projects.
const PEOPLE: &str = r#"
[[person]]
username = "anna"
member_of = [{ project = "alice" }, { project = "bob" }]
"#;

/// A service with accounts, and where its clients run.
struct Place {
    directory: TempDir,
    served: Served,
}

impl Place {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let facility = repository("examples/facility.toml");
        let served = serve(directory.path(), &["--facility", &facility]);
        let place = Self { directory, served };
        write(place.path(), "people.toml", PEOPLE);
        place.done("", &["apply", "people.toml", "--url", &place.served.url]);
        for username in ["alice", "anna"] {
            place.passwd(&format!("{PASSWORD}\n"), &[username]);
        }
        place
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Runs a command, which must succeed, and returns its standard output.
    fn done(&self, input: &str, arguments: &[&str]) -> String {
        let ended = run_with_input(self.path(), arguments, input);
        assert_eq!(
            ended.code,
            Some(0),
            "{arguments:?}: {}{}",
            ended.stdout,
            ended.stderr
        );
        ended.stdout
    }

    fn passwd(&self, input: &str, more: &[&str]) -> String {
        self.done(input, &[&["passwd", "--url", &self.served.url], more].concat())
    }

    fn client<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        [&["client", "--url", &self.served.url, "--v3"], more].concat()
    }

    /// A client of version 3, which must succeed.
    fn good(&self, more: &[&str]) -> String {
        self.done("", &self.client(more))
    }

    /// A client of version 3, which must fail. Returns what it says.
    fn bad(&self, input: &str, more: &[&str]) -> String {
        let ended = run_with_input(self.path(), &self.client(more), input);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(1), ""),
            "{more:?}: {}",
            ended.stderr
        );
        ended.stderr
    }

    fn login(&self, user: &str) {
        let said = self.done(&format!("{PASSWORD}\n"), &self.client(&["--user", user, "login"]));
        assert_eq!(said, format!("{user} has signed in\n"));
    }

    /// What is in the file of tokens.
    fn tokens(&self) -> BTreeMap<String, String> {
        let bytes = std::fs::read(self.path().join("project.tokens")).unwrap();
        rmp_serde::from_slice(&bytes).unwrap()
    }

    fn write_tokens(&self, tokens: &BTreeMap<String, String>) {
        let bytes = rmp_serde::to_vec(tokens).unwrap();
        std::fs::write(self.path().join("project.tokens"), bytes).unwrap();
    }

    /// Username of the project that has the beamline.
    async fn occupied_by(&self) -> Vec<Value> {
        let sessions = admin(&self.served, &self.path().join("data"), "sessions?active=true").await;
        let sessions = sessions.as_array().unwrap().iter();
        sessions.map(|session| session["project"].clone()).collect()
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[actix_web::test]
async fn a_day_with_a_password() {
    let mut place = Place::new();
    place.login("alice");
    assert_eq!(place.good(&["verify"]), "the access token is good\n");
    let launched = parsed(&place.good(&["launch", "day-1"]));
    assert_eq!(launched["session"], "day-1");
    let samples = parsed(&place.good(&["samples"]));
    assert!(!samples.as_array().unwrap().is_empty());
    let dataset = repository("examples/dataset.json");
    assert_eq!(parsed(&place.good(&["data", &dataset])), json!({"id": 1}));
    let report = repository("examples/report.json");
    assert_eq!(parsed(&place.good(&["report", &report])), json!({"id": 1}));
    assert_eq!(parsed(&place.good(&["close", "day-1"]))["session"], "day-1");
    let session = admin(&place.served, &place.path().join("data"), "sessions/1").await;
    assert_eq!(
        (&session["datasets"], &session["reports"]),
        (&json!(1), &json!(1)),
        "{session}"
    );
    assert!(place.bad("", &["close", "never"]).contains("404"));
    place.served.stop("TERM");
}

#[actix_web::test]
async fn the_tokens_are_in_a_file_that_only_its_owner_can_read() {
    let mut place = Place::new();
    place.login("alice");
    let file = place.path().join("project.tokens");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let first = place.tokens();
    assert_eq!(first.keys().collect::<Vec<_>>(), ["access", "refresh"]);
    assert_eq!(place.good(&["refresh"]), "there are new tokens\n");
    let second = place.tokens();
    assert!(first["access"] != second["access"] && first["refresh"] != second["refresh"]);
    place.good(&["samples"]);
    let names = std::fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(
        names,
        ["data", "people.toml", "project.tokens"],
        "no part is left over"
    );

    assert_eq!(
        place.good(&["logout"]),
        "the tokens are removed from this machine\n"
    );
    assert_eq!(place.good(&["logout"]), "there were no tokens\n");
    for action in ["samples", "verify", "refresh"] {
        assert!(place.bad("", &[action]).contains("--v3 login"), "{action}");
    }
    place.served.stop("TERM");
}

#[actix_web::test]
async fn an_access_token_that_is_refused_is_replaced_once() {
    let mut place = Place::new();
    place.login("alice");
    let first = place.tokens();
    let mut spoiled = first.clone();
    spoiled.insert("access".to_owned(), "no token".to_owned());
    place.write_tokens(&spoiled);
    assert!(place.bad("", &["verify"]).contains("Token is invalid or expired"));
    place.good(&["samples"]);
    let second = place.tokens();
    assert_ne!(first["refresh"], second["refresh"]);
    place.good(&["samples"]);
    assert_eq!(place.tokens(), second, "a good token is not replaced");
    // A refusal for another reason does not replace the token.
    assert!(place
        .bad("", &["--project", "bob", "samples"])
        .contains("a project acts for itself only"));
    assert_eq!(place.tokens(), second);

    assert_eq!(
        place.passwd("", &["alice", "--end-tokens"]),
        "alice has to sign in again\n"
    );
    let refused = place.bad("", &["samples"]);
    assert!(
        refused.contains("401: Token is blacklisted") && refused.contains("--v3 login"),
        "{refused}"
    );
    assert_eq!(place.tokens(), second, "what is refused replaces nothing");
    place.login("alice");
    place.good(&["samples"]);
    place.served.stop("TERM");
}

#[actix_web::test]
async fn a_person_names_the_project() {
    let mut place = Place::new();
    place.login("anna");
    assert!(place.bad("", &["launch", "day"]).contains("X-Project"));
    for project in ["alice", "bob"] {
        place.good(&["--project", project, "launch", "day"]);
        assert_eq!(place.occupied_by().await, [project]);
    }
    assert!(place
        .bad("", &["--project", "carol", "launch", "day"])
        .contains("403"));
    place.served.stop("TERM");
}

#[actix_web::test]
async fn a_wrong_password_is_refused_and_versions_are_not_mixed() {
    let mut place = Place::new();
    let refused = place.bad("wrong horses\n", &["login"]);
    assert!(refused.contains("401: No active account found"), "{refused}");
    assert!(place
        .bad("", &["login"])
        .contains("there is no password in the input"));
    assert!(!place.path().join("project.tokens").exists());
    for action in ["keygen", "register"] {
        assert!(place.bad("", &[action]).contains("--v3 login"), "{action}");
    }
    for action in ["login", "verify", "refresh", "logout"] {
        let said = crate::cli::failed(place.path(), &["client", action]);
        assert!(said.contains("add --v3"), "{said}");
    }
    let made = place.passwd("", &["alice", "--reset"]);
    let made = made.trim().strip_prefix("the new password of alice: ").unwrap();
    assert!(place.bad(PASSWORD, &["login"]).contains("401"));
    place.done(made, &place.client(&["login"]));
    place.passwd("", &["alice", "--expire"]);
    assert!(place.bad(made, &["login"]).contains("expired"));
    place.served.stop("TERM");
}
