//! An actor panics: whoever it was working for gets an answer all the same, what is recorded is right, and nobody else
//! notices.

use crate::support::{dataset, no_stretches_overlap, Reply, Site, HOUR, MINUTE};
use beamlive_actors::clock::{KeySource, SystemKeys};
use beamlive_storage::records::SecureKey;
use futures_util::future::join_all;
use serde_json::{json, Value};
use std::sync::{Arc, Mutex};

/// Random keys, until it blows.
#[derive(Default)]
struct Fuse(Mutex<Option<Armed>>);

struct Armed {
    /// Keys to be given out before it blows.
    passes: u32,
    /// How often it blows.
    blows: u32,
}

impl Fuse {
    /// Gives `passes` keys, and panics for the next `blows`.
    fn arm(&self, passes: u32, blows: u32) {
        *self.0.lock().unwrap() = Some(Armed { passes, blows });
    }

    fn has_blown(&self) -> bool {
        self.0.lock().unwrap().is_none()
    }

    fn takes_hit(&self) -> bool {
        let mut state = self.0.lock().unwrap();
        match &mut *state {
            None => false,
            Some(armed) if armed.passes > 0 => {
                armed.passes -= 1;
                false
            }
            Some(armed) => {
                armed.blows -= 1;
                if armed.blows == 0 {
                    *state = None;
                }
                true
            }
        }
    }
}

impl KeySource for Fuse {
    fn secure_key(&self) -> SecureKey {
        assert!(!self.takes_hit(), "blown on purpose: a test of lost actors");
        SystemKeys.secure_key()
    }
}

async fn site() -> (Site, Arc<Fuse>) {
    let fuse = Arc::new(Fuse::default());
    (Site::with_keys(fuse.clone()).await, fuse)
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
    // The first key is the survey's, made as the rules decide; the second is the directory's, made after a look at
    // the store.
    for passes in [0, 1] {
        let (site, fuse) = site().await;
        let (alice, bob) = (site.client("alice").await, site.client("bob").await);
        bob.launch("BM", "night").await;
        site.pass(HOUR);
        let respawns = site.app().directory.respawns();

        fuse.arm(passes, 1);
        let reply = alice.launch("BM", "day").await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(fuse.has_blown());
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
    // Lost at the survey's key both times, or at the directory's first and at the successor's survey key then.
    for passes in [0, 1] {
        let (mut site, fuse) = site().await;
        let (alice, bob) = (site.client("alice").await, site.client("bob").await);
        bob.launch("BM", "night").await;
        site.pass(HOUR);
        let visits = site.visits().await;

        fuse.arm(passes, 2);
        assert_lost(&alice.launch("BM", "day").await);
        assert!(fuse.has_blown());
        assert_eq!(
            site.visits().await,
            visits,
            "the other session has not been ended"
        );
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
    let (site, fuse) = site().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    let session = site.visit("alice", "day").await.id;
    fuse.arm(0, 1);
    let reply = alice.data("BM", &dataset("a")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(fuse.has_blown());
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
        "the session goes on"
    );
}

#[actix_web::test]
async fn an_upload_that_loses_the_actor_twice_is_not_recorded() {
    let (site, fuse) = site().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    let report = json!({"directory": "/users/alice/a", "title": "a"});
    fuse.arm(0, 2);
    assert_lost(&alice.data("BM", &dataset("a")).await);
    fuse.arm(0, 2);
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
    let (site, fuse) = site().await;
    let alice = site.client("alice").await;
    fuse.arm(0, 1);
    let report = json!({"directory": "/users/alice/a", "title": "a", "score": 0.5});
    let reply = alice.report("BM", &report).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let kept = site.admin("reports").await;
    assert_eq!(kept.as_array().unwrap().len(), 1, "{kept:#}");
    assert_eq!(kept[0]["id"], reply.json()["id"]);
}

#[actix_web::test]
async fn other_clients_are_not_affected() {
    let (site, fuse) = site().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    bob.launch("ID", "night").await;
    for round in 0..10 {
        fuse.arm(round % 3, 1);
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
        assert!(fuse.has_blown());
    }
    let kept = datasets(&site).await;
    assert_eq!(kept.len(), 160, "each was recorded once");
    assert!(
        kept.iter().all(|row| row["session"].is_u64()),
        "each in its session"
    );
    assert!(site.app().directory.respawns() >= 10);
    assert_eq!(site.stretches("alice", "day").await, [(0, None)]);
    assert_eq!(site.stretches("bob", "night").await, [(0, None)]);
}

#[actix_web::test]
async fn launches_with_lost_actors_keep_the_state_correct() {
    let (site, fuse) = site().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    for round in 0..10 {
        fuse.arm(round, 1);
        let launches = (0..16).map(|number| {
            let client = if number % 2 == 0 { &alice } else { &bob };
            let client = client.on_its_own_connection();
            let name = format!("{round}-{}", number / 2);
            async move { client.launch("BM", &name).await }
        });
        for reply in join_all(launches).await {
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        assert!(fuse.has_blown());
        assert_eq!(site.open_stretches().await.len(), 1);
        site.pass(MINUTE);
    }
    let visits = site.visits().await;
    assert_eq!(visits.len(), 160);
    no_stretches_overlap(&visits);
}
