//! Pure: from the bytes of a chunk as they are stored to those of its elements.

use super::super::FrameError;
use super::bitshuffle;
use flate2::bufread::ZlibDecoder;
use hdf5_reader::messages::filter_pipeline::FilterDescription;
use std::io::Read;

/// Numbers of filters, as the HDF Group registers them.
const DEFLATE: u16 = 1;
const SHUFFLE: u16 = 2;
const FLETCHER: u16 = 3;
const LZ4: u16 = 32_004;
const BITSHUFFLE: u16 = 32_008;
/// What a chunk may become longer by on its way: a checksum.
const SLACK: usize = 16;
/// More than any of the compressions achieves.
const HIGHEST_RATIO: usize = 1100;
/// Filters of a chunk, at most.
const MOST_FILTERS: usize = 8;
/// The compression of bitshuffle that is read.
const WITH_LZ4: u32 = 2;
/// One that is not.
const WITH_ZSTD: u32 = 3;

/// Undoes the filters of a chunk of `length` bytes, the last one first. `mask` has a bit for each that was left out.
///
/// # Errors
/// [`FrameError::Unsupported`] for other filters, [`FrameError::Damaged`] when the bytes do not give `length`.
pub fn decode(
    mut bytes: Vec<u8>,
    filters: &[FilterDescription],
    mask: u32,
    element: usize,
    length: usize,
) -> Result<Vec<u8>, FrameError> {
    if filters.len() > MOST_FILTERS {
        return Err(FrameError::Damaged("its pixels have too many filters".to_owned()));
    }
    if length > bytes.len().saturating_mul(HIGHEST_RATIO) {
        return Err(damaged());
    }
    for (number, filter) in filters.iter().enumerate().rev() {
        if mask >> number & 1 == 1 {
            continue;
        }
        bytes = match filter.id {
            DEFLATE => inflated(&bytes, length)?,
            SHUFFLE => unshuffled(&bytes, element),
            // Whether the sum is right is for whoever reads the counts.
            FLETCHER => {
                bytes.truncate(bytes.len().saturating_sub(4));
                bytes
            }
            LZ4 => framed(&bytes, length)?,
            BITSHUFFLE => shuffled_bits(&bytes, filter, element, length)?,
            other => {
                return Err(FrameError::Unsupported(format!(
                    "the pixels of this HDF5 file are compressed by filter {other}: write them with bitshuffle-LZ4, LZ4, zlib or none"
                )))
            }
        };
    }
    match bytes.len() == length {
        true => Ok(bytes),
        false => Err(damaged()),
    }
}

fn damaged() -> FrameError {
    FrameError::Damaged("a chunk of its pixels can't be unpacked".to_owned())
}

fn inflated(bytes: &[u8], length: usize) -> Result<Vec<u8>, FrameError> {
    let mut unpacked = Vec::with_capacity(length + SLACK);
    let most = (length + SLACK) as u64;
    let read = ZlibDecoder::new(bytes).take(most).read_to_end(&mut unpacked);
    read.map_err(|_| damaged())?;
    Ok(unpacked)
}

/// Puts the bytes of each element together again.
fn unshuffled(bytes: &[u8], element: usize) -> Vec<u8> {
    let elements = bytes.len() / element.max(1);
    if elements == 0 || element == 1 {
        return bytes.to_vec();
    }
    let mut plain = bytes.to_vec();
    for (number, plane) in bytes.chunks_exact(elements).take(element).enumerate() {
        for (to, from) in plain.iter_mut().skip(number).step_by(element).zip(plane) {
            *to = *from;
        }
    }
    plain
}

/// The blocks that LZ4 and bitshuffle have in common: how many bytes there are, how many a block has, then each block with its
/// stored length before it.
struct Blocks<'a> {
    rest: &'a [u8],
    block: usize,
}

impl<'a> Blocks<'a> {
    fn begin(bytes: &'a [u8], length: usize) -> Result<Self, FrameError> {
        let (total, rest) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
        let (block, rest) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        let total = u64::from_be_bytes(*total);
        if total == 0 || total > (length + SLACK) as u64 {
            return Err(damaged());
        }
        let block = usize::try_from(u32::from_be_bytes(*block)).map_err(|_| damaged())?;
        Ok(Self { rest, block })
    }

    /// The stored bytes of the next block.
    fn stored(&mut self) -> Result<&'a [u8], FrameError> {
        let (length, rest) = self.rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| damaged())?;
        let (stored, rest) = rest.split_at_checked(length).ok_or_else(damaged)?;
        self.rest = rest;
        Ok(stored)
    }
}

fn unpack(stored: &[u8], into: &mut [u8]) -> Result<(), FrameError> {
    match lz4_flex::block::decompress_into(stored, into) {
        Ok(length) if length == into.len() => Ok(()),
        _ => Err(damaged()),
    }
}

fn framed(bytes: &[u8], length: usize) -> Result<Vec<u8>, FrameError> {
    let mut blocks = Blocks::begin(bytes, length)?;
    let total = bytes
        .first_chunk::<8>()
        .map_or(0, |total| u64::from_be_bytes(*total));
    let mut plain = vec![0; usize::try_from(total).map_err(|_| damaged())?];
    for block in plain.chunks_mut(blocks.block.max(1)) {
        let stored = blocks.stored()?;
        if stored.len() == block.len() {
            block.copy_from_slice(stored);
        } else {
            unpack(stored, block)?;
        }
    }
    Ok(plain)
}

fn shuffled_bits(
    bytes: &[u8],
    filter: &FilterDescription,
    element: usize,
    length: usize,
) -> Result<Vec<u8>, FrameError> {
    let told = |at: usize| filter.client_data.get(at).copied().unwrap_or(0);
    let block_of = |elements: u32| match usize::try_from(elements) {
        Ok(0) | Err(_) => bitshuffle::default_block(element) * element,
        Ok(elements) => elements.saturating_mul(element),
    };
    let (mut blocks, packed) = match told(4) {
        0 => {
            let block = block_of(told(3));
            (Blocks { rest: bytes, block }, false)
        }
        WITH_LZ4 => (Blocks::begin(bytes, length)?, true),
        other => {
            let name = if other == WITH_ZSTD {
                "zstd"
            } else {
                "another compression"
            };
            return Err(FrameError::Unsupported(format!(
                "the pixels of this HDF5 file are compressed by bitshuffle with {name}: write them with bitshuffle-LZ4, LZ4, zlib or none"
            )));
        }
    };
    // A block is a whole number of groups of eight elements.
    let eight = element * 8;
    let block = blocks.block.min(length.next_multiple_of(eight));
    if block == 0 || block % eight != 0 {
        return Err(damaged());
    }
    let mut plain = vec![0; length];
    let mut scratch = vec![0; block];
    let (whole, rest) = plain.split_at_mut(length - length % eight);
    for plain in whole.chunks_mut(block) {
        if packed {
            let shuffled = scratch.get_mut(..plain.len()).ok_or_else(damaged)?;
            unpack(blocks.stored()?, shuffled)?;
            bitshuffle::undo(shuffled, element, plain);
        } else {
            let (shuffled, after) = blocks.rest.split_at_checked(plain.len()).ok_or_else(damaged)?;
            blocks.rest = after;
            bitshuffle::undo(shuffled, element, plain);
        }
    }
    // The last few elements, fewer than eight, are stored as they are.
    rest.copy_from_slice(blocks.rest.get(..rest.len()).ok_or_else(damaged)?);
    Ok(plain)
}
