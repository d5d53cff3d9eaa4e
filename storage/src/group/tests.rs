#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use crate::chunks::LIMIT;
use crate::codec::decode;
use crate::ids::{IdRef, RawId};
use crate::records::{Activity, DataType, Subject};
use crate::time::Timestamp;

mod floors;
mod model;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// The tally of `rows`.
fn tally(rows: &Rows) -> Tally {
    let mut tally = Tally::default();
    rows.iter().for_each(|(key, value)| tally.add(key, value));
    tally
}

/// Plans and applies a group as an engine does, and checks the tally, which is not in `rows`.
fn apply(rows: &mut Rows, group: &[Batch]) -> Vec<Result<Committed, Conflict>> {
    let key = Tally::key();
    let before = tally(rows).encode();
    let read = |asked: &[u8]| match asked == key.as_bytes() {
        true => Ok(Some(before.clone())),
        false => Ok(rows.get(asked).cloned()),
    };
    let mut plan = plan(group, read).unwrap();
    let written = plan.rows.remove(key.as_bytes());
    assert_eq!(written.is_some(), !plan.rows.is_empty());
    for (key, value) in plan.rows {
        match value {
            Some(value) => rows.insert(key, value),
            None => rows.remove(&key),
        };
    }
    if let Some(Some(written)) = written {
        let expected = Tally {
            groups: 1,
            ..tally(rows)
        };
        assert_eq!(Tally::decode(&written), Some(expected));
    }
    plan.applied.outcomes
}

fn data_type(name: &str) -> DataType {
    DataType {
        acronym: "DATA".to_owned(),
        name: name.to_owned(),
        aliases: Vec::new(),
        metadata: Vec::new(),
    }
}

fn key(id: u64) -> Key {
    keys::record(Table::DataType, IdRef::Known(id))
}

fn batch(fill: impl FnOnce(&mut Batch)) -> Batch {
    let mut batch = Batch::new();
    fill(&mut batch);
    batch
}

#[test]
fn later_batches_see_earlier_ones_of_the_group() {
    let mut rows = Rows::new();
    let outcomes = apply(
        &mut rows,
        &[
            batch(|b| b.insert(key(1), &data_type("a"))),
            batch(|b| b.insert(key(1), &data_type("b"))),
            batch(|b| {
                b.replace(key(1), 1, &data_type("c"));
            }),
            batch(|b| b.remove(key(1), 1)),
            batch(|b| b.remove(key(1), 2)),
            batch(|b| b.insert(key(1), &data_type("d"))),
        ],
    );
    let held: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(held, [true, false, true, false, true, true]);
    let last = decode::<DataType>(&rows[key(1).as_bytes()]).unwrap();
    assert_eq!((last.revision, last.record.name.as_str()), (1, "d"));
}

#[test]
fn a_conflict_names_its_key_and_consumes_no_id() {
    let uuid = keys::dataset_by_identity(crate::ids::ProjectId(1), &[7; 16]);
    let upload = || {
        batch(|b| {
            let slot = b.allocate(Table::Dataset);
            b.require_revision(key(1), 1);
            b.require_absent(uuid.clone());
            b.point(uuid.clone(), slot);
        })
    };
    let mut rows = Rows::new();
    apply(&mut rows, &[batch(|b| b.insert(key(1), &data_type("a")))]);
    let outcomes = apply(&mut rows, &[upload(), upload(), batch(|b| b.mark(key(2)))]);
    assert!(outcomes[0].is_ok());
    let conflict = outcomes[1].as_ref().unwrap_err();
    assert_eq!((conflict.requirement, conflict.key()), (1, uuid.as_bytes()));
    assert_eq!(rows[uuid.as_bytes()], 1_u64.to_be_bytes());
    assert_eq!(
        rows[keys::counter(Table::Dataset).as_bytes()],
        1_u64.to_be_bytes()
    );
}

#[test]
fn a_conflict_shows_no_key() {
    let secret = keys::secure_path(&crate::records::SecureKey([0xab; 20]));
    let mut rows = Rows::new();
    let insert = batch(|b| {
        b.require_absent(secret.clone());
        b.mark(secret.clone());
    });
    let conflict = apply(&mut rows, &[insert.clone(), insert])
        .pop()
        .unwrap()
        .unwrap_err();
    assert_eq!(
        format!("{conflict:?}"),
        "Conflict { requirement: 0, table: Some(61), .. }"
    );
    assert_eq!(
        conflict.to_string(),
        "precondition 0, of a key of table 61, did not hold"
    );
}

#[test]
fn ids_are_contiguous_per_table_and_fill_the_slots() {
    let mut rows = Rows::new();
    let activity = Activity {
        record: RawId::NONE,
        subject: Subject::Dataset,
        project: None,
        who: "mx".to_owned(),
        address: None,
        action: "uploaded".to_owned(),
        note: String::new(),
        time: Timestamp(1),
    };
    let outcomes = apply(
        &mut rows,
        &[batch(|b| {
            let first = b.allocate(Table::Dataset);
            let entry = b.allocate(Table::Activity);
            let second = b.allocate(Table::Dataset);
            b.mark(keys::index(Table::DatasetBySession, first, second));
            b.insert_naming(keys::activity(entry), &activity, second);
        })],
    );
    let committed = outcomes[0].as_ref().unwrap();
    assert_eq!(
        (0..4).map(|n| committed.id(Slot(n))).collect::<Vec<_>>(),
        [1, 1, 2, 0]
    );
    let index = keys::index(Table::DatasetBySession, IdRef::Known(1), IdRef::Known(2));
    assert!(rows.contains_key(index.as_bytes()));
    let entry = decode::<Activity>(&rows[keys::activity(IdRef::Known(1)).as_bytes()]).unwrap();
    assert_eq!(entry.record.record.get(), Some(2));
    assert_eq!(entry.record.note, activity.note);
}

#[test]
fn ids_continue_after_a_counter_that_was_set() {
    let mut rows = Rows::new();
    let set = batch(|b| b.set(keys::counter(Table::Project), &41_u64.to_be_bytes()));
    let mut slot = None;
    let take = batch(|b| slot = Some(b.allocate(Table::Project)));
    let outcomes = apply(&mut rows, &[set, take]);
    assert_eq!(outcomes[1].as_ref().unwrap().id(slot.unwrap()), 42);
}

#[test]
fn a_batch_takes_more_than_256_ids() {
    let mut rows = Rows::new();
    let outcomes = apply(
        &mut rows,
        &[batch(|b| {
            for _ in 0..300 {
                let slot = b.allocate(Table::Activity);
                b.mark(keys::activity(slot));
            }
        })],
    );
    assert_eq!(outcomes[0].as_ref().unwrap().id(Slot(299)), 300);
    assert_eq!(rows.len(), 301);
}

#[test]
fn a_slot_of_another_batch_is_a_conflict_and_nothing_is_written() {
    let mut other = Batch::new();
    other.allocate(Table::Sample);
    let foreign = other.allocate(Table::Sample);
    let mut rows = Rows::new();
    let outcomes = apply(
        &mut rows,
        &[
            batch(|b| {
                b.allocate(Table::Sample);
                b.mark(key(1));
                b.mark(keys::activity(foreign));
            }),
            batch(|b| b.point(key(2), foreign)),
            batch(|b| b.require_absent(keys::activity(foreign))),
        ],
    );
    let places: Vec<_> = outcomes
        .iter()
        .map(|o| o.as_ref().unwrap_err().requirement)
        .collect();
    assert_eq!(places, [0, 0, 0]);
    assert!(rows.is_empty());
}

#[test]
fn an_invalid_or_exhausted_counter_is_an_error() {
    for bad in [vec![1, 2, 3], u64::MAX.to_be_bytes().to_vec()] {
        let rows = Rows::from([(keys::counter(Table::Sample).as_bytes().to_vec(), bad)]);
        let take = batch(|b| {
            b.allocate(Table::Sample);
        });
        let error = plan(&[take], |key| Ok(rows.get(key).cloned()));
        assert!(
            matches!(error, Err(EngineError::Counter { table: 17, .. })),
            "{error:?}"
        );
    }
}

#[test]
fn all_preconditions_are_checked_before_the_writes() {
    let mut rows = Rows::new();
    let twice = batch(|b| {
        b.insert(key(1), &data_type("a"));
        b.insert(key(1), &data_type("b"));
    });
    assert!(apply(&mut rows, &[twice])[0].is_ok());
    let stale = batch(|b| {
        let next = b.replace(key(1), 1, &data_type("c"));
        b.replace(key(1), next, &data_type("d"));
    });
    assert_eq!(apply(&mut rows, &[stale])[0].as_ref().unwrap_err().requirement, 1);
}

#[test]
fn an_entry_is_never_cut_nor_taken_for_a_head() {
    let mut rows = Rows::new();
    let raw = vec![0xff; 2 * LIMIT];
    apply(
        &mut rows,
        &[
            batch(|b| b.set(key(1), &raw)),
            batch(|b| b.set(key(2), &[0xff; 30])),
        ],
    );
    assert_eq!(rows[key(1).as_bytes()], raw);
    apply(
        &mut rows,
        &[batch(|b| b.clear(key(1))), batch(|b| b.clear(key(2)))],
    );
    assert!(rows.is_empty());
}
