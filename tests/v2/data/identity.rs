//! How `id` and `uuid` decide whether an upload updates a record or makes a new one.

use super::*;
use chrono::TimeDelta;
use futures_util::future::join_all;

#[actix_web::test]
async fn ids_are_contiguous_from_one_despite_failed_uploads() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    assert_eq!(upload(&alice, minimal()).await, 1);
    refused(&alice, json!({})).await;
    assert_eq!(alice.data("XX", &minimal()).await.status, 404);
    assert_eq!(alice.post("data/BM/", "nothing of the kind").await.status, 400);
    assert_eq!(upload(&bob, minimal()).await, 2);
    assert_eq!(alice.posing_as("bob").data("BM", &minimal()).await.status, 405);
    assert_eq!(upload(&alice, minimal()).await, 3);
}

#[actix_web::test]
async fn ids_continue_after_a_restart() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    assert_eq!(upload(&alice, minimal()).await, 1);
    let before = record(&site, 1).await;
    site.restart().await;
    let alice = alice.at(&site);
    assert_eq!(record(&site, 1).await, before);
    assert_eq!(upload(&alice, minimal()).await, 2);
}

#[actix_web::test]
async fn an_upload_with_the_id_of_an_own_dataset_updates_it() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let id = upload(
        &alice,
        body(json!({"frames": "1-10", "filename": "a", "note": "first"})),
    )
    .await;
    let first = record(&site, id).await;
    site.clock.advance(TimeDelta::minutes(10));
    let again = body(json!({"id": id, "frames": "1-20", "energy": 7.1, "type": "XRD", "more": 1}));
    assert_eq!(upload(&alice, again).await, id);
    let second = record(&site, id).await;
    assert_eq!(second["created"], first["created"]);
    assert_eq!(second["modified"], "2026-11-23T15:10:00Z");
    assert_eq!(second["num_frames"], 20);
    assert_eq!(second["type"], "XRD");
    assert_eq!(second["energy"], json!(7.1));
    assert_eq!(second["url"], first["url"], "the directory is the same");
    assert_eq!(second["meta_data"], json!({"more": 1}));
    assert_eq!(count(&site).await, 1);
}

#[actix_web::test]
async fn an_update_that_is_refused_changes_nothing() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let id = upload(&alice, minimal()).await;
    let before = record(&site, id).await;
    site.clock.advance(TimeDelta::minutes(10));
    refused(&alice, body(json!({"id": id, "energy": 0}))).await;
    assert_eq!(record(&site, id).await, before);
}

#[actix_web::test]
async fn an_unknown_id_or_that_of_another_project_makes_a_new_record() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let bobs = upload(&bob, body(json!({"name": "ins-1", "secret": 42}))).await;
    let before = record(&site, bobs).await;
    let mut expected = bobs;
    for id in [
        json!(bobs),
        json!(987),
        json!(0),
        json!(-5),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(null),
    ] {
        for name in ["id", "data_id"] {
            expected += 1;
            assert_eq!(
                upload(&alice, body(json!({name: id}))).await,
                expected,
                "{name} {id}"
            );
        }
    }
    assert_eq!(
        record(&site, bobs).await,
        before,
        "another project's data has changed"
    );
    upload(&alice, body(json!({"id": bobs}))).await;
    let note = note(&site, "alice").await;
    assert!(note.contains(&format!("dataset {bobs}")), "{note}");
    for bad in [
        json!("1"),
        json!(1.5),
        json!(1.0),
        json!(true),
        json!([1]),
        json!({}),
    ] {
        assert_eq!(refused(&alice, body(json!({"id": bad}))).await, ["id"], "{bad}");
    }
}

/// Metadata files on users' disks contain ids for years, also ids of other servers.
#[actix_web::test]
async fn an_id_counts_only_with_the_same_name_and_directory() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let first = upload(&alice, minimal()).await;
    let before = record(&site, first).await;
    for (other, is_noted) in [
        (json!({"name": "lys-2"}), true),
        (json!({"name": "LYS-1"}), true),
        (json!({"name": "lys-1 "}), true),
        (json!({"directory": "/users/alice/day/lys2"}), true),
        (json!({"directory": "/users/alice/day/lys/"}), true),
        (
            json!({"name": "lys-2", "directory": "/elsewhere", "uuid": "u-1"}),
            true,
        ),
    ] {
        for field in ["id", "data_id"] {
            let mut sent = body(other.clone());
            sent[field] = json!(first);
            sent["uuid"] = json!(format!("{field} {other}"));
            let id = upload(&alice, sent.clone()).await;
            assert_ne!(id, first, "{sent}");
            let note = note(&site, "alice").await;
            assert_eq!(note.contains(&format!("dataset {first}")), is_noted, "{note}");
            assert_eq!(upload(&alice, sent).await, id, "a retry made a new dataset");
        }
    }
    assert_eq!(record(&site, first).await, before);
    assert_eq!(upload(&alice, body(json!({"id": first}))).await, first);
}

#[actix_web::test]
async fn an_id_from_an_earlier_server_does_not_replace_a_new_dataset() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    let new = upload(&alice, body(json!({"name": "today", "uuid": "u-9"}))).await;
    assert_eq!(new, 1);
    let before = record(&site, new).await;
    let old = body(json!({"id": 1, "name": "lys-2019", "directory": "/users/alice/2019/lys", "uuid": "u-1"}));
    assert_eq!(upload(&alice, old.clone()).await, 2);
    assert!(note(&site, "alice").await.contains("dataset 1"));
    // The client stores the id of the answer and sends it from now on.
    let mut merged = old.clone();
    merged["id"] = json!(2);
    let log = site.admin("activity").await;
    assert_eq!(upload(&alice, merged.clone()).await, 2);
    site.restart().await;
    let alice = alice.at(&site);
    assert_eq!(upload(&alice, merged).await, 2);
    assert_eq!(site.admin("activity").await, log, "a retry was logged");
    assert_eq!(
        upload(&alice, old).await,
        2,
        "the file without the new id made a third dataset"
    );
    assert_eq!(record(&site, new).await, before);
    assert_eq!(count(&site).await, 2);
}

#[actix_web::test]
async fn a_retry_updates_its_dataset() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let id = upload(&alice, body(json!({"uuid": "u-1"}))).await;
    let created = record(&site, id).await["created"].clone();
    let log = site.admin("activity").await;
    site.clock.advance(TimeDelta::minutes(1));
    assert_eq!(
        upload(&alice, body(json!({"uuid": "u-1", "energy": 7.1}))).await,
        id
    );
    let row = record(&site, id).await;
    assert_eq!((&row["energy"], &row["created"]), (&json!(7.1), &created));
    assert_eq!(row["modified"], "2026-11-23T15:01:00Z");
    assert_eq!(row["address"], "127.0.0.1");
    assert_eq!(site.admin("activity").await, log, "a retry was logged");
    assert_eq!(count(&site).await, 1);
}

/// A uuid belongs to a run item. Both halves of an inverse beam, wedges around skipped angles, and
/// repetitions under a new name share it.
#[actix_web::test]
async fn datasets_of_one_run_share_its_uuid() {
    let mut site = Site::new().await;
    let alice = site.client("alice").await;
    let run = [
        json!({"uuid": "u-1", "name": "lys_A"}),
        json!({"uuid": "u-1", "name": "lys_B"}),
        json!({"uuid": "u-1", "name": "lys_A", "directory": "/users/alice/day/lys2"}),
        json!({"uuid": "u-1", "name": "lys_A", "directory": "/users/alice/day/lys2/"}),
        json!({"uuid": "u-1l", "name": "ys_A"}),
        json!({"uuid": "u-", "name": "1lys_A"}),
        json!({"uuid": "U-1", "name": "lys_A"}),
        json!({"uuid": "u-2", "name": "lys_A"}),
    ];
    for (id, fields) in (1..).zip(&run) {
        assert_eq!(upload(&alice, body(fields.clone())).await, id, "{fields}");
    }
    let first: Vec<_> = site.admin("data").await.as_array().unwrap().clone();
    site.restart().await;
    let alice = alice.at(&site);
    for (id, fields) in (1..).zip(&run) {
        assert_eq!(
            upload(&alice, body(fields.clone())).await,
            id,
            "a retry of {fields}"
        );
    }
    let again = site.admin("data").await;
    assert_eq!(again.as_array().unwrap().len(), run.len());
    for (row, before) in again.as_array().unwrap().iter().zip(&first) {
        assert_eq!((&row["name"], &row["url"]), (&before["name"], &before["url"]));
    }
}

#[actix_web::test]
async fn the_same_uuid_in_another_project_is_another_dataset() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let alices = upload(&alice, body(json!({"uuid": "u-1"}))).await;
    let before = record(&site, alices).await;
    let bobs = upload(&bob, body(json!({"uuid": "u-1", "name": "ins-1"}))).await;
    assert_ne!(alices, bobs);
    assert_eq!(record(&site, alices).await, before);
    assert_eq!(record(&site, bobs).await["project"], "bob");
    assert_eq!(upload(&alice, body(json!({"uuid": "u-1"}))).await, alices);
    assert_eq!(
        upload(&bob, body(json!({"uuid": "u-1", "name": "ins-1"}))).await,
        bobs
    );
}

#[actix_web::test]
async fn uploads_without_a_uuid_always_make_new_datasets() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for (sent, id) in [(json!(null), 1), (json!(null), 2), (json!(""), 3), (json!(""), 4)] {
        assert_eq!(upload(&alice, body(json!({"uuid": sent}))).await, id);
        assert_eq!(record(&site, id).await["uuid"], json!(null));
    }
}

#[actix_web::test]
async fn a_uuid_takes_precedence_over_an_id() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let first = upload(&alice, body(json!({"uuid": "u-1"}))).await;
    let second = upload(&alice, body(json!({"uuid": "u-2"}))).await;
    assert_eq!(
        upload(&alice, body(json!({"uuid": "u-1", "id": first}))).await,
        first
    );
    let untouched = record(&site, second).await;
    site.clock.advance(TimeDelta::minutes(1));
    assert_eq!(
        upload(&alice, body(json!({"uuid": "u-1", "id": second}))).await,
        first,
        "uuid, name and directory take precedence over an id"
    );
    let note = note(&site, "alice").await;
    assert!(note.contains(&format!("dataset {second}")), "{note}");
    assert_eq!(record(&site, second).await, untouched);

    assert_eq!(
        upload(&alice, body(json!({"uuid": "u-3", "id": second}))).await,
        second,
        "an own dataset gets a new uuid"
    );
    assert_eq!(upload(&alice, body(json!({"uuid": "u-3"}))).await, second);
    assert_eq!(upload(&alice, body(json!({"id": second}))).await, second);
    assert_eq!(
        record(&site, second).await["uuid"],
        "u-3",
        "an update without a uuid keeps the uuid"
    );
    for uuid in ["u-2", "u-3", "u-2"] {
        assert_eq!(
            upload(&alice, body(json!({"uuid": uuid}))).await,
            second,
            "an earlier uuid still identifies the dataset"
        );
    }

    let bobs = upload(&bob, body(json!({"uuid": "u-1", "id": first}))).await;
    assert!(
        ![first, second].contains(&bobs),
        "the uuid and the id of another project are ignored"
    );
    assert_eq!(
        upload(&bob, body(json!({"uuid": "u-1", "id": first}))).await,
        bobs
    );
    assert_eq!(count(&site).await, 3);
}

#[actix_web::test]
async fn concurrent_retries_of_a_runs_datasets_make_no_new_ones() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for round in 0..5 {
        let run: Vec<_> = ["lys_A", "lys_B"]
            .map(|name| body(json!({"uuid": format!("u-{round}"), "name": name})))
            .to_vec();
        let replies = join_all((0..64).map(|n| alice.data("BM", &run[n % 2]))).await;
        let ids: Vec<_> = replies.iter().map(id_of).collect();
        assert_ne!(ids[0], ids[1]);
        assert!((0..64).all(|n| ids[n] == ids[n % 2]), "{ids:?}");
    }
    assert_eq!(count(&site).await, 10);
}
