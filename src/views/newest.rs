//! The newest rows of a scan in another order. Only about a page of them is in memory.

use beamlive_storage::keys::{self, Key};
use beamlive_storage::records::Record;
use beamlive_storage::{Order, ReadError, Store};

/// The `limit` greatest records under `prefix` that are below `below`, greatest first. `order`
/// makes the sort key from the key and the record.
pub(super) fn newest<R: Record, K: Ord>(
    store: &Store,
    prefix: &Key,
    limit: usize,
    below: Option<K>,
    order: impl Fn(Vec<u8>, &R) -> Option<K>,
) -> Result<impl Iterator<Item = (K, R)>, ReadError> {
    let (start, end) = keys::below(prefix, None);
    let mut newest = Newest::new(limit, below);
    for found in store.scan::<R>(&start, &end, Order::Ascending) {
        let (key, found) = found?;
        if let Some(place) = order(key, &found.record) {
            newest.offer(place, found.record);
        }
    }
    Ok(newest.into_rows())
}

/// Keeps the `limit` greatest rows below a bound.
#[derive(Debug)]
struct Newest<K, T> {
    limit: usize,
    below: Option<K>,
    kept: Vec<(K, T)>,
}

impl<K: Ord, T> Newest<K, T> {
    /// Keeps at most `limit` rows, all of them below `below`.
    fn new(limit: usize, below: Option<K>) -> Self {
        Self {
            limit,
            below,
            kept: Vec::new(),
        }
    }

    /// Takes the next row of the scan.
    fn offer(&mut self, key: K, row: T) {
        if self.below.as_ref().is_some_and(|below| key >= *below) {
            return;
        }
        self.kept.push((key, row));
        if self.kept.len() >= self.limit.saturating_mul(2).max(64) {
            self.cut();
        }
    }

    /// The rows that were kept, greatest first.
    fn into_rows(mut self) -> impl Iterator<Item = (K, T)> {
        self.cut();
        self.kept.into_iter()
    }

    fn cut(&mut self) {
        self.kept.sort_by(|(a, _), (b, _)| b.cmp(a));
        self.kept.truncate(self.limit);
    }
}

#[cfg(test)]
mod tests {
    use super::Newest;

    #[test]
    fn keeps_the_greatest_below_the_bound() {
        let mut newest = Newest::new(3, Some(900));
        for key in (0..1000).map(|n| (n * 7) % 1000) {
            newest.offer(key, ());
            assert!(newest.kept.len() <= 64, "{} rows in memory", newest.kept.len());
        }
        let keys: Vec<_> = newest.into_rows().map(|(key, ())| key).collect();
        assert_eq!(keys, [899, 898, 897]);
    }
}
