//! Keeping the runs few: small ones are merged into larger ones, and what they took is given back. In small steps, so that
//! the same thread can bring new rows in between.

use super::block::Said;
use super::build::Build;
use super::cursor::Merged;
use super::{run_of, Run, Runs};
use crate::engine::faults::Faults;
use crate::engine::{EngineError, Order, RESERVE, SCRATCH};
use std::ops::Range;
use std::sync::Arc;

/// So many runs of one size become one. Each row is written again once for every power of it that the store has grown by;
/// and who looks for a row has up to one less than so many runs of each size to ask.
const FANOUT: u64 = 8;
/// The bytes of the smallest size. The next ones are [`FANOUT`] times as large each.
const SMALLEST: u64 = 4096;
/// Rows that a step merges, and items that it removes.
const STEP: usize = 4096;

/// What is being done, and what is to be removed.
#[derive(Default)]
pub(crate) struct Upkeep {
    merge: Option<Merge>,
    garbage: Vec<Garbage>,
}

/// A run whose blocks are to be removed. Readers may still have it.
struct Garbage {
    id: u64,
    run: Option<Arc<Run>>,
}

impl Garbage {
    fn is_free(&self) -> bool {
        self.run.as_ref().is_none_or(|run| Arc::strong_count(run) == 1)
    }
}

/// Runs that become one.
struct Merge {
    /// Neighbours, the newest first.
    inputs: Vec<Arc<Run>>,
    merged: Merged,
    build: Build,
    /// No older run has a key that these say was removed.
    oldest: bool,
}

impl Upkeep {
    /// What a crash may have left: blocks and filters of runs that are not in the list.
    pub(crate) fn begin<F: Faults>(runs: &Runs<F>) -> Result<Self, EngineError> {
        let current = runs.current();
        let mut garbage: Vec<Garbage> = Vec::new();
        for tree in [runs.database().blocks(), runs.database().filters()] {
            let mut from = 0_u64;
            while let Some(entry) = tree.range(from.to_be_bytes()..).next() {
                let (key, _) = entry.map_err(EngineError::database)?;
                let Some(id) = run_of(&key) else {
                    break;
                };
                if !current.iter().any(|run| run.id() == id) && !garbage.iter().any(|known| known.id == id) {
                    garbage.push(Garbage { id, run: None });
                }
                from = id + 1;
            }
        }
        Ok(Self { merge: None, garbage })
    }

    /// Does a little, and says whether something is left to do now.
    pub(crate) fn step<F: Faults>(&mut self, runs: &Runs<F>) -> Result<bool, EngineError> {
        if let Some(place) = self.garbage.iter().position(Garbage::is_free) {
            self.remove(runs, place)?;
            return Ok(true);
        }
        if self.merge.is_none() {
            self.merge = begin_merge(runs)?;
        }
        let Some(merge) = self.merge.take() else {
            return Ok(false);
        };
        let free = runs.database().free().map_err(EngineError::database)?;
        if free < 2 * RESERVE {
            // Others are filling the disk: rather many runs than none of what comes.
            let id = merge.build.id();
            self.garbage.push(Garbage { id, run: None });
            return Ok(false);
        }
        self.merge = self.go_on(runs, merge)?;
        Ok(true)
    }

    fn go_on<F: Faults>(&mut self, runs: &Runs<F>, mut merge: Merge) -> Result<Option<Merge>, EngineError> {
        for _ in 0..STEP {
            let Some((key, said)) = merge.merged.row() else {
                self.finish(runs, merge)?;
                return Ok(None);
            };
            if keeps(said, merge.oldest) {
                merge.build.push(runs.database(), key, said)?;
            }
            merge.merged.advance()?;
        }
        Ok(Some(merge))
    }

    /// The merged run takes the place of what it was made of. Newer ones may have come meanwhile.
    fn finish<F: Faults>(&mut self, runs: &Runs<F>, merge: Merge) -> Result<(), EngineError> {
        let Merge { inputs, build, .. } = merge;
        let run = Arc::new(build.finish(runs.database())?);
        let is_input = |run: &Arc<Run>| inputs.iter().any(|input| input.id() == run.id());
        let current = runs.current();
        let place = current.iter().position(is_input).unwrap_or(0);
        let mut list: Vec<_> = current.iter().filter(|run| !is_input(run)).cloned().collect();
        list.insert(place.min(list.len()), run);
        runs.set(list, runs.journal())?;
        self.garbage.extend(inputs.into_iter().map(|run| Garbage {
            id: run.id(),
            run: Some(run),
        }));
        Ok(())
    }

    /// Removes some of what a run had.
    fn remove<F: Faults>(&mut self, runs: &Runs<F>, place: usize) -> Result<(), EngineError> {
        let Some(garbage) = self.garbage.get(place) else {
            return Ok(());
        };
        let database = runs.database();
        for tree in [database.blocks(), database.filters()] {
            let keys = tree.scan_prefix(garbage.id.to_be_bytes()).keys().take(STEP);
            let keys = keys
                .collect::<Result<Vec<_>, _>>()
                .map_err(EngineError::database)?;
            if !keys.is_empty() {
                return database.write(tree, keys.iter().map(|key| (key.as_ref(), None)));
            }
        }
        self.garbage.swap_remove(place);
        Ok(())
    }
}

/// Where no older run has the key, that it was removed need not be told any more.
fn keeps(said: Said<'_>, oldest: bool) -> bool {
    said.is_some() || !oldest
}

fn begin_merge<F: Faults>(runs: &Runs<F>) -> Result<Option<Merge>, EngineError> {
    let current = runs.current();
    let sizes: Vec<_> = current.iter().map(|run| run.entry.bytes).collect();
    let Some(inputs) = choose(&sizes).and_then(|range| current.get(range)) else {
        return Ok(None);
    };
    let bytes: u64 = inputs.iter().map(|run| run.entry.bytes).sum();
    let free = runs.database().free().map_err(EngineError::database)?;
    if free < bytes.saturating_mul(SCRATCH).saturating_add(2 * RESERVE) {
        return Ok(None);
    }
    let oldest = inputs.last().map(|run| run.id()) == current.last().map(|run| run.id());
    Ok(Some(Merge {
        inputs: inputs.to_vec(),
        merged: runs.merged(inputs, &[], None, Order::Ascending)?,
        build: runs.build(inputs.iter().map(|run| run.entry.filtered).sum()),
        oldest,
    }))
}

/// Which runs, given as bytes with the newest first, are to become one: the newest that are so many of one size. A run that is
/// older than a larger one counts as large: it is the size of a store that was emptied since.
fn choose(newest_first: &[u64]) -> Option<Range<usize>> {
    let mut start = 0;
    let mut largest = 0;
    let mut sizes = newest_first.iter().map(|bytes| size(*bytes)).enumerate();
    loop {
        let next = sizes.next();
        let end = next.map_or(newest_first.len(), |(place, _)| place);
        let ends = next.is_none_or(|(_, size)| size > largest);
        if ends && (end - start) as u64 >= FANOUT {
            return Some(start..end);
        }
        let (place, size) = next?;
        if size > largest {
            (start, largest) = (place, size);
        }
    }
}

fn size(bytes: u64) -> u32 {
    bytes.div_ceil(SMALLEST).max(1).ilog(FANOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const K: u64 = 1024;

    #[test]
    fn eight_of_one_size_become_one() {
        assert_eq!(choose(&[]), None);
        assert_eq!(choose(&[K; 7]), None);
        assert_eq!(choose(&[K; 8]), Some(0..8));
        assert_eq!(choose(&[K; 11]), Some(0..11));
    }

    #[test]
    fn the_newest_sizes_come_first() {
        let sizes: Vec<_> = [[64 * K; 8], [4096 * K; 8]].concat();
        assert_eq!(choose(&sizes), Some(0..8));
        let sizes: Vec<_> = [vec![64 * K; 7], vec![4096 * K; 8], vec![1 << 30]].concat();
        assert_eq!(choose(&sizes), Some(7..15));
    }

    #[test]
    fn a_small_one_between_large_ones_counts_as_large() {
        let sizes = [vec![4096 * K; 4], vec![K], vec![4096 * K; 3]].concat();
        assert_eq!(choose(&sizes), Some(0..8));
    }

    #[test]
    fn sizes_are_powers_of_the_fanout() {
        assert_eq!([0, 1, 4 * K, 32 * K, 256 * K].map(size), [0, 0, 0, 1, 2]);
    }
}
