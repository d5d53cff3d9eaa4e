//! The store as it was at one point of the write order, read while it is written.
//!
//! A database that keeps old versions gives it (`Engine::freeze`). For one that keeps none the writer, before it applies a
//! group, saves what the rows that the group changes hold now, unless the reader is past them or it has saved them already.
//! The reader reads a page as it is, and then puts what was saved of it in its place: whichever of the two came first, that
//! is the row as it was.

use crate::batch::Batch;
use crate::engine::{Engine, EngineError, Entries, Frozen, Order};
use crate::group::plan;
use crate::keys::successor;
use crate::store::{Store, Unavailable};
use crate::writer::CommitError;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use thiserror::Error;

/// What a snapshot may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotLimits {
    /// Bytes of rows that were changed before the snapshot came to them. Beyond it the snapshot is lost, the writer is
    /// not held up.
    pub memory_bytes: usize,
    /// A snapshot from which nothing was read for so long makes way for another one.
    pub patience: Duration,
}

/// Why there is no snapshot, or no longer.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// Another one is being read.
    #[error("a backup is being taken already: wait for its end")]
    Busy,
    /// The store does not write, or too many batches wait.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// More was changed meanwhile than may be kept.
    #[error(
        "more than {0} bytes were changed before the backup came to them: take it at a quieter time, or raise store.backup_memory_bytes"
    )]
    Overrun(usize),
    /// Another one took its place.
    #[error("nothing was read for a while, and another backup was begun")]
    Displaced,
    /// What was to change could not be read.
    #[error("the store failed while the backup was taken: {0}")]
    Failed(Arc<str>),
    /// The database failed.
    #[error("the store could not be read")]
    Engine(#[from] EngineError),
}

/// Rows in the order of their keys.
pub type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// A snapshot, read page by page. The writer saves nothing any more once it is dropped.
pub struct Snapshot {
    store: Store,
    number: u64,
    next: Option<Vec<u8>>,
    /// The rows as they were, where the database keeps them.
    frozen: Option<Arc<dyn Frozen>>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// What the writer and the reader of a snapshot share.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    /// Of the newest snapshot; each has another number.
    number: u64,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// None is read.
    #[default]
    Idle,
    /// One begins with the next group.
    Wanted(SnapshotLimits),
    /// The database keeps what it reads: nothing has to be saved. It was read at this time last.
    Kept(SnapshotLimits, Instant),
    Reading(Reading),
    /// It can't be read to its end.
    Lost(Loss),
}

#[derive(Debug)]
struct Reading {
    limits: SnapshotLimits,
    /// The reader is past all keys below it.
    cursor: Vec<u8>,
    /// Rows at or above the cursor as they were, none where there was none.
    saved: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
    read: Instant,
}

#[derive(Debug, Clone)]
enum Loss {
    Overrun(usize),
    Failed(Arc<str>),
}

/// What a saved row takes in memory, about.
fn taken(key: &[u8], value: Option<&[u8]>) -> usize {
    const BESIDE: usize = 96;
    key.len() + value.map_or(0, <[u8]>::len) + BESIDE
}

impl Snapshots {
    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, limits: SnapshotLimits, kept: bool) -> Result<u64, SnapshotError> {
        let mut current = self.lock();
        let free = match &current.state {
            State::Idle | State::Lost(_) => true,
            State::Wanted(_) => false,
            State::Kept(limits, read) => read.elapsed() >= limits.patience,
            State::Reading(reading) => reading.read.elapsed() >= reading.limits.patience,
        };
        if !free {
            return Err(SnapshotError::Busy);
        }
        current.number += 1;
        current.state = match kept {
            true => State::Kept(limits, Instant::now()),
            false => State::Wanted(limits),
        };
        Ok(current.number)
    }

    fn end(&self, number: u64) {
        let mut current = self.lock();
        if current.number == number {
            current.state = State::Idle;
        }
    }

    /// Saves what `group` is going to change. Called by the writer before each group; nothing that fails here keeps the
    /// group from being written. Reads without the lock, which is held by turns with threads that must not wait: only the
    /// writer changes anything, so what it reads stays as it is.
    pub(crate) fn before(&self, engine: &dyn Engine, group: &[Batch]) {
        let Some(number) = self.reading() else {
            return;
        };
        let saved = plan(group, |key| engine.get(key)).and_then(|plan| {
            let keys = self.unsaved(plan.rows.into_keys());
            keys.into_iter()
                .map(|key| Ok((engine.get(&key)?, key)))
                .collect::<Result<Vec<_>, EngineError>>()
        });
        let mut current = self.lock();
        if current.number != number {
            return;
        }
        if let State::Reading(reading) = &mut current.state {
            let saved = match saved {
                Ok(rows) => reading.save(rows),
                Err(error) => Err(Loss::Failed(Arc::from(error.to_string()))),
            };
            if let Err(loss) = saved {
                current.state = State::Lost(loss);
            }
        }
    }

    /// The number of the snapshot that is read; one that is wanted begins here.
    fn reading(&self) -> Option<u64> {
        let mut current = self.lock();
        if let State::Wanted(limits) = current.state {
            current.state = State::Reading(Reading {
                limits,
                cursor: Vec::new(),
                saved: BTreeMap::new(),
                bytes: 0,
                read: Instant::now(),
            });
        }
        matches!(current.state, State::Reading(_)).then_some(current.number)
    }

    /// Those of `keys` that the reader has still before it and that are not saved.
    fn unsaved(&self, keys: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
        match &self.lock().state {
            State::Reading(reading) => keys.filter(|key| reading.lacks(key)).collect(),
            State::Idle | State::Wanted(_) | State::Kept(..) | State::Lost(_) => Vec::new(),
        }
    }
}

impl Reading {
    fn lacks(&self, key: &[u8]) -> bool {
        key >= self.cursor.as_slice() && !self.saved.contains_key(key)
    }

    fn save(&mut self, rows: Vec<(Option<Vec<u8>>, Vec<u8>)>) -> Result<(), Loss> {
        for (value, key) in rows {
            // The reader may have come past it meanwhile.
            if !self.lacks(&key) {
                continue;
            }
            self.bytes = self.bytes.saturating_add(taken(&key, value.as_deref()));
            if self.bytes > self.limits.memory_bytes {
                return Err(Loss::Overrun(self.limits.memory_bytes));
            }
            self.saved.insert(key, value);
        }
        Ok(())
    }

    /// Puts what was saved of the page below `end` in its place, and goes on from there.
    fn merge(&mut self, page: Rows, end: &[u8]) -> Rows {
        let later = self.saved.split_off(end);
        let saved = std::mem::replace(&mut self.saved, later);
        end.clone_into(&mut self.cursor);
        self.read = Instant::now();
        if saved.is_empty() {
            return page;
        }
        let mut rows: BTreeMap<_, _> = page.into_iter().collect();
        for (key, value) in saved {
            self.bytes = self.bytes.saturating_sub(taken(&key, value.as_deref()));
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        rows.into_iter().collect()
    }
}

impl Store {
    /// Begins to read the store as it is between two groups: everything that was acknowledged before this call is in it,
    /// and all that is in it is durable.
    ///
    /// # Errors
    /// [`SnapshotError::Busy`] while another one is read, [`SnapshotError::Unavailable`].
    pub async fn snapshot(&self, limits: SnapshotLimits) -> Result<Snapshot, SnapshotError> {
        let permit = self.reserve()?;
        let frozen = self.engine().freeze();
        let number = self.snapshots().begin(limits, frozen.is_some())?;
        let snapshot = Snapshot {
            store: self.clone(),
            number,
            next: Some(Vec::new()),
            frozen,
        };
        // One that is wanted begins with the group of this batch at the latest; what a frozen one has is durable then.
        match permit.take_turn().await {
            Ok(_) | Err(CommitError::Conflict(_)) => Ok(snapshot),
            Err(CommitError::WritesOff(reason)) => Err(Unavailable::WritesOff(reason).into()),
        }
    }
}

impl Snapshot {
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The next rows, about `bytes` of them; none at the end. May block on the disk.
    ///
    /// # Errors
    /// [`SnapshotError`] when the snapshot can't be read to its end.
    pub fn page(&mut self, bytes: usize) -> Result<Option<Rows>, SnapshotError> {
        let Some(start) = self.next.take() else {
            return Ok(None);
        };
        let last = successor(&[u8::MAX]);
        let (mut page, mut taken, mut end) = (Rows::new(), 0, None);
        for row in self.rows(&start, &last) {
            let (key, value) = row?;
            taken += key.len() + value.len();
            let full = taken >= bytes;
            if full {
                end = Some([key.as_slice(), &[0]].concat());
            }
            page.push((key, value));
            if full {
                break;
            }
        }
        let mut current = self.store.snapshots().lock();
        if current.number != self.number {
            return Err(SnapshotError::Displaced);
        }
        match &mut current.state {
            State::Reading(reading) => {
                let rows = reading.merge(page, end.as_ref().unwrap_or(&last));
                self.next = end;
                Ok(Some(rows))
            }
            State::Kept(_, read) => {
                *read = Instant::now();
                self.next = end;
                Ok(Some(page))
            }
            State::Lost(Loss::Overrun(limit)) => Err(SnapshotError::Overrun(*limit)),
            State::Lost(Loss::Failed(reason)) => Err(SnapshotError::Failed(Arc::clone(reason))),
            State::Idle | State::Wanted(_) => Err(SnapshotError::Displaced),
        }
    }
}

impl Snapshot {
    fn rows(&self, start: &[u8], end: &[u8]) -> Entries<'_> {
        match &self.frozen {
            Some(frozen) => frozen.range(start, end),
            None => self.store.engine().range(start, end, Order::Ascending),
        }
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.store.snapshots().end(self.number);
    }
}

#[cfg(test)]
mod tests;
