//! One step of the store's engine fails while the whole service runs.

use crate::support::{Reply, Site};
use beamlive_storage::{Faults, Step};
use serde_json::{json, Value};
use std::io;
use std::sync::{Arc, Mutex};

/// Fails the next step of one kind.
#[derive(Clone, Default)]
struct Fault(Arc<Mutex<Option<Step>>>);

impl Faults for Fault {
    fn before(&self, step: Step) -> io::Result<()> {
        match self.0.lock().unwrap().take_if(|armed| *armed == step) {
            Some(_) => Err(io::Error::other("the disk is broken")),
            None => Ok(()),
        }
    }
}

fn dataset(name: &str) -> Value {
    json!({
        "name": name, "uuid": name, "directory": format!("/users/alice/{name}"), "type": "DATA", "energy": 12.6,
        "exposure": 0.1,
    })
}

fn assert_off(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "writes_off");
    assert!(reply.header("retry-after").is_some());
}

#[actix_web::test]
async fn a_fault_at_any_step_turns_writes_off_until_the_restart() {
    for step in [Step::Write, Step::Sync] {
        let mut site = Site::new().await;
        let fault = Fault::default();
        site.restart_on(fault.clone()).await;
        let alice = site.client("alice").await;
        assert_eq!(alice.launch("BM", "day").await.status, 200);
        assert_eq!(alice.data("BM", &dataset("kept")).await.json()["id"], 1);

        *fault.0.lock().unwrap() = Some(step);
        assert_off(&alice.data("BM", &dataset("lost")).await);
        // The disk works again, but writes stay off.
        assert_off(&alice.data("BM", &dataset("late")).await);
        assert_off(&alice.launch("BM", "evening").await);
        assert_off(&alice.close("BM", "day").await);
        let ready = site.get("/health/ready").await;
        assert_eq!(ready.status, 503, "{step:?}");
        let reason = ready.json()["store"]["reason"].to_string();
        assert!(reason.contains("the disk is broken"), "{step:?}: {reason}");
        assert_eq!(site.admin("data/1").await["name"], "kept");
        assert_eq!(alice.samples("BM").await.status, 200);

        site.restart_after_failure().await;
        let alice = alice.at(&site);
        assert_eq!(site.get("/health/ready").await.status, 200);
        assert_eq!(site.admin("data/1").await["name"], "kept");
        let rows = site.admin("data").await;
        let names: Vec<_> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].clone())
            .collect();
        assert!(!names.contains(&json!("late")), "{step:?}: {names:?}");
        // The client retries, and the dataset is there once, whether or not the first try was
        // stored.
        assert_eq!(alice.data("BM", &dataset("lost")).await.status, 200);
        let rows = site.admin("data").await;
        assert_eq!(rows.as_array().unwrap().len(), 2, "{step:?}: {rows:#}");
        assert_eq!(alice.close("BM", "day").await.status, 200);
    }
}
