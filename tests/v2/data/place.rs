//! The beamline, session, sample and directory of a dataset.

use super::*;

/// The id of a project's sample with this name.
async fn sample(client: &Client, name: &str) -> u64 {
    let list = client.samples("BM").await.json();
    let found = list
        .as_array()
        .unwrap()
        .iter()
        .find(|sample| sample["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}"))["id"]
        .as_u64()
        .unwrap()
}

#[actix_web::test]
async fn a_sample_of_the_project_is_recorded_with_its_group() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let (grouped, single) = (sample(&alice, "lys-3").await, sample(&alice, "lys-1").await);
    let row = record(&site, upload(&alice, body(json!({"sample_id": grouped}))).await).await;
    assert_eq!(
        (&row["sample_id"], &row["group"]),
        (&json!(grouped), &json!("native"))
    );
    let row = record(&site, upload(&alice, body(json!({"sample_id": single}))).await).await;
    assert_eq!((&row["sample_id"], &row["group"]), (&json!(single), &json!(null)));
    let row = record(&site, upload(&alice, body(json!({"sample_id": null}))).await).await;
    assert_eq!((&row["sample_id"], &row["group"]), (&json!(null), &json!(null)));
    let noted = site.admin("activity?project=alice&limit=1").await;
    assert_eq!(
        noted[0]["action"], "register key",
        "an upload without a sample was noted"
    );
}

#[actix_web::test]
async fn any_other_sample_is_ignored_and_noted() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let bobs = sample(&bob, "ins-1").await;
    for other in [
        json!(bobs),
        json!(987_654),
        json!(0),
        json!(-1),
        json!(i64::MIN),
        json!(u64::MAX),
    ] {
        let id = upload(&alice, body(json!({"sample_id": other}))).await;
        let row = record(&site, id).await;
        assert_eq!(
            (&row["sample_id"], &row["group"]),
            (&json!(null), &json!(null)),
            "{other}"
        );
        let note = note(&site, "alice").await;
        assert!(
            note.contains("sample") && note.contains("ignored"),
            "{other}: {note}"
        );
    }
    for bad in [json!("1"), json!(1.0), json!(true), json!([1]), json!({})] {
        assert_eq!(
            refused(&alice, body(json!({"sample_id": bad}))).await,
            ["sample_id"],
            "{bad}"
        );
    }
}

#[actix_web::test]
async fn a_dataset_belongs_to_the_open_session_of_its_project() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let session = |row: &Value| row["session"].clone();
    let none = upload(&alice, minimal()).await;
    assert_eq!(
        session(&record(&site, none).await),
        json!(null),
        "no session is open"
    );

    assert_eq!(alice.launch("BM", "day").await.status, 200);
    let day = site.admin("sessions?project=alice").await[0]["id"].clone();
    let own = upload(&alice, minimal()).await;
    assert_eq!(session(&record(&site, own).await), day);
    let bobs = upload(&bob, minimal()).await;
    assert_eq!(
        session(&record(&site, bobs).await),
        json!(null),
        "the open session is another project's"
    );
    let elsewhere = id_of(&alice.data("ID", &minimal()).await);
    assert_eq!(
        session(&record(&site, elsewhere).await),
        json!(null),
        "the session is at another beamline"
    );

    assert_eq!(alice.close("BM", "day").await.status, 200);
    let late = upload(&alice, minimal()).await;
    assert_eq!(
        session(&record(&site, late).await),
        json!(null),
        "the session is closed"
    );
    let updated = upload(&alice, body(json!({"id": own}))).await;
    assert_eq!(
        (updated, session(&record(&site, own).await)),
        (own, day.clone()),
        "an update does not change the session"
    );

    assert_eq!(bob.launch("BM", "night").await.status, 200);
    let replaced = upload(&alice, minimal()).await;
    assert_eq!(session(&record(&site, replaced).await), json!(null));
    let counted = site.admin(&format!("sessions/{day}")).await;
    assert_eq!(counted["datasets"], 1);
    let of_day = site.admin(&format!("data?session={day}")).await;
    assert_eq!(of_day.as_array().unwrap().len(), 1);
    assert_eq!(of_day[0]["id"], json!(own));
}

#[actix_web::test]
async fn an_unknown_beamline_is_404_and_stores_nothing() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for beamline in ["XX", "bm", "BM2", "%42%4D%00", "08B1-1"] {
        let reply = alice.data(beamline, &minimal()).await;
        assert_eq!(reply.status, 404, "{beamline}");
        assert_eq!(reply.json()["error"]["code"], "not_found", "{beamline}");
    }
    assert_eq!(
        id_of(&alice.data("SIM", &minimal()).await),
        1,
        "an inactive beamline accepts uploads"
    );
    assert_eq!(record(&site, 1).await["beamline"], "SIM");
    assert_eq!(count(&site).await, 1);
}

#[actix_web::test]
async fn the_directory_is_never_shown() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    let secret = "/users/alice/very-secret-place";
    let id = upload(&alice, body(json!({"directory": secret}))).await;
    upload(&alice, body(json!({"directory": secret, "id": id}))).await;
    let row = record(&site, id).await;
    assert!(row.get("directory").is_none() && row["meta_data"].get("directory").is_none());
    for path in [
        "data",
        &format!("data/{id}"),
        "sessions",
        "activity",
        "outbox",
        "projects/alice",
    ] {
        let text = site.admin_reply(path).await.text();
        assert!(!text.contains("very-secret-place"), "{path}: {text}");
    }
}

#[actix_web::test]
async fn every_record_has_its_own_key() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let mut keys = Vec::new();
    for (client, directory) in [
        (&alice, "/users/a"),
        (&alice, "/users/a"),
        (&alice, "/users/b"),
        (&bob, "/users/a"),
    ] {
        let id = upload(client, body(json!({"directory": directory}))).await;
        keys.push(record(&site, id).await["url"].as_str().unwrap().to_owned());
    }
    for (number, key) in keys.iter().enumerate() {
        assert!(
            !keys[..number].contains(key),
            "an upload with the same directory returned the key"
        );
    }
}

#[actix_web::test]
async fn other_methods_are_405_and_both_forms_of_the_path_work() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let reply = alice.get("data/BM/").await;
    assert_eq!(reply.status, 405);
    assert_eq!(reply.header("Allow"), Some("POST"));
    assert_eq!(id_of(&alice.post_msgpack("data/BM", &minimal()).await), 1);
    assert_eq!(id_of(&alice.post_msgpack("data/BM/", &minimal()).await), 2);
}
