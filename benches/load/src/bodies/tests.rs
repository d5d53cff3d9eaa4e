#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use serde_json::Value;

const NOW: Timestamp = Timestamp(1_795_446_000_250_000);
const MINE: &str = "load-0000abcd-0011-0000012c";
const UUID: &str = "12345678-9abc-4def-8123-456789abcdef";

fn read(bytes: &[u8]) -> Value {
    rmp_serde::from_slice(bytes).unwrap()
}

#[test]
fn a_dataset_has_its_own_name_uuid_directory_times_and_sample() {
    let mut bodies = Bodies::new("alice", true).unwrap();
    for body in [&mut bodies.screen, &mut bodies.dataset] {
        let value = read(body.dataset(MINE, UUID, 77, NOW));
        assert_eq!(value["name"], MINE);
        assert_eq!(value["filename"], format!("{MINE}_{{:05d}}.cbf"));
        assert_eq!(value["uuid"], UUID);
        assert_eq!(value["sample_id"], 77);
        assert_eq!(value["end_time"], "2026-11-23T15:00:00.250000+00:00");
        assert_eq!(value["start_time"], "2026-11-23T14:59:00.250000+00:00");
        let directory = value["directory"].as_str().unwrap();
        assert!(directory.starts_with("/users/alice/") && directory.contains(MINE));
    }
}

#[test]
fn a_dataset_of_an_account_without_samples_has_none() {
    let mut bodies = Bodies::new("alice", false).unwrap();
    let value = read(bodies.dataset.dataset(MINE, UUID, 5, NOW));
    assert_eq!(value["sample_id"], Value::Null);
}

#[test]
fn a_report_has_its_own_title_and_dataset() {
    let mut bodies = Bodies::new("alice", true).unwrap();
    for body in [&mut bodies.screening, &mut bodies.analysis] {
        let value = read(body.report(MINE, 987_654));
        let title = value["title"].as_str().unwrap();
        assert!(title.starts_with(&format!("{MINE} MX ")));
        assert_eq!(value["data_id"], serde_json::json!([987_654]));
        assert!(value["directory"].as_str().unwrap().contains(MINE));
        assert!(value["details"][0]["content"].is_array());
    }
}
