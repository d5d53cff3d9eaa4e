//! Writing a run: rows that come in order become blocks and a filter.

use super::block::{Packer, Said};
use super::cursor::block_key;
use super::{filter_key, Entry, Run, Span, FILTER_PIECE};
use crate::engine::faults::Faults;
use crate::engine::filter::{Filter, Hash};
use crate::engine::sled::Database;
use crate::engine::EngineError;
use crate::keys::is_in_order;

/// Bytes of rows at which a block is full. Reading one of them reads all.
const BLOCK_BYTES: usize = 8192;
/// Bytes that are written before the disk has to have them: what waits behind that sync is the journal's.
const PORTION_BYTES: usize = 1024 * 1024;

/// A run that is being written.
pub(super) struct Build {
    entry: Entry,
    packer: Packer,
    filter: Filter,
    /// Blocks that are full and not yet in the database.
    full: Vec<(Vec<u8>, Vec<u8>)>,
    waiting: usize,
}

impl Build {
    /// The run `id`, with at most so many rows in its filter.
    pub(super) fn new(id: u64, most_filtered: u64) -> Self {
        Self {
            entry: Entry {
                id,
                ..Entry::default()
            },
            packer: Packer::default(),
            filter: Filter::for_rows(most_filtered),
            full: Vec::new(),
            waiting: 0,
        }
    }

    /// Which run it will be.
    pub(super) fn id(&self) -> u64 {
        self.entry.id
    }

    /// Appends a row. Writes what has come together, now and then.
    pub(super) fn push<F: Faults>(
        &mut self,
        database: &Database<F>,
        key: &[u8],
        value: Said<'_>,
    ) -> Result<(), EngineError> {
        self.packer.push(key, value);
        self.entry.rows += 1;
        self.note(key);
        if self.packer.len() >= BLOCK_BYTES {
            self.close_block();
        }
        if self.waiting >= PORTION_BYTES {
            self.write(database)?;
        }
        Ok(())
    }

    /// Writes what is left. The run is durable then, but nothing leads to it yet.
    pub(super) fn finish<F: Faults>(mut self, database: &Database<F>) -> Result<Run, EngineError> {
        self.close_block();
        self.write(database)?;
        let pieces = self.filter.bytes().chunks(FILTER_PIECE).zip(0_u32..);
        let pieces: Vec<_> = pieces
            .map(|(piece, number)| (filter_key(self.entry.id, number), piece))
            .collect();
        for portion in pieces.chunks(PORTION_BYTES / FILTER_PIECE) {
            let portion = portion.iter().map(|(key, piece)| (key.as_slice(), Some(*piece)));
            database.write(database.filters(), portion)?;
        }
        Ok(Run {
            entry: self.entry,
            filter: self.filter,
        })
    }

    /// Makes sure that the key is looked for.
    fn note(&mut self, key: &[u8]) {
        if !is_in_order(key) {
            self.filter.insert(Hash::of(key));
            self.entry.filtered += 1;
            return;
        }
        match self.entry.spans.last_mut() {
            Some(Span { last, .. }) if last.first() == key.first() => {
                last.clear();
                last.extend_from_slice(key);
            }
            _ => self.entry.spans.push(Span {
                first: key.to_vec(),
                last: key.to_vec(),
            }),
        }
    }

    fn close_block(&mut self) {
        if let Some((first, block)) = self.packer.take() {
            self.waiting += block.len();
            self.entry.bytes += block.len() as u64;
            self.full.push((block_key(self.entry.id, &first), block));
        }
    }

    fn write<F: Faults>(&mut self, database: &Database<F>) -> Result<(), EngineError> {
        self.waiting = 0;
        let full = std::mem::take(&mut self.full);
        let blocks = full
            .iter()
            .map(|(key, block)| (key.as_slice(), Some(block.as_slice())));
        database.write(database.blocks(), blocks)
    }
}
