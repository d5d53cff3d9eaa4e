//! `beamlive proxy`: the Data Proxy as a separate process, used by a `beamlive` that forwards to
//! it.

use crate::support::process::{beamlive, run, Served};
use crate::support::users::Users;
use crate::support::{eventually, Client, Reply, FACILITY};
use beamlive_actors::clock::{Clock, ManualClock, SystemClock};
use serde_json::{json, Value};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const SECRET: &str = "open sesame";

fn proxy(home: &Path, users: &Users, listen: &str) -> Command {
    let root = users.root();
    let mut command = beamlive(
        home,
        &["proxy", "--listen", listen, "--data", "keys", "--users-root"],
    );
    command.arg(root).env("BEAMLIVE_PROXY__SECRET", SECRET);
    // No address is admitted.
    command.env("BEAMLIVE_PROXY__ALLOW_FROM", "10.99.0.0/16");
    command
}

async fn admin(http: &reqwest::Client, service: &Served, home: &Path, path: &str) -> Value {
    let token = std::fs::read_to_string(home.join("data/admin.token")).unwrap();
    let request = http.get(format!("{}/api/admin/{path}", service.url));
    Reply::of(request.bearer_auth(token.trim())).await.json()
}

#[actix_web::test]
async fn another_beamlive_forwards_to_it_and_retries_while_it_is_off() {
    beamlive::proxy::install_crypto();
    let (users, home) = (Users::new(), TempDir::new().unwrap());
    std::fs::write(home.path().join("facility.toml"), FACILITY).unwrap();
    let http = reqwest::Client::new();
    let mut files = Served::start(proxy(home.path(), &users, "127.0.0.1:0"));
    let mut service = Served::start({
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--facility",
            "facility.toml",
            "--proxy-url",
        ];
        let mut command = beamlive(home.path(), &arguments);
        command
            .arg(format!("{}/download", files.url))
            .env("BEAMLIVE_PROXY__SECRET", SECRET);
        command
    });
    let alice = Client::of_service(service.url.clone(), "alice", ManualClock::at(SystemClock.now()));
    assert_eq!(alice.register().await.status, 200);
    let dataset = |directory: &str| {
        json!({"name": "image", "type": "DATA", "directory": directory, "energy": 12.658,
            "start_time": "2026-11-23T14:00:00Z"})
    };
    let key_of = |record: &'static str| {
        let (http, service, home) = (&http, &service, home.path());
        eventually("the key", move || async move {
            admin(http, service, home, record).await["url"]
                .as_str()
                .map(str::to_owned)
        })
    };
    assert_eq!(alice.data("BM", &dataset("alice/day-1")).await.status, 200);
    let key = key_of("data/1").await;
    let raw = |files: &Served, key: &str| {
        http.get(format!("{}/download/files/raw/{key}/image_0001.cbf", files.url))
    };
    assert_eq!(Reply::of(raw(&files, &key)).await.text(), "one");
    let archive = http.get(format!("{}/download/files/archive/{key}/day.tar.gz", files.url));
    assert!(Reply::of(archive).await.body.len() > 100);
    let here = http.get(format!("{}/download/files/raw/{key}/image_0001.cbf", service.url));
    assert_eq!(Reply::of(here).await.status, 404);

    let address = files.url.trim_start_matches("http://").to_owned();
    let ended = files.stop("TERM");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains(&key) && !ended.stderr.contains(SECRET));
    // Uploads do not depend on it.
    assert_eq!(
        alice.data("BM", &dataset("alice/day-1/process")).await.status,
        200
    );
    assert_eq!(
        admin(&http, &service, home.path(), "data/2").await["url"],
        Value::Null
    );
    let files = Served::start(proxy(home.path(), &users, &address));
    let token = std::fs::read_to_string(home.path().join("data/admin.token")).unwrap();
    let retry = http
        .post(format!("{}/api/admin/outbox/retry", service.url))
        .bearer_auth(token.trim());
    assert_eq!(Reply::of(retry).await.status, 200);
    let second = key_of("data/2").await;
    let merged = http.get(format!("{}/download/files/raw/{second}/CORRECT.LP", files.url));
    assert_eq!(Reply::of(merged).await.text(), "merged");
    assert_eq!(
        Reply::of(raw(&files, &key)).await.text(),
        "one",
        "keys outlive its restart"
    );
    service.stop("TERM");
}

#[actix_web::test]
async fn it_serves_only_these_routes() {
    beamlive::proxy::install_crypto();
    let (users, home) = (Users::new(), TempDir::new().unwrap());
    let mut files = Served::start(proxy(home.path(), &users, "127.0.0.1:0"));
    let http = reqwest::Client::new();
    for (path, status) in [
        ("/health/live", 200),
        ("/health/ready", 200),
        ("/metrics", 200),
        ("/api/admin/sessions", 404),
        ("/api/v2/accesslist/", 404),
        ("/api/docs/", 404),
        ("/download/data/create/", 405),
    ] {
        assert_eq!(
            Reply::of(http.get(format!("{}{path}", files.url))).await.status,
            status,
            "{path}"
        );
    }
    let create = |secret: &'static str| {
        let request = http.post(format!("{}/download/data/create/", files.url));
        request
            .header("X-Beamlive-Secret", secret)
            .form(&[("path", "alice/day-1")])
    };
    assert_eq!(Reply::of(create("guess")).await.status, 403);
    let made = Reply::of(create(SECRET)).await;
    assert_eq!(made.status, 200);
    let key = made.json()["key"].as_str().unwrap().to_owned();
    let file = http.get(format!("{}/download/files/raw/{key}/image_0002.cbf", files.url));
    assert_eq!(Reply::of(file).await.text(), "two");
    assert_eq!(files.stop("INT").code, Some(0));
}

#[test]
fn contradictory_settings_are_refused_at_start() {
    let home = TempDir::new().unwrap();
    for (name, value, said) in [
        ("BEAMLIVE_PROXY__MOUNTED", "false", "proxy.mounted"),
        ("BEAMLIVE_PROXY__ARCHIVES", "0", "proxy.archives"),
        ("BEAMLIVE_PROXY__FILE_THREADS", "0", "proxy.file_threads"),
        ("BEAMLIVE_PROXY__FILE_SECONDS", "0", "proxy.file_seconds"),
        (
            "BEAMLIVE_PROXY__ARCHIVES_PER_ADDRESS",
            "0",
            "proxy.archives_per_address",
        ),
        (
            "BEAMLIVE_PROXY__ARCHIVES_PER_PROJECT",
            "0",
            "proxy.archives_per_project",
        ),
        (
            "BEAMLIVE_PROXY__ARCHIVE_PACE_SECONDS",
            "0",
            "proxy.archive_pace_seconds",
        ),
        (
            "BEAMLIVE_PROXY__KEY_LIFETIME_DAYS",
            "0",
            "proxy.key_lifetime_days",
        ),
        (
            "BEAMLIVE_PROXY__ALTERNATES",
            "[{from=\"users\", to=\"/archive\"}]",
            "proxy.alternates",
        ),
        ("BEAMLIVE_PROXY__DELEGATE", "x-nothing", "x-nothing"),
        (
            "BEAMLIVE_PROXY__DELEGATE_PREFIX",
            "inner",
            "proxy.delegate_prefix",
        ),
        ("BEAMLIVE_PROXY__SUFFIXES", "[\"/x\"]", "proxy.suffixes"),
    ] {
        let mut command = beamlive(home.path(), &["proxy", "--listen", "127.0.0.1:0"]);
        command.env(name, value);
        let ended = crate::support::process::ended(command);
        assert_eq!(ended.code, Some(1), "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{name}: {}", ended.stderr);
    }
    std::fs::write(
        home.path().join("c.toml"),
        "proxy_url = \"http://127.0.0.1:1/\"\n",
    )
    .unwrap();
    let ended = run(
        home.path(),
        &["proxy", "--config", "c.toml", "--listen", "127.0.0.1:0"],
    );
    assert!(
        ended.code == Some(1) && ended.stderr.contains("proxy_url"),
        "{}",
        ended.stderr
    );
}
