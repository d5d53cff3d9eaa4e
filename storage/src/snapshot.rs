//! Snapshots: the store at one point in the order of writes, read while writing goes on.
//!
//! A database that keeps old versions provides it (`Engine::freeze`). For one that does not, the
//! writer saves the rows that it changes (`state.rs`).

pub(crate) mod state;

pub use state::{Rows, SnapshotLimits, SnapshotLost};

use crate::engine::{EngineError, Entries, Frozen, Order};
use crate::keys::successor;
use crate::store::{Store, Unavailable};
use crate::writer::CommitError;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// Why there is no snapshot, or why it can no longer be read.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Error)]
pub enum SnapshotError {
    #[error("a backup is being taken already: wait for its end")]
    Busy,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error(transparent)]
    Lost(#[from] SnapshotLost),
    #[error("the store could not be read")]
    Engine(#[from] EngineError),
}

/// A snapshot, read page by page. Dropping it ends the saving of rows.
pub struct Snapshot {
    store: Store,
    number: u64,
    /// Where the next page starts; `None` at the end.
    next: Option<Vec<u8>>,
    /// The rows, if the database keeps them.
    frozen: Option<Arc<dyn Frozen>>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Starts a snapshot between two groups. It has everything that was acknowledged before this
    /// call, and only what is durable.
    ///
    /// # Errors
    /// [`SnapshotError::Busy`] while another one is read, [`SnapshotError::Unavailable`].
    pub async fn snapshot(&self, limits: SnapshotLimits) -> Result<Snapshot, SnapshotError> {
        let permit = self.reserve()?;
        let frozen = self.engine().freeze();
        let number = self.snapshots().begin(limits, frozen.is_some());
        let snapshot = Snapshot {
            store: self.clone(),
            number: number.ok_or(SnapshotError::Busy)?,
            next: Some(Vec::new()),
            frozen,
        };
        // A wanted snapshot starts with the group of this batch at the latest. The rows of a frozen
        // one are durable then.
        match permit.take_turn().await {
            Ok(_) | Err(CommitError::Conflict(_)) => Ok(snapshot),
            Err(CommitError::WritesOff(reason) | CommitError::Away(reason)) => {
                Err(Unavailable::WritesOff(reason).into())
            }
        }
    }
}

impl Snapshot {
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The next rows, about `bytes` of them; `None` at the end. May block on the disk.
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
        let snapshots = self.store.snapshots();
        let rows = snapshots.complete(self.number, page, end.as_ref().unwrap_or(&last))?;
        self.next = end;
        Ok(Some(rows))
    }

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
