//! What was mended or left out, line by line; and that every entry passes the service's rules.

use crate::builder::{blemishes, proxy, record, sound, text, ED25519, HASH, SHAPES};
use crate::imported::{import, plan, read, ZONE};
use crate::store::problems;
use beamlive_mxlive::{Directories, Notes};
use proptest::prelude::*;
use serde_json::{json, Value};
use std::path::Path;

/// Compares with the file, which `BEAMLIVE_GOLDEN=write` writes.
fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/suite/golden")
        .join(name);
    if std::env::var("BEAMLIVE_GOLDEN").is_ok_and(|mode| mode == "write") {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{}", path.display());
}

#[test]
fn each_blemish_has_its_line() {
    let imported = import(&text(&[sound(SHAPES[0]), blemishes()].concat()), &text(&proxy()));
    let lines: Vec<_> = imported.notes.iter().map(|note| format!("{note}\n")).collect();
    golden("notes.txt", &lines.concat());
    golden(
        "notes.json",
        &(serde_json::to_string_pretty(&imported.notes).unwrap() + "\n"),
    );
    assert_eq!(
        imported.unread.models,
        [("lims.loadhistory".to_owned(), 1)].into()
    );
    assert_eq!(imported.unread.secret.len(), 2);
    assert_eq!(
        imported.unread.fields,
        [].into(),
        "every field of the models is known"
    );
    assert_eq!(
        imported.unread.ignored.get("lims.dewar.staff_comments"),
        None,
        "it is null"
    );
    assert_eq!(imported.unread.ignored.get("lims.group.energy"), Some(&1));
}

#[test]
fn a_sound_dump_becomes_a_facility_file_without_notes() {
    let imported = import(&text(&sound(SHAPES[0])), &text(&proxy()));
    assert_eq!(imported.notes, []);
    golden(
        "facility.json",
        &(serde_json::to_string_pretty(&imported.facility).unwrap() + "\n"),
    );
    let facility = &imported.facility;
    let sample = facility
        .sample
        .iter()
        .find(|it| (it.container.as_str(), it.location.as_str()) == ("CLS-0042", "2"));
    assert_eq!(
        sample.map(|it| (it.project.as_str(), it.id)),
        Some(("alice", Some(17)))
    );
    let project = facility.project.iter().find(|it| it.username == "alice");
    assert_eq!(project.and_then(|it| it.id), Some(3));
}

#[test]
fn users_of_basiclive_become_persons() {
    let user = |pk: u64, name: &str, superuser: bool, staff: bool| {
        record(
            "users.user",
            pk,
            json!({
                "username": name, "password": HASH, "first_name": "F", "last_name": name, "email": "x@example.org",
                "is_active": pk != 3, "is_staff": staff, "is_superuser": superuser, "last_login": null,
            }),
        )
    };
    let dump = [
        user(1, "ann", true, true),
        user(2, "ben", false, true),
        user(3, "group-a", false, false),
        record(
            "lims.project",
            7,
            json!({"name": "group-a", "pi": 2, "members": [1, 2], "title": "The group"}),
        ),
        record("lims.project", 8, json!({"name": "group-b", "pi": 99})),
        record(
            "lims.projectmembership",
            1,
            json!({"user": 1, "project": 7, "role": "member"}),
        ),
        record(
            "lims.projectmembership",
            2,
            json!({"user": 1, "project": 8, "role": "Leader"}),
        ),
        record(
            "lims.projectmembership",
            3,
            json!({"user": 98, "project": 8, "role": "member"}),
        ),
        record("lims.sshkey", 1, json!({"key": ED25519, "user": 1})),
        record(
            "acl.accesslist",
            1,
            json!({"name": "nx", "address": "10.0.0.9/8", "users": [1, 2, 3], "active": true}),
        ),
        record(
            "acl.access",
            1,
            json!({
                "user": 1, "userlist": 1, "name": "c", "status": "Disconnected", "start_time": "2026-01-01T08:00:00Z",
                "end_time": "2026-01-01T09:00:00Z",
            }),
        ),
    ];
    let imported = import(&text(&dump), "[]");
    let lines: Vec<_> = imported.notes.iter().map(|note| format!("{note}\n")).collect();
    golden("persons.txt", &lines.concat());
    golden(
        "persons.json",
        &(serde_json::to_string_pretty(&imported.facility).unwrap() + "\n"),
    );
    assert_eq!(problems(&imported), [""; 0]);
    assert_eq!(imported.items.len(), 1, "{:?}", imported.items);
}

#[test]
fn every_field_may_be_null_or_missing() {
    let nulled = |record: &Value| {
        let mut record = record.clone();
        for (_, value) in record["fields"].as_object_mut().unwrap() {
            *value = Value::Null;
        }
        record
    };
    let all = [sound(SHAPES[0]), blemishes()].concat();
    let nulls: Vec<_> = all.iter().map(nulled).collect();
    assert_eq!(problems(&import(&text(&nulls), "[]")), [""; 0]);
    // One record after the other.
    for at in 0..all.len() {
        let mut changed = all.clone();
        changed[at] = nulled(&all[at]);
        let mut notes = Notes::new();
        let (_, mended) = read(text(&changed).as_bytes(), &Directories::default(), &mut notes);
        plan(&mended.facility);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Fields of random records take the values of the same field of others, and keys change.
    #[test]
    fn whatever_is_mixed_up_becomes_a_sound_store(
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..40),
        keys in prop::collection::vec((any::<prop::sample::Index>(), -2_i64..120), 0..8),
    ) {
        let mut all = [sound(SHAPES[0]), blemishes()].concat();
        for (one, other, field) in swaps {
            let (one, other) = (one.index(all.len()), other.index(all.len()));
            let names: Vec<_> = all[one]["fields"].as_object().unwrap().keys().cloned().collect();
            if names.is_empty() { continue }
            let name = &names[field.index(names.len())];
            let same = all[one]["model"] == all[other]["model"];
            if let (Some(value), true) = (all[other]["fields"].get(name).cloned(), same) {
                all[one]["fields"][name] = value;
            }
        }
        for (at, key) in keys {
            let at = at.index(all.len());
            all[at]["pk"] = json!(key);
        }
        let imported = import(&text(&all), &text(&proxy()));
        prop_assert_eq!(problems(&imported), Vec::<String>::new());
    }
}

#[test]
fn a_date_without_an_offset_is_local_time() {
    assert_eq!(ZONE.name(), "America/Regina");
    let mut all = sound(SHAPES[0]);
    for record in &mut all {
        if record["model"] == "lims.session" {
            record["fields"]["created"] = json!("2026-01-01T02:00:00");
        }
    }
    let imported = import(&text(&all), "[]");
    let session = imported.items.iter().find_map(|item| match item {
        beamlive_mxlive::Item::Session { session, .. } => Some(session.created),
        _ => None,
    });
    assert_eq!(
        session.unwrap().to_utc().to_rfc3339(),
        "2026-01-01T08:00:00+00:00"
    );
    assert!(imported
        .notes
        .iter()
        .any(|note| note.text.contains("has no offset")));
}
