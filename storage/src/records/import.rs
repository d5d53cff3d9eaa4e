//! The import that is not finished.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An import that has begun and is not finished. While there is this record, everything that the
/// import wrote may have to be undone, and nobody else writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Importing {
    /// Random. The undo file has the same.
    pub id: [u8; 16],
    /// The process that imports; empty with an embedded database.
    pub node: String,
    pub began: Timestamp,
}
