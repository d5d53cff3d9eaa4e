//! Reading runs in order: one, and several as one.

use super::block::{self, Block, Said};
use super::Run;
use crate::engine::{EngineError, Order};
use sled::IVec;
use smallvec::SmallVec;
use std::ops::Bound;
use std::sync::Arc;

/// Bytes of a block's key that are the run's.
const RUN_BYTES: usize = size_of::<u64>();

/// Where a block is in the database: by its run, and its first key.
pub(super) fn block_key(run: u64, first: &[u8]) -> Vec<u8> {
    [&run.to_be_bytes(), first].concat()
}

/// The last block of a run whose first key is at most `key`, or below it.
fn block_at(tree: &sled::Tree, run: u64, key: Bound<&[u8]>) -> Result<Option<(IVec, IVec)>, EngineError> {
    let end = match key {
        Bound::Included(key) => Bound::Included(block_key(run, key)),
        Bound::Excluded(key) => Bound::Excluded(block_key(run, key)),
        Bound::Unbounded => Bound::Excluded(block_key(run + 1, &[])),
    };
    let start = Bound::Included(block_key(run, &[]));
    let last = tree.range::<Vec<u8>, _>((start, end)).next_back();
    last.transpose().map_err(EngineError::database)
}

/// What a run says of a key, if it says something.
pub(super) fn find(tree: &sled::Tree, run: u64, key: &[u8]) -> Result<Option<Option<Vec<u8>>>, EngineError> {
    let Some((_, block)) = block_at(tree, run, Bound::Included(key))? else {
        return Ok(None);
    };
    block::find(&block, key).map_err(EngineError::database)
}

/// A place in a run.
pub(super) struct Cursor {
    tree: sled::Tree,
    run: Arc<Run>,
    order: Order,
    /// The block it is in, and which of its rows is next; none behind the last.
    place: Option<(IVec, Block, usize)>,
}

impl Cursor {
    /// At the first row of `start..end` in `order`, or at one behind them.
    pub(super) fn seek(
        tree: &sled::Tree,
        run: Arc<Run>,
        start: &[u8],
        end: Option<&[u8]>,
        order: Order,
    ) -> Result<Self, EngineError> {
        let before = match order {
            Order::Ascending => Bound::Included(start),
            Order::Descending => end.map_or(Bound::Unbounded, Bound::Excluded),
        };
        let found = block_at(tree, run.id(), before)?;
        let mut cursor = Self {
            tree: tree.clone(),
            run,
            order,
            place: None,
        };
        match order {
            Order::Ascending => {
                // Where no block begins at or before it, it is before the first.
                let found = match found {
                    Some(found) => Some(found),
                    None => cursor.behind(&block_key(cursor.run.id(), &[]))?,
                };
                cursor.enter(found, |block| block.before(start))?;
            }
            // Rows count from 1 here, so that 0 is before the first.
            Order::Descending => {
                cursor.enter(found, |block| end.map_or(block.len(), |end| block.before(end)))?;
            }
        }
        cursor.settle()?;
        Ok(cursor)
    }

    /// The row it is at; none behind the last.
    pub(super) fn row(&self) -> Option<(&[u8], Said<'_>)> {
        let (_, block, at) = self.place.as_ref()?;
        match self.order {
            Order::Ascending => block.row(*at),
            Order::Descending => block.row(at.checked_sub(1)?),
        }
    }

    /// Goes on to the next row.
    pub(super) fn advance(&mut self) -> Result<(), EngineError> {
        if let Some((_, _, at)) = &mut self.place {
            match self.order {
                Order::Ascending => *at += 1,
                Order::Descending => *at = at.saturating_sub(1),
            }
        }
        self.settle()
    }

    /// Goes on to the next block when this one is used up.
    fn settle(&mut self) -> Result<(), EngineError> {
        while let (Some((here, _, _)), None) = (&self.place, self.row()) {
            let here = here.clone();
            let found = match self.order {
                Order::Ascending => self.behind(&here)?,
                Order::Descending => {
                    let first = here.get(RUN_BYTES..).unwrap_or_default();
                    block_at(&self.tree, self.run.id(), Bound::Excluded(first))?
                }
            };
            let order = self.order;
            self.enter(found, |block| match order {
                Order::Ascending => 0,
                Order::Descending => block.len(),
            })?;
        }
        Ok(())
    }

    fn enter(
        &mut self,
        found: Option<(IVec, IVec)>,
        at: impl FnOnce(&Block) -> usize,
    ) -> Result<(), EngineError> {
        self.place = match found {
            None => None,
            Some((key, bytes)) => {
                let block = Block::read(&bytes).map_err(EngineError::database)?;
                let at = at(&block);
                Some((key, block, at))
            }
        };
        Ok(())
    }

    /// The run's next block behind the one at `key`.
    fn behind(&self, key: &[u8]) -> Result<Option<(IVec, IVec)>, EngineError> {
        let end = block_key(self.run.id() + 1, &[]);
        let range = (Bound::Excluded(key), Bound::Excluded(end.as_slice()));
        let next = self.tree.range::<&[u8], _>(range).next();
        next.transpose().map_err(EngineError::database)
    }
}

/// Several runs as one: of each key, what the newest run says.
pub(super) struct Merged {
    /// The newest run's first.
    cursors: Vec<Cursor>,
    order: Order,
    /// The cursors that are at the next key, the newest first; none at the end.
    leading: SmallVec<[usize; 8]>,
}

impl Merged {
    /// Over cursors of one order, the newest run's first.
    pub(super) fn new(cursors: Vec<Cursor>, order: Order) -> Self {
        let mut merged = Self {
            cursors,
            order,
            leading: SmallVec::new(),
        };
        merged.lead();
        merged
    }

    /// The row it is at; none behind the last.
    pub(super) fn row(&self) -> Option<(&[u8], Said<'_>)> {
        self.cursors.get(*self.leading.first()?)?.row()
    }

    /// Goes on to the next key.
    pub(super) fn advance(&mut self) -> Result<(), EngineError> {
        for place in std::mem::take(&mut self.leading) {
            if let Some(cursor) = self.cursors.get_mut(place) {
                cursor.advance()?;
            }
        }
        self.lead();
        Ok(())
    }

    fn lead(&mut self) {
        let mut leading: SmallVec<[usize; 8]> = SmallVec::new();
        let mut first: Option<&[u8]> = None;
        for (place, cursor) in self.cursors.iter().enumerate() {
            let Some((key, _)) = cursor.row() else {
                continue;
            };
            let comes = first.map_or(std::cmp::Ordering::Less, |first| match self.order {
                Order::Ascending => key.cmp(first),
                Order::Descending => first.cmp(key),
            });
            match comes {
                std::cmp::Ordering::Less => {
                    first = Some(key);
                    leading.clear();
                    leading.push(place);
                }
                std::cmp::Ordering::Equal => leading.push(place),
                std::cmp::Ordering::Greater => {}
            }
        }
        self.leading = leading;
    }
}
