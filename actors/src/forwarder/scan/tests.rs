#![allow(clippy::unwrap_used)]

use super::*;
use crate::forwarder::outbox::Row;
use beamlive_storage::records::Subject;

const NOW: Timestamp = Timestamp(1_000_000);

const START: Option<Vec<u8>> = Some(Vec::new());

fn key(byte: u8) -> Option<Vec<u8>> {
    Some(vec![byte])
}

fn read(scan: &mut Scan, rows: usize, next: Option<Vec<u8>>) {
    let row = Row {
        id: (Subject::Dataset, 1),
        revision: 1,
        attempts: 0,
        created: NOW,
    };
    let rows = vec![row; rows];
    scan.page_read(Some(&Page { rows, next }), NOW);
}

#[test]
fn a_pass_continues_after_its_last_page_and_stops_at_the_end() {
    let mut scan = Scan::new(NOW);
    assert_eq!((scan.next(NOW), scan.eager), (START, true));
    read(&mut scan, 10, key(7));
    assert_eq!((scan.next(NOW), scan.eager), (key(7), true));
    read(&mut scan, 3, None);
    assert!(!scan.is_behind());
    let sweep = later(NOW, SWEEP);
    assert_eq!(scan.next(sweep.plus_micros(-1)), None);
    assert_eq!((scan.next(sweep), scan.eager), (START, false));
}

#[test]
fn rows_added_during_a_pass_are_read_by_the_next() {
    let mut scan = Scan::new(NOW);
    scan.next(NOW).unwrap();
    scan.wanted = true;
    read(&mut scan, 1, None);
    assert!(scan.is_behind());
    assert_eq!((scan.next(NOW), scan.eager), (START, false));
}

#[test]
fn a_long_outbox_is_read_seldom() {
    let mut scan = Scan::new(NOW);
    scan.next(NOW).unwrap();
    scan.wanted = true;
    read(&mut scan, 500_000, None);
    let later = later(NOW, Duration::from_secs(5));
    assert_eq!(scan.next(NOW), None);
    assert_eq!(scan.next_at(NOW), Some(later));
    assert!(scan.next(later).is_some());
}

#[test]
fn after_a_failed_read_the_pass_starts_again_after_a_pause() {
    let mut scan = Scan::new(NOW);
    scan.next(NOW).unwrap();
    read(&mut scan, 1, key(7));
    scan.next(NOW).unwrap();
    scan.page_read(None, NOW);
    let later = later(NOW, REST_AFTER_FAILURE);
    assert_eq!(scan.next_at(NOW), Some(later));
    assert_eq!(scan.next(NOW), None);
    assert_eq!((scan.next(later), scan.eager), (START, true));
}

#[test]
fn a_clock_set_back_does_not_stop_the_reading() {
    let mut scan = Scan::new(NOW);
    scan.next(NOW).unwrap();
    scan.page_read(None, NOW);
    let back = Timestamp(NOW.0 - 3_600_000_000);
    assert!(scan.next(back).is_some());
}
