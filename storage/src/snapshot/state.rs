//! What the writer and the reader of a snapshot share.
//!
//! Before the writer applies a group, it saves the current values of the rows that the group
//! changes, unless the reader is past them or they are saved already. The reader takes a page as it
//! is and then replaces rows by their saved values. Either way the result is the row at the start
//! of the snapshot.

use crate::batch::Batch;
use crate::engine::{Engine, EngineError};
use crate::group::plan;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Limits of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotLimits {
    /// Bytes of saved rows. Beyond it the snapshot is lost; the writer does not wait.
    pub memory_bytes: usize,
    /// A snapshot that was not read for this long can be replaced by another one.
    pub patience: Duration,
}

/// Rows in the order of their keys.
pub type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// The one snapshot that is read at a time.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    /// Number of the newest snapshot.
    number: u64,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// There is no snapshot.
    #[default]
    Idle,
    /// A snapshot starts with the next group.
    Wanted(SnapshotLimits),
    /// The database keeps the rows, so none are saved. With the time of the last read.
    Kept(SnapshotLimits, Instant),
    Reading(Reading),
    /// The snapshot cannot be read to its end.
    Lost(SnapshotLost),
}

#[derive(Debug)]
struct Reading {
    limits: SnapshotLimits,
    /// The reader is past all keys below this one.
    cursor: Vec<u8>,
    /// Rows at or above the cursor at the start of the snapshot; `None` where there was no row.
    saved: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
    read: Instant,
}

/// Why a snapshot can no longer be read.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Clone, Error)]
pub enum SnapshotLost {
    #[error(
        "more than {0} bytes were changed before the backup came to them: take it at a quieter time, or raise store.backup_memory_bytes"
    )]
    Overrun(usize),
    #[error("nothing was read for a while, and another backup was begun")]
    Displaced,
    #[error("the store failed while the backup was taken: {0}")]
    Failed(Arc<str>),
}

/// Approximate memory that a saved row takes.
fn size(key: &[u8], value: Option<&[u8]>) -> usize {
    const OVERHEAD: usize = 96;
    key.len() + value.map_or(0, <[u8]>::len) + OVERHEAD
}

impl Snapshots {
    /// Starts a snapshot and returns its number. `kept` says that the database keeps its rows.
    /// `None` while another snapshot is read.
    pub(crate) fn begin(&self, limits: SnapshotLimits, kept: bool) -> Option<u64> {
        let mut current = self.current.lock();
        let free = match &current.state {
            State::Idle | State::Lost(_) => true,
            State::Wanted(_) => false,
            State::Kept(limits, read) => read.elapsed() >= limits.patience,
            State::Reading(reading) => reading.read.elapsed() >= reading.limits.patience,
        };
        if !free {
            return None;
        }
        current.number += 1;
        current.state = match kept {
            true => State::Kept(limits, Instant::now()),
            false => State::Wanted(limits),
        };
        Some(current.number)
    }

    /// Ends the snapshot `number`, unless another one has replaced it.
    pub(crate) fn end(&self, number: u64) {
        let mut current = self.current.lock();
        if current.number == number {
            current.state = State::Idle;
        }
    }

    /// Saves the rows that `group` changes. The writer calls it before each group; an error here
    /// loses the snapshot and does not stop the writer. Reads rows without the lock, for which
    /// other threads must not wait long. They do not change meanwhile, because only the writer
    /// writes.
    pub(crate) fn before(&self, engine: &dyn Engine, group: &[Batch]) {
        let Some(number) = self.reading() else {
            return;
        };
        let saved = plan(group, |key| engine.get(key)).and_then(|plan| {
            let mut keys: Vec<_> = plan.rows.into_keys().collect();
            if let State::Reading(reading) = &self.current.lock().state {
                keys.retain(|key| reading.needs(key));
            }
            keys.into_iter()
                .map(|key| Ok((engine.get(&key)?, key)))
                .collect::<Result<Vec<_>, EngineError>>()
        });
        let mut current = self.current.lock();
        if current.number != number {
            return;
        }
        if let State::Reading(reading) = &mut current.state {
            let saved = match saved {
                Ok(rows) => reading.save(rows),
                Err(error) => Err(SnapshotLost::Failed(Arc::from(error.to_string()))),
            };
            if let Err(loss) = saved {
                current.state = State::Lost(loss);
            }
        }
    }

    /// The number of the snapshot for which rows must be saved. A wanted one starts here.
    fn reading(&self) -> Option<u64> {
        let mut current = self.current.lock();
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

    /// Completes the page of snapshot `number` that was read up to `end`.
    pub(crate) fn complete(&self, number: u64, page: Rows, end: &[u8]) -> Result<Rows, SnapshotLost> {
        let mut current = self.current.lock();
        if current.number != number {
            return Err(SnapshotLost::Displaced);
        }
        match &mut current.state {
            State::Reading(reading) => Ok(reading.merge(page, end)),
            State::Kept(_, read) => {
                *read = Instant::now();
                Ok(page)
            }
            State::Lost(loss) => Err(loss.clone()),
            State::Idle | State::Wanted(_) => Err(SnapshotLost::Displaced),
        }
    }
}

impl Reading {
    fn needs(&self, key: &[u8]) -> bool {
        key >= self.cursor.as_slice() && !self.saved.contains_key(key)
    }

    fn save(&mut self, rows: Vec<(Option<Vec<u8>>, Vec<u8>)>) -> Result<(), SnapshotLost> {
        for (value, key) in rows {
            // The reader may have passed it meanwhile.
            if !self.needs(&key) {
                continue;
            }
            self.bytes = self.bytes.saturating_add(size(&key, value.as_deref()));
            if self.bytes > self.limits.memory_bytes {
                return Err(SnapshotLost::Overrun(self.limits.memory_bytes));
            }
            self.saved.insert(key, value);
        }
        Ok(())
    }

    /// Puts the saved rows below `end` into the page and moves the cursor there.
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
            self.bytes = self.bytes.saturating_sub(size(&key, value.as_deref()));
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        rows.into_iter().collect()
    }
}
