//! What was written, and what was not.

use std::collections::BTreeMap;

/// What was written, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Rows by label.
    pub rows: BTreeMap<&'static str, u64>,
    /// Records for which a dump has no place, by what they are.
    pub left: BTreeMap<&'static str, u64>,
}

impl Exported {
    pub(super) fn leave(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            *self.left.entry(what).or_default() += count;
        }
    }
}
