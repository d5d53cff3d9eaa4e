//! Pure: decompresses a stored chunk.

use super::super::error::FrameError;
use super::bitshuffle;
use crate::proxy::bounded::read_all;
use flate2::bufread::ZlibDecoder;
use hdf5_reader::messages::filter_pipeline::FilterDescription;

/// Numbers of filters, as the HDF Group registers them.
const DEFLATE: u16 = 1;
const SHUFFLE: u16 = 2;
const FLETCHER: u16 = 3;
const LZ4: u16 = 32_004;
const BITSHUFFLE: u16 = 32_008;
/// A chunk may be longer by a checksum before all filters are undone.
const SLACK: usize = 16;
/// More than any supported compression achieves.
const HIGHEST_RATIO: usize = 1100;
/// Most filters of a chunk.
const MOST_FILTERS: usize = 8;
/// Compressions within bitshuffle. The second is not supported.
const WITH_LZ4: u32 = 2;
const WITH_ZSTD: u32 = 3;

/// Undoes the filters of a chunk of `length` bytes, the last one first. `mask` has a bit for each
/// filter that was not applied.
///
/// # Errors
/// [`FrameError::Unsupported`] for other filters, [`FrameError::Damaged`] if the result does not
/// have `length` bytes.
pub fn decode(
    mut bytes: Vec<u8>,
    filters: &[FilterDescription],
    mask: u32,
    element: usize,
    length: usize,
) -> Result<Vec<u8>, FrameError> {
    if filters.len() > MOST_FILTERS {
        return Err(FrameError::damaged("its pixels have too many filters"));
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
            // The checksum is removed but not verified.
            FLETCHER => {
                bytes.truncate(bytes.len().saturating_sub(4));
                bytes
            }
            LZ4 => framed(&bytes, length)?,
            BITSHUFFLE => shuffled_bits(&bytes, filter, element, length)?,
            other => {
                return Err(FrameError::unsupported(format!(
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
    FrameError::damaged("a chunk of its pixels can't be unpacked")
}

fn inflated(bytes: &[u8], length: usize) -> Result<Vec<u8>, FrameError> {
    let limit = length + SLACK;
    let unpacked = read_all(ZlibDecoder::new(bytes), limit, limit);
    unpacked.ok().flatten().ok_or_else(damaged)
}

/// Undoes the shuffling of bytes.
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

/// The format of LZ4 and bitshuffle: the total length, the length of a block, then blocks, each
/// with its stored length before it.
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
        self.rest = rest;
        self.take(usize::try_from(u32::from_be_bytes(*length)).map_err(|_| damaged())?)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], FrameError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(damaged)?;
        self.rest = rest;
        Ok(taken)
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
    let option = |at: usize| filter.client_data.get(at).copied().unwrap_or(0);
    let block_of = |elements: u32| match usize::try_from(elements) {
        Ok(0) | Err(_) => bitshuffle::default_block(element) * element,
        Ok(elements) => elements.saturating_mul(element),
    };
    let (mut blocks, packed) = match option(4) {
        0 => {
            let block = block_of(option(3));
            (Blocks { rest: bytes, block }, false)
        }
        WITH_LZ4 => (Blocks::begin(bytes, length)?, true),
        other => {
            let name = if other == WITH_ZSTD {
                "zstd"
            } else {
                "another compression"
            };
            return Err(FrameError::unsupported(format!(
                "the pixels of this HDF5 file are compressed by bitshuffle with {name}: write them with bitshuffle-LZ4, LZ4, zlib or none"
            )));
        }
    };
    // A block is a multiple of eight elements.
    let eight = element * 8;
    let block = blocks.block.min(length.next_multiple_of(eight));
    if block == 0 || block % eight != 0 {
        return Err(damaged());
    }
    let mut plain = vec![0; length];
    let mut scratch = vec![0; block];
    let (whole, rest) = plain.split_at_mut(length - length % eight);
    for plain in whole.chunks_mut(block) {
        let shuffled = if packed {
            let shuffled = scratch.get_mut(..plain.len()).ok_or_else(damaged)?;
            unpack(blocks.stored()?, shuffled)?;
            shuffled
        } else {
            blocks.take(plain.len())?
        };
        bitshuffle::undo(shuffled, element, plain);
    }
    // The last few elements, fewer than eight, are not shuffled.
    rest.copy_from_slice(blocks.rest.get(..rest.len()).ok_or_else(damaged)?);
    Ok(plain)
}
