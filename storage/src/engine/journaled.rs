//! The runs behind a journal: a group is durable once it stands in the journal; a thread of its own makes runs of the rows
//! of many groups, and keeps the runs few.
//!
//! sled alone costs a group several hops between threads, a write of its log and a tree descent for every row before
//! anyone can be answered. The journal is one write and one sync. What is in no run yet is read from memory.

use super::faults::{Faults, Step};
use super::filter::Hash;
use super::journal::{Journal, Rows};
use super::layers::{Layer, Layers};
use super::recent::Recent;
use super::runs::{Runs, Upkeep};
use super::sled::{Database, OpenError};
use super::{DiskUse, Engine, EngineError, Entries, Order, RESERVE, SCRATCH};
use crate::batch::Batch;
use crate::group::{plan, Committed, Conflict};
use crate::store::StoreConfig;
use crate::writer::message;
use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How many times the bytes of a turn the journal may have before the writer waits for the checkpointer. It bounds what is in memory,
/// and what a start has to do again.
const PATIENCE: u64 = 4;
/// How long the checkpointer rests when there is nothing to do; rows of an idle service go into a run then.
const REST: Duration = Duration::from_secs(10);

/// The database of a store.
pub(crate) struct Journaled<F: Faults> {
    shared: Arc<Shared<F>>,
    /// For the writer.
    recent: Mutex<Recent>,
    checkpointer: Mutex<Option<JoinHandle<()>>>,
}

struct Shared<F> {
    runs: Runs<F>,
    faults: F,
    layers: Layers,
    /// Bytes of the journal after which its rows become a run.
    turn: u64,
    desk: Mutex<Desk>,
    /// Something on the desk has changed.
    changed: Condvar,
}

/// What writer and checkpointer share.
struct Desk {
    journal: Journal,
    /// The lower layer, on its way into a run.
    sinking: Option<Sinking>,
    /// Why the database can't be written any more.
    failure: Option<String>,
    closing: bool,
}

/// A layer that becomes a run.
#[derive(Clone)]
struct Sinking {
    layer: Arc<Layer>,
    /// The number of its last entry in the journal.
    last: u64,
    /// What the journal has of it.
    bytes: u64,
}

/// What the checkpointer is to do.
enum Task {
    /// Make a run of the lower layer.
    Sink(Sinking),
    /// Merge and tidy up a little.
    Upkeep,
    /// End.
    End,
}

impl<F: Faults + Clone> Journaled<F> {
    /// Opens the database with its journal, or creates both, and makes a run of what is only in the journal. With `upkeep`
    /// runs are merged while it is open; who only looks needs none.
    pub(crate) fn open(config: &StoreConfig, faults: F, upkeep: bool) -> Result<Self, OpenError> {
        let path = config.path.as_path();
        let database = Database::open(path, config.cache_bytes, faults.clone())?;
        database.check_owner()?;
        let damaged = |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Corrupted {
            path: path.to_owned(),
            source,
        };
        let failed = |source| OpenError::Io {
            path: path.to_owned(),
            source,
        };
        let runs = Runs::open(database).map_err(|error| damaged(Box::new(error)))?;
        let done = runs.journal();
        let (journal, rows, last) = Journal::open(path, done).map_err(|error| damaged(Box::new(error)))?;
        if last > done {
            tracing::info!(
                entries = last - done,
                rows = rows.len(),
                "bringing the journal into the store"
            );
            runs.add(&rows, last)
                .map_err(|error| failed(io::Error::other(error)))?;
        }
        runs.database().sync_files().map_err(failed)?;
        let upkeep = match upkeep {
            true => Some(Upkeep::begin(&runs).map_err(|error| damaged(Box::new(error)))?),
            false => None,
        };
        let shared = Arc::new(Shared {
            runs,
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
                move || {
                    // sled panics on some kinds of damage, and the writer would wait for this thread for ever.
                    let checkpoint = AssertUnwindSafe(|| shared.checkpoint(upkeep));
                    if let Err(panic) = catch_unwind(checkpoint) {
                        shared.fail(format!("the database panicked: {}", message(panic.as_ref())));
                    }
                }
            })
            .map_err(failed)?;
        Ok(Self {
            shared,
            recent: Mutex::default(),
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
        let free = self.runs.database().free().map_err(EngineError::database)?;
        // What is in the journal only has to fit into the database too.
        let owed = desk.journal.bytes() + desk.sinking.as_ref().map_or(0, |sinking| sinking.bytes);
        let needed = RESERVE + SCRATCH * owed;
        if free < needed {
            return Err(EngineError::Full { free, needed });
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
        desk.sinking = Some(Sinking {
            layer: self.layers.sink(),
            last: desk.journal.number(),
            bytes: desk.journal.bytes(),
        });
        desk.journal.turn();
        self.changed.notify_all();
    }

    /// Runs until it is closed and all rows are in runs, or until the database fails.
    fn checkpoint(&self, mut upkeep: Option<Upkeep>) {
        let mut more = true;
        loop {
            let done = match self.next(more && upkeep.is_some()) {
                Task::End => return,
                Task::Sink(Sinking { layer, last, .. }) => {
                    more = true;
                    self.runs.add(layer.rows(), last).map(|()| {
                        self.layers.drop_lower();
                        self.desk().sinking = None;
                    })
                }
                Task::Upkeep => match &mut upkeep {
                    Some(upkeep) => upkeep.step(&self.runs).map(|left| more = left),
                    None => Ok(()),
                },
            };
            if let Err(error) = done {
                self.fail(error.chain());
                return;
            }
            self.changed.notify_all();
        }
    }

    /// The journal and the lower layer keep what is in no run: nothing is lost, and reads go on.
    fn fail(&self, why: String) {
        self.desk().failure = Some(why);
        self.changed.notify_all();
    }

    /// Waits for what is to be done next; with `more`, there is upkeep to do.
    fn next(&self, more: bool) -> Task {
        let mut desk = self.desk();
        loop {
            if let Some(sinking) = &desk.sinking {
                return Task::Sink(sinking.clone());
            }
            if desk.closing {
                if self.layers.is_empty() {
                    return Task::End;
                }
                self.sink_upper(&mut desk);
                continue;
            }
            if more {
                return Task::Upkeep;
            }
            let waited = self
                .changed
                .wait_timeout_while(desk, REST, |desk| desk.sinking.is_none() && !desk.closing);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            desk = guard;
            if timeout.timed_out() {
                if self.layers.is_empty() {
                    return Task::Upkeep;
                }
                self.sink_upper(&mut desk);
            }
        }
    }
}

impl<F: Faults> Engine for Journaled<F> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let shared = &self.shared;
        shared.faults.before(Step::Read).map_err(EngineError::database)?;
        let hash = Hash::of(key);
        match shared.layers.get(key, hash) {
            Some(said) => Ok(said),
            None => shared.runs.get(key, hash),
        }
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        let shared = &self.shared;
        let below = move |start: &[u8], end: &[u8]| shared.runs.range(start, end, order);
        let entries = shared.layers.range(start, end, order, below);
        Box::new(entries.map(move |entry| {
            shared.faults.before(Step::Read).map_err(EngineError::database)?;
            entry
        }))
    }

    fn apply(&self, group: &[Batch]) -> Result<Vec<Result<Committed, Conflict>>, EngineError> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = plan(group, |key| recent.read(key, || self.get(key)))?;
        if !plan.rows.is_empty() {
            recent.update(&plan.rows);
            if let Err(error) = self.shared.append(plan.rows) {
                recent.clear();
                return Err(error);
            }
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
        let runs = &self.shared.runs;
        DiskUse {
            runs: runs.count() as u64,
            ..runs.database().disk()
        }
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
