//! What the writer reads again and again: counters, and the records whose revisions uploads require. Only the writer changes
//! rows, so it knows what has become of them.

use super::journal::Rows;
use super::EngineError;
use lru::LruCache;
use std::num::NonZeroUsize;

/// Rows that are kept.
const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4095);
/// Longer values are not.
const MOST_BYTES: usize = 1024;

/// Rows that exist, as they are after the last group.
#[derive(Debug)]
pub(crate) struct Recent(LruCache<Vec<u8>, Vec<u8>>);

impl Default for Recent {
    fn default() -> Self {
        Self(LruCache::new(KEPT))
    }
}

impl Recent {
    /// Reads a row, with `read` when it is not known.
    pub(crate) fn read(
        &mut self,
        key: &[u8],
        read: impl FnOnce() -> Result<Option<Vec<u8>>, EngineError>,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        if let Some(value) = self.0.get(key) {
            return Ok(Some(value.clone()));
        }
        let value = read()?;
        if let Some(value) = value.as_ref().filter(|value| value.len() <= MOST_BYTES) {
            self.0.put(key.to_vec(), value.clone());
        }
        Ok(value)
    }

    /// Rows are written.
    pub(crate) fn update(&mut self, rows: &Rows) {
        for (key, value) in rows {
            match value.as_ref().filter(|value| value.len() <= MOST_BYTES) {
                Some(value) => {
                    if let Some(known) = self.0.peek_mut(key) {
                        known.clone_from(value);
                    }
                }
                None => {
                    self.0.pop(key);
                }
            }
        }
    }

    /// Knows nothing any more.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(recent: &mut Recent, key: u8, stored: Option<&[u8]>) -> (Option<Vec<u8>>, bool) {
        let mut asked = false;
        let value = recent.read(&[key], || {
            asked = true;
            Ok(stored.map(<[u8]>::to_vec))
        });
        (value.unwrap(), asked)
    }

    #[test]
    fn a_row_is_read_once_and_is_what_was_written_last() {
        let mut recent = Recent::default();
        assert_eq!(read(&mut recent, 1, Some(b"a")), (Some(b"a".to_vec()), true));
        assert_eq!(read(&mut recent, 1, Some(b"?")), (Some(b"a".to_vec()), false));
        recent.update(&Rows::from([
            (vec![1], Some(b"b".to_vec())),
            (vec![2], Some(b"c".to_vec())),
        ]));
        assert_eq!(read(&mut recent, 1, Some(b"?")), (Some(b"b".to_vec()), false));
        assert_eq!(read(&mut recent, 2, Some(b"c")), (Some(b"c".to_vec()), true));
        recent.update(&Rows::from([(vec![1], None)]));
        assert_eq!(read(&mut recent, 1, None), (None, true));
        assert_eq!(read(&mut recent, 1, Some(b"d")), (Some(b"d".to_vec()), true));
        recent.clear();
        assert_eq!(read(&mut recent, 1, Some(b"e")), (Some(b"e".to_vec()), true));
    }

    #[test]
    fn a_row_that_has_become_long_is_read_again() {
        let mut recent = Recent::default();
        read(&mut recent, 1, Some(b"a"));
        let long = vec![0; MOST_BYTES + 1];
        recent.update(&Rows::from([(vec![1], Some(long.clone()))]));
        assert_eq!(read(&mut recent, 1, Some(&long)), (Some(long.clone()), true));
        assert_eq!(read(&mut recent, 1, Some(&long)), (Some(long.clone()), true));
    }
}
