//! How the reader of HDF5 gets at files. The caller decides what may be opened.

use std::io;
use std::sync::Arc;

/// A file with random access.
pub trait Source: Send + Sync {
    /// Its length, in bytes.
    fn length(&self) -> u64;

    /// Fills `into` with the bytes at `offset`.
    ///
    /// # Errors
    /// The operating system's.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;
}

/// The files in the directory of the requested file.
pub trait Siblings: Send + Sync {
    /// Opens the file that a link names; `None` if it does not exist or may not be read.
    ///
    /// # Errors
    /// The operating system's.
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn Source>>>;
}
