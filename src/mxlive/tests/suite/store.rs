//! Stores what results from a dump, and verifies the store.

use crate::builder::{blemishes, proxy, record, sound, text, SHAPES};
use crate::imported::{import, Imported, NOW, RULES};
use beamlive_actors::facility::seeded_catalog;
use beamlive_mxlive::{Item, WriteError, Writer};
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{Dataset, StoreFormat};
use beamlive_storage::verify::{verify, Rules};
use beamlive_storage::{Batch, Engine, MemoryEngine, Store, LAYOUT};
use serde_json::{json, Value};
use std::sync::Arc;

/// A store while dumps are imported.
pub(crate) struct Bench {
    engine: MemoryEngine,
    store: Store,
}

impl Bench {
    /// A store that has the declared part of a dump.
    pub(crate) fn new(imported: &Imported) -> Self {
        let mut batch = Batch::new();
        let format = StoreFormat {
            layout: LAYOUT,
            created_by: "test".to_owned(),
            created: NOW,
            written_by: "test".to_owned(),
            records: Vec::new(),
        };
        batch.insert(Key::of(Table::Meta), &format);
        for (id, kind) in seeded_catalog().data_types.iter() {
            batch.insert(keys::record(Table::DataType, IdRef::Known(id)), &kind.record);
        }
        batch.set(keys::counter(Table::DataType), &7_u64.to_be_bytes());
        let engine = MemoryEngine::new();
        let store = Store::with_engine(Arc::new(engine.clone()), 1);
        let bench = Self { engine, store };
        bench.apply(batch);
        bench.apply(imported.batch.clone());
        bench
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn apply(&self, batch: Batch) {
        for outcome in self.engine.apply(&[batch]).unwrap().outcomes {
            outcome.unwrap();
        }
    }

    /// Writes the records of a dump. Returns the number of batches that change something.
    pub(crate) fn write(&self, items: &[Item]) -> Result<usize, WriteError> {
        let mut writer = Writer::new(&self.store);
        let mut batches = 0;
        for chunk in items.chunks(7) {
            let mut batch = Batch::new();
            for item in chunk {
                writer.add(&mut batch, item)?;
            }
            batches += usize::from(!batch.is_empty());
            self.apply(batch);
        }
        let mut batch = Batch::new();
        writer.finish(&mut batch)?;
        batches += usize::from(!batch.is_empty());
        self.apply(batch);
        Ok(batches)
    }

    /// What `verify` finds wrong.
    pub(crate) fn problems(&self) -> Vec<String> {
        let rules = Rules {
            joinable_micros: RULES.joinable_micros,
            deepest: beamlive_actors::facility::DEEPEST,
        };
        verify(&self.store, rules, |_, _| {})
            .unwrap()
            .problems
            .kept()
            .to_vec()
    }
}

/// What `verify` finds wrong with the store of a dump.
pub(crate) fn problems(imported: &Imported) -> Vec<String> {
    let bench = Bench::new(imported);
    bench.write(&imported.items).unwrap();
    bench.problems()
}

fn all() -> Vec<Value> {
    [sound(SHAPES[0]), blemishes()].concat()
}

#[test]
fn the_store_of_a_sound_dump_is_sound() {
    for shape in SHAPES {
        let imported = import(&text(&sound(shape)), &text(&proxy()));
        assert_eq!(problems(&imported), [""; 0], "{shape:?}");
    }
}

#[test]
fn the_store_of_a_dump_with_every_blemish_is_sound() {
    for proxy in [text(&proxy()), "[]".to_owned()] {
        let imported = import(&text(&all()), &proxy);
        assert_eq!(problems(&imported), [""; 0]);
        assert!(imported.notes.len() > 80, "{}", imported.notes.len());
    }
}

#[test]
fn the_same_dump_again_changes_nothing() {
    let imported = import(&text(&all()), &text(&proxy()));
    let bench = Bench::new(&imported);
    assert!(bench.write(&imported.items).unwrap() > 3);
    assert_eq!(bench.write(&imported.items).unwrap(), 0);
}

#[test]
fn a_later_import_adds_what_was_not_there_and_fills_gaps() {
    let later = text(&all());
    let mut first = all();
    first.retain(|record| {
        !["lims.session", "lims.data"].contains(&record["model"].as_str().unwrap()) || record["pk"] != 111
    });
    first.retain(|record| record["model"] != "lims.analysisreport" && record["model"] != "lims.activitylog");
    let (first, later) = (import(&text(&first), "[]"), import(&later, &text(&proxy())));
    let bench = Bench::new(&later);
    bench.write(&first.items).unwrap();
    assert_eq!(bench.problems(), [""; 0]);
    let digest = |bench: &Bench| {
        let found = bench
            .store
            .get::<Dataset>(&keys::dataset(IdRef::Known(100)))
            .unwrap();
        found.unwrap().record.directory_digest
    };
    let unknown = digest(&bench);
    bench.write(&later.items).unwrap();
    assert_eq!(bench.problems(), [""; 0]);
    assert_ne!(digest(&bench), unknown, "the directory is known now");
    assert!(bench
        .store
        .get::<Dataset>(&keys::dataset(IdRef::Known(111)))
        .unwrap()
        .is_some());
    assert_eq!(bench.write(&later.items).unwrap(), 0);
}

#[test]
fn another_record_of_the_same_id_is_an_error_that_says_what_to_do() {
    let imported = import(&text(&sound(SHAPES[0])), "[]");
    let bench = Bench::new(&imported);
    bench.write(&imported.items).unwrap();
    for (model, pk, what) in [
        ("lims.data", 100, "dataset 100"),
        ("lims.session", 7, "session 7"),
        ("lims.analysisreport", 200, "report 200"),
    ] {
        let mut other = sound(SHAPES[0]);
        for record in other
            .iter_mut()
            .filter(|record| record["model"] == model && record["pk"] == pk)
        {
            record["fields"]["created"] = json!("2020-01-01T00:00:00Z");
        }
        let error = bench
            .write(&import(&text(&other), "[]").items)
            .unwrap_err()
            .to_string();
        assert!(error.contains(what) && error.contains("[ids] first"), "{error}");
    }
}

#[test]
fn what_the_service_has_changed_since_stays() {
    let imported = import(&text(&sound(SHAPES[0])), "[]");
    let bench = Bench::new(&imported);
    bench.write(&imported.items).unwrap();
    let key = keys::dataset(IdRef::Known(100));
    let mut found = bench.store.get::<Dataset>(&key).unwrap().unwrap();
    found.record.modified = NOW;
    found.record.energy = 7.0;
    let mut batch = Batch::new();
    batch.replace(key.clone(), found.revision, &found.record);
    bench.apply(batch);
    assert_eq!(bench.write(&imported.items).unwrap(), 0);
    assert_eq!(
        bench.store.get::<Dataset>(&key).unwrap().unwrap().record.energy,
        7.0
    );
}

#[test]
fn a_stretch_that_has_ended_since_and_a_moved_dataset_are_updated() {
    let imported = import(&text(&sound(SHAPES[0])), "[]");
    let bench = Bench::new(&imported);
    bench.write(&imported.items).unwrap();
    let mut later = sound(SHAPES[0]);
    for record in &mut later {
        match record["model"].as_str().unwrap() {
            "lims.stretch" if record["pk"] == 2 => record["fields"]["end"] = json!("2026-01-01T12:00:00Z"),
            "lims.data" => {
                record["fields"]["session"] = json!(8);
                record["fields"]["modified"] = json!("2026-01-01T13:00:00Z");
                record["fields"]["name"] = json!("renamed");
            }
            _ => {}
        }
    }
    later.push(record(
        "lims.session",
        8,
        json!({"name": "day-2", "project": 3, "beamline": 2, "created": "2026-01-01T12:30:00Z"}),
    ));
    later.push(record(
        "lims.stretch",
        3,
        json!({"session": 8, "start": "2026-01-01T12:30:00Z", "end": null}),
    ));
    let later = import(&text(&later), "[]");
    bench.write(&later.items).unwrap();
    assert_eq!(bench.problems(), [""; 0]);
    assert_eq!(bench.write(&later.items).unwrap(), 0);
}
