//! The datasets of a report: `data_id`.

use super::*;

async fn dataset(client: &Client, name: &str) -> u64 {
    let data = json!({"directory": "/users/x", "type": "DATA", "name": name, "energy": 12, "exposure": 1});
    id_of(&client.data("BM", &data).await)
}

#[actix_web::test]
async fn datasets_of_the_same_project_are_kept_in_order() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let (first, second) = (dataset(&alice, "a").await, dataset(&alice, "b").await);
    let row = record(
        &site,
        upload(&alice, body(json!({"data_id": [second, first]}))).await,
    )
    .await;
    assert_eq!(row["data_id"], json!([second, first]));
    let row = record(
        &site,
        upload(&alice, body(json!({"data_id": [first, null, second, null]}))).await,
    )
    .await;
    assert_eq!(row["data_id"], json!([first, second]), "nulls are skipped");
    let noted = site.admin("activity?project=alice&limit=1").await;
    assert_eq!(noted[0]["action"], "register key", "a correct report was noted");
    for empty in [json!([]), json!([null]), json!(null)] {
        let row = record(&site, upload(&alice, body(json!({"data_id": empty}))).await).await;
        assert_eq!(row["data_id"], json!([]), "{empty}");
    }
}

#[actix_web::test]
async fn unknown_and_other_projects_datasets_are_skipped_and_noted() {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    let (own, bobs) = (dataset(&alice, "a").await, dataset(&bob, "b").await);
    for other in [
        json!(bobs),
        json!(987),
        json!(0),
        json!(-3),
        json!(i64::MIN),
        json!(u64::MAX),
    ] {
        let id = upload(&alice, body(json!({"data_id": [other, own]}))).await;
        assert_eq!(record(&site, id).await["data_id"], json!([own]), "{other}");
        let note = note(&site, "alice").await;
        assert!(
            note.contains("dataset") && note.contains("skipped"),
            "{other}: {note}"
        );
    }
    let id = upload(&alice, body(json!({"data_id": [bobs]}))).await;
    assert_eq!(
        record(&site, id).await["data_id"],
        json!([]),
        "the report is stored"
    );
    let note = note(&site, "alice").await;
    assert!(note.contains(&format!("dataset {bobs} ")), "{note}");
}

#[actix_web::test]
async fn a_value_that_is_not_a_list_of_ids_is_refused_by_name() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for bad in [json!("1"), json!(true), json!({}), json!(1.5), json!({"0": 1})] {
        assert_eq!(
            refused(&alice, body(json!({"data_id": bad}))).await,
            ["data_id"],
            "{bad}"
        );
    }
    for bad in [json!("1"), json!(1.5), json!(true), json!([1]), json!({})] {
        let named = refused(&alice, body(json!({"data_id": [null, bad]}))).await;
        assert!(
            named.len() == 1 && named[0].starts_with("data_id"),
            "{bad}: {named:?}"
        );
    }
    assert_eq!(count(&site).await, 0);
}

#[actix_web::test]
async fn ten_thousand_unknown_ids_make_one_short_note() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let unknown: Vec<u64> = (1_000..11_000).collect();
    let id = upload(&alice, body(json!({"data_id": unknown}))).await;
    assert_eq!(record(&site, id).await["data_id"], json!([]));
    let note = note(&site, "alice").await;
    assert!(note.len() < 4096 && note.contains("more"), "{} bytes", note.len());
    let too_many: Vec<u64> = (0..10_001).collect();
    assert_eq!(
        refused(&alice, body(json!({"data_id": too_many}))).await,
        ["data_id"]
    );
}

#[actix_web::test]
async fn a_report_counts_in_the_sessions_of_its_datasets() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    let in_session = dataset(&alice, "a").await;
    alice.close("BM", "day").await;
    let outside = dataset(&alice, "b").await;
    upload(&alice, body(json!({"data_id": [in_session, outside]}))).await;
    let session = &site.admin("sessions").await[0];
    assert_eq!(
        (&session["datasets"], &session["reports"]),
        (&json!(1), &json!(1))
    );
}

#[actix_web::test]
async fn an_update_replaces_the_datasets_of_a_report() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let (first, second) = (dataset(&alice, "a").await, dataset(&alice, "b").await);
    let id = upload(&alice, body(json!({"data_id": [first]}))).await;
    assert_eq!(
        upload(&alice, body(json!({"id": id, "data_id": [second]}))).await,
        id
    );
    assert_eq!(record(&site, id).await["data_id"], json!([second]));
}
