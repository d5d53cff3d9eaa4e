//! The rules of the service that the dump alone does not know.

use beamlive_storage::Timestamp;

/// The rules of the service that a dump has to be brought in line with.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long after its last stretch a session is joined by a launch of its name, in
    /// microseconds.
    pub joinable_micros: i64,
    /// The time of the import. It stands in for dates that are missing.
    pub now: Timestamp,
}
