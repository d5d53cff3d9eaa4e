//! From a store to a dump and back: nothing is lost, and the same dump results.

use crate::builder::{blemishes, proxy, record, sound, text, HASH, SHAPES};
use crate::compare::{assert_same, contents};
use crate::imported::import;
use crate::store::Bench;
use beamlive_mxlive::export::{export, paths, Dump, Exported};
use beamlive_storage::Store;
use serde_json::{json, Value};

/// The dump of a store, and that of the Data Proxy.
fn dumps(store: &Store) -> (String, String, Exported) {
    let mut dump = Dump::begin(Vec::new(), |_| {}).unwrap();
    let exported = export(store, &mut dump).unwrap();
    let mut proxy = Dump::begin(Vec::new(), |_| {}).unwrap();
    paths(store, &mut proxy).unwrap();
    let text = |dump: Dump<Vec<u8>>| String::from_utf8(dump.finish().unwrap()).unwrap();
    (text(dump), text(proxy), exported)
}

/// The store of a dump.
fn stored(dump: &str, proxy: &str) -> Bench {
    let imported = import(dump, proxy);
    let bench = Bench::new(&imported);
    bench.write(&imported.items).unwrap();
    assert_eq!(bench.problems(), [""; 0]);
    bench
}

/// Asserts that a store and its dump say the same. Returns the dump.
#[track_caller]
fn comes_back(dump: &str, proxy: &str) -> String {
    let first = stored(dump, proxy);
    let (dump, proxy, exported) = dumps(first.store());
    let lost = exported
        .left
        .keys()
        .filter(|what| !what.starts_with("survey keys"));
    assert_eq!(lost.count(), 0, "{exported:?}");
    let again = import(&dump, &proxy);
    assert_eq!(
        again.unread.models.len() + again.unread.fields.len(),
        0,
        "{:?}",
        again.unread
    );
    let second = stored(&dump, &proxy);
    assert_same(&contents(first.store()), &contents(second.store()));
    let (once_more, paths, _) = dumps(second.store());
    assert_eq!((&once_more, paths), (&dump, proxy));
    dump
}

#[test]
fn a_sound_dump_comes_back() {
    for shape in SHAPES {
        for proxy in [text(&proxy()), "[]".to_owned()] {
            let dump = comes_back(&text(&sound(shape)), &proxy);
            let rows: Vec<Value> = serde_json::from_str(&dump).unwrap();
            for model in sound(shape).iter().map(|row| &row["model"]) {
                let known = rows.iter().any(|row| row["model"] == *model);
                let other = ["lims.dewar", "sessions.session", "contenttypes.contenttype"];
                assert!(known || other.contains(&model.as_str().unwrap()), "{model}");
            }
        }
    }
}

#[test]
fn a_dump_with_every_blemish_comes_back() {
    let all = [sound(SHAPES[0]), blemishes()].concat();
    for proxy in [text(&proxy()), "[]".to_owned()] {
        comes_back(&text(&all), &proxy);
    }
}

#[test]
fn persons_and_their_memberships_come_back() {
    let mut all = sound(SHAPES[0]);
    all.extend([
        record("users.user", 40, json!({
            "username": "carol", "first_name": "Carol", "last_name": "van der Berg", "email": "c@example.org",
            "password": HASH, "is_active": false, "is_staff": true,
        })),
        record("users.user", 41, json!({"username": "dan", "is_superuser": true})),
        record("lims.projectmembership", 1, json!({"user": 40, "project": 5, "role": "leader"})),
        record("lims.projectmembership", 2, json!({"user": 40, "project": 3, "role": "member"})),
        record("users.sshkey", 9, json!({"key": crate::builder::ED25519, "user": 41})),
        record("staff.userlist", 5, json!({"name": "nx-5", "address": "10.0.0.0/8", "users": [40], "active": true})),
        record("staff.remoteconnection", 7, json!({
            "name": "host-7", "user": 40, "userlist": 5, "status": "Failed", "created": "2026-01-01T08:00:00Z",
        })),
    ]);
    let dump = comes_back(&text(&all), "[]");
    assert!(dump.contains("\"last_name\": \"Berg\"") && dump.contains("\"role\": \"leader\""));
}
