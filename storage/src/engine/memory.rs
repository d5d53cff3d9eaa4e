//! A database in memory, lost when the process ends. For tests, which can make it fail, and let
//! several services share it as nodes.

use super::error::EngineError;
use super::interface::{Engine, Entries, Order};
use crate::batch::Batch;
use crate::group::{plan, Applied, Note};
use crate::keys::Table;
use crate::shared::{Changes, GroupLog, News};
use crate::tally::Tally;
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// An ordered map. Clones share it: a test keeps one to reopen the store as after a restart.
#[derive(Debug, Clone)]
pub struct MemoryEngine {
    map: Arc<RwLock<Map>>,
    /// How many more groups are applied before the engine fails.
    applies_left: Arc<AtomicU64>,
    node: Option<Arc<MemoryNode>>,
    log: Arc<Mutex<Log>>,
}

/// One of several processes, as a test simulates them.
#[derive(Debug)]
struct MemoryNode {
    name: String,
    map: Arc<RwLock<Map>>,
    log: Arc<Mutex<Log>>,
    woken: Arc<Notify>,
    hold: Duration,
    away: AtomicBool,
}

/// The groups of all nodes.
#[derive(Debug, Default)]
struct Log {
    /// The number of each group, the node that wrote it, and the followed keys.
    groups: Vec<(u64, String, Vec<Vec<u8>>)>,
    woken: Vec<Arc<Notify>>,
}

impl Default for MemoryEngine {
    fn default() -> Self {
        Self {
            map: Arc::default(),
            applies_left: Arc::new(AtomicU64::new(u64::MAX)),
            node: None,
            log: Arc::default(),
        }
    }
}

impl MemoryEngine {
    /// An empty database that never fails.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same database as the node `name` sees it, which is away for at most `hold` before
    /// batches are refused.
    #[must_use]
    pub fn node(&self, name: &str, hold: Duration) -> Self {
        let node = MemoryNode {
            name: name.to_owned(),
            map: Arc::clone(&self.map),
            log: Arc::clone(&self.log),
            woken: Arc::default(),
            hold,
            away: AtomicBool::new(false),
        };
        self.log.lock().woken.push(Arc::clone(&node.woken));
        Self {
            node: Some(Arc::new(node)),
            ..self.clone()
        }
    }

    /// For tests: whether this node can't reach the database.
    pub fn set_away(&self, away: bool) {
        if let Some(node) = &self.node {
            node.away.store(away, Ordering::SeqCst);
        }
    }

    /// For tests: loses all notifications from now on, so that nodes have to poll.
    pub fn lose_notifications(&self) {
        self.log.lock().woken.clear();
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

    fn reachable(&self) -> Result<(), EngineError> {
        self.node.as_ref().map_or(Ok(()), |node| node.reachable())
    }
}

impl MemoryNode {
    fn reachable(&self) -> Result<(), EngineError> {
        match self.away.load(Ordering::SeqCst) {
            true => Err(EngineError::Away("the test says so".to_owned())),
            false => Ok(()),
        }
    }
}

impl GroupLog for MemoryNode {
    fn news(&self, after: u64) -> Result<News, EngineError> {
        self.reachable()?;
        let (map, log) = (self.map.read(), self.log.lock());
        let groups = Tally::read(|key| Ok(map.get(key).cloned()))?.groups;
        let others = log
            .groups
            .iter()
            .filter(|(number, node, _)| *number > after && *node != self.name);
        let keys = others.flat_map(|(_, _, keys)| keys.clone()).collect();
        Ok(News {
            groups,
            changes: Changes::Keys(keys),
        })
    }

    fn woken(&self) -> Arc<Notify> {
        Arc::clone(&self.woken)
    }

    fn node(&self) -> &str {
        &self.name
    }
}

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.reachable()?;
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
        self.apply_noting(group, &mut |_| Ok(()))
    }

    fn apply_noting(&self, group: &[Batch], note: Note<'_>) -> Result<Applied, EngineError> {
        self.reachable()?;
        self.applies_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
                u64::MAX => Some(left),
                _ => left.checked_sub(1),
            })
            .map_err(|_| EngineError::Injected)?;
        // Locked while it plans: several stores may share a map.
        let mut map = self.map.write();
        let plan = plan(group, |key| Ok(map.get(key).cloned()))?;
        if !plan.rows.is_empty() {
            note(&plan)?;
        }
        if let Some(node) = &self.node {
            let followed = |key: &&Vec<u8>| Table::of(key).is_some_and(Table::is_followed);
            let keys: Vec<_> = plan.rows.keys().filter(followed).cloned().collect();
            let mut log = self.log.lock();
            if !keys.is_empty() {
                log.woken.iter().for_each(|woken| woken.notify_one());
                log.groups.push((plan.applied.groups, node.name.clone(), keys));
            }
        }
        set(&mut map, plan.rows);
        Ok(plan.applied)
    }

    fn hold(&self) -> Option<Duration> {
        self.node.as_ref().map(|node| node.hold)
    }

    fn shared(&self) -> Option<Arc<dyn GroupLog>> {
        let node = self.node.clone()?;
        Some(node)
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
