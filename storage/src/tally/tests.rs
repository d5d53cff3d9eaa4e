#![allow(clippy::indexing_slicing)]
use super::*;

#[test]
fn the_order_does_not_matter_and_removed_rows_leave_nothing() {
    let (mut one, mut other) = (Tally::default(), Tally::default());
    one.add(b"a", b"1");
    one.add(b"b", b"2");
    other.add(b"b", b"2");
    other.add(b"c", b"");
    other.add(b"a", b"1");
    assert_ne!(one, other);
    other.remove(b"c", b"");
    assert_eq!(one, other);
    one.remove(b"a", b"1");
    one.remove(b"b", b"2");
    assert_eq!(one, Tally::default());
}

#[test]
fn key_and_value_are_distinguished() {
    let (mut one, mut other) = (Tally::default(), Tally::default());
    one.add(b"ab", b"c");
    other.add(b"a", b"bc");
    assert_ne!(one.sum, other.sum);
}

#[test]
fn the_bytes_of_a_tally_are_fixed() {
    let mut tally = Tally {
        groups: 7,
        ..Tally::default()
    };
    tally.add(b"key", b"value");
    let bytes = tally.encode();
    assert_eq!(Tally::decode(&bytes), Some(tally));
    assert_eq!(Tally::decode(&bytes[1..]), None);
    let shown: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(&shown[..32], "00000000000000070000000000000001");
    assert_eq!(shown.len(), 64);
}
