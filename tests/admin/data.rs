//! `GET /api/admin/data`

use super::{assert_keys, assert_paged, assert_refuses, dataset, ids};
use crate::support::Site;
use serde_json::{json, Value};

const FIELDS: [&str; 23] = [
    "id",
    "project",
    "beamline",
    "session",
    "sample_id",
    "group",
    "name",
    "type",
    "filename",
    "frames",
    "num_frames",
    "energy",
    "exposure",
    "attenuation",
    "beam_size",
    "start_time",
    "end_time",
    "uuid",
    "url",
    "meta_data",
    "created",
    "modified",
    "address",
];

/// Datasets 1 and 2 are alice's, in session 1 at BM. 3 is alice's, at ID without a session. 4 is
/// bob's, in session 2 at ID. 5 is bob's, at BM.
async fn site() -> Site {
    let site = Site::new().await;
    let (alice, bob) = (site.client("alice").await, site.client("bob").await);
    alice.launch("BM", "day").await;
    bob.launch("ID", "day").await;
    for (client, beamline, name) in [
        (&alice, "BM", "a"),
        (&alice, "BM", "b"),
        (&alice, "ID", "c"),
        (&bob, "ID", "d"),
        (&bob, "BM", "e"),
    ] {
        let reply = client.data(beamline, &dataset(name)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    site
}

#[actix_web::test]
async fn a_dataset_is_shown_with_every_field() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    alice.launch("BM", "day").await;
    let upload = json!({
        "directory": "/users/alice/day/secret", "type": "MAD", "name": "xtal", "energy": 12.658, "exposure_time": 0.25,
        "attenuation": 50.0, "beam_size": 20.0, "file_name": "xtal_{:05d}.cbf", "frames": "1-4,8", "sample_id": 1,
        "start_time": "2026-11-23T14:00:00.500000Z", "end_time": "2026-11-23T08:30:00", "uuid": "u-1",
        "detector": {"type": "PILATUS", "pixels": [2463, 2527]}, "comments": "", "wavelength": 0.97949, "none": null
    });
    assert_eq!(alice.data("BM", &upload).await.json(), json!({"id": 1}));
    site.clock.advance(chrono::TimeDelta::minutes(1));
    let mut again = upload.clone();
    again["energy"] = json!(12.7);
    assert_eq!(alice.data("BM", &again).await.json(), json!({"id": 1}));
    let mut row = site.admin("data/1").await;
    let url = row["url"].take();
    assert_eq!(url.as_str().unwrap().len(), 40);
    assert_eq!(
        row,
        json!({
            "id": 1, "project": "alice", "beamline": "BM", "session": 1, "sample_id": 1, "group": "native",
            "name": "xtal", "type": "MAD", "filename": "xtal_{:05d}.cbf", "frames": "1-4,8", "num_frames": 5,
            "energy": 12.7, "exposure": 0.25, "attenuation": 50.0, "beam_size": 20.0,
            "start_time": "2026-11-23T14:00:00.500000Z", "end_time": "2026-11-23T14:30:00Z", "uuid": "u-1", "url": null,
            "meta_data": {
                "detector": {"type": "PILATUS", "pixels": [2463, 2527]}, "comments": "", "wavelength": 0.97949,
                "none": null
            },
            "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:01:00Z",
            "address": "127.0.0.1"
        })
    );
    assert!(
        !site.admin_reply("data/1").await.text().contains("secret"),
        "the record does not show the directory"
    );
}

#[actix_web::test]
async fn missing_fields_are_null() {
    let site = Site::new().await;
    let bob = site.client("bob").await;
    let upload = json!({"directory": "/users/bob/d", "type": "XRD", "name": "n", "energy": 7, "start_time": "2026-11-23T14:00:00Z"});
    assert_eq!(bob.data("SIM", &upload).await.status, 200);
    let row = site.admin("data/1").await;
    for field in [
        "session",
        "sample_id",
        "group",
        "filename",
        "exposure",
        "attenuation",
        "beam_size",
        "uuid",
    ] {
        assert_eq!(row[field], Value::Null, "{field}");
    }
    assert_eq!((&row["num_frames"], &row["meta_data"]), (&json!(1), &json!({})));
}

#[actix_web::test]
async fn datasets_are_filtered_by_project_beamline_and_session() {
    let site = site().await;
    for (query, expected) in [
        ("", &[5, 4, 3, 2, 1][..]),
        ("?project=alice", &[3, 2, 1]),
        ("?project=bob", &[5, 4]),
        ("?project=staff", &[]),
        ("?beamline=BM", &[5, 2, 1]),
        ("?beamline=SIM", &[]),
        ("?session=1", &[2, 1]),
        ("?session=2", &[4]),
        ("?project=alice&beamline=ID", &[3]),
        ("?project=bob&session=1", &[]),
        ("?beamline=BM&session=1&limit=1", &[2]),
        ("?beamline=BM&before=5&limit=1", &[2]),
    ] {
        assert_eq!(ids(&site, &format!("data{query}")).await, expected, "{query}");
    }
    assert_keys(&site.admin("data").await, &FIELDS);
}

#[actix_web::test]
async fn datasets_are_paged_newest_first() {
    let site = site().await;
    for path in ["data", "data?project=alice", "data?beamline=BM"] {
        assert_paged(&site, path).await;
    }
}

#[actix_web::test]
async fn unknown_filters_are_refused_and_unknown_ids_are_not_found() {
    let site = site().await;
    assert_refuses(&site, "data?project=nobody", "project").await;
    assert_refuses(&site, "data?beamline=bm", "beamline").await;
    assert_refuses(&site, "data?session=3", "session").await;
    assert_refuses(&site, "data?session=day", "session").await;
    let all_at_once = site
        .admin_reply("data?project=x&beamline=x&session=x&limit=x&before=x&x=x")
        .await;
    assert_eq!(
        all_at_once.fields(),
        ["beamline", "before", "limit", "project", "session", "x"]
    );
    for id in ["0", "6", "a"] {
        assert_eq!(site.admin_reply(&format!("data/{id}")).await.status, 404, "{id}");
    }
}

#[actix_web::test]
async fn a_long_page_of_large_datasets_arrives_whole() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    for number in 0..40 {
        let mut upload = dataset(&format!("large-{number}"));
        upload["trace"] = json!("x".repeat(50_000));
        assert_eq!(alice.data("BM", &upload).await.status, 200);
    }
    let reply = site.admin_reply("data?limit=1000").await;
    assert_eq!(reply.header("content-length"), None, "the answer was not chunked");
    let rows = reply.json();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 40);
    assert!(rows
        .iter()
        .all(|row| row["meta_data"]["trace"].as_str().unwrap().len() == 50_000));
}
