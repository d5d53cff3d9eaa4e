//! A store with every kind of record, and a check of a store.

use super::{FakeProxy, Form, Mood, Postgres, Reply, Site, DAY, FACILITY, HOUR, MINUTE};
use beamlive::cli::verify::rules;
use beamlive::config::Settings;
use beamlive_storage::verify::{verify, Findings};
use beamlive_storage::{EngineKind, PostgresSettings, Store};
use serde_json::json;
use std::fs::File;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Checks the store of a stopped service. No process has the store open when this returns.
pub async fn assert_clean(data: &Path) -> Findings {
    until_free(data).await;
    let store = match database_of(data) {
        Some(url) => Store::open_snapshot(&PostgresSettings {
            url,
            password: None,
            ca_file: None,
            hold: Duration::from_secs(10),
            node: "test".to_owned(),
        }),
        None => Store::open_to_read(&data.join("store"), 8 * 1024 * 1024),
    };
    let store = store.unwrap();
    let findings = verify(&store, rules(), |_, _| {}).unwrap();
    assert_eq!(findings.problems.kept(), [""; 0], "{findings:?}");
    assert_eq!(findings.warnings.kept(), [""; 0], "{findings:?}");
    drop(store);
    until_free(data).await;
    findings
}

/// The engine of the tests: the one that `BEAMLIVE_TEST_ENGINE` names, otherwise sled.
pub fn engine() -> EngineKind {
    match std::env::var("BEAMLIVE_TEST_ENGINE") {
        Ok(name) => name.parse().unwrap(),
        Err(_) => EngineKind::default(),
    }
}

/// One PostgreSQL for all tests of this process, if they run on it. It ends with the process.
fn cluster() -> &'static Postgres {
    static CLUSTER: OnceLock<Option<Postgres>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(Postgres::start).as_ref();
    cluster.expect("PostgreSQL is not installed")
}

/// Sets the engine of the tests for a service.
pub fn choose_engine(settings: &mut Settings) {
    settings.store.engine = engine();
    if settings.store.engine == EngineKind::Postgres {
        let url = cluster().database();
        let data = &settings.data;
        std::fs::write(data.with_extension("url"), &url).unwrap();
        settings.store.url = Some(url);
    }
}

/// The database of the service whose data directory is `data`, if it is not in there.
fn database_of(data: &Path) -> Option<String> {
    std::fs::read_to_string(data.with_extension("url")).ok()
}

/// Waits until the store is unlocked. The tasks of a service and the threads of its database
/// release it a moment after it is closed.
pub async fn until_free(data: &Path) {
    let store = data.join("store");
    let locks = ["sled/db", "fjall/lock"].map(|lock| store.join(lock));
    let Some(lock) = locks.iter().find(|lock| lock.exists()) else {
        assert!(database_of(data).is_some(), "there is no store");
        return;
    };
    let file = File::open(lock).unwrap();
    let began = Instant::now();
    while let Err(error) = file.try_lock() {
        assert!(began.elapsed() < Duration::from_secs(60), "{error}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A service with many records: launches, closes, uploads, retries, reports, feedback,
/// connections, a pruned facility, and an external Data Proxy that worked and then failed.
pub async fn busy_site() -> Site {
    let mut site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let dataset = |name: &str, uuid: Option<&str>, directory: &str| {
        json!({
            "name": name, "type": "DATA", "directory": directory, "energy": 12.5, "exposure": 0.1,
            "frames": "1-4,8", "uuid": uuid, "sample_id": 1,
        })
    };
    let survey = alice.launch("BM", "day-1").await.json()["survey"]
        .as_str()
        .unwrap()
        .to_owned();
    let page = site.http.get(&survey).send().await.unwrap().text().await.unwrap();
    let form = Form::of(&page);
    let mut answers: Vec<_> = form.choices.into_iter().take(1).collect();
    answers.push(("comments".to_owned(), "fine".to_owned()));
    assert_eq!(
        Reply::of(site.http.post(&survey).form(&answers)).await.status,
        200
    );

    let once = dataset("once", None, "/users/bob/once");
    for _ in 0..2 {
        assert_eq!(bob.post_once("data/ID/", "k-1", &once).await.json()["id"], 1);
    }
    let mut large = dataset("large", None, "/users/alice/large");
    large["points"] = json!(vec![1.5; 20_000]);
    for body in [
        dataset("first", Some("u-1"), "/users/alice/1"),
        dataset("first", Some("u-1"), "/users/alice/1"),
        dataset("of the same run", Some("u-1"), "/users/alice/2"),
        dataset("same directory", Some("u-2"), "/users/alice/2"),
        large.clone(),
    ] {
        assert_eq!(alice.data("BM", &body).await.status, 200);
    }
    let mut other_uuid = dataset("first", Some("u-9"), "/users/alice/1");
    other_uuid["id"] = json!(2);
    assert_eq!(alice.data("BM", &other_uuid).await.json()["id"], 2);
    large["id"] = json!(5);
    large["points"] = json!(vec![2.5; 5_000]);
    assert_eq!(alice.data("BM", &large).await.json()["id"], 5);
    assert_eq!(
        bob.data("BM", &dataset("stray", None, "/users/bob/1"))
            .await
            .status,
        200
    );

    let report = |ids: &[u64]| json!({"directory": "/users/alice/r", "title": "R", "details": [1, {"a": 2}], "data_id": ids});
    assert_eq!(alice.report("BM", &report(&[2, 3, 6])).await.json()["id"], 1);
    site.pass(MINUTE);
    alice.close("BM", "day-1").await;
    site.pass(MINUTE);
    alice.launch("BM", "day-1").await;
    bob.launch("BM", "visit").await;
    assert_eq!(
        bob.data("BM", &dataset("his", Some("u-1"), "/users/bob/2"))
            .await
            .status,
        200
    );
    site.pass(HOUR);
    alice.launch("BM", "day-1").await;
    bob.launch("ID", "visit").await;
    site.pass(8 * DAY);
    alice.close("BM", "day-1").await;
    site.pass(8 * DAY);
    alice.launch("BM", "day-1").await;
    // The clock runs backwards.
    site.pass(-HOUR);
    bob.launch("BM", "visit").await;
    alice.launch("BM", "day-2").await;
    let mut update = report(&[]);
    update["id"] = json!(1);
    assert_eq!(alice.report("BM", &update).await.json()["id"], 1);

    let entry = json!([
        {"project": "alice", "name": "nx-1", "status": "Connected", "date": "2026-11-23 08:00:00"},
        {"project": "bob", "name": "nx-2", "status": "Failed", "date": "2026-11-23 08:00:00"},
    ]);
    let request = site
        .http
        .post(format!("{}/api/v2/accesslist/", site.url()))
        .json(&entry);
    assert_eq!(Reply::of(request).await.status, 200);
    let pruned = FACILITY.split("[[group]]").next().unwrap().to_owned();
    assert_eq!(site.post_admin("apply?prune=true", pruned).await.status, 200);
    site.apply(&format!("[ids]\nfirst = 100\n{FACILITY}")).await;

    site.stop().await;
    let proxy = FakeProxy::start(Mood::Good).await;
    let url = proxy.url();
    site.start_with(|settings| settings.proxy_url = Some(url)).await;
    let (alice, bob) = (alice.at(&site), bob.at(&site));
    let uploaded = alice
        .data("BM", &dataset("outside", None, "/users/alice/9"))
        .await
        .json();
    // The idempotency key from before the restart has expired.
    let once = dataset("once more", None, "/users/bob/once");
    assert_eq!(bob.post_once("data/BM/", "k-2", &once).await.status, 200);
    let path = format!("data/{}", uploaded["id"]);
    super::eventually("a key", || async {
        site.admin(&path).await["url"].as_str().map(str::to_owned)
    })
    .await;
    proxy.set(Mood::Bad(500, "{}"));
    alice.data("BM", &dataset("waits", None, "/users/alice/10")).await;
    alice
        .data("BM", &dataset("waits", Some("u-1"), "/users/alice/11"))
        .await;
    bob.launch("SIM", "waits-too").await;
    alice.report("BM", &report(&[2])).await;
    site.stop().await;
    site
}
