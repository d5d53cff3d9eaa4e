//! `[ids] first` in a facility file: ids start above those of an earlier server.

use crate::support::facilities::sample;
use crate::support::{assert_clean, Site};
use serde_json::json;

#[actix_web::test]
async fn ids_start_above_those_of_an_earlier_server() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    let at = |first: &str| format!("[ids]\nfirst = {first}\n");
    let dataset = json!({"directory": "/users/alice/a", "type": "DATA", "name": "lys", "energy": 12.6, "exposure": 0.5});
    let report = json!({"directory": "/users/alice/p"});
    assert_eq!(alice.data("BM", &dataset).await.json()["id"], 1);
    let dry = site.post_admin("apply?dry_run=true", at("500_000")).await.json();
    let change = "ids of sessions, datasets, reports, samples start above 500000";
    assert_eq!((&dry["updated"], &dry["changes"]), (&json!(1), &json!([change])));
    assert_eq!(
        alice.data("BM", &dataset).await.json()["id"],
        2,
        "a dry run changed something"
    );

    // A sample in the same file already gets an id above them.
    let text = at("500_000") + &sample("alice", "CLS-0042", "4", "lys-4", "");
    assert_eq!(
        site.apply(&text).await,
        json!({"created": 1, "updated": 1, "unchanged": 0})
    );
    for lower in ["500_000", "499_999", "0"] {
        let before = site.written();
        let applied = site.apply(&at(lower)).await;
        assert_eq!(
            applied,
            json!({"created": 0, "updated": 0, "unchanged": 1}),
            "{lower}"
        );
        assert_eq!(site.written(), before, "{lower}");
    }
    site.restart().await;
    let alice = alice.at(&site);
    alice.launch("BM", "day").await;
    assert_eq!(site.visit("alice", "day").await.id, 500_001);
    assert_eq!(alice.data("BM", &dataset).await.json()["id"], 500_001);
    assert_eq!(alice.report("BM", &report).await.json()["id"], 500_001);
    let samples = alice.samples("BM").await.json();
    assert!(
        samples.as_array().unwrap().iter().any(|row| row["id"] == 500_001),
        "{samples}"
    );
    // An id that was given before still works. An id of an earlier server is unknown.
    let mut again = dataset.clone();
    for (claimed, id) in [(1, 1), (499_000, 500_002)] {
        again["id"] = json!(claimed);
        assert_eq!(alice.data("BM", &again).await.json()["id"], id);
    }
    site.apply(&at("600_000")).await;
    assert_eq!(alice.data("BM", &dataset).await.json()["id"], 600_001);
    site.stop().await;
    assert_clean(site.data()).await;
}

#[actix_web::test]
async fn wrong_first_ids_are_named_with_their_place() {
    let site = Site::new().await;
    for first in ["-1", "1.5", "'many'", "9007199254740993"] {
        let reply = site
            .post_admin("apply", format!("\n[ids]\nfirst = {first}"))
            .await;
        assert_eq!(reply.status, 400, "{first}");
        assert_eq!(reply.fields(), ["[ids] (line 2), first"], "{first}");
    }
}
