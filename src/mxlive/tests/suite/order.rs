//! The order of the records in a dump does not matter.

use crate::builder::{blemishes, proxy, sound, text, SHAPES};
use crate::imported::{import, Imported};
use proptest::prelude::*;
use serde_json::Value;

/// All that results from a dump with its records in some order.
fn result(imported: &Imported) -> (String, Vec<String>, String) {
    let mut items: Vec<_> = imported.items.iter().map(|item| format!("{item:?}")).collect();
    items.sort();
    let facility = format!("{:?}", imported.facility);
    (facility, items, format!("{:?}", imported.notes))
}

fn all() -> Vec<Value> {
    [sound(SHAPES[0]), blemishes()].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_order_gives_the_same_result(shuffled in Just(all()).prop_shuffle(), proxy in Just(proxy()).prop_shuffle()) {
        let expected = import(&text(&all()), &text(&crate::builder::proxy()));
        let found = import(&text(&shuffled), &text(&proxy));
        prop_assert_eq!(result(&found), result(&expected));
    }
}

#[test]
fn every_shape_gives_the_same_records() {
    let results: Vec<_> = SHAPES
        .map(|shape| import(&text(&sound(shape)), &text(&proxy())))
        .into();
    let natural = |at: usize| SHAPES[at].natural;
    for (at, imported) in results.iter().enumerate() {
        let (_, items, notes) = result(imported);
        let first = if natural(at) { 2 } else { 0 };
        let (_, expected, expected_notes) = result(&results[first]);
        assert_eq!((items, notes), (expected, expected_notes), "{:?}", SHAPES[at]);
        assert_eq!(imported.notes, [], "{:?}", SHAPES[at]);
    }
}
