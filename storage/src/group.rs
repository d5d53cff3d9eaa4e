//! Pure: which batches of a group hold, which ids they get, and which rows result.

use crate::batch::{Batch, Require, Write};
use crate::chunks;
use crate::codec::revision_of;
use crate::engine::EngineError;
use crate::ids::Slot;
use crate::keys::{self, Key, Table};
use crate::tally::Tally;
use smallvec::SmallVec;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use thiserror::Error;

/// A batch that is durable, with the ids it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    ids: SmallVec<[u64; 4]>,
}

impl Committed {
    /// The id that `slot` of this batch was given; 0, which is no id, for a slot of another batch.
    #[must_use]
    pub fn id(&self, slot: Slot) -> u64 {
        pick(&self.ids, slot).unwrap_or(0)
    }
}

/// The first precondition of a batch that did not hold. Nothing of the batch took effect and it consumed no id.
#[derive(Clone, PartialEq, Eq, Error)]
#[error("precondition {requirement}, of a key of table {}, did not hold", .key.first().copied().unwrap_or(0))]
pub struct Conflict {
    /// Which precondition, in the order in which they were added to the batch. Their number, if a key or value names a
    /// slot that its batch never allocated.
    pub requirement: usize,
    key: Vec<u8>,
}

impl Conflict {
    /// The key that exists already, or whose record has another revision.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether it is about a key of `table`.
    #[must_use]
    pub fn is_in(&self, table: Table) -> bool {
        self.key.first() == Some(&(table as u8))
    }
}

/// Keys may be secrets, such as those of directories: shows the table only.
impl fmt::Debug for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conflict")
            .field("requirement", &self.requirement)
            .field("table", &self.key.first())
            .finish_non_exhaustive()
    }
}

/// What became of a group of batches.
#[derive(Debug)]
pub struct Applied {
    /// One per batch, in order.
    pub outcomes: Vec<Result<Committed, Conflict>>,
    /// Groups that the store holds after it, as its tally says.
    pub groups: u64,
}

/// What a group of batches comes to.
#[derive(Debug)]
pub struct Plan {
    /// What is to be answered once the rows are durable.
    pub applied: Applied,
    /// Rows to set, or to remove where there is no value, in one atomic write. The tally is among them, if there are any.
    pub rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

/// Decides over `group`, given what the database holds. All preconditions of a batch are checked before its writes, and
/// of several writes to one key the last counts.
///
/// # Errors
/// What `read` fails with, [`EngineError::Counter`] when a counter cannot be read or is used up, [`EngineError::Tally`].
pub fn plan(
    group: &[Batch],
    mut read: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, EngineError>,
) -> Result<Plan, EngineError> {
    let tally = match read(Tally::key().as_bytes())? {
        None => Tally::default(),
        Some(bytes) => Tally::decode(&bytes).ok_or(EngineError::Tally)?,
    };
    let mut view = View {
        rows: BTreeMap::new(),
        seen: HashMap::new(),
        tally,
        read,
    };
    let outcomes = group
        .iter()
        .map(|batch| view.admit(batch))
        .collect::<Result<_, _>>()?;
    let (rows, tally) = view.finish();
    Ok(Plan {
        applied: Applied {
            outcomes,
            groups: tally.groups,
        },
        rows,
    })
}

/// The database as it will be after the batches so far.
struct View<F> {
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// What was read, so that the group reads a key once and removes pieces without reading their head again.
    seen: HashMap<Vec<u8>, Option<Vec<u8>>>,
    /// What the database holds after them.
    tally: Tally,
    read: F,
}

impl<F: FnMut(&[u8]) -> Result<Option<Vec<u8>>, EngineError>> View<F> {
    fn admit(&mut self, batch: &Batch) -> Result<Result<Committed, Conflict>, EngineError> {
        let mut counters = BTreeMap::new();
        let mut skipped = Vec::new();
        for (table, floor) in &batch.floors {
            let last = self.last_id(*table)?;
            if last < *floor {
                skipped.push((keys::skipped_ids(*table, last + 1), *floor));
                counters.insert(*table, *floor);
            }
        }
        let mut ids = SmallVec::new();
        for table in &batch.slots {
            let last = match counters.get(table) {
                Some(last) => *last,
                None => self.last_id(*table)?,
            };
            let next = u64::checked_add(last, 1).ok_or_else(|| EngineError::Counter {
                table: *table as u8,
                found: format!("{last}, the greatest there is"),
            })?;
            counters.insert(*table, next);
            ids.push(next);
        }

        for (requirement, require) in batch.requires.iter().enumerate() {
            let (Require::Absent(wanted) | Require::Revision(wanted, _)) = require;
            let key = fill(wanted, &ids);
            let holds = match (require, &key) {
                (Require::Absent(_), Some(key)) => self.current(key)?.is_none(),
                (Require::Revision(_, revision), Some(key)) => {
                    self.current(key)?.and_then(revision_of) == Some(*revision)
                }
                (_, None) => false,
            };
            if !holds {
                let key = key.unwrap_or_else(|| wanted.bytes.to_vec());
                return Ok(Err(Conflict { requirement, key }));
            }
        }

        let mut writes = Vec::with_capacity(batch.writes.len());
        for write in &batch.writes {
            let (Write::Put { key, .. } | Write::Delete(key)) = write;
            match filled(write, &ids) {
                // A key with a new id in it can't exist yet.
                Some(write) => writes.push((write, key.slots.is_empty())),
                None => {
                    return Ok(Err(Conflict {
                        requirement: batch.requires.len(),
                        key: key.bytes.to_vec(),
                    }))
                }
            }
        }

        for (key, last) in skipped {
            self.set(key.bytes.to_vec(), Some(last.to_be_bytes().to_vec()), true)?;
        }
        for (table, last) in counters {
            let key = keys::counter(table).bytes.to_vec();
            self.set(key, Some(last.to_be_bytes().to_vec()), true)?;
        }
        for ((key, value, record), may_exist) in writes {
            self.write(key, value, record, may_exist)?;
        }
        Ok(Ok(Committed { ids }))
    }

    /// The rows that result, with the tally that they come to.
    fn finish(mut self) -> (BTreeMap<Vec<u8>, Option<Vec<u8>>>, Tally) {
        if !self.rows.is_empty() {
            self.tally.groups += 1;
            self.rows
                .insert(Tally::key().bytes.to_vec(), Some(self.tally.encode()));
        }
        (self.rows, self.tally)
    }

    fn current(&mut self, key: &[u8]) -> Result<Option<&[u8]>, EngineError> {
        if !self.rows.contains_key(key) && !self.seen.contains_key(key) {
            let value = (self.read)(key)?;
            self.seen.insert(key.to_vec(), value);
        }
        Ok(self.known(key))
    }

    /// What is known of a key without reading it.
    fn known(&self, key: &[u8]) -> Option<&[u8]> {
        self.rows.get(key).or_else(|| self.seen.get(key))?.as_deref()
    }

    fn last_id(&mut self, table: Table) -> Result<u64, EngineError> {
        match self.current(keys::counter(table).as_bytes())? {
            None => Ok(0),
            Some(last) => last
                .try_into()
                .map(u64::from_be_bytes)
                .map_err(|_| EngineError::Counter {
                    table: table as u8,
                    found: format!("{} bytes instead of 8", last.len()),
                }),
        }
    }

    fn write(
        &mut self,
        key: Vec<u8>,
        value: Option<Vec<u8>>,
        record: bool,
        may_exist: bool,
    ) -> Result<(), EngineError> {
        // Who replaces or removes a record has named its revision, so its head has been read.
        let stale: Vec<_> = match self.known(&key) {
            Some(old) => chunks::piece_keys(&key, old).collect(),
            None => Vec::new(),
        };
        for piece in stale {
            self.set(piece, None, true)?;
        }
        let pieces = match &value {
            Some(value) if record => chunks::split(&key, value),
            _ => None,
        };
        let Some(pieces) = pieces else {
            return self.set(key, value, may_exist);
        };
        for (piece, bytes) in pieces.rows {
            self.set(piece, Some(bytes), may_exist)?;
        }
        self.set(key, Some(pieces.head), may_exist)
    }

    /// Sets one row, or removes it, and keeps the tally: for that, what was there is read if there may be something.
    fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>, may_exist: bool) -> Result<(), EngineError> {
        if may_exist {
            self.current(&key)?;
        }
        let old = self.rows.get(&key).or_else(|| self.seen.get(&key));
        if let Some(Some(old)) = old {
            self.tally.remove(&key, old);
        }
        if let Some(value) = &value {
            self.tally.add(&key, value);
        }
        self.rows.insert(key, value);
        Ok(())
    }
}

/// A row that is to be set or removed, with all ids in it, and whether it is a record.
fn filled(write: &Write, ids: &[u64]) -> Option<(Vec<u8>, Option<Vec<u8>>, bool)> {
    match write {
        Write::Delete(key) => Some((fill(key, ids)?, None, false)),
        Write::Put {
            key,
            value,
            patch,
            record,
        } => {
            let mut value = value.clone();
            if let Some((offset, slot)) = patch {
                place(&mut value, *offset, pick(ids, *slot)?)?;
            }
            Some((fill(key, ids)?, Some(value), *record))
        }
    }
}

fn fill(key: &Key, ids: &[u64]) -> Option<Vec<u8>> {
    let mut bytes = key.bytes.to_vec();
    for (offset, slot) in &key.slots {
        place(&mut bytes, usize::from(*offset), pick(ids, *slot)?)?;
    }
    Some(bytes)
}

fn place(bytes: &mut [u8], offset: usize, id: u64) -> Option<()> {
    bytes
        .get_mut(offset..offset.checked_add(8)?)?
        .copy_from_slice(&id.to_be_bytes());
    Some(())
}

fn pick(ids: &[u64], slot: Slot) -> Option<u64> {
    ids.get(usize::try_from(slot.0).ok()?).copied()
}

#[cfg(test)]
mod tests;
