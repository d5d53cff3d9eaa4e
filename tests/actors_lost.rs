//! An actor panics. Its clients still get an answer, the records are correct, and other clients are
//! not affected.

use crate::support::{dataset, no_stretches_overlap, Reply, Site, HOUR, MINUTE};
use beamlive_actors::clock::{KeySource, SystemKeys};
use beamlive_storage::records::SecureKey;
use futures_util::future::join_all;
use serde_json::{json, Value};
use std::sync::{Arc, Mutex};

/// Makes random keys, and panics when a test asks for it.
#[derive(Default)]
struct PanickingKeys(Mutex<Option<Panics>>);

struct Panics {
    /// How many more keys it makes before it panics.
    passes: u32,
    /// How many more times it panics.
    left: u32,
}

impl PanickingKeys {
    /// Makes `passes` keys, then panics `left` times.
    fn panic_after(&self, passes: u32, left: u32) {
        *self.0.lock().unwrap() = Some(Panics { passes, left });
    }

    fn has_panicked(&self) -> bool {
        self.0.lock().unwrap().is_none()
    }

    fn panics_now(&self) -> bool {
        let mut state = self.0.lock().unwrap();
        match &mut *state {
            None => false,
            Some(panics) if panics.passes > 0 => {
                panics.passes -= 1;
                false
            }
            Some(panics) => {
                panics.left -= 1;
                if panics.left == 0 {
                    *state = None;
                }
                true
            }
        }
    }
}

impl KeySource for PanickingKeys {
    fn secure_key(&self) -> SecureKey {
        assert!(!self.panics_now(), "panics on purpose: a test of lost actors");
        SystemKeys.secure_key()
    }
}

async fn site() -> (Site, Arc<PanickingKeys>) {
    let keys = Arc::new(PanickingKeys::default());
    (Site::with_keys(keys.clone()).await, keys)
}

fn assert_lost(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "lost");
    assert!(reply.header("retry-after").is_some());
}

async fn datasets(site: &Site) -> Vec<Value> {
    site.admin("data?limit=1000").await.as_array().unwrap().clone()
}

#[actix_web::test]
async fn a_launch_that_loses_the_actor_succeeds_with_its_successor() {
    // The first key is that of the survey, made while the rules decide. The second is that of the
    // directory, made after a read of the store.
    for passes in [0, 1] {
        let (site, keys) = site().await;
        let (alice, bob) = (site.client("alice").await, site.client("bob").await);
        bob.launch("BM", "night").await;
        site.pass(HOUR);
        let respawns = site.app().directory.respawns();

        keys.panic_after(passes, 1);
        let reply = alice.launch("BM", "day").await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(keys.has_panicked());
        assert_eq!(site.app().directory.respawns(), respawns + 1);

        assert_eq!(site.stretches("alice", "day").await, [(HOUR, None)]);
        assert_eq!(site.stretches("bob", "night").await, [(0, Some(HOUR))]);
        site.pass(MINUTE);
        assert_eq!(
            alice.launch("BM", "day").await.json()["survey"],
            reply.json()["survey"]
        );
        assert_eq!(alice.close("BM", "day").await.json()["duration"], "1 min");
        assert_eq!(site.app().directory.respawns(), respawns + 1);
    }
}

#[actix_web::test]
async fn a_launch_that_loses_the_actor_twice_does_nothing() {
    // It panics at the survey's key twice, or at the directory's key and then at the survey's key
    // of its successor.
    for passes in [0, 1] {
        let (mut site, keys) = site().await;
        let (alice, bob) = (site.client("alice").await, site.client("bob").await);
        bob.launch("BM", "night").await;
        site.pass(HOUR);
        let visits = site.visits().await;

        keys.panic_after(passes, 2);
        assert_lost(&alice.launch("BM", "day").await);
        assert!(keys.has_panicked());
        assert_eq!(site.visits().await, visits, "the other session was ended");
        assert!(site.app().directory.respawns() >= 1);

        assert_eq!(alice.close("BM", "day").await.status, 404);
        assert_eq!(alice.launch("BM", "day").await.status, 200);
        assert_eq!(site.stretches("bob", "night").await, [(0, Some(HOUR))]);
        assert_eq!(site.stretches("alice", "day").await, [(HOUR, None)]);
        site.restart().await;
        assert_eq!(site.stretches("alice", "day").await, [(HOUR, None)]);
    }
}

#[actix_web::test]
async fn an_upload_that_loses_the_actor_is_recorded_once() {
    let (site, keys) = site().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    let session = site.visit("alice", "day").await.id;
    keys.panic_after(0, 1);
    let reply = alice.data("BM", &dataset("a")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(keys.has_panicked());
    assert!(site.app().directory.respawns() >= 1);

    let kept = datasets(&site).await;
    assert_eq!(kept.len(), 1, "{kept:#?}");
    assert_eq!(
        (&kept[0]["id"], &kept[0]["session"]),
        (&reply.json()["id"], &json!(session))
    );
    assert_eq!(kept[0]["url"].as_str().unwrap().len(), 40);
    assert_eq!(alice.data("BM", &dataset("b")).await.status, 200);
    assert_eq!(datasets(&site).await.len(), 2);
    assert_eq!(
        site.stretches("alice", "day").await,
        [(0, None)],
        "the session continues"
    );
}

#[actix_web::test]
async fn an_upload_that_loses_the_actor_twice_is_not_recorded() {
    let (site, keys) = site().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    let report = json!({"directory": "/users/alice/a", "title": "a"});
    keys.panic_after(0, 2);
    assert_lost(&alice.data("BM", &dataset("a")).await);
    keys.panic_after(0, 2);
    assert_lost(&alice.report("BM", &report).await);
    assert!(datasets(&site).await.is_empty());
    assert!(site.admin("reports").await.as_array().unwrap().is_empty());

    assert_eq!(alice.data("BM", &dataset("a")).await.status, 200);
    assert_eq!(alice.report("BM", &report).await.status, 200);
    assert_eq!(datasets(&site).await.len(), 1);
    assert_eq!(site.stretches("alice", "day").await, [(0, None)]);
}

#[actix_web::test]
async fn a_report_that_loses_the_actor_is_recorded_once() {
    let (site, keys) = site().await;
    let alice = site.client("alice").await;
    keys.panic_after(0, 1);
    let report = json!({"directory": "/users/alice/a", "title": "a", "score": 0.5});
    let reply = alice.report("BM", &report).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let kept = site.admin("reports").await;
    assert_eq!(kept.as_array().unwrap().len(), 1, "{kept:#}");
    assert_eq!(kept[0]["id"], reply.json()["id"]);
}

#[actix_web::test]
async fn other_clients_are_not_affected() {
    let (site, keys) = site().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    bob.launch("ID", "night").await;
    for round in 0..10 {
        keys.panic_after(round % 3, 1);
        let uploads = (0..16).map(|number| {
            let (client, beamline) = if number % 4 == 3 {
                (&bob, "ID")
            } else {
                (&alice, "BM")
            };
            let client = client.on_its_own_connection();
            let body = dataset(&format!("{round}-{number}"));
            async move { client.data(beamline, &body).await }
        });
        let other = alice.on_its_own_connection();
        let (replies, samples) = futures_util::future::join(join_all(uploads), other.samples("BM")).await;
        assert_eq!(samples.status, 200, "{}", samples.text());
        for reply in replies {
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        assert!(keys.has_panicked());
    }
    let kept = datasets(&site).await;
    assert_eq!(kept.len(), 160, "each dataset is recorded once");
    assert!(
        kept.iter().all(|row| row["session"].is_u64()),
        "a dataset has no session"
    );
    assert!(site.app().directory.respawns() >= 10);
    assert_eq!(site.stretches("alice", "day").await, [(0, None)]);
    assert_eq!(site.stretches("bob", "night").await, [(0, None)]);
}

#[actix_web::test]
async fn launches_with_lost_actors_keep_the_state_correct() {
    let (site, keys) = site().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    for round in 0..10 {
        keys.panic_after(round, 1);
        let launches = (0..16).map(|number| {
            let client = if number % 2 == 0 { &alice } else { &bob };
            let client = client.on_its_own_connection();
            let name = format!("{round}-{}", number / 2);
            async move { client.launch("BM", &name).await }
        });
        for reply in join_all(launches).await {
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        assert!(keys.has_panicked());
        assert_eq!(site.open_stretches().await.len(), 1);
        site.pass(MINUTE);
    }
    let visits = site.visits().await;
    assert_eq!(visits.len(), 160);
    no_stretches_overlap(&visits);
}
