//! The body of a reply, made ready to be sent: compressed and tagged.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use flate2::write::GzEncoder;
use flate2::Compression;
use sha2::{Digest, Sha256};
use std::io::Write as _;

/// Lists of up to this many bytes are not compressed: they fit into one packet.
const GZIP_ABOVE: usize = 1024;
/// Hex digits of a tag.
const TAG_LENGTH: usize = 32;
/// Memory that a list takes in addition to its bytes.
const OVERHEAD: usize = 256;

/// The body of a reply.
#[derive(Debug, PartialEq, Eq)]
pub struct ReadyList {
    /// The list in JSON.
    pub json: Bytes,
    /// The same, compressed; `None` when it is at most 1 KiB long.
    pub gzip: Option<Bytes>,
    /// A strong tag of `json`, without quotes. The same bytes have the same tag, also after a
    /// restart.
    pub etag: String,
}

impl ReadyList {
    /// Compresses and tags `json`.
    #[must_use]
    pub fn of(json: Vec<u8>) -> Self {
        let mut etag = HEXLOWER.encode(&Sha256::digest(&json));
        etag.truncate(TAG_LENGTH);
        Self {
            gzip: (json.len() > GZIP_ABOVE).then(|| compress(&json)).flatten(),
            json: json.into(),
            etag,
        }
    }

    /// Bytes of memory, about.
    pub(crate) fn size(&self) -> usize {
        OVERHEAD + self.json.len() + self.gzip.as_ref().map_or(0, Bytes::len)
    }
}

fn compress(json: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(json.len() / 4), Compression::default());
    // Writing to a Vec cannot fail.
    encoder.write_all(json).ok()?;
    Some(encoder.finish().ok()?.into())
}
