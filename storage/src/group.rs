//! What a group of batches changes: which batches hold, which ids they get, and which rows result.
//! No I/O: the database is read through a closure.

use crate::batch::{Batch, Require, Write};
use crate::chunks;
use crate::codec::revision_of;
use crate::engine::error::EngineError;
use crate::ids::Slot;
use crate::keys::{self, Key, Table};
use crate::tally::Tally;
use smallvec::SmallVec;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use thiserror::Error;

/// The ids that a durable batch was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    ids: SmallVec<[u64; 4]>,
}

impl Committed {
    /// The id of `slot`; 0, which is not an id, for a slot of another batch.
    pub fn id(&self, slot: Slot) -> u64 {
        pick(&self.ids, slot).unwrap_or(0)
    }
}

/// The first precondition of a batch that did not hold. The batch had no effect and consumed no id.
#[derive(Clone, PartialEq, Eq, Error)]
#[error("precondition {requirement}, of a key of table {}, did not hold", .key.first().copied().unwrap_or(0))]
pub struct Conflict {
    /// Index of the precondition in the batch. If a key or value names a slot that the batch did
    /// not allocate, this is the number of preconditions.
    pub requirement: usize,
    key: Vec<u8>,
}

impl Conflict {
    /// The key that exists already, or whose record has another revision.
    pub fn key(&self) -> &[u8] {
        &self.key
    }
}

/// Shows the table only: keys may be secrets, such as those of directories.
impl fmt::Debug for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conflict")
            .field("requirement", &self.requirement)
            .field("table", &self.key.first())
            .finish_non_exhaustive()
    }
}

/// The result of applying a group.
#[derive(Debug)]
pub struct Applied {
    /// The outcome of each batch, in order.
    pub outcomes: Vec<Result<Committed, Conflict>>,
    /// Number of groups in the store afterwards, from its tally.
    pub groups: u64,
}

/// Rows to set, or to remove where there is no value.
pub type Rows = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What to write for a group.
#[derive(Debug)]
pub struct Plan {
    /// The result, once the rows are durable.
    pub applied: Applied,
    /// The rows of one atomic write. The tally is one of them, unless there are none.
    pub rows: Rows,
    /// What was read. A changed row that is not among this does not exist yet.
    seen: HashMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Plan {
    /// The rows that the group changes, except the tally, with their values before; `None` for a
    /// row that does not exist.
    pub fn before(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        let changed = self.rows.keys().filter(|key| !Tally::is_key(key));
        changed.map(|key| (key.as_slice(), self.seen.get(key).and_then(Option::as_deref)))
    }
}

/// Looks at a plan before anything of it is written. After an error nothing is.
pub type Note<'a> = &'a mut dyn FnMut(&Plan) -> Result<(), EngineError>;

/// The keys that planning `batch` reads, as far as they are known before its ids are.
pub(crate) fn reads(batch: &Batch) -> impl Iterator<Item = Vec<u8>> + '_ {
    let tables = batch
        .slots
        .iter()
        .chain(batch.floors.iter().map(|(table, _)| table));
    let counters = tables.map(|table| keys::counter(*table));
    let required = batch.requires.iter().map(|require| {
        let (Require::Absent(key) | Require::Revision(key, _)) = require;
        key.clone()
    });
    let written = batch.writes.iter().map(|write| {
        let (Write::Put { key, .. } | Write::Delete(key)) = write;
        key.clone()
    });
    std::iter::once(Tally::key())
        .chain(counters)
        .chain(required)
        .chain(written)
        .filter(|key| key.slots.is_empty())
        .map(|key| key.bytes.to_vec())
}

/// Plans `group`, given what `read` finds in the database. All preconditions of a batch are checked
/// before its writes. Of several writes to one key, the last one counts.
///
/// # Errors
/// The error of `read`; [`EngineError::Counter`] when a counter is invalid or used up;
/// [`EngineError::Tally`].
pub fn plan(
    group: &[Batch],
    mut read: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, EngineError>,
) -> Result<Plan, EngineError> {
    let tally = Tally::read(&mut read)?;
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
    view.finish();
    Ok(Plan {
        applied: Applied {
            outcomes,
            groups: view.tally.groups,
        },
        rows: view.rows,
        seen: view.seen,
    })
}

/// Plans `group`. If rows result, shows the plan to `note` and writes them with `write`.
///
/// # Errors
/// As [`plan`], and the errors of `note` and `write`.
pub fn apply(
    group: &[Batch],
    read: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, EngineError>,
    note: Note<'_>,
    write: impl FnOnce(Rows) -> Result<(), EngineError>,
) -> Result<Applied, EngineError> {
    let plan = plan(group, read)?;
    if !plan.rows.is_empty() {
        note(&plan)?;
        write(plan.rows)?;
    }
    Ok(plan.applied)
}

/// The database as it will be after the batches so far.
struct View<F> {
    rows: Rows,
    /// What was read, so that a group reads each key once.
    seen: HashMap<Vec<u8>, Option<Vec<u8>>>,
    /// The tally after these batches.
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
                // A key with a new id in it cannot exist yet.
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

    /// Adds the tally to the rows that result.
    fn finish(&mut self) {
        if !self.rows.is_empty() {
            self.tally.groups += 1;
            self.rows
                .insert(Tally::key().bytes.to_vec(), Some(self.tally.encode()));
        }
    }

    fn current(&mut self, key: &[u8]) -> Result<Option<&[u8]>, EngineError> {
        if !self.rows.contains_key(key) && !self.seen.contains_key(key) {
            let value = (self.read)(key)?;
            self.seen.insert(key.to_vec(), value);
        }
        Ok(self.known(key))
    }

    /// The value of a key that was written or read already.
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
        // The batch has named the revision of a record that it replaces or removes, so the head has
        // been read.
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

    /// Sets or removes one row and updates the tally, for which the old value is read if the key
    /// may exist.
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

/// The key and value of a write with all ids filled in, and whether it is a record. `None` if a
/// slot was never allocated.
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
