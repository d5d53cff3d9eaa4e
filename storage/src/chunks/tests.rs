#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]
use super::*;
use std::collections::BTreeMap;
use std::convert::Infallible;

fn value(revision: u64, length: usize) -> Vec<u8> {
    let mut value = vec![1];
    value.extend_from_slice(&revision.to_be_bytes());
    value.extend((HEADER..length).map(|n| (n % 251) as u8));
    value
}

fn joined(key: &[u8], head: Vec<u8>, rows: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Vec<u8>> {
    join(key, head, |piece| Ok::<_, Infallible>(rows.get(piece).cloned())).unwrap()
}

#[test]
fn only_values_above_the_limit_are_cut() {
    assert!(split(b"k", &value(1, LIMIT)).is_none());
    assert!(split(b"k", &value(1, LIMIT + 1)).is_some());
}

#[test]
fn pieces_are_joined_at_every_boundary() {
    for length in [
        LIMIT + 1,
        LIMIT + HEADER,
        LIMIT + HEADER + 1,
        2 * LIMIT + HEADER,
        5 * LIMIT,
    ] {
        let value = value(7, length);
        let pieces = split(b"k", &value).unwrap();
        assert_eq!(crate::codec::revision_of(&pieces.head), Some(7));
        assert!(pieces
            .rows
            .iter()
            .all(|(_, piece)| (1..=LIMIT).contains(&piece.len())));
        let keys: Vec<_> = piece_keys(b"k", &pieces.head).collect();
        let rows: BTreeMap<_, _> = pieces.rows.into_iter().collect();
        assert_eq!(keys, rows.keys().cloned().collect::<Vec<_>>());
        assert_eq!(joined(b"k", pieces.head, &rows), Some(value));
    }
}

#[test]
fn a_missing_or_foreign_piece_is_noticed() {
    let pieces = split(b"k", &value(1, 3 * LIMIT)).unwrap();
    let rows: BTreeMap<_, _> = pieces.rows.into_iter().collect();
    for key in rows.keys() {
        let mut missing = rows.clone();
        missing.remove(key);
        assert_eq!(joined(b"k", pieces.head.clone(), &missing), None);
        let mut foreign = rows.clone();
        foreign.get_mut(key).unwrap()[0] ^= 1;
        assert_eq!(joined(b"k", pieces.head.clone(), &foreign), None);
    }
}

#[test]
fn a_whole_value_has_no_pieces() {
    let value = value(1, 40);
    assert_eq!(piece_keys(b"k", &value).count(), 0);
    assert_eq!(joined(b"k", value.clone(), &BTreeMap::new()), Some(value));
}

#[test]
fn a_head_whose_numbers_disagree_has_no_pieces() {
    let mut head = split(b"k", &value(1, 3 * LIMIT)).unwrap().head;
    head[18..22].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(piece_keys(b"k", &head).count(), 0);
}
