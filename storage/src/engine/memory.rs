//! A database in memory: nothing outlives the process. For tests, with faults on demand.

use super::{Engine, EngineError, Entries, Order};
use crate::batch::Batch;
use crate::group::{plan, Applied};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// How many entries a range takes at once, so that it does not hold writers up.
const PAGE: usize = 128;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// An ordered map. Clones share it, so a clone that was kept can be opened again as if after a restart.
#[derive(Debug, Clone)]
pub struct MemoryEngine {
    map: Arc<RwLock<Map>>,
    /// Groups that will still be applied.
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
    /// An empty one that never fails.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Fault injection for tests: after `groups` more groups, every later one fails with
    /// [`EngineError::Injected`] and changes nothing, in all clones, until this is called again.
    pub fn fail_after(&self, groups: u64) {
        self.applies_left.store(groups, Ordering::SeqCst);
    }

    /// Sets or removes a row behind the store's back, as damage does. For tests.
    pub fn alter(&self, key: &[u8], value: Option<&[u8]>) {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        match value {
            Some(value) => map.insert(key.to_vec(), value.to_vec()),
            None => map.remove(key),
        };
    }

    fn read(&self) -> RwLockReadGuard<'_, Map> {
        self.map.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, start: &Bound<Vec<u8>>, end: &Bound<Vec<u8>>, order: Order) -> Vec<(Vec<u8>, Vec<u8>)> {
        let (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) =
            (start, end)
        else {
            return Vec::new();
        };
        // A map panics on such ranges.
        if from >= to {
            return Vec::new();
        }
        let map = self.read();
        let range = map
            .range((start.clone(), end.clone()))
            .map(|(key, value)| (key.clone(), value.clone()));
        match order {
            Order::Ascending => range.take(PAGE).collect(),
            Order::Descending => range.rev().take(PAGE).collect(),
        }
    }
}

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.read().get(key).cloned())
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        let mut start = Bound::Included(start.to_vec());
        let mut end = Bound::Excluded(end.to_vec());
        let mut page = Vec::new().into_iter();
        Box::new(std::iter::from_fn(move || {
            if page.len() == 0 {
                page = self.page(&start, &end, order).into_iter();
            }
            let (key, value) = page.next()?;
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
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let plan = plan(group, |key| Ok(map.get(key).cloned()))?;
        for (key, value) in plan.rows {
            match value {
                Some(value) => map.insert(key, value),
                None => map.remove(&key),
            };
        }
        Ok(plan.applied)
    }
}
