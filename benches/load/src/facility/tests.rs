#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;

fn facility() -> Facility {
    Facility {
        prefix: "load".to_owned(),
        beamlines: 3,
        samples: 70,
        address: Some("127.0.0.1".to_owned()),
        ssh_keys: vec!["ssh-ed25519 AAAA".to_owned()],
        keys: Vec::new(),
    }
}

/// The part of an entry's key that is unique in the facility.
fn key(section: &str) -> &str {
    match section {
        "project" => "username",
        "beamline" => "acronym",
        "automounter" => "beamline",
        "group" | "sample" => "project",
        _ => "name",
    }
}

#[test]
fn both_files_name_everything_after_the_prefix() {
    let facility = facility();
    for (file, samples) in [(facility.opening(), 3 * 70), (facility.closing(), 0)] {
        let sections = file.as_object().unwrap();
        for (section, entries) in sections {
            for entry in entries.as_array().unwrap() {
                assert!(
                    entry[key(section)].as_str().unwrap().starts_with("load"),
                    "{section} {entry}"
                );
            }
        }
        let count = sections
            .get("sample")
            .map_or(0, |all| all.as_array().unwrap().len());
        assert_eq!(count, samples);
        assert_eq!(sections["container"].as_array().unwrap().len(), 3 * (1 + 2 + 5));
    }
}

#[test]
fn the_closing_file_leaves_nothing_active() {
    let closing = facility().closing();
    for section in ["beamline", "automounter", "access_list"] {
        let entries = closing[section].as_array().unwrap();
        assert!(
            entries.iter().all(|entry| entry["active"] == false),
            "{entries:?}"
        );
    }
    assert_eq!(closing["access_list"][0]["users"], json!([]));
    let projects = closing["project"].as_array().unwrap();
    assert!(projects.iter().all(|project| project["ssh_keys"] == json!([])));
    let containers = closing["container"].as_array().unwrap();
    assert!(containers
        .iter()
        .all(|container| container["status"] == "archived"));
}
