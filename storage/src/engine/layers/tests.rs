#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The database's rows of a range.
fn below(database: &BTreeMap<Vec<u8>, Vec<u8>>, start: &[u8], end: &[u8], order: Order) -> Entries<'static> {
    if start >= end {
        return Box::new(std::iter::empty());
    }
    let bounds = (Bound::Included(start), Bound::Excluded(end));
    let rows = database.range::<[u8], _>(bounds);
    let mut rows: Vec<_> = rows
        .map(|(key, value)| Ok((key.clone(), value.clone())))
        .collect();
    if order == Order::Descending {
        rows.reverse();
    }
    Box::new(rows.into_iter())
}

fn key(n: u16) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

/// Rows of up to four pages, in three layers, and what all of them together come to.
fn check(database: &[u16], lower: &[(u16, bool)], upper: &[(u16, bool)], start: u16, end: u16) {
    let database: BTreeMap<_, _> = database.iter().map(|n| (key(*n), vec![0])).collect();
    let layer = |rows: &[(u16, bool)], mark: u8| -> Rows {
        rows.iter()
            .map(|(n, there)| (key(*n), there.then(|| vec![mark])))
            .collect()
    };
    let (lower, upper) = (layer(lower, 1), layer(upper, 2));
    let mut expected = database.clone();
    for (key, value) in lower.iter().chain(&upper) {
        match value {
            Some(value) => expected.insert(key.clone(), value.clone()),
            None => expected.remove(key),
        };
    }
    let layers = Layers::default();
    layers.add(lower);
    layers.sink();
    layers.add(upper);
    let (start, end) = (key(start), key(end));
    let expected: Vec<_> = below(&expected, &start, &end, Order::Ascending)
        .map(Result::unwrap)
        .collect();
    for order in [Order::Ascending, Order::Descending] {
        let found = layers.range(&start, &end, order, |start, end| {
            below(&database, start, end, order)
        });
        let mut found: Vec<_> = found.map(Result::unwrap).collect();
        if order == Order::Descending {
            found.reverse();
        }
        assert_eq!(found, expected, "{order:?}");
    }
    for (key, value) in &expected {
        let said = layers
            .get(key, Hash::of(key))
            .unwrap_or_else(|| database.get(key).cloned());
        assert_eq!(said.as_ref(), Some(value));
    }
}

proptest! {
    #[test]
    fn a_range_over_layers_is_that_of_all_of_them_together(
        database in proptest::collection::vec(0..1200_u16, 0..600),
        lower in proptest::collection::vec((0..1200_u16, any::<bool>()), 0..900),
        upper in proptest::collection::vec((0..1200_u16, any::<bool>()), 0..900),
        start in 0..1200_u16,
        end in 0..1300_u16,
    ) {
        check(&database, &lower, &upper, start, end);
    }
}

#[test]
fn a_page_that_ends_with_a_layer_is_not_the_end() {
    let page = u16::try_from(PAGE).unwrap();
    for rows in [page - 1, page, page + 1, 2 * page, 3 * page] {
        let memory: Vec<_> = (0..rows).map(|n| (2 * n, n % 3 != 0)).collect();
        let database: Vec<_> = (0..2 * rows + 50).collect();
        check(&database, &memory, &[], 0, 5000);
        check(&database, &[], &memory, 0, 5000);
        check(&[], &memory, &memory, 0, 5000);
    }
}

#[test]
fn what_sinks_is_still_read_until_it_is_dropped() {
    let layers = Layers::default();
    layers.add(Rows::from([(vec![1], Some(vec![1])), (vec![2], None)]));
    assert_eq!(layers.sink().rows().len(), 2);
    assert!(layers.is_empty());
    assert_eq!(layers.get(&[1], Hash::of(&[1])), Some(Some(vec![1])));
    layers.add(Rows::from([(vec![1], Some(vec![7]))]));
    assert_eq!(layers.get(&[1], Hash::of(&[1])), Some(Some(vec![7])));
    layers.drop_lower();
    assert_eq!(layers.get(&[1], Hash::of(&[1])), Some(Some(vec![7])));
    assert_eq!(layers.get(&[2], Hash::of(&[2])), None);
}
