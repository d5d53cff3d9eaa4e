//! The rows of a store in the database: sorted runs, each packed into blocks.
//!
//! sled splits a leaf at seventeen items, however small they are, and keeps something in memory for every leaf: a store of
//! fifty million small rows would take a gigabyte and half a minute to open. So it gets blocks of some 8 KiB of neighbouring rows, compressed.
//! A block that were changed for one row would be written anew for it, so none is: what the journal has becomes a run of its
//! own, and runs of one size are merged into a larger one, as in a log-structured merge tree. A filter for each run, in memory,
//! spares the looking for what it has not; where rows come in the order of their keys, their first and last key do.
//!
//! A list in the database says which runs there are. It is written once a run is durable, so a crash leaves no half of one: blocks
//! of runs that are not in the list are removed.

mod block;
mod build;
mod cursor;
mod upkeep;

pub(crate) use upkeep::Upkeep;

use super::faults::Faults;
use super::filter::{Filter, Hash};
use super::journal::Rows;
use super::sled::Database;
use super::{EngineError, Entries, Order};
use crate::keys::is_in_order;
use bincode::Options;
use build::Build;
use cursor::{Cursor, Merged};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Where the list is.
const LIST: &[u8] = b"runs";
/// Bytes of a filter in one value of the database: far below what sled spills.
const FILTER_PIECE: usize = 16 * 1024;

/// A sorted run.
#[derive(Debug)]
struct Run {
    entry: Entry,
    /// Of the keys that are not [`is_in_order`].
    filter: Filter,
}

impl Run {
    fn id(&self) -> u64 {
        self.entry.id
    }

    /// Whether it may have a row of this key, whose hash is `hash`.
    fn may_have(&self, key: &[u8], hash: Hash) -> bool {
        match is_in_order(key) {
            true => self.entry.spans.iter().any(|span| span.has(key)),
            false => self.filter.may_have(hash),
        }
    }
}

/// What the list says of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    id: u64,
    rows: u64,
    /// Rows that are in its filter.
    filtered: u64,
    /// Bytes of its blocks.
    bytes: u64,
    /// Of the tables that are not in its filter.
    spans: Vec<Span>,
}

/// The first and the last key of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Span {
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Span {
    fn has(&self, key: &[u8]) -> bool {
        self.first.as_slice() <= key && key <= self.last.as_slice()
    }
}

/// The list.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct List {
    /// The last entry of the journal that is in the runs.
    journal: u64,
    /// The newest first.
    runs: Vec<Entry>,
}

impl List {
    /// Of the list, of the blocks and filters that it leads to, and of which keys are [`is_in_order`].
    const VERSION: u8 = 1;

    fn to_bytes(&self) -> Result<Vec<u8>, EngineError> {
        let mut bytes = vec![Self::VERSION];
        bincode::serialize_into(&mut bytes, self).map_err(EngineError::database)?;
        Ok(bytes)
    }

    fn read(bytes: &[u8]) -> Result<Self, EngineError> {
        match bytes.split_first() {
            Some((&Self::VERSION, list)) => bincode::DefaultOptions::new()
                .with_fixint_encoding()
                .deserialize(list)
                .map_err(EngineError::database),
            Some((version, _)) => Err(EngineError::Database(
                format!("the list of runs is of version {version}, which this build does not know: use a newer beamlive").into(),
            )),
            None => Err(EngineError::Database("the list of runs is empty".into())),
        }
    }
}

/// The newest first.
type Current = Arc<Vec<Arc<Run>>>;

/// All runs. One thread changes them, any number read.
pub(crate) struct Runs<F> {
    database: Database<F>,
    current: RwLock<Current>,
    /// The last entry of the journal that is in them.
    journal: AtomicU64,
    next_id: AtomicU64,
}

/// Where a piece of a filter is.
fn filter_key(run: u64, number: u32) -> Vec<u8> {
    [run.to_be_bytes().as_slice(), &number.to_be_bytes()].concat()
}

impl<F: Faults> Runs<F> {
    /// Reads the list of `database` and the filters.
    pub(crate) fn open(database: Database<F>) -> Result<Self, EngineError> {
        let list = match database.list().get(LIST).map_err(EngineError::database)? {
            Some(bytes) => List::read(&bytes)?,
            None => List::default(),
        };
        let mut runs = Vec::new();
        for entry in list.runs {
            let mut filter = Vec::new();
            for piece in database.filters().scan_prefix(entry.id.to_be_bytes()) {
                let (_, piece) = piece.map_err(EngineError::database)?;
                filter.extend_from_slice(&piece);
            }
            let filter = Filter::read(&filter).ok_or_else(|| {
                EngineError::Database(format!("the filter of run {} is damaged", entry.id).into())
            })?;
            runs.push(Arc::new(Run { entry, filter }));
        }
        // Above all that have left something.
        let mut last = runs.iter().map(|run| run.id()).max().unwrap_or(0);
        for tree in [database.blocks(), database.filters()] {
            let item = tree.last().map_err(EngineError::database)?;
            last = last.max(item.and_then(|(key, _)| run_of(&key)).unwrap_or(0));
        }
        Ok(Self {
            database,
            current: RwLock::new(Arc::new(runs)),
            journal: AtomicU64::new(list.journal),
            next_id: AtomicU64::new(last + 1),
        })
    }

    /// The database they are in.
    pub(crate) fn database(&self) -> &Database<F> {
        &self.database
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.current().len()
    }

    /// The last entry of the journal that is in the runs; 0 before the first.
    pub(crate) fn journal(&self) -> u64 {
        self.journal.load(Ordering::Relaxed)
    }

    /// Reads one key, whose hash is `hash`.
    pub(crate) fn get(&self, key: &[u8], hash: Hash) -> Result<Option<Vec<u8>>, EngineError> {
        for run in self.current().iter().filter(|run| run.may_have(key, hash)) {
            if let Some(said) = cursor::find(self.database.blocks(), run.id(), key)? {
                return Ok(said);
            }
        }
        Ok(None)
    }

    /// Reads `start..end`.
    pub(crate) fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        if start >= end {
            return Box::new(std::iter::empty());
        }
        let (start, end) = (start.to_vec(), end.to_vec());
        let mut merged = match self.merged(&self.current(), &start, Some(&end), order) {
            Ok(merged) => merged,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        let mut ended = false;
        Box::new(std::iter::from_fn(move || loop {
            if ended {
                return None;
            }
            let within = |key: &[u8]| match order {
                Order::Ascending => key < end.as_slice(),
                Order::Descending => key >= start.as_slice(),
            };
            let row = merged.row().filter(|(key, _)| within(key));
            let Some((key, said)) = row else {
                ended = true;
                return None;
            };
            let entry = said.map(|value| (key.to_vec(), value.to_vec()));
            if let Err(error) = merged.advance() {
                ended = true;
                return Some(Err(error));
            }
            if let Some(entry) = entry {
                return Some(Ok(entry));
            }
        }))
    }

    /// Makes rows the newest run, durably: all of the journal up to its entry `journal` is in the runs then.
    pub(crate) fn add(&self, rows: &Rows, journal: u64) -> Result<(), EngineError> {
        let filtered = rows.keys().filter(|key| !is_in_order(key)).count();
        let mut build = self.build(filtered as u64);
        for (key, value) in rows {
            build.push(&self.database, key, value.as_deref())?;
        }
        let mut runs = self.current().to_vec();
        runs.insert(0, Arc::new(build.finish(&self.database)?));
        self.set(runs, journal)
    }

    fn current(&self) -> Current {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    fn merged(
        &self,
        runs: &[Arc<Run>],
        start: &[u8],
        end: Option<&[u8]>,
        order: Order,
    ) -> Result<Merged, EngineError> {
        let blocks = self.database.blocks();
        let cursors = runs
            .iter()
            .map(|run| Cursor::seek(blocks, Arc::clone(run), start, end, order))
            .collect::<Result<_, _>>()?;
        Ok(Merged::new(cursors, order))
    }

    fn build(&self, most_filtered: u64) -> Build {
        Build::new(self.next_id.fetch_add(1, Ordering::Relaxed), most_filtered)
    }

    /// Puts a list in force, durably before anyone sees it.
    fn set(&self, runs: Vec<Arc<Run>>, journal: u64) -> Result<(), EngineError> {
        let list = List {
            journal,
            runs: runs.iter().map(|run| run.entry.clone()).collect(),
        };
        let bytes = list.to_bytes()?;
        self.database
            .write(self.database.list(), [(LIST, Some(bytes.as_slice()))])?;
        self.journal.store(journal, Ordering::Relaxed);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(runs);
        Ok(())
    }
}

/// Which run a block or a piece of a filter is of.
fn run_of(key: &[u8]) -> Option<u64> {
    key.first_chunk().copied().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests;
