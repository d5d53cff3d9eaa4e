//! Pure: frames compressed by gzip or bzip2.

use super::error::FrameError;
use super::shape::LONGEST_FILE;
use crate::proxy::bounded::read_all;
use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use std::io::Read;

/// The bytes of a frame file, decompressed if its first bytes are those of gzip or bzip2.
///
/// # Errors
/// [`FrameError::Damaged`], and [`FrameError::TooLarge`] beyond [`LONGEST_FILE`].
pub fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>, FrameError> {
    match bytes.as_slice() {
        [0x1f, 0x8b, ..] => unpack(MultiGzDecoder::new(bytes.as_slice())),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => unpack(MultiBzDecoder::new(bytes.as_slice())),
        _ => Ok(bytes),
    }
}

fn unpack(packed: impl Read) -> Result<Vec<u8>, FrameError> {
    read_all(packed, 0, LONGEST_FILE)
        .map_err(|error| FrameError::damaged(format!("it can't be unpacked: {error}")))?
        .ok_or_else(|| {
            FrameError::too_large(format!(
                "it unpacks to more than the {LONGEST_FILE} bytes that are read"
            ))
        })
}
