//! A file and its state.

use rustix::fs::Stat;
use std::fmt;

/// A file in one state. If it does not change, neither does the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// Its device.
    pub device: u64,
    /// Its number on the device.
    pub inode: u64,
    /// Its length, in bytes.
    pub length: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified: i128,
}

impl Identity {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            length: u64::try_from(stat.st_size).unwrap_or(0),
            modified: i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec),
        }
    }
}

/// As in tags and cache keys.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            device,
            inode,
            length,
            modified,
        } = self;
        write!(f, "{device:x}-{inode:x}-{length:x}-{modified:x}")
    }
}
