//! What became of an item.

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The store had nothing like it.
    New,
    /// The store had an older version of it.
    Changed,
    /// The store has it, or a newer version.
    Same,
}
