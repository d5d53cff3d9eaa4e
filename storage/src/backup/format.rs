//! The format of a backup.
//!
//! It is [`MAGIC`], then frames: `[length u32][CRC-32 of the rest u32]`, big-endian, then a
//! [`Frame`] in bincode, deflated. The first frame is a header, the last one the end, or the reason
//! why the backup could not be finished; the others hold rows in the order of their keys. Nothing
//! follows the last frame.

use crate::time::Timestamp;
use bincode::Options;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::Compression;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::io::{self, Read, Write};
use thiserror::Error;

/// The first bytes of a backup. The last byte is the version of the format.
pub const MAGIC: &[u8; 16] = b"beamlive backup\x01";

/// The longest frame, deflated or not. Greater lengths are refused before anything is allocated.
pub(super) const MAX_FRAME: usize = 16 * 1024 * 1024;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// When the backup was started: the moment whose rows it holds.
    pub created: Timestamp,
    /// Program and version that took it.
    pub created_by: String,
    /// Layout of the keyspace.
    pub layout: u32,
    /// Approximate number of rows, for a progress bar.
    pub about_rows: u64,
}

/// The content of a frame.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Frame {
    Header(Header),
    Rows(Vec<(ByteBuf, ByteBuf)>),
    End {
        /// Number of rows.
        rows: u64,
        /// SHA-256 of all bytes before this frame.
        sha256: [u8; 32],
    },
    /// Why the backup could not be finished.
    Broken(String),
}

/// Why a backup cannot be used.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Error)]
pub enum BackupError {
    #[error("this is no backup of beamlive")]
    Foreign,
    #[error("this backup has format {0}, and this build knows {known}: use the newer beamlive that took it", known = version())]
    Newer(u8),
    #[error("the backup is cut short: take it again, or use an earlier one")]
    CutShort,
    #[error("the backup is damaged ({0}): use another one")]
    Damaged(&'static str),
    #[error("the service could not finish this backup: {0}")]
    Broken(String),
    #[error("the backup can't be read")]
    Io(#[source] io::Error),
}

/// The version of the format that this build reads and writes.
pub(super) fn version() -> u8 {
    let [.., version] = *MAGIC;
    version
}

fn options() -> impl Options {
    bincode::DefaultOptions::new()
        .with_limit(MAX_FRAME as u64)
        .reject_trailing_bytes()
}

/// The bytes of a frame.
pub(super) fn encode(frame: &Frame) -> Vec<u8> {
    // Neither serializing nor writing to a Vec can fail; the reader would notice missing bytes.
    let content = options().serialize(frame).unwrap_or_default();
    let mut deflated = DeflateEncoder::new(Vec::with_capacity(content.len() / 2), Compression::fast());
    let _ = deflated.write_all(&content);
    let deflated = deflated.finish().unwrap_or_default();
    let length = u32::try_from(deflated.len()).unwrap_or(u32::MAX).to_be_bytes();
    let sum = crc32fast::hash(&deflated).to_be_bytes();
    [length.as_slice(), &sum, &deflated].concat()
}

/// Reads and checks the next frame. Returns its bytes in the file as well.
pub(super) fn read(source: &mut impl Read) -> Result<(Frame, Vec<u8>), BackupError> {
    let mut head = [0; 8];
    fill(source, &mut head)?;
    let [a, b, c, d, sum @ ..] = head;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if length > MAX_FRAME {
        return Err(BackupError::Damaged("the length of a frame"));
    }
    // Grows with the bytes that arrive, not with the length in the head.
    let mut deflated = Vec::new();
    let read = source.take(length as u64).read_to_end(&mut deflated);
    if read.map_err(BackupError::Io)? < length {
        return Err(BackupError::CutShort);
    }
    if crc32fast::hash(&deflated).to_be_bytes() != sum {
        return Err(BackupError::Damaged("the checksum of a frame"));
    }
    let mut content = Vec::new();
    let inflated = DeflateDecoder::new(deflated.as_slice())
        .take(MAX_FRAME as u64)
        .read_to_end(&mut content);
    match inflated.ok().and_then(|_| options().deserialize(&content).ok()) {
        Some(frame) => Ok((frame, [head.as_slice(), &deflated].concat())),
        None => Err(BackupError::Damaged("what a frame holds")),
    }
}

/// Reads exactly as many bytes as there is room for.
pub(super) fn fill(source: &mut impl Read, bytes: &mut [u8]) -> Result<(), BackupError> {
    source.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => BackupError::CutShort,
        _ => BackupError::Io(error),
    })
}
