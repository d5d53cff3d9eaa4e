//! From a store to a dump and back: nothing is lost, and the same dump results.

use crate::builder::{blemishes, proxy, record, sound, text, HASH, SHAPES};
use crate::compare::{assert_same, contents};
use crate::imported::{import, plan_over};
use crate::store::Bench;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_mxlive::export::{export, paths, Dump, Exported};
use beamlive_storage::ids::{AccessListId, BeamlineId, IdRef, ProjectId, SampleId, SessionId};
use beamlive_storage::keys::{self, Key};
use beamlive_storage::records::{
    AccessList, Activity, Beamline, Connection, ConnectionStatus, ContainerType, DataType, Dataset,
    EndedFamily, Feedback, Project, Record, Report, Sample, Subject,
};
use beamlive_storage::{Batch, Store, Table, Timestamp};
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

/// Changes a stored record.
fn change<R: Record>(bench: &Bench, key: Key, change: impl FnOnce(&mut R)) {
    let mut found = bench.store().get::<R>(&key).unwrap().unwrap();
    change(&mut found.record);
    let mut batch = Batch::new();
    batch.replace(key, found.revision, &found.record);
    bench.apply(batch);
}

#[test]
#[allow(clippy::too_many_lines, reason = "one record after the other")]
fn what_the_columns_of_mxlive_cannot_say_comes_back() {
    let first = stored(&text(&sound(SHAPES[0])), &text(&proxy()));
    let known = IdRef::Known;
    change::<Dataset>(&first, keys::dataset(known(100)), |it| {
        let odd = [
            (Value::from("a\u{7f}"), rmpv::Value::F64(f64::NAN)),
            (Value::from("infinite"), rmpv::Value::F64(f64::NEG_INFINITY)),
            (Value::from("single"), rmpv::Value::F32(1.5)),
            (Value::from("bytes"), rmpv::Value::Binary(vec![1, 2])),
            (Value::from("energy"), rmpv::Value::from("known")),
        ];
        let odd = odd.map(|(name, value)| (rmpv::Value::from(name.as_str().unwrap()), value));
        let odd = [&odd[..], &[(rmpv::Value::from(7), rmpv::Value::Nil)]].concat();
        it.meta_data.clear();
        rmpv::encode::write_value(&mut it.meta_data, &rmpv::Value::Map(odd)).unwrap();
        it.energy = 12.658_123_45;
        it.frames = "8,1-4".to_owned();
        it.group = None;
        it.filename = None;
        it.address = Some([10, 1, 2, 3].into());
        it.start_time = Timestamp(it.end_time.0 + 1);
        it.sample = Some(SampleId(99));
        it.kind = "GONE".to_owned();
    });
    change::<Report>(&first, keys::report(known(200)), |it| {
        it.details = vec![0xc4, 1, 7];
        it.address = Some("fe80::1".parse().unwrap());
        it.modified = Timestamp(it.created.0 + 1);
    });
    change::<Project>(&first, keys::record(Table::Project, known(3)), |it| {
        it.sign_in.declared = Some("pbkdf2_sha256$1$a$b".to_owned());
        it.sign_in.expired = true;
        it.sign_in.token_epoch = 7;
        it.sign_in.ended.push(EndedFamily {
            family: [7; 8],
            until: Timestamp(99),
        });
        it.created = Timestamp(5);
    });
    change::<DataType>(&first, keys::record(Table::DataType, known(1)), |it| {
        it.aliases = vec!["old".to_owned()];
        it.metadata.clear();
    });
    change::<ContainerType>(&first, keys::record(Table::ContainerType, known(1)), |it| {
        it.locations.reverse();
        if let Some(drawing) = &mut it.drawing {
            drawing.places = vec![(0.0, 0.0), (1.0, 7.5)];
        }
    });
    change::<Beamline>(&first, keys::record(Table::Beamline, known(1)), |it| {
        it.energy = Some((12.0, 12.0));
    });
    change::<Sample>(&first, keys::record(Table::Sample, known(17)), |it| {
        it.comments = " ".to_owned()
    });
    change::<AccessList>(&first, keys::record(Table::AccessList, known(1)), |it| {
        it.beamlines = vec![BeamlineId(2), BeamlineId(1)];
        it.address = "10.45.0.0/32".to_owned();
    });
    let connection = keys::connection(AccessListId(1), ProjectId(3), "host-1001");
    change::<Connection>(&first, connection, |it| {
        let status = |number: i64| match number % 3 {
            0 => ConnectionStatus::Connected,
            1 => ConnectionStatus::Disconnected,
            _ => ConnectionStatus::Failed,
        };
        it.history = (0..50)
            .map(|number| (status(number), Timestamp(number * 7)))
            .collect();
        it.created = Timestamp(3);
    });
    let answer = keys::feedback(SessionId(7), known(1));
    change::<Feedback>(&first, answer, |it| {
        it.areas = vec![
            ("Robot".to_owned(), Some(3), "slow".to_owned()),
            ("Beam".to_owned(), None, String::new()),
            ("Robot".to_owned(), Some(5), String::new()),
        ];
    });
    change::<Activity>(&first, keys::activity(known(1)), |it| {
        it.action = "retry".to_owned();
        it.subject = Subject::Outbox;
        it.record = 100.into();
        it.who = "mx-host".to_owned();
    });
    let (dump, paths, _) = dumps(first.store());
    let imported = import(&dump, &paths);
    let second = Bench::new(&imported);
    second.write(&imported.items).unwrap();
    assert_same(&contents(first.store()), &contents(second.store()));
    assert_eq!(dumps(second.store()).0, dump);
    assert_eq!(second.write(&imported.items).unwrap(), 0, "again changes nothing");
    let catalog = Catalog::load(second.store()).unwrap();
    let again = plan_over(&catalog, &imported.facility).changes.join("; ");
    assert!(!again.contains("project"), "a password is set once: {again}");
}

#[test]
fn an_edited_column_counts() {
    let first = stored(&text(&sound(SHAPES[0])), "[]");
    let (dump, ..) = dumps(first.store());
    let mut rows: Vec<Value> = serde_json::from_str(&dump).unwrap();
    for row in rows.iter_mut().filter(|row| row["model"] == "lims.data") {
        row["fields"]["energy"] = json!("7.0000");
    }
    let second = stored(&text(&rows), "[]");
    let found = second.store().get::<Dataset>(&keys::dataset(IdRef::Known(100)));
    assert_eq!(found.unwrap().unwrap().record.energy, 7.0);
}

#[test]
fn an_exact_record_that_is_none_is_an_error_or_a_note() {
    let first = stored(&text(&sound(SHAPES[0])), "[]");
    let (dump, ..) = dumps(first.store());
    let with = |model: &str| {
        let mut rows: Vec<Value> = serde_json::from_str(&dump).unwrap();
        for row in rows.iter_mut().filter(|row| row["model"] == model) {
            row["fields"]["beamlive"] =
                json!({"record": {"name": [1]}, "waits": 3, "older": 4, "newest": "x"});
        }
        import(&text(&rows), "[]")
    };
    for model in ["lims.data", "lims.session", "lims.analysisreport"] {
        let imported = with(model);
        let noted = imported.notes.iter().any(|note| note.text.contains("beamlive"));
        assert!(noted, "{model}: {:?}", imported.notes);
        Bench::new(&imported).write(&imported.items).unwrap();
    }
    let imported = with("lims.project");
    let error = Bench::new(&imported).write(&imported.items).unwrap_err();
    assert!(error.to_string().contains("Project 3"), "{error}");
}
