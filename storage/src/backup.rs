//! Backups: a snapshot as a file, and a store restored from one.

mod format;
mod read;
mod restore;
mod write;

pub use format::{BackupError, Header, MAGIC};
pub use read::Reader;
pub use restore::{restore, restore_into, unfinished, RestoreError, Restored};
pub use write::Archive;

#[cfg(test)]
mod tests;
