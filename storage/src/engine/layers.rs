//! What the journal has and the database has not yet: kept in memory, over the database, newest on top.

use super::filter::{Filter, Hash};
use super::journal::Rows;
use super::{EngineError, Entries, Order};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

/// How many rows a range takes from memory at once.
const PAGE: usize = 256;
/// Rows that a layer's filter is made for; with more, more keys pass that are not there.
const FILTERED_ROWS: u64 = 256 * 1024;

/// What a layer says of a key.
type Said = Option<Vec<u8>>;
/// Rows of both layers in order, and up to which key all are among them, if there may be more.
type Page = (Vec<(Vec<u8>, Said)>, Option<Vec<u8>>);
/// A row of a range.
type Entry = Result<(Vec<u8>, Vec<u8>), EngineError>;

/// Two layers: the rows of the journal's file that is written, and those of the one that goes into the database.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    both: RwLock<Both>,
}

#[derive(Debug, Default)]
struct Both {
    upper: Layer,
    lower: Option<Arc<Layer>>,
}

/// Rows, and which keys are not among them.
#[derive(Debug)]
pub(crate) struct Layer {
    rows: Rows,
    filter: Filter,
}

impl Layer {
    /// The rows.
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    fn get(&self, key: &[u8], hash: Hash) -> Option<&Said> {
        match self.filter.may_have(hash) {
            true => self.rows.get(key),
            false => None,
        }
    }
}

impl Default for Layer {
    fn default() -> Self {
        Self {
            rows: Rows::new(),
            filter: Filter::for_rows(FILTERED_ROWS),
        }
    }
}

impl Layers {
    /// A group has become durable.
    pub(crate) fn add(&self, rows: Rows) {
        let hashes: Vec<_> = rows.keys().map(|key| Hash::of(key)).collect();
        let mut both = self.both.write().unwrap_or_else(PoisonError::into_inner);
        let Layer { rows: upper, filter } = &mut both.upper;
        for hash in hashes {
            filter.insert(hash);
        }
        if upper.is_empty() {
            *upper = rows;
        } else {
            upper.extend(rows);
        }
    }

    /// Whether the upper layer has rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.read(|both| both.upper.rows.is_empty())
    }

    /// Makes the upper layer the lower one. The lower one must have been dropped.
    pub(crate) fn sink(&self) -> Arc<Layer> {
        let fresh = Layer::default();
        let mut both = self.both.write().unwrap_or_else(PoisonError::into_inner);
        let sunk = Arc::new(std::mem::replace(&mut both.upper, fresh));
        both.lower = Some(Arc::clone(&sunk));
        sunk
    }

    /// The database has the lower layer now.
    pub(crate) fn drop_lower(&self) {
        let lower = {
            let mut both = self.both.write().unwrap_or_else(PoisonError::into_inner);
            both.lower.take()
        };
        // Readers need not wait while so many rows are freed.
        drop(lower);
    }

    /// What the layers say of a key, whose hash is `hash`: nothing, that it was removed, or its value.
    pub(crate) fn get(&self, key: &[u8], hash: Hash) -> Option<Said> {
        self.read(|both| {
            let lower = || both.lower.as_ref().and_then(|lower| lower.get(key, hash));
            both.upper.get(key, hash).or_else(lower).cloned()
        })
    }

    /// The rows of `start..end`, from memory and from `below`, which gives the database's rows of a range.
    pub(crate) fn range<'a>(
        &'a self,
        start: &[u8],
        end: &[u8],
        order: Order,
        below: impl Fn(&[u8], &[u8]) -> Entries<'a> + 'a,
    ) -> Entries<'a> {
        let mut merge = Merge {
            layers: self,
            below,
            order,
            start: start.to_vec(),
            end: end.to_vec(),
            stretch: None,
        };
        Box::new(std::iter::from_fn(move || merge.next()))
    }

    fn read<T>(&self, read: impl FnOnce(&Both) -> T) -> T {
        read(&self.both.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The first rows of a range, at most so many of each layer.
    fn page(&self, start: &[u8], end: &[u8], order: Order) -> Page {
        self.read(|both| {
            let of = |rows: &Rows| -> Vec<(Vec<u8>, Said)> {
                let bounds = (Bound::Included(start), Bound::Excluded(end));
                let rows = rows.range::<[u8], _>(bounds);
                let owned = |(key, value): (&Vec<u8>, &Said)| (key.clone(), value.clone());
                match order {
                    Order::Ascending => rows.take(PAGE).map(owned).collect(),
                    Order::Descending => rows.rev().take(PAGE).map(owned).collect(),
                }
            };
            let upper = of(&both.upper.rows);
            let lower = both.lower.as_ref().map_or_else(Vec::new, |lower| of(&lower.rows));
            // A layer that gave a full page may go on behind it: all layers are known up to the nearer end.
            let ends = [&upper, &lower]
                .into_iter()
                .filter(|page| page.len() == PAGE)
                .filter_map(|page| page.last().map(|(key, _)| key.clone()));
            let known_to = match order {
                Order::Ascending => ends.min(),
                Order::Descending => ends.max(),
            };
            let mut rows: std::collections::BTreeMap<_, _> = lower.into_iter().collect();
            rows.extend(upper);
            if let Some(last) = &known_to {
                match order {
                    Order::Ascending => rows.retain(|key, _| key <= last),
                    Order::Descending => rows.retain(|key, _| key >= last),
                }
            }
            let rows = match order {
                Order::Ascending => rows.into_iter().collect(),
                Order::Descending => rows.into_iter().rev().collect(),
            };
            (rows, known_to)
        })
    }
}

/// A range in stretches: within one, all that memory has is known before the database is read, so that a row which
/// moves from the one into the other meanwhile is met.
struct Merge<'a, B> {
    layers: &'a Layers,
    below: B,
    order: Order,
    start: Vec<u8>,
    end: Vec<u8>,
    stretch: Option<Stretch<'a>>,
}

struct Stretch<'a> {
    memory: std::iter::Peekable<std::vec::IntoIter<(Vec<u8>, Said)>>,
    database: std::iter::Peekable<Entries<'a>>,
    /// Whether the range ends with it.
    last: bool,
}

impl<'a, B: Fn(&[u8], &[u8]) -> Entries<'a>> Merge<'a, B> {
    fn next(&mut self) -> Option<Entry> {
        loop {
            if self.stretch.is_none() {
                if self.start >= self.end {
                    return None;
                }
                self.stretch = Some(self.begin());
            }
            let stretch = self.stretch.as_mut()?;
            match stretch.next(self.order) {
                Some(entry) => return Some(entry),
                None if stretch.last => {
                    // Nothing more comes, however often it is asked.
                    self.start.clone_from(&self.end);
                    self.stretch = None;
                    return None;
                }
                None => self.stretch = None,
            }
        }
    }

    fn begin(&mut self) -> Stretch<'a> {
        let (memory, known_to) = self.layers.page(&self.start, &self.end, self.order);
        let (database, last) = match (known_to, self.order) {
            (None, _) => ((self.below)(&self.start, &self.end), true),
            (Some(mut to), Order::Ascending) => {
                // The first key behind it.
                to.push(0);
                let database = (self.below)(&self.start, &to);
                self.start = to;
                (database, false)
            }
            (Some(to), Order::Descending) => {
                let database = (self.below)(&to, &self.end);
                self.end = to;
                (database, false)
            }
        };
        Stretch {
            memory: memory.into_iter().peekable(),
            database: database.peekable(),
            last,
        }
    }
}

impl Stretch<'_> {
    fn next(&mut self, order: Order) -> Option<Entry> {
        loop {
            let Some((key, _)) = self.memory.peek() else {
                return self.database.next();
            };
            if let Some(entry) = self.database.peek() {
                let database_first = match entry {
                    Err(_) => true,
                    Ok((other, _)) => match order {
                        Order::Ascending => other < key,
                        Order::Descending => other > key,
                    },
                };
                if database_first {
                    return self.database.next();
                }
                // Memory knows better.
                self.database
                    .next_if(|entry| entry.as_ref().is_ok_and(|(other, _)| other == key));
            }
            if let Some((key, Some(value))) = self.memory.next() {
                return Some(Ok((key, value)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
