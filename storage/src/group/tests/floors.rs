//! Raised counters.

use super::*;

#[test]
fn ids_continue_above_a_floor_and_never_decrease() {
    let allocate = || {
        batch(|b| {
            b.allocate(Table::Dataset);
        })
    };
    let raise = |floor| {
        batch(|b| {
            b.raise(Table::Dataset, floor);
            b.allocate(Table::Dataset);
        })
    };
    let refused = batch(|b| {
        b.require_revision(key(1), 1);
        b.raise(Table::Dataset, 5_000);
    });
    let mut rows = Rows::new();
    let outcomes = apply(
        &mut rows,
        &[
            allocate(),
            raise(1_000),
            refused,
            raise(10),
            raise(1_000),
            raise(2_000),
        ],
    );
    let ids: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| Some(outcome.as_ref().ok()?.id(Slot(0))))
        .collect();
    assert_eq!(ids, [1, 1_001, 1_002, 1_003, 2_001]);
    let skipped = |first| rows[keys::skipped_ids(Table::Dataset, first).as_bytes()].clone();
    assert_eq!(skipped(2), 1_000_u64.to_be_bytes());
    assert_eq!(skipped(1_004), 2_000_u64.to_be_bytes());
    let kept = rows.keys().filter(|key| key[0] == Table::SkippedIds as u8);
    assert_eq!(kept.count(), 2);
}

#[test]
fn a_floor_that_is_passed_already_changes_nothing() {
    let mut rows = Rows::new();
    apply(&mut rows, &[batch(|b| b.raise(Table::Dataset, 10))]);
    let before = rows.clone();
    apply(
        &mut rows,
        &[
            batch(|b| b.raise(Table::Dataset, 10)),
            batch(|b| b.raise(Table::Dataset, 9)),
        ],
    );
    assert_eq!(rows, before);
}
