//! Pieces of large values: each belongs to the head that names it.

use super::{parts, Check};
use crate::chunks;
use crate::store::ReadError;

impl Check<'_> {
    /// That all pieces of a head are there, its record's own row tells.
    pub(super) fn piece(&mut self, key: &[u8]) -> Result<(), ReadError> {
        let Some(record) = chunks::record_of(key) else {
            self.malformed(key);
            return Ok(());
        };
        let head = self.store.engine().get(record)?;
        let own = head.is_some_and(|head| chunks::owns(&head, key));
        if !own {
            self.problem(format!(
                "{}: an orphan, for no record names this piece",
                parts::shown("Chunk", key)
            ));
        }
        Ok(())
    }
}
