#![allow(clippy::unwrap_used)]

use super::*;
use crate::forwarder::outbox::Row;
use beamlive_storage::records::Subject;

const NOW: Timestamp = Timestamp(1_000_000);

const START: Option<Vec<u8>> = Some(Vec::new());

fn key(byte: u8) -> Option<Vec<u8>> {
    Some(vec![byte])
}

fn page(rows: usize, next: Option<Vec<u8>>) -> Page {
    let row = Row {
        id: (Subject::Dataset, 1),
        revision: 1,
        attempts: 0,
        created: NOW,
    };
    Page {
        rows: vec![row; rows],
        next,
    }
}

#[test]
fn a_pass_continues_after_its_last_page_and_stops_at_the_end() {
    let mut scan = Scan::new(NOW);
    assert_eq!((scan.next(NOW), scan.is_eager()), (START, true));
    scan.page_read(&page(10, key(7)), NOW);
    assert_eq!((scan.next(NOW), scan.is_eager()), (key(7), true));
    scan.page_read(&page(3, None), NOW);
    assert!(!scan.is_behind());
    assert_eq!(scan.next(Timestamp(i64::MAX)), None);
}

#[test]
fn rows_added_during_a_pass_are_read_by_the_next() {
    let mut scan = Scan::new(NOW);
    scan.next(NOW).unwrap();
    scan.want();
    scan.page_read(&page(1, None), NOW);
    assert!(scan.is_behind());
    assert_eq!((scan.next(NOW), scan.is_eager()), (START, false));
}

#[test]
fn a_long_outbox_is_read_seldom() {
    let mut scan = Scan::new(NOW);
    scan.next(NOW).unwrap();
    scan.want();
    scan.page_read(&page(501_000, None), NOW);
    let later = later(NOW, Duration::from_secs(5));
    assert_eq!(scan.next(NOW), None);
    assert_eq!(scan.next_at(NOW), Some(later));
    assert!(scan.next(later).is_some());
}

#[test]
fn after_a_failed_read_the_pass_starts_again_after_a_pause() {
    let mut scan = Scan::new(NOW);
    scan.next(NOW).unwrap();
    scan.page_read(&page(1, key(7)), NOW);
    scan.next(NOW).unwrap();
    scan.page_failed(NOW);
    let later = later(NOW, REST_AFTER_FAILURE);
    assert_eq!(scan.next_at(NOW), Some(later));
    assert_eq!(scan.next(NOW), None);
    assert_eq!((scan.next(later), scan.is_eager()), (START, true));
}

#[test]
fn a_clock_set_back_does_not_stop_the_reading() {
    let mut scan = Scan::new(NOW);
    scan.next(NOW).unwrap();
    scan.page_failed(NOW);
    let back = Timestamp(NOW.0 - 3_600_000_000);
    assert!(scan.next(back).is_some());
}
