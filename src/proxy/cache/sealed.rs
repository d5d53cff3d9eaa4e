//! The form of an entry: what it is, a checksum over its name and its picture, the picture.

use actix_web::web::Bytes;
use crc32fast::Hasher;
use std::fs::File;
use std::io::{self, Read};

/// What begins an entry.
const MAGIC: &[u8; 8] = b"BLpict1\n";
const HEADER: usize = MAGIC.len() + size_of::<u32>();

/// The entry called `name` that holds `picture`.
pub(super) fn seal(name: &str, picture: &[u8]) -> Vec<u8> {
    let checksum = checksum(name, picture).to_le_bytes();
    [MAGIC.as_slice(), checksum.as_slice(), picture].concat()
}

/// The bytes of an entry of this length, or of one that is longer by one: then it is not what was written.
pub(super) fn read(file: File, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(length.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The picture in an entry; none if it is not the one that was sealed as `name`.
pub(super) fn open(name: &str, entry: Vec<u8>) -> Option<Bytes> {
    let (magic, rest) = entry.split_first_chunk::<{ MAGIC.len() }>()?;
    let (sealed, picture) = rest.split_first_chunk()?;
    if magic != MAGIC || u32::from_le_bytes(*sealed) != checksum(name, picture) {
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
