//! The bytes of an undo file: a header, then frames. No I/O.
//!
//! A frame is `[kind u8][number u64][length u32][CRC-32 u32]` and `length` bytes. The checksum
//! covers all of it but itself. The number is that of the group.

use crate::codec::{decode_fixed, encode_fixed};
use bincode::Options;
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes};

/// The first bytes of a file; the last one is the version of the format.
const MAGIC: [u8; 8] = *b"blundo\0\x01";
/// Length of a file's header.
pub(super) const HEADER: usize = 8 + 16 + 4;
/// Length of a frame's head.
pub(super) const HEAD: usize = 1 + 8 + 4 + 4;

/// The header of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    magic: [u8; 8],
    /// The import's.
    pub(super) id: [u8; 16],
    sum: u32,
}

/// Why a header can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadHeader {
    Damaged,
    Newer,
}

impl Header {
    pub(super) fn new(id: [u8; 16]) -> Self {
        let header = Self {
            magic: MAGIC,
            id,
            sum: 0,
        };
        Self {
            sum: header.sum(),
            ..header
        }
    }

    fn sum(self) -> u32 {
        crc32fast::hash(&encode_fixed(&Self { sum: 0, ..self }))
    }

    pub(super) fn encode(self) -> Vec<u8> {
        encode_fixed(&self)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BadHeader> {
        let header: Self = decode_fixed(bytes).ok_or(BadHeader::Damaged)?;
        if header.sum != header.sum() {
            return Err(BadHeader::Damaged);
        }
        match header.magic == MAGIC {
            true => Ok(header),
            false => Err(BadHeader::Newer),
        }
    }
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Rows as they were before a group.
    Rows = 1,
    /// The end of a file from which rows are being restored.
    Seal = 2,
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    kind: u8,
    /// The number of the group, or of the last group before a seal.
    pub(super) number: u64,
    /// Number of bytes that follow.
    pub(super) length: u32,
    sum: u32,
}

impl Head {
    pub(super) fn decode(bytes: &[u8; HEAD]) -> Option<Self> {
        decode_fixed(bytes)
    }

    /// The kind of the frame if these are its head and its content.
    pub(super) fn check(self, content: &[u8]) -> Option<Kind> {
        let whole = content.len() as u64 == u64::from(self.length) && self.sum == self.sum(content);
        match self.kind {
            1 if whole => Some(Kind::Rows),
            2 if whole => Some(Kind::Seal),
            _ => None,
        }
    }

    fn sum(self, content: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&encode_fixed(&Self { sum: 0, ..self }));
        hasher.update(content);
        hasher.finalize()
    }
}

/// A frame. `None` if the content is longer than a frame can be.
pub(super) fn encode(kind: Kind, number: u64, content: &[u8]) -> Option<Vec<u8>> {
    let mut head = Head {
        kind: kind as u8,
        number,
        length: u32::try_from(content.len()).ok()?,
        sum: 0,
    };
    head.sum = head.sum(content);
    Some([encode_fixed(&head).as_slice(), content].concat())
}

/// The content of a frame of rows: each with its value, or none.
pub(super) fn encode_rows<'a>(rows: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>) -> Vec<u8> {
    let rows: Vec<_> = rows
        .map(|(key, value)| (Bytes::new(key), value.map(Bytes::new)))
        .collect();
    // Bytes cannot fail to serialize; content that is cut short would not be decoded.
    bincode::DefaultOptions::new()
        .serialize(&rows)
        .unwrap_or_default()
}

/// The rows of a frame.
pub(super) fn decode_rows(content: &[u8]) -> Option<Vec<(ByteBuf, Option<ByteBuf>)>> {
    bincode::DefaultOptions::new()
        .with_limit(content.len() as u64)
        .deserialize(content)
        .ok()
}
