#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use crate::engine::faults::NoFaults;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn open(path: &Path) -> Runs<NoFaults> {
    Runs::open(Database::open(path, 1 << 20, NoFaults).unwrap()).unwrap()
}

fn collect(runs: &Runs<NoFaults>, start: &[u8], end: &[u8], order: Order) -> Vec<(Vec<u8>, Vec<u8>)> {
    runs.range(start, end, order).map(Result::unwrap).collect()
}

fn check(runs: &Runs<NoFaults>, model: &Model, start: &[u8], end: &[u8]) {
    let mut expected: Vec<_> = if start < end {
        let rows = model.range(start.to_vec()..end.to_vec());
        rows.map(|(key, value)| (key.clone(), value.clone())).collect()
    } else {
        Vec::new()
    };
    assert_eq!(collect(runs, start, end, Order::Ascending), expected);
    expected.reverse();
    assert_eq!(collect(runs, start, end, Order::Descending), expected);
}

fn add(runs: &Runs<NoFaults>, model: &mut Model, rows: Rows, journal: u64) {
    runs.add(&rows, journal).unwrap();
    for (key, value) in rows {
        match value {
            Some(value) => model.insert(key, value),
            None => model.remove(&key),
        };
    }
}

fn finish(upkeep: &mut Upkeep, runs: &Runs<NoFaults>) {
    while upkeep.step(runs).unwrap() {}
}

fn blocks(runs: &Runs<NoFaults>) -> usize {
    runs.database().blocks().iter().count() + runs.database().filters().iter().count()
}

fn rows(most: usize) -> impl Strategy<Value = Rows> {
    // Of tables that are in the filters, and of some that are not.
    let key = (38..46_u8, 0..200_u16).prop_map(|(table, n)| [&[table][..], &n.to_be_bytes()].concat());
    let value = proptest::option::weighted(0.8, proptest::collection::vec(any::<u8>(), 0..60));
    proptest::collection::btree_map(key, value, 1..most)
}

/// What happens to the runs.
#[derive(Debug, Clone)]
enum Event {
    Add(Rows),
    Upkeep(usize),
    Reopen,
    Range(Vec<u8>, Vec<u8>),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let bound = || (37..47_u8, 0..200_u16).prop_map(|(table, n)| [&[table][..], &n.to_be_bytes()].concat());
    let event = prop_oneof![
        6 => rows(300).prop_map(Event::Add),
        4 => rows(4).prop_map(Event::Add),
        2 => (1..20_usize).prop_map(Event::Upkeep),
        1 => Just(Event::Reopen),
        3 => (bound(), bound()).prop_map(|(start, end)| Event::Range(start, end)),
    ];
    proptest::collection::vec(event, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_runs_are_one_map(events in events()) {
        let directory = TempDir::new().unwrap();
        let (mut runs, mut model) = (open(directory.path()), Model::new());
        let mut upkeep = Upkeep::begin(&runs).unwrap();
        for (number, event) in (1..).zip(events) {
            match event {
                Event::Add(rows) => add(&runs, &mut model, rows, number),
                Event::Upkeep(steps) => {
                    for _ in 0..steps {
                        upkeep.step(&runs).unwrap();
                    }
                }
                Event::Reopen => {
                    let journal = runs.journal();
                    drop((upkeep, runs));
                    runs = open(directory.path());
                    assert_eq!(runs.journal(), journal);
                    upkeep = Upkeep::begin(&runs).unwrap();
                }
                Event::Range(start, end) => check(&runs, &model, &start, &end),
            }
        }
        finish(&mut upkeep, &runs);
        check(&runs, &model, &[], &[255]);
        for table in 38..46_u8 {
            for n in 0..200_u16 {
                let key = [&[table][..], &n.to_be_bytes()].concat();
                prop_assert_eq!(runs.get(&key, Hash::of(&key)).unwrap(), model.get(&key).cloned());
            }
        }
        prop_assert!(runs.current().len() < 16);
    }
}

/// Runs of so many rows each, with some 100 bytes in each row.
fn filled(runs: &Runs<NoFaults>, model: &mut Model, count: u32, rows: u32) {
    for run in 0..count {
        let rows = (0..rows).map(|n| {
            let key = (n * count + run).to_be_bytes();
            // Bytes that can't be compressed.
            let noise =
                (0..3_u8).flat_map(|part| Sha256::new().chain_update(key).chain_update([part]).finalize());
            (key.to_vec(), Some(noise.collect()))
        });
        add(runs, model, rows.collect(), u64::from(run) + 1);
    }
}

#[test]
fn merged_runs_are_one_and_take_no_more_than_it() {
    let directory = TempDir::new().unwrap();
    let (runs, mut model) = (open(directory.path()), Model::new());
    filled(&runs, &mut model, 8, 2000);
    let before = blocks(&runs);
    assert_eq!(runs.current().len(), 8);
    finish(&mut Upkeep::begin(&runs).unwrap(), &runs);
    assert_eq!(runs.current().len(), 1);
    assert!(blocks(&runs) <= before);
    check(&runs, &model, &[], &[255]);
}

#[test]
fn what_was_removed_is_forgotten_by_the_oldest_run() {
    let directory = TempDir::new().unwrap();
    let (runs, mut model) = (open(directory.path()), Model::new());
    filled(&runs, &mut model, 7, 20);
    let gone = model.keys().map(|key| (key.clone(), None)).collect();
    add(&runs, &mut model, gone, 8);
    check(&runs, &model, &[], &[255]);
    finish(&mut Upkeep::begin(&runs).unwrap(), &runs);
    assert_eq!(runs.current().iter().map(|run| run.entry.rows).sum::<u64>(), 0);
    check(&runs, &model, &[], &[255]);
}

#[test]
fn a_reader_keeps_the_runs_it_reads() {
    let directory = TempDir::new().unwrap();
    let (runs, mut model) = (open(directory.path()), Model::new());
    filled(&runs, &mut model, 8, 2000);
    let mut reading = runs.range(&[], &[255], Order::Ascending);
    let mut found = vec![reading.next().unwrap().unwrap()];
    let mut upkeep = Upkeep::begin(&runs).unwrap();
    finish(&mut upkeep, &runs);
    assert_eq!(runs.current().len(), 1);
    let with_old_blocks = blocks(&runs);
    found.extend(reading.by_ref().map(Result::unwrap));
    assert_eq!(found, model.into_iter().collect::<Vec<_>>());
    drop(reading);
    finish(&mut upkeep, &runs);
    assert!(blocks(&runs) < with_old_blocks * 2 / 3);
}

#[test]
fn a_merge_that_a_crash_cut_short_leaves_nothing() {
    let directory = TempDir::new().unwrap();
    let (runs, mut model) = (open(directory.path()), Model::new());
    // More rows than a step merges.
    filled(&runs, &mut model, 8, 4000);
    let before = blocks(&runs);
    let mut upkeep = Upkeep::begin(&runs).unwrap();
    for _ in 0..5 {
        assert!(upkeep.step(&runs).unwrap());
    }
    assert!(blocks(&runs) > before);
    drop((upkeep, runs));
    let runs = open(directory.path());
    let mut upkeep = Upkeep::begin(&runs).unwrap();
    assert!(upkeep.step(&runs).unwrap());
    check(&runs, &model, &[], &[255]);
    finish(&mut upkeep, &runs);
    assert_eq!(runs.current().len(), 1);
    assert!(blocks(&runs) <= before);
    check(&runs, &model, &[], &[255]);
}

#[test]
fn an_id_that_has_left_a_filter_is_not_given_again() {
    let directory = TempDir::new().unwrap();
    let (runs, mut model) = (open(directory.path()), Model::new());
    filled(&runs, &mut model, 2, 100);
    // A run of which nothing else was left when a crash cut its making short.
    let left = filter_key(7, 0);
    runs.database().filters().insert(&left, vec![0; 64]).unwrap();
    drop(runs);
    let runs = open(directory.path());
    let mut upkeep = Upkeep::begin(&runs).unwrap();
    filled(&runs, &mut model, 2, 100);
    finish(&mut upkeep, &runs);
    assert!(!runs.database().filters().contains_key(&left).unwrap());
    drop((upkeep, runs));
    let runs = open(directory.path());
    assert_eq!(runs.current().iter().map(|run| run.id()).max(), Some(9));
    check(&runs, &model, &[], &[255]);
}

#[test]
fn readers_find_what_is_there_while_runs_are_merged() {
    let directory = TempDir::new().unwrap();
    let (runs, mut model) = (open(directory.path()), Model::new());
    let there: Vec<_> = (0..200_u32)
        .map(|n| [b"there", &n.to_be_bytes()[..]].concat())
        .collect();
    let rows = there.iter().map(|key| (key.clone(), Some(key.clone())));
    add(&runs, &mut model, rows.collect(), 1);
    let ended = AtomicBool::new(false);
    let reads = std::thread::scope(|scope| {
        let (runs, there, ended) = (&runs, &there, &ended);
        let readers: Vec<_> = (0..3_usize)
            .map(|reader| {
                scope.spawn(move || {
                    let mut reads = 0_usize;
                    while !ended.load(Ordering::Relaxed) {
                        let key = &there[(reads * 7 + reader) % there.len()];
                        assert_eq!(runs.get(key, Hash::of(key)).unwrap().as_ref(), Some(key));
                        if reads % 50 == reader {
                            for order in [Order::Ascending, Order::Descending] {
                                assert_eq!(collect(runs, b"there", b"therf", order).len(), there.len());
                            }
                        }
                        reads += 1;
                    }
                    reads
                })
            })
            .collect();
        let mut upkeep = Upkeep::begin(runs).unwrap();
        for _ in 0..6 {
            filled(runs, &mut model, 8, 500);
            finish(&mut upkeep, runs);
        }
        ended.store(true, Ordering::Relaxed);
        let reads = readers.into_iter().map(|reader| reader.join().unwrap());
        reads.sum::<usize>()
    });
    assert!(reads > 100, "{reads}");
    check(&runs, &model, &[], &[255]);
}

#[test]
fn a_row_larger_than_a_block_is_a_block() {
    let directory = TempDir::new().unwrap();
    let (runs, mut model) = (open(directory.path()), Model::new());
    let rows = (0..40_u8).map(|n| (vec![n], Some(vec![n; 16 * 1024])));
    add(&runs, &mut model, rows.collect(), 1);
    check(&runs, &model, &[], &[255]);
    check(&runs, &model, &[7], &[9]);
    assert_eq!(directory.path().join("blobs").read_dir().unwrap().count(), 0);
}

#[test]
fn the_list_has_the_bytes_that_stores_have() {
    let span = Span {
        first: vec![40, 1],
        last: vec![40, 9],
    };
    let entry = Entry {
        id: 3,
        rows: 700,
        filtered: 500,
        bytes: 4096,
        spans: vec![span],
    };
    let list = List {
        journal: 77,
        runs: vec![entry],
    };
    let bytes = list.to_bytes().unwrap();
    let golden = [
        &[1][..],
        &[77, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        &[3, 0, 0, 0, 0, 0, 0, 0, 0xbc, 2, 0, 0, 0, 0, 0, 0],
        &[0xf4, 1, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0],
        &[1, 0, 0, 0, 0, 0, 0, 0],
        &[2, 0, 0, 0, 0, 0, 0, 0, 40, 1, 2, 0, 0, 0, 0, 0, 0, 0, 40, 9],
    ];
    assert_eq!(bytes, golden.concat());
    assert_eq!(List::read(&bytes).unwrap(), list);
    for cut in 0..bytes.len() {
        assert!(List::read(&bytes[..cut]).is_err());
    }
    assert!(List::read(&[&bytes[..], &[0]].concat()).is_err());
    let newer = List::read(&[&[2], &bytes[1..]].concat()).unwrap_err();
    assert!(newer.chain().contains("of version 2"), "{}", newer.chain());
}
