//! Several lists of ids, each from new to old, as one.

use super::ids;
use beamlive_storage::keys::Key;
use beamlive_storage::{ReadError, Store};
use std::collections::BinaryHeap;

/// The ids that the keys of several prefixes end with, newest first. A page costs one look at each prefix, and then what it
/// shows.
pub(super) struct Merged<'s> {
    store: &'s Store,
    lists: Vec<List<'s>>,
    /// The newest id of each list that has not been given out, and which list that is.
    heads: BinaryHeap<(u64, usize)>,
    failed: Option<ReadError>,
}

struct List<'s> {
    prefix: Key,
    /// What follows its head; opened when the head is given out, for most lists of many have nothing on a page.
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
