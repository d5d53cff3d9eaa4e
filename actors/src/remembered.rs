//! The things an actor used last. Thousands of actors are idle, so this takes memory for what it holds only.

use lru::LruCache;
use std::hash::Hash;

/// At most so many things; the one that was not used for longest goes first.
#[derive(Debug, Clone)]
pub(crate) struct Remembered<K: Hash + Eq, V> {
    things: LruCache<K, V>,
    most: usize,
}

impl<K: Hash + Eq, V> Remembered<K, V> {
    /// Remembers at most so many things.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            things: LruCache::unbounded(),
            most,
        }
    }

    /// A thing, which is used now.
    pub(crate) fn get(&mut self, key: &K) -> Option<&V> {
        self.things.get(key)
    }

    /// A thing, without using it.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        self.things.peek(key)
    }

    /// Remembers a thing.
    pub(crate) fn put(&mut self, key: K, thing: V) {
        self.things.put(key, thing);
        while self.things.len() > self.most {
            self.things.pop_lru();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Remembered;

    #[test]
    fn the_one_not_used_for_longest_goes_first() {
        let mut remembered = Remembered::new(2);
        remembered.put(1, 'a');
        remembered.put(2, 'b');
        assert_eq!(remembered.get(&1), Some(&'a'));
        remembered.put(3, 'c');
        let all = [1, 2, 3].map(|key| remembered.peek(&key).copied());
        assert_eq!(all, [Some('a'), None, Some('c')]);
    }
}
