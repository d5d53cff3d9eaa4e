#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn pack(rows: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Vec<u8> {
    let mut packer = Packer::default();
    for (key, value) in rows {
        packer.push(key, value.as_deref());
    }
    assert_eq!(packer.len() == 0, rows.is_empty());
    let Some((first, bytes)) = packer.take() else {
        return compress_prepend_size(&[]);
    };
    assert_eq!(Some(&first), rows.keys().next());
    assert_eq!(packer.take(), None);
    bytes
}

fn rows() -> impl Strategy<Value = BTreeMap<Vec<u8>, Option<Vec<u8>>>> {
    let key = proptest::collection::vec(0..4_u8, 0..6);
    let value = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300));
    proptest::collection::btree_map(key, value, 0..40)
}

proptest! {
    #[test]
    fn a_block_holds_what_was_packed(rows in rows(), other in proptest::collection::vec(0..4_u8, 0..6)) {
        let bytes = pack(&rows);
        let block = Block::read(&bytes).unwrap();
        prop_assert_eq!(block.len(), rows.len());
        for (at, (key, value)) in rows.iter().enumerate() {
            prop_assert_eq!(block.row(at), Some((key.as_slice(), value.as_deref())));
            prop_assert_eq!(find(&bytes, key).unwrap(), Some(value.clone()));
        }
        prop_assert_eq!(block.row(rows.len()), None);
        prop_assert_eq!(block.before(&other), rows.range(..other.clone()).count());
        prop_assert_eq!(find(&bytes, &other).unwrap(), rows.get(&other).cloned());
    }

    #[test]
    fn any_bytes_are_rows_or_damaged(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Block::read(&bytes);
        let _ = Block::read(&compress_prepend_size(&bytes));
        let _ = find(&bytes, b"key");
        let _ = find(&compress_prepend_size(&bytes), b"key");
    }

    #[test]
    fn a_block_that_was_cut_is_damaged(rows in rows(), cut in any::<prop::sample::Index>()) {
        let bytes = pack(&rows);
        let cut = bytes.get(..cut.index(bytes.len())).unwrap();
        prop_assert_eq!(Block::read(cut).unwrap_err(), Damaged);
    }
}

#[test]
fn numbers_beyond_any_length_are_damage() {
    assert_eq!(Block::read(&[0xff; 12]).unwrap_err(), Damaged);
    assert_eq!(
        Block::read(&compress_prepend_size(&[0xff; 12])).unwrap_err(),
        Damaged
    );
    // A first key that shares bytes with none.
    assert_eq!(
        Block::read(&compress_prepend_size(&[1, 1, 0, b'k'])).unwrap_err(),
        Damaged
    );
}
