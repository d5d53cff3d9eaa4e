//! Merges several lists of ids, each sorted from new to old.

use super::ids;
use beamlive_storage::keys::Key;
use beamlive_storage::{ReadError, Store};
use std::collections::BinaryHeap;

/// The ids at the end of all keys with several prefixes, newest first. A page costs one read per
/// prefix and one per row.
pub(super) struct Merged<'s> {
    store: &'s Store,
    lists: Vec<List<'s>>,
    /// The newest id of each list that was not returned yet, with the index of the list.
    heads: BinaryHeap<(u64, usize)>,
    failed: Option<ReadError>,
}

struct List<'s> {
    prefix: Key,
    /// The ids after its head. It is opened when the head is returned, because most lists have no
    /// id on a page.
    rest: Option<Box<dyn Iterator<Item = Result<u64, ReadError>> + 's>>,
}

impl<'s> Merged<'s> {
    /// The lists under `prefixes`, below `before`.
    pub(super) fn new(
        store: &'s Store,
        prefixes: impl IntoIterator<Item = Key>,
        before: Option<u64>,
    ) -> Result<Self, ReadError> {
        let mut merged = Self {
            store,
            lists: Vec::new(),
            heads: BinaryHeap::new(),
            failed: None,
        };
        for prefix in prefixes {
            if let Some(head) = ids(store, &prefix, before).next().transpose()? {
                merged.heads.push((head, merged.lists.len()));
                merged.lists.push(List { prefix, rest: None });
            }
        }
        Ok(merged)
    }
}

impl Iterator for Merged<'_> {
    type Item = Result<u64, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            self.heads.clear();
            return Some(Err(error));
        }
        let (id, number) = self.heads.pop()?;
        if let Some(List { prefix, rest }) = self.lists.get_mut(number) {
            let store = self.store;
            let rest = rest.get_or_insert_with(|| Box::new(ids(store, prefix, Some(id))));
            match rest.next() {
                Some(Ok(next)) => self.heads.push((next, number)),
                Some(Err(error)) => self.failed = Some(error),
                None => {}
            }
        }
        Some(Ok(id))
    }
}
