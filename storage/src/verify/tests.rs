#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
//! A small store without problems, and the problems reported after one change to it.

mod facility;
mod sessions;
mod sound;
mod uploads;

use super::*;
use crate::batch::Batch;
use crate::engine::memory::MemoryEngine;
use crate::engine::Engine;
use crate::ids::IdRef;
use crate::keys::{self, Key};
use crate::records::Record;
use sound::{sound, BM};

const RULES: Rules = Rules {
    joinable_micros: 7 * 86_400 * 1_000_000,
    deepest: 4,
};

/// A sound store that a test damages.
struct Bench {
    engine: MemoryEngine,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            engine: MemoryEngine::new(),
        };
        bench.write(sound);
        bench
    }

    fn write(&self, fill: impl FnOnce(&mut Batch)) {
        let mut batch = Batch::new();
        fill(&mut batch);
        self.engine
            .apply(&[batch])
            .unwrap()
            .outcomes
            .pop()
            .unwrap()
            .unwrap();
    }

    /// Rewrites a record.
    fn change<R: Record>(&self, key: &Key, change: impl FnOnce(&mut R)) {
        let store = self.store();
        let mut old = store.get::<R>(key).unwrap().unwrap();
        change(&mut old.record);
        self.write(|batch| {
            batch.replace(key.clone(), old.revision, &old.record);
        });
    }

    fn store(&self) -> Store {
        Store::with_engine(std::sync::Arc::new(self.engine.clone()), 1)
    }

    fn problems(&self) -> Vec<String> {
        let findings = verify(&self.store(), RULES, |_, _| {}).unwrap();
        findings.problems.kept().to_vec()
    }
}

/// Damages a sound store and asserts that exactly the `expected` problems are reported.
#[track_caller]
fn breaks(damage: impl FnOnce(&Bench), expected: &[&str]) {
    let bench = Bench::new();
    damage(&bench);
    let problems = bench.problems();
    assert_eq!(problems, expected);
}

#[test]
fn a_sound_store_is_clean_and_its_rows_are_counted() {
    let bench = Bench::new();
    let mut watched = 0;
    let findings = verify(&bench.store(), RULES, |rows, _| watched = rows).unwrap();
    assert_eq!(findings.problems, Lines::default());
    assert_eq!(findings.warnings, Lines::default());
    assert_eq!(findings.rows(Table::Dataset), 2);
    assert_eq!(findings.rows(Table::Stretch), 3);
    assert_eq!(findings.tables().map(|(_, rows)| rows).min(), Some(1));
}

#[test]
fn rows_of_no_table_and_malformed_keys_are_named() {
    breaks(
        |bench| {
            bench.write(|batch| {
                let mut unknown = Key::of(Table::Meta).tail(&[1; 20]);
                unknown.bytes[0] = 200;
                batch.mark(unknown);
                batch.mark(Key::of(Table::Dataset).tail(&[1]));
                batch.mark(Key::of(Table::SessionByName).id(BM).id(BM));
                batch.mark(Key::of(Table::SecureKey).tail(&[99]).id(BM));
                batch.mark(Key::of(Table::Counter).tail(&[200]));
            });
        },
        &[
            "Counter 01c8: not a key of this table",
            "SessionByName 210000000000000001…: not a key of this table",
            "Dataset 2801: not a key of this table",
            "SecureKey 3c6300000000000000…: not a key of this table",
            "key c80101010101010101…: no table has this number",
        ],
    );
}

#[test]
fn skipped_ids_are_not_reported_as_missing_and_never_given() {
    let raised = Bench::new();
    raised.write(|batch| batch.raise(Table::Dataset, 100));
    raised.write(|batch| batch.raise(Table::Report, 1));
    assert_eq!(raised.problems(), [""; 0]);
    raised.write(|batch| batch.point(keys::counter(Table::Dataset), IdRef::Known(102)));
    raised.write(|batch| batch.raise(Table::Dataset, 200));
    assert_eq!(
        raised.problems(),
        ["Dataset 101 to 102: given once, never removed, and not there"]
    );
    breaks(
        |bench| {
            bench.write(|batch| {
                batch.point(keys::skipped_ids(Table::Dataset, 2), IdRef::Known(2));
                batch.point(keys::skipped_ids(Table::Dataset, 3), IdRef::Known(9));
                batch.set(keys::skipped_ids(Table::Report, 1), b"short");
                batch.mark(Key::of(Table::SkippedIds).tail(&[200]));
            });
        },
        &[
            "SkippedIds of Dataset from 3: up to 9, which no change of the counter left out",
            "SkippedIds of Report from 1: up to 0, which no change of the counter left out",
            "SkippedIds 03c8: not a key of this table",
            "Dataset 2: this id was skipped, so it was never given",
        ],
    );
}

#[test]
fn a_store_without_its_format_is_named() {
    breaks(
        |bench| bench.write(|batch| batch.clear(Key::of(Table::Meta))),
        &["store format: there is none, so this is no store of beamlive"],
    );
}

#[test]
fn lost_altered_and_returned_rows_are_reported_even_if_nothing_refers_to_them() {
    let key = Key::of(Table::AnsweredRequestByTime).tail(&[1]);
    let tally = |bench: &Bench| -> Vec<String> {
        let problems = bench.problems().into_iter();
        problems.filter(|line| line.starts_with("tally")).collect()
    };
    let bench = Bench::new();
    bench.write(|batch| batch.set(key.clone(), b"as it was written"));
    assert_eq!(tally(&bench), [""; 0]);
    bench
        .engine
        .alter(key.as_bytes(), Some(b"as it was never written"));
    assert_eq!(tally(&bench).len(), 1);
    assert!(tally(&bench)[0].contains("altered"), "{:?}", tally(&bench));
    bench.engine.alter(key.as_bytes(), None);
    assert!(
        tally(&bench)[0].contains("are there: the database has lost some"),
        "{:?}",
        tally(&bench)
    );
    bench.engine.alter(key.as_bytes(), Some(b"as it was written"));
    assert_eq!(tally(&bench), [""; 0]);
    bench.engine.alter(Tally::key().as_bytes(), Some(b"short"));
    assert_eq!(
        tally(&bench),
        [
            "tally: 5 bytes instead of 32",
            "tally: there is none, so nothing says which rows there should be"
        ]
    );
}

#[test]
fn the_number_of_lines_is_limited_and_all_problems_are_counted() {
    let bench = Bench::new();
    bench.write(|batch| {
        for n in 0..2_000 {
            batch.mark(Key::of(Table::Dataset).number(n));
        }
    });
    let findings = verify(&bench.store(), RULES, |_, _| {}).unwrap();
    assert_eq!(
        (findings.problems.kept().len(), findings.problems.count()),
        (1_000, 2_000)
    );
}
