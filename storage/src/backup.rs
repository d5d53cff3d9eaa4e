//! A snapshot as a file, and a store made of one.
//!
//! | file | what it holds |
//! |---|---|
//! | `write.rs` | [`Archive`]: the bytes of a backup, piece by piece |
//! | `read.rs` | [`Reader`]: reads them back, and says so when they are not all there |
//! | `restore.rs` | [`restore`]: a store made of a backup |
//!
//! The format: [`MAGIC`], then frames `[kind u8][length u32][length inflated u32][CRC-32 of these and of what follows]`
//! and as many bytes, deflated; numbers are big-endian. The first frame is the [`Header`], the others hold rows
//! `[length of key u16][length of value u32][key][value]` in the order of their keys. The last one says how many rows there
//! were, and the SHA-256 of all bytes before it; or why the backup could not be finished. Nothing follows it.

mod read;
mod restore;
mod write;

pub use read::Reader;
pub use restore::{restore, unfinished, RestoreError, Restored};
pub use write::Archive;

use crate::time::Timestamp;
use bincode::Options;
use serde::{Deserialize, Serialize};
use std::io;
use thiserror::Error;

/// What a backup begins with; its last byte is the version of the format.
pub const MAGIC: &[u8; 16] = b"beamlive backup\x01";

/// The longest frame, deflated or not: no length above it is believed.
const MAX_FRAME: usize = 16 * 1024 * 1024;
/// Bytes of rows that go into a frame, about.
const FRAME_ROWS: usize = 512 * 1024;
const FRAME_HEAD: usize = 1 + 4 + 4 + 4;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Header = 1,
    Rows = 2,
    End = 3,
    Broken = 4,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Header, Self::Rows, Self::End, Self::Broken]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// When it was begun: the point at which it shows the store.
    pub created: Timestamp,
    /// Program and version that took it.
    pub created_by: String,
    /// Layout of the keyspace.
    pub layout: u32,
    /// Rows that it may have, for a progress bar.
    pub about_rows: u64,
}

/// What the last frame says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    rows: u64,
    sha256: [u8; 32],
}

/// Why bytes are no whole backup.
#[derive(Debug, Error)]
pub enum BackupError {
    /// It does not begin like one.
    #[error("this is no backup of beamlive")]
    Foreign,
    /// A later build made it.
    #[error("this backup has format {0}, and this build knows {known}: use the newer beamlive that took it", known = version())]
    Newer(u8),
    /// It ends too early.
    #[error("the backup is cut short: take it again, or use an earlier one")]
    CutShort,
    /// Some of its bytes are not what they were.
    #[error("the backup is damaged ({0}): use another one")]
    Damaged(&'static str),
    /// Whoever took it could not finish.
    #[error("the service could not finish this backup: {0}")]
    Broken(String),
    /// It could not be read.
    #[error("the backup can't be read")]
    Io(#[source] io::Error),
}

/// The version of the format that this build reads and writes.
fn version() -> u8 {
    let [.., version] = *MAGIC;
    version
}

fn options() -> impl Options {
    bincode::DefaultOptions::new()
        .with_limit(64 * 1024)
        .reject_trailing_bytes()
}

/// The checksum of a frame: over its head as far as that goes, and its bytes.
fn checksum(head: &[u8], bytes: &[u8]) -> [u8; 4] {
    let mut sum = flate2::Crc::new();
    sum.update(head);
    sum.update(bytes);
    sum.sum().to_be_bytes()
}

#[cfg(test)]
mod tests;
