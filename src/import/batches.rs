//! Hands batches of records to the store, or only counts them.

use super::failure::ImportFailure;
use super::report::Tally;
use beamlive_mxlive::{Item, Writer};
use beamlive_storage::{Batch, Receipt, Store};
use std::collections::{BTreeMap, VecDeque};

/// Approximate bytes after which a batch is handed over. Large groups cost sled much memory.
const BATCH_BYTES: usize = 256 * 1024;
/// Batches that wait for the disk.
const WAITING: usize = 3;
/// Approximate bytes of a record besides its texts.
const RECORD_BYTES: usize = 1_000;

/// Batches on their way to the store.
pub(super) struct Batches<'a> {
    store: &'a Store,
    /// Whether nothing is written.
    dry: bool,
    writer: Writer<'a>,
    batch: Batch,
    bytes: usize,
    waiting: VecDeque<Receipt>,
    pub(super) tallies: BTreeMap<&'static str, Tally>,
}

impl<'a> Batches<'a> {
    pub(super) fn new(store: &'a Store, dry: bool) -> Self {
        Self {
            store,
            dry,
            writer: Writer::new(store),
            batch: Batch::new(),
            bytes: 0,
            waiting: VecDeque::new(),
            tallies: BTreeMap::new(),
        }
    }

    /// Whether anything was changed.
    pub(super) fn has_changed(&self) -> bool {
        self.tallies
            .values()
            .any(|tally| tally.created + tally.updated > 0)
    }

    /// Stores a record with its indexes, as far as they are not there already.
    pub(super) fn put(&mut self, item: &Item) -> Result<(), ImportFailure> {
        let (kind, bytes) = match item {
            Item::Declared { .. } | Item::Ids { .. } => ("", 0),
            Item::Session { stretches, .. } => ("session", stretches.len() * 50),
            Item::BeamlineState { .. } => ("beamline state", 0),
            Item::Feedback { .. } => ("feedback", 0),
            Item::Connection { .. } => ("connection", 0),
            Item::Dataset { record, .. } => ("dataset", record.meta_data.len()),
            Item::Report { record, .. } => ("report", record.details.len()),
            Item::Activity { record, .. } => ("activity", record.note.len()),
            Item::Path { path, .. } => ("secure path", path.directory.len()),
        };
        let written = self.writer.add(&mut self.batch, item)?;
        // These items have no kind: they complete records that were counted already.
        if !kind.is_empty() {
            self.tallies.entry(kind).or_default().count(written);
        }
        self.bytes += bytes + RECORD_BYTES;
        if self.bytes >= BATCH_BYTES {
            self.hand_over()?;
        }
        Ok(())
    }

    /// The batch that is being filled.
    pub(super) fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Waits until everything so far is durable.
    pub(super) fn settle(&mut self) -> Result<(), ImportFailure> {
        self.hand_over()?;
        while let Some(receipt) = self.waiting.pop_front() {
            futures_executor::block_on(receipt)?;
        }
        Ok(())
    }

    /// Stores what follows from all records.
    pub(super) fn finish(mut self) -> Result<BTreeMap<&'static str, Tally>, ImportFailure> {
        self.settle()?;
        let writer = std::mem::replace(&mut self.writer, Writer::new(self.store));
        writer.finish(&mut self.batch)?;
        self.settle()?;
        Ok(self.tallies)
    }

    fn hand_over(&mut self) -> Result<(), ImportFailure> {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if self.dry || batch.is_empty() {
            return Ok(());
        }
        while self.waiting.len() >= WAITING {
            if let Some(receipt) = self.waiting.pop_front() {
                futures_executor::block_on(receipt)?;
            }
        }
        self.waiting.push_back(self.store.reserve()?.commit(batch));
        Ok(())
    }
}
