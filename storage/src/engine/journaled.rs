//! sled behind a journal: a group is durable once it stands in the journal; a thread of its own brings the rows of many
//! groups into sled together.
//!
//! sled alone costs a group several hops between threads, a write of its log and a tree descent for every row before
//! anyone can be answered. The journal is one write and one sync, and sled then gets the rows in order, each key once.
//! What sled does not have yet is read from memory.

use super::faults::{Faults, Step};
use super::journal::{Journal, Rows};
use super::layers::Layers;
use super::sled::{OpenError, SledEngine};
use super::{DiskUse, Engine, EngineError, Entries, Order, RESERVE};
use crate::batch::Batch;
use crate::group::{plan, Committed, Conflict};
use crate::store::StoreConfig;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How many times the bytes of a turn the journal may have before the writer waits for sled. It bounds what is in memory,
/// and what a start has to do again.
const PATIENCE: u64 = 4;
/// Rows go into sled no later than this after the first of them, so that a start after a crash has little to do.
const SOON: Duration = Duration::from_secs(1);
/// Rows and bytes of one write to sled.
const PORTION: (usize, usize) = (2048, 1024 * 1024);

/// The database of a store.
pub(crate) struct Journaled<F: Faults> {
    shared: Arc<Shared<F>>,
    checkpointer: Mutex<Option<JoinHandle<()>>>,
}

struct Shared<F> {
    sled: SledEngine<F>,
    faults: F,
    layers: Layers,
    /// Bytes of the journal after which its rows go into sled.
    turn: u64,
    desk: Mutex<Desk>,
    /// Something on the desk has changed.
    changed: Condvar,
}

/// What writer and checkpointer share.
struct Desk {
    journal: Journal,
    /// The lower layer, on its way into sled, and the number of its last entry.
    sinking: Option<(Arc<Rows>, u64)>,
    /// Why rows can't be brought into sled any more.
    failure: Option<String>,
    closing: bool,
}

impl<F: Faults + Clone> Journaled<F> {
    /// Opens sled with its journal, or creates both, and brings into sled what it has not yet.
    pub(crate) fn open(config: &StoreConfig, faults: F) -> Result<Self, OpenError> {
        let path = config.path.as_path();
        let sled = SledEngine::open(path, config.cache_bytes, faults.clone())?;
        let damaged = |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Corrupted {
            path: path.to_owned(),
            source,
        };
        let done = sled.mark().map_err(|error| damaged(Box::new(error)))?;
        let (journal, rows, last) = Journal::open(path, done).map_err(|error| damaged(Box::new(error)))?;
        if last > done {
            tracing::info!(
                entries = last - done,
                rows = rows.len(),
                "bringing the journal into the store"
            );
            sink(&sled, &rows, last).map_err(|error| OpenError::Io {
                path: path.to_owned(),
                source: std::io::Error::other(error),
            })?;
        }
        sled.sync_files().map_err(|source| OpenError::Io {
            path: path.to_owned(),
            source,
        })?;
        let shared = Arc::new(Shared {
            sled,
            faults,
            layers: Layers::default(),
            turn: config.journal_bytes.max(1),
            desk: Mutex::new(Desk {
                journal,
                sinking: None,
                failure: None,
                closing: false,
            }),
            changed: Condvar::new(),
        });
        let checkpointer = std::thread::Builder::new()
            .name("store-checkpointer".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.checkpoint()
            })
            .map_err(|source| OpenError::Io {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            shared,
            checkpointer: Mutex::new(Some(checkpointer)),
        })
    }
}

impl<F: Faults> Shared<F> {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a group to the journal, durably, and shows it.
    fn append(&self, rows: Rows) -> Result<(), EngineError> {
        let mut desk = self.desk();
        loop {
            if let Some(why) = &desk.failure {
                return Err(EngineError::Database(why.clone().into()));
            }
            if desk.journal.bytes() < self.turn.saturating_mul(PATIENCE) || desk.sinking.is_none() {
                break;
            }
            desk = self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
        let free = self.sled.free().map_err(EngineError::database)?;
        if free < RESERVE {
            return Err(EngineError::Full { free });
        }
        desk.journal
            .append(&rows, &self.faults)
            .map_err(EngineError::Sync)?;
        self.layers.add(rows);
        if desk.journal.bytes() >= self.turn && desk.sinking.is_none() {
            self.sink_upper(&mut desk);
        }
        Ok(())
    }

    /// Hands the upper layer to the checkpointer; the journal goes on in its other file.
    fn sink_upper(&self, desk: &mut Desk) {
        desk.sinking = Some((self.layers.sink(), desk.journal.number()));
        desk.journal.turn();
        self.changed.notify_all();
    }

    /// Runs until it is closed and sled has everything, or until sled fails.
    fn checkpoint(&self) {
        loop {
            let Some((rows, last)) = self.next() else {
                return;
            };
            match sink(&self.sled, &rows, last) {
                Ok(()) => {
                    self.layers.drop_lower();
                    self.desk().sinking = None;
                }
                Err(error) => {
                    // The journal and the lower layer keep what sled has not: nothing is lost, and reads go on.
                    self.desk().failure = Some(error.chain());
                    self.changed.notify_all();
                    return;
                }
            }
            self.changed.notify_all();
        }
    }

    /// Waits for rows that are to go into sled; none once it is closed and nothing is left.
    fn next(&self) -> Option<(Arc<Rows>, u64)> {
        let mut desk = self.desk();
        loop {
            if let Some((rows, last)) = &desk.sinking {
                return Some((Arc::clone(rows), *last));
            }
            if desk.closing {
                if self.layers.is_empty() {
                    return None;
                }
                self.sink_upper(&mut desk);
                continue;
            }
            let waited = self
                .changed
                .wait_timeout_while(desk, SOON, |desk| desk.sinking.is_none() && !desk.closing);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            desk = guard;
            if timeout.timed_out() && !self.layers.is_empty() {
                self.sink_upper(&mut desk);
            }
        }
    }
}

/// Brings rows into sled in portions, each durable, and then notes that it has all entries up to `last`.
fn sink<F: Faults>(sled: &SledEngine<F>, rows: &Rows, last: u64) -> Result<(), EngineError> {
    let mut portion = Vec::new();
    let mut bytes = 0;
    for (key, value) in rows {
        bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        portion.push((key.as_slice(), value.as_deref()));
        if portion.len() >= PORTION.0 || bytes >= PORTION.1 {
            sled.write(portion.drain(..))?;
            bytes = 0;
        }
    }
    sled.write(portion.drain(..))?;
    sled.set_mark(last)
}

impl<F: Faults> Engine for Journaled<F> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let shared = &self.shared;
        shared.faults.before(Step::Read).map_err(EngineError::database)?;
        match shared.layers.get(key) {
            Some(said) => Ok(said),
            None => shared.sled.get(key),
        }
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        let shared = &self.shared;
        let below = move |start: &[u8], end: &[u8]| shared.sled.range(start, end, order);
        let entries = shared.layers.range(start, end, order, below);
        Box::new(entries.map(move |entry| {
            shared.faults.before(Step::Read).map_err(EngineError::database)?;
            entry
        }))
    }

    fn apply(&self, group: &[Batch]) -> Result<Vec<Result<Committed, Conflict>>, EngineError> {
        let plan = plan(group, |key| self.get(key))?;
        if !plan.rows.is_empty() {
            self.shared.append(plan.rows)?;
        }
        Ok(plan.outcomes)
    }

    fn settle(&self) -> Result<(), EngineError> {
        self.shared.desk().closing = true;
        self.shared.changed.notify_all();
        let mut checkpointer = self.checkpointer.lock().unwrap_or_else(PoisonError::into_inner);
        if checkpointer.take().is_some_and(|thread| thread.join().is_err()) {
            return Err(EngineError::Database("the checkpointer panicked".into()));
        }
        match &self.shared.desk().failure {
            Some(why) => Err(EngineError::Database(why.clone().into())),
            None => Ok(()),
        }
    }

    fn disk(&self) -> DiskUse {
        self.shared.sled.disk()
    }
}

impl<F: Faults> Drop for Journaled<F> {
    fn drop(&mut self) {
        if let Err(error) = self.settle() {
            tracing::warn!(
                error = error.chain(),
                "the journal is brought into the store at the next start"
            );
        }
    }
}
