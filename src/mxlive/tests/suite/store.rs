//! Stores what became of a dump, and has it verified.

use crate::builder::{blemishes, proxy, sound, text, SHAPES};
use crate::imported::{import, Imported, RULES};
use beamlive_actors::facility::seeded_catalog;
use beamlive_mxlive::Item;
use beamlive_storage::ids::{IdRef, RawId};
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{FeedbackCount, StoreFormat, Subject};
use beamlive_storage::verify::{verify, Rules};
use beamlive_storage::{Batch, Engine, MemoryEngine, Store, LAYOUT};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Puts all records into one batch, with their indexes.
fn store(imported: &Imported) -> Store {
    let mut batch = Batch::new();
    let format = StoreFormat {
        layout: LAYOUT,
        created_by: "test".to_owned(),
        created: RULES.now,
        written_by: "test".to_owned(),
        records: Vec::new(),
    };
    batch.insert(Key::of(Table::Meta), &format);
    for (id, kind) in seeded_catalog().data_types.iter() {
        batch.insert(keys::record(Table::DataType, IdRef::Known(id)), &kind.record);
    }
    batch.set(keys::counter(Table::DataType), &7_u64.to_be_bytes());
    let mut ids: BTreeMap<Table, BTreeSet<u64>> = BTreeMap::new();
    let mut answers: BTreeMap<_, u32> = BTreeMap::new();
    let mut names = BTreeMap::new();
    for item in &imported.items {
        put(&mut batch, item, &mut ids, &mut answers, &mut names);
    }
    for (session, answers) in answers {
        batch.insert(keys::feedback_count(session), &FeedbackCount { answers });
    }
    for (key, id) in names {
        let _: () = batch.point(Key::raw(&key), IdRef::Known(id));
    }
    for (table, ids) in ids {
        let mut last = 0;
        for id in ids {
            if id > last + 1 {
                batch.point(keys::skipped_ids(table, last + 1), IdRef::Known(id - 1));
            }
            last = id;
        }
        batch.set(keys::counter(table), &last.to_be_bytes());
    }
    let engine = MemoryEngine::new();
    for outcome in engine.apply(&[batch, imported.batch.clone()]).unwrap().outcomes {
        outcome.unwrap();
    }
    Store::with_engine(Arc::new(engine), 1)
}

fn put(
    batch: &mut Batch,
    item: &Item,
    ids: &mut BTreeMap<Table, BTreeSet<u64>>,
    answers: &mut BTreeMap<beamlive_storage::ids::SessionId, u32>,
    names: &mut BTreeMap<Vec<u8>, u64>,
) {
    let mut own_id = |table, id: u64| {
        assert!(
            ids.entry(table).or_default().insert(id),
            "{table:?} {id} is there twice"
        );
        IdRef::Known(id)
    };
    match item {
        Item::Session {
            id,
            session,
            stretches,
            key,
        } => {
            let id = own_id(Table::Session, *id);
            batch.insert(keys::session(id), session);
            for (number, stretch) in (1..).zip(stretches) {
                batch.put_guarded(keys::stretch(id, number), stretch);
            }
            let name = keys::session_by_name(session.beamline, session.project, &session.name);
            if let IdRef::Known(id) = id {
                names.insert(name.as_bytes().to_vec(), id);
            }
            batch.point(keys::session_by_survey(&session.survey), id);
            batch.mark(keys::index(Table::SessionByProject, session.project, id));
            batch.mark(keys::index(Table::SessionByBeamline, session.beamline, id));
            batch.set(keys::secure_key(Subject::Session, id), &key.0);
        }
        Item::BeamlineState { beamline, state } => {
            let session = IdRef::Known(state.session.get().unwrap());
            batch.insert_naming(keys::beamline_state(*beamline), state, session);
        }
        Item::Feedback {
            session, feedback, ..
        } => {
            // Answers are numbered without gaps.
            let given: u32 = answers.values().sum();
            let id = own_id(Table::Feedback, u64::from(given) + 1);
            batch.insert(keys::feedback(*session, id), feedback);
            *answers.entry(*session).or_default() += 1;
        }
        Item::Connection {
            list,
            project,
            name,
            connection,
        } => {
            batch.insert(keys::connection(*list, *project, name), connection);
        }
        Item::Dataset { id, record, key } => {
            let (known, id) = (*id, own_id(Table::Dataset, *id));
            batch.insert(keys::dataset(id), &**record);
            let session = record.session.map_or(0, |session| session.0);
            let place = keys::dataset_by_project(record.beamline, record.project, id);
            batch.point(place, IdRef::Known(session));
            if let Some(session) = record.session {
                batch.mark(keys::index(Table::DatasetBySession, session, id));
            }
            if let Some(identity) = record.identity() {
                let entry = keys::dataset_by_identity(record.project, &identity);
                batch.set(
                    entry,
                    &keys::identified(beamlive_storage::ids::DatasetId(known), None),
                );
            }
            batch.set(keys::secure_key(Subject::Dataset, id), &key.0);
        }
        Item::Report { id, record, key } => {
            let id = own_id(Table::Report, *id);
            batch.insert(keys::report(id), &**record);
            batch.mark(keys::index(Table::ReportByProject, record.project, id));
            for session in &record.sessions {
                batch.mark(keys::index(Table::ReportBySession, *session, id));
            }
            batch.set(keys::secure_key(Subject::Report, id), &key.0);
        }
        Item::Activity { pk, record } => {
            let id = own_id(Table::Activity, *pk);
            let names = IdRef::Known(record.record.get().unwrap_or(0));
            batch.insert_naming(keys::activity(id), &**record, names);
            if let Some(project) = record.project {
                batch.mark(keys::index(Table::ActivityByProject, project, id));
            }
        }
        Item::Path { key, path } => {
            assert_eq!(path.record, RawId::NONE);
            batch.put_guarded(keys::secure_path(key), path);
        }
    }
}

/// What `verify` finds wrong.
pub(crate) fn problems(imported: &Imported) -> Vec<String> {
    let rules = Rules {
        joinable_micros: RULES.joinable_micros,
        deepest: beamlive_actors::facility::DEEPEST,
    };
    let found = verify(&store(imported), rules, |_, _| {}).unwrap();
    found.problems.kept().to_vec()
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
    let records = [sound(SHAPES[0]), blemishes()].concat();
    for proxy in [text(&proxy()), "[]".to_owned()] {
        let imported = import(&text(&records), &proxy);
        assert_eq!(problems(&imported), [""; 0]);
        assert!(imported.notes.len() > 80, "{}", imported.notes.len());
    }
}
