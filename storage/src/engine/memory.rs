//! A database in memory, lost when the process ends. For tests, which can make it fail.

use super::error::EngineError;
use super::interface::{Engine, Entries, Order};
use crate::batch::Batch;
use crate::group::{plan, Applied};
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// An ordered map. Clones share it: a test keeps one to reopen the store as after a restart.
#[derive(Debug, Clone)]
pub struct MemoryEngine {
    map: Arc<RwLock<Map>>,
    /// How many more groups are applied before the engine fails.
    applies_left: Arc<AtomicU64>,
}

impl Default for MemoryEngine {
    fn default() -> Self {
        Self {
            map: Arc::default(),
            applies_left: Arc::new(AtomicU64::new(u64::MAX)),
        }
    }
}

impl MemoryEngine {
    /// An empty database that never fails.
    pub fn new() -> Self {
        Self::default()
    }

    /// For tests: after `groups` more groups, every later one fails with [`EngineError::Injected`]
    /// and changes nothing, in all clones, until this is called again.
    pub fn fail_after(&self, groups: u64) {
        self.applies_left.store(groups, Ordering::SeqCst);
    }

    /// For tests: sets or removes a row without the store's knowledge, as damage does.
    pub fn alter(&self, key: &[u8], value: Option<&[u8]>) {
        set(&mut self.map.write(), [(key.to_vec(), value.map(<[u8]>::to_vec))]);
    }
}

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.map.read().get(key).cloned())
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        // A map panics on such ranges.
        if start >= end {
            return Box::new(std::iter::empty());
        }
        let (mut start, mut end) = (Bound::Included(start.to_vec()), Bound::Excluded(end.to_vec()));
        // Locked for one entry at a time, so that it does not hold up the writer.
        Box::new(std::iter::from_fn(move || {
            let map = self.map.read();
            let mut rest = map.range::<Vec<u8>, _>((start.as_ref(), end.as_ref()));
            let next = match order {
                Order::Ascending => rest.next(),
                Order::Descending => rest.next_back(),
            };
            let (key, value) = next.map(|(key, value)| (key.clone(), value.clone()))?;
            match order {
                Order::Ascending => start = Bound::Excluded(key.clone()),
                Order::Descending => end = Bound::Excluded(key.clone()),
            }
            Some(Ok((key, value)))
        }))
    }

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        self.applies_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
                u64::MAX => Some(left),
                _ => left.checked_sub(1),
            })
            .map_err(|_| EngineError::Injected)?;
        // Locked while it plans: several stores may share a map.
        let mut map = self.map.write();
        let plan = plan(group, |key| Ok(map.get(key).cloned()))?;
        set(&mut map, plan.rows);
        Ok(plan.applied)
    }
}

fn set(map: &mut Map, rows: impl IntoIterator<Item = (Vec<u8>, Option<Vec<u8>>)>) {
    for (key, value) in rows {
        match value {
            Some(value) => map.insert(key, value),
            None => map.remove(&key),
        };
    }
}
