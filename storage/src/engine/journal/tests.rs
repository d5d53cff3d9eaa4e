#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
use super::*;
use crate::engine::faults::NoFaults;
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;

fn group(n: u8) -> Rows {
    Rows::from([
        (vec![1, n], Some(vec![n; usize::from(n) * 3])),
        (vec![2], n.is_multiple_of(2).then(|| vec![n])),
        (vec![3, n], None),
    ])
}

fn append(journal: &mut Journal, groups: std::ops::Range<u8>) {
    for n in groups {
        journal.append(&group(n), &NoFaults).unwrap();
    }
}

fn all(groups: std::ops::Range<u8>) -> Rows {
    groups.flat_map(group).collect()
}

/// What is found by whoever opens it, if the database has the entries up to `done`.
fn found(directory: &TempDir, done: u64) -> (Rows, u64) {
    let (_, rows, last) = Journal::open(directory.path(), done).unwrap();
    (rows, last)
}

fn new(directory: &TempDir) -> Journal {
    Journal::open(directory.path(), 0).unwrap().0
}

#[test]
fn what_was_appended_is_found_in_order() {
    let directory = TempDir::new().unwrap();
    let mut journal = new(&directory);
    append(&mut journal, 0..20);
    assert_eq!(journal.number(), 20);
    assert_eq!(found(&directory, 0), (all(0..20), 20));
    assert_eq!(found(&directory, 7), (all(7..20), 20));
    assert_eq!(found(&directory, 20), (Rows::new(), 20));
    // Older than the mark: all of it is in the database.
    assert_eq!(found(&directory, 33), (Rows::new(), 33));
}

#[test]
fn files_take_turns_and_what_is_left_of_older_ones_does_not_count() {
    let directory = TempDir::new().unwrap();
    let mut journal = new(&directory);
    append(&mut journal, 0..10);
    journal.turn();
    append(&mut journal, 10..13);
    assert_eq!(found(&directory, 0), (all(0..13), 13));
    journal.turn();
    // Over the first of ten entries.
    append(&mut journal, 13..14);
    assert_eq!(found(&directory, 10), (all(10..14), 14));
    journal.turn();
    assert_eq!(found(&directory, 13), (all(13..14), 14));
    assert_eq!(found(&directory, 14), (Rows::new(), 14));
}

#[test]
fn numbers_go_on_after_a_start() {
    let directory = TempDir::new().unwrap();
    append(&mut new(&directory), 0..5);
    let (mut journal, _, last) = Journal::open(directory.path(), 0).unwrap();
    assert_eq!(last, 5);
    append(&mut journal, 5..7);
    assert_eq!(found(&directory, 5), (all(5..7), 7));
}

#[test]
fn entries_that_are_missing_between_are_noticed() {
    let directory = TempDir::new().unwrap();
    let mut journal = new(&directory);
    append(&mut journal, 0..10);
    journal.turn();
    append(&mut journal, 10..12);
    for (name, done) in [("journal.0", 9), ("journal.0", 0)] {
        let path = directory.path().join(name);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, vec![0; whole.len()]).unwrap();
        match Journal::open(directory.path(), done) {
            Err(JournalError::Gap { first: 11, last }) => assert_eq!(last, done),
            other => panic!("{:?}", other.map(|(_, rows, last)| (rows, last))),
        }
        assert_eq!(found(&directory, 10), (all(10..12), 12));
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn a_torn_end_is_cut_off_wherever_it_tears() {
    let directory = TempDir::new().unwrap();
    let mut journal = new(&directory);
    append(&mut journal, 0..3);
    let before = usize::try_from(journal.bytes()).unwrap();
    append(&mut journal, 3..4);
    let end = usize::try_from(journal.bytes()).unwrap();
    let path = directory.path().join("journal.0");
    let whole = fs::read(&path).unwrap();
    assert!((whole.len() as u64).is_multiple_of(GROWTH) && whole[end..].iter().all(|byte| *byte == 0));
    for at in before..end {
        let mut torn = whole.clone();
        torn[at..end].fill(0);
        if torn != whole {
            fs::write(&path, &torn).unwrap();
            assert_eq!(found(&directory, 0), (all(0..3), 3), "torn at {at}");
        }
        fs::write(&path, &whole[..at]).unwrap();
        assert_eq!(found(&directory, 0), (all(0..3), 3), "cut at {at}");
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(&path, &flipped).unwrap();
        assert_eq!(found(&directory, 0), (all(0..3), 3), "flipped at {at}");
    }
}

#[test]
fn an_entry_longer_than_a_growth_is_whole() {
    let directory = TempDir::new().unwrap();
    let mut journal = new(&directory);
    let large = Rows::from([(vec![9], Some(vec![7; 3 * 1024 * 1024]))]);
    append(&mut journal, 0..1);
    journal.append(&large, &NoFaults).unwrap();
    append(&mut journal, 1..2);
    let mut expected = all(0..2);
    expected.extend(large);
    assert_eq!(found(&directory, 0), (expected, 3));
}

proptest! {
    #[test]
    fn whatever_stands_in_the_files_is_read_without_harm(
        first in proptest::collection::vec(any::<u8>(), 0..200),
        second in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join("journal.0"), first).unwrap();
        fs::write(directory.path().join("journal.1"), second).unwrap();
        let (_, rows, last) = Journal::open(directory.path(), 5).unwrap();
        prop_assert_eq!((rows, last), (Rows::new(), 5));
    }
}
