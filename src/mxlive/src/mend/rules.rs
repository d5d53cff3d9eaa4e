//! The rules of the service that the dump alone does not know.

use beamlive_storage::Timestamp;

/// The rules of the service that a dump has to be brought in line with.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long after its last stretch a session is joined by a launch of its name, in
    /// microseconds.
    pub joinable_micros: i64,
}

/// Stands in for a date that is missing: 1970. It must be the same for each import of a dump, so it
/// is not the time of the import.
pub(crate) const NO_DATE: Timestamp = Timestamp(0);
