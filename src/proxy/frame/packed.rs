//! Pure: frames that were packed by gzip or bzip2.

use super::{FrameError, LONGEST_FILE};
use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use std::io::Read;

/// The bytes of a frame file, unpacked if its first bytes say that it is packed.
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
    let mut unpacked = Vec::new();
    // One byte more than is allowed shows that there are more.
    packed
        .take(LONGEST_FILE as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| FrameError::Damaged(format!("it can't be unpacked: {error}")))?;
    if unpacked.len() > LONGEST_FILE {
        return Err(FrameError::TooLarge(format!(
            "it unpacks to more than the {LONGEST_FILE} bytes that are read"
        )));
    }
    Ok(unpacked)
}
