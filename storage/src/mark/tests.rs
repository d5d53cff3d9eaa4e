#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
use super::*;
use std::fs;
use tempfile::TempDir;

fn marker(directory: &TempDir, groups: u64) -> Marker {
    Marker::start(directory.path(), groups, |error| panic!("{error}")).unwrap()
}

#[test]
fn a_closed_mark_is_exact() {
    let directory = TempDir::new().unwrap();
    assert!(!check(directory.path(), 0).unwrap());
    let marker = marker(&directory, 3);
    marker.acknowledged(9);
    drop(marker);
    assert!(check(directory.path(), 9).unwrap());
    assert!(check(directory.path(), 10).unwrap());
    let lost = check(directory.path(), 8).unwrap_err();
    assert!(
        matches!(
            lost,
            MarkError::Lost {
                found: 8,
                acknowledged: 9,
                ..
            }
        ),
        "{lost:?}"
    );
}

#[test]
fn one_torn_slot_is_tolerated_and_two_are_damage() {
    let directory = TempDir::new().unwrap();
    drop(marker(&directory, 5));
    let path = directory.path().join(FILE);
    let good = fs::read(&path).unwrap();
    let second = usize::try_from(SLOT).unwrap();
    for place in (0..12).chain(second..second + 12) {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[place] ^= 1 << bit;
            fs::write(&path, &bytes).unwrap();
            assert!(check(directory.path(), 5).unwrap());
            check(directory.path(), 4).unwrap_err();
            bytes[(place + second) % (2 * second)] ^= 1;
            fs::write(&path, &bytes).unwrap();
            let error = check(directory.path(), 5).unwrap_err();
            assert!(matches!(error, MarkError::Damaged(_)), "{error:?}");
        }
    }
}

#[test]
fn a_mark_that_was_cut_short_is_damage() {
    let directory = TempDir::new().unwrap();
    drop(marker(&directory, 5));
    let path = directory.path().join(FILE);
    for length in [0, 11] {
        fs::write(&path, vec![0; length]).unwrap();
        assert!(matches!(check(directory.path(), 5), Err(MarkError::Damaged(_))));
    }
}
