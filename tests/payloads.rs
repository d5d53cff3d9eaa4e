//! Bodies of the clients that beamlines use: they are accepted and read back as they were sent.

use crate::support::{Client, Reply, Site};
use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use serde_json::{json, Map, Value};
use std::path::PathBuf;

/// The known fields of a dataset. All are shown except `directory`.
const OWN_FIELDS: [&str; 13] = [
    "directory",
    "type",
    "name",
    "energy",
    "exposure",
    "attenuation",
    "beam_size",
    "filename",
    "frames",
    "sample_id",
    "start_time",
    "end_time",
    "uuid",
];

/// The number of frames of each dataset.
const NUM_FRAMES: [(&str, u64); 8] = [
    ("data-DATA-reupload", 3600),
    ("data-DATA", 1800),
    ("data-MAD", 1),
    ("data-RASTER", 121),
    ("data-SCREEN", 16),
    ("data-XAS", 3),
    ("data-XRD", 2),
    ("data-XRF", 1),
];

/// The bodies whose names start with `beginning`.
fn bodies(beginning: &str) -> Vec<(String, Map<String, Value>)> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/payloads");
    let mut bodies = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name.starts_with(beginning) {
            let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            bodies.push((name, file["example"].as_object().unwrap().clone()));
        }
    }
    bodies
}

/// A time as the admin API shows it. Times without an offset are in Saskatchewan.
fn shown(time: &Value) -> Value {
    let text = time.as_str().unwrap();
    let utc: DateTime<Utc> = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.to_utc(),
        Err(_) => {
            let naive: NaiveDateTime = text.parse().unwrap();
            chrono_tz::America::Regina
                .from_local_datetime(&naive)
                .unwrap()
                .to_utc()
        }
    };
    json!(utc.to_rfc3339_opts(SecondsFormat::Micros, true))
}

fn id_of(reply: &Reply) -> u64 {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["id"].as_u64().unwrap()
}

async fn record(site: &Site, path: String, project: &str) -> Value {
    let mut row = site.admin(&path).await;
    assert_eq!(row["project"], project);
    assert_eq!(row["url"].as_str().unwrap().len(), 40);
    for own in ["id", "project", "url"] {
        row.as_object_mut().unwrap().remove(own);
    }
    row
}

/// Uploads a body as MessagePack to one project and as JSON to another. Returns both records
/// without the fields that differ between the projects.
async fn both_forms(site: &Site, route: &str, list: &str, body: &Value) -> (Value, Value) {
    let (alice, bob): (Client, Client) = (site.client("alice").await, site.client("bob").await);
    let packed = id_of(&alice.post_msgpack(route, body).await);
    let text = id_of(&bob.post_json(route, body).await);
    assert_eq!(
        (packed, text),
        (1, 2),
        "an id of another facility makes new records"
    );
    let packed = record(site, format!("{list}/{packed}"), "alice").await;
    let text = record(site, format!("{list}/{text}"), "bob").await;
    (packed, text)
}

#[actix_web::test]
async fn every_dataset_reads_back_as_it_was_sent() {
    let bodies = bodies("data-");
    assert_eq!(bodies.len(), NUM_FRAMES.len());
    for (name, sent) in bodies {
        let site = Site::new().await;
        let (packed, text) = both_forms(&site, "data/BM/", "data", &json!(sent)).await;
        let (_, num_frames) = NUM_FRAMES.iter().find(|(known, _)| *known == name).unwrap();
        let mut meta_data = sent.clone();
        meta_data.retain(|field, _| !OWN_FIELDS.contains(&field.as_str()) && field != "id");
        assert!(meta_data.len() >= 2, "{name} has no unknown fields");
        let expected = json!({
            "beamline": "BM", "session": null, "sample_id": null, "group": null, "name": sent["name"],
            "type": sent["type"], "filename": sent["filename"], "frames": sent["frames"], "num_frames": num_frames,
            "energy": sent["energy"], "exposure": sent["exposure"], "attenuation": sent["attenuation"],
            "beam_size": sent["beam_size"], "start_time": shown(&sent["start_time"]),
            "end_time": shown(&sent["end_time"]), "uuid": sent["uuid"], "meta_data": meta_data,
            "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:00:00Z",
            "address": "127.0.0.1",
        });
        assert_eq!(packed, expected, "{name} as MessagePack");
        assert_eq!(text, expected, "{name} as JSON");
    }
}

#[actix_web::test]
async fn every_report_reads_back_as_it_was_sent() {
    let bodies = bodies("report-");
    assert_eq!(bodies.len(), 3);
    for (name, sent) in bodies {
        let site = Site::new().await;
        let (packed, text) = both_forms(&site, "report/BM/", "reports", &json!(sent)).await;
        let expected = json!({
            "beamline": "BM", "name": sent["title"], "kind": sent["kind"], "score": sent["score"], "data_id": [],
            "details": sent["details"], "created": "2026-11-23T15:00:00Z", "modified": "2026-11-23T15:00:00Z",
            "address": "127.0.0.1",
        });
        assert_eq!(packed, expected, "{name} as MessagePack");
        assert_eq!(text, expected, "{name} as JSON");
    }
}

#[actix_web::test]
async fn sending_the_merged_reply_again_keeps_one_record() {
    for (name, mut sent) in bodies("data-") {
        let site = Site::new().await;
        let alice = site.client("alice").await;
        let id = id_of(&alice.post_msgpack("data/BM/", &json!(sent)).await);
        sent.insert("id".to_owned(), json!(id));
        assert_eq!(
            id_of(&alice.post_msgpack("data/BM/", &json!(sent)).await),
            id,
            "{name}"
        );
        sent.remove("uuid");
        assert_eq!(
            id_of(&alice.post_msgpack("data/BM/", &json!(sent)).await),
            id,
            "{name}, by its id alone"
        );
        assert_eq!(site.admin("data").await.as_array().unwrap().len(), 1, "{name}");
    }
}

#[actix_web::test]
async fn a_report_is_about_the_datasets_of_the_same_day() {
    let site = Site::new().await;
    let alice = site.client("alice").await;
    let mut ids = Vec::new();
    for (_, mut sent) in bodies("data-") {
        sent.remove("uuid");
        ids.push(id_of(&alice.post_msgpack("data/BM/", &json!(sent)).await));
    }
    let mut about: Vec<Value> = ids.iter().map(|id| json!(id)).collect();
    about.insert(1, json!(null));
    for (name, mut sent) in bodies("report-") {
        sent.insert("data_id".to_owned(), json!(about));
        let id = id_of(&alice.post_msgpack("report/BM/", &json!(sent)).await);
        assert_eq!(
            site.admin(&format!("reports/{id}")).await["data_id"],
            json!(ids),
            "{name}"
        );
    }
}

#[actix_web::test]
async fn the_access_list_example_is_accepted() {
    let site = Site::new().await;
    let directory =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/payloads/accesslist-post.json");
    let file: Value = serde_json::from_slice(&std::fs::read(directory).unwrap()).unwrap();
    let mut entries = file["example"].clone();
    entries[0]["project"] = json!("alice");
    let url = format!("{}/api/v2/accesslist/", site.url());
    let reply = Reply::of(site.http.post(url).body(rmp_serde::to_vec(&entries).unwrap())).await;
    assert_eq!((reply.status, reply.json()), (200, json!(["alice", "bob"])));
    let connections = site.admin("connections").await;
    assert_eq!(connections[0]["name"], entries[0]["name"]);
    assert_eq!(connections[0]["created"], "2026-11-23T18:00:00Z");
}
