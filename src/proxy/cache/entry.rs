//! The format of an entry: a magic number, a checksum of its name and its picture, and the picture.

use actix_web::web::Bytes;
use crc32fast::Hasher;

/// The first bytes of an entry.
const MAGIC: &[u8; 8] = b"BLpict1\n";
const HEADER: usize = MAGIC.len() + size_of::<u32>();

/// The entry called `name` with `picture`.
pub(super) fn encode(name: &str, picture: &[u8]) -> Vec<u8> {
    let checksum = checksum(name, picture).to_le_bytes();
    [MAGIC.as_slice(), checksum.as_slice(), picture].concat()
}

/// The picture in an entry; `None` if the entry is damaged or has another name.
pub(super) fn decode(name: &str, entry: Vec<u8>) -> Option<Bytes> {
    let (magic, rest) = entry.split_first_chunk::<{ MAGIC.len() }>()?;
    let (expected, picture) = rest.split_first_chunk()?;
    if magic != MAGIC || u32::from_le_bytes(*expected) != checksum(name, picture) {
        return None;
    }
    Some(Bytes::from(entry).split_off(HEADER))
}

fn checksum(name: &str, picture: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(name.as_bytes());
    hasher.update(picture);
    hasher.finalize()
}
