//! A bounded LRU cache that allocates nothing in advance: most of the thousands of actors are idle.

use lru::LruCache;
use std::hash::Hash;
use std::num::NonZeroUsize;

/// Holds a number of values. The least recently used is dropped first.
#[derive(Debug, Clone)]
pub(crate) struct Remembered<K: Hash + Eq, V>(LruCache<K, V>);

impl<K: Hash + Eq, V> Remembered<K, V> {
    /// Holds at most `most` values, and at least one.
    pub(crate) fn new(most: usize) -> Self {
        // `LruCache::new` would allocate room for all of them.
        let mut values = LruCache::unbounded();
        values.resize(NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN));
        Self(values)
    }

    /// The value of `key`. This counts as a use.
    pub(crate) fn get(&mut self, key: &K) -> Option<&V> {
        self.0.get(key)
    }

    /// The value of `key`. This does not count as a use.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        self.0.peek(key)
    }

    /// Adds or replaces a value.
    pub(crate) fn put(&mut self, key: K, value: V) {
        self.0.put(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::Remembered;

    #[test]
    fn the_least_recently_used_value_is_dropped_first() {
        let mut remembered = Remembered::new(2);
        remembered.put(1, 'a');
        remembered.put(2, 'b');
        assert_eq!(remembered.get(&1), Some(&'a'));
        remembered.put(3, 'c');
        let all = [1, 2, 3].map(|key| remembered.peek(&key).copied());
        assert_eq!(all, [Some('a'), None, Some('c')]);
    }
}
