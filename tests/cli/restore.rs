//! `beamlive restore`.

use super::{admin, done, failed, refused, serve};
use crate::support::process::run;
use crate::support::{assert_clean, busy_site};
use tempfile::TempDir;

#[actix_web::test]
async fn a_restored_store_equals_the_original() {
    let mut site = busy_site().await;
    let before = assert_clean(site.data()).await;
    let home = TempDir::new().unwrap();
    // Its Data Proxy is down, so that the outbox stays the same here and in the copy.
    site.start_with(|_| {}).await;
    let sessions = site.admin("sessions").await;
    let data = site.admin("data").await;
    let activity = site.admin("activity").await;
    let newest = site.admin("data?limit=1").await[0]["id"].clone();
    let token = site.data().join("admin.token");
    let url = site.url();
    let home_path = home.path().to_owned();
    actix_web::web::block(move || {
        let token = token.to_str().unwrap();
        done(
            &home_path,
            &["backup", "file", "--url", &url, "--token-file", token],
        );
    })
    .await
    .unwrap();
    let datasets = format!("Dataset up to {newest}");
    // A backup can be restored into each engine.
    for (engine, other) in [("sled", "fjall"), ("fjall", "sled")] {
        let said = done(
            home.path(),
            &["restore", "file", "--data", engine, "--store-engine", engine],
        );
        assert!(said.starts_with(&format!("{engine}: ")), "{said}");
        assert!(
            said.contains(&format!(" rows in {engine}, the store as it was at")),
            "{said}"
        );
        assert!(said.contains(&datasets), "{said}");

        let verified = done(home.path(), &["verify", "--data", engine]);
        let line = verified.lines().find(|line| line.starts_with("Chunk ")).unwrap();
        let pieces: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert_eq!(pieces, before.rows(beamlive_storage::Table::Chunk));
        let said = refused(home.path(), &["--data", engine, "--store-engine", other]);
        assert!(
            said.contains(&format!("was made by the engine {engine}")),
            "{said}"
        );
        let served = serve(
            home.path(),
            &[
                "--data",
                engine,
                "--store-engine",
                engine,
                "--proxy-url",
                "http://127.0.0.1:1/download",
            ],
        );
        let copy = home.path().join(engine);
        assert_eq!(admin(&served, &copy, "sessions").await, sessions);
        assert_eq!(admin(&served, &copy, "data").await, data);
        assert_eq!(admin(&served, &copy, "activity").await, activity);
        let own = std::fs::read_to_string(copy.join("admin.token")).unwrap();
        assert_ne!(own.trim(), site.admin_token());
    }
}

#[test]
fn a_restore_into_memory_is_refused() {
    let home = TempDir::new().unwrap();
    let ended = run(
        home.path(),
        &["restore", "file", "--data", "copy", "--store-engine", "memory"],
    );
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("choose sled or fjall"), "{}", ended.stderr);
}

#[test]
fn a_failed_restore_leaves_nothing_to_serve() {
    let home = TempDir::new().unwrap();
    let served = serve(home.path(), &["--data", "data"]);
    done(home.path(), &["backup", "file", "--url", &served.url]);
    drop(served);
    let bytes = std::fs::read(home.path().join("file")).unwrap();
    std::fs::write(home.path().join("short"), &bytes[..bytes.len() - 1]).unwrap();
    let said = failed(home.path(), &["restore", "short", "--data", "copy"]);
    assert!(said.contains("the backup is cut short"), "{said}");
    assert!(!home.path().join("copy").exists());

    let said = failed(home.path(), &["restore", "file", "--data", "data"]);
    assert!(said.contains("data is not empty"), "{said}");
    let said = failed(home.path(), &["restore", "missing", "--data", "copy"]);
    assert!(said.contains("can't read missing"), "{said}");

    // The state after a restore was killed.
    std::fs::create_dir_all(home.path().join("killed/store.restoring")).unwrap();
    let said = refused(home.path(), &["--data", "killed"]);
    assert!(
        said.contains("a restore into this data directory did not finish: remove killed/store.restoring"),
        "{said}"
    );
    assert!(!home.path().join("killed/store").exists());
}
