//! Pure: TIFF of one channel: integers of 8, 16 or 32 bits, signed or not, and floats of 32 or 64
//! bits.

mod directory;

use super::error::FrameError;
use super::floats::Scale;
use super::reduce::{Picture, Reducer};
use super::shape::{Shape, LONGEST_FILE};
use directory::Repaired;
use tiff::decoder::{ChunkType, Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

/// The first bytes: little-endian, big-endian, and both with 64-bit offsets (BigTIFF).
const MAGICS: [&[u8]; 4] = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];
/// More than any supported compression achieves.
const HIGHEST_RATIO: u64 = 2048;
/// Longest entry of the directory, in bytes.
const LONGEST_ENTRY: usize = 1 << 20;
/// The `Compression` of uncompressed files.
const UNCOMPRESSED: u16 = 1;

/// Whether `file` begins as a TIFF.
#[must_use]
pub fn is_tiff(file: &[u8]) -> bool {
    MAGICS.iter().any(|magic| file.starts_with(magic))
}

/// The picture of the first image in `file`.
///
/// # Errors
/// [`FrameError`].
pub fn picture(file: &[u8]) -> Result<Picture, FrameError> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = LONGEST_FILE;
    limits.intermediate_buffer_size = LONGEST_FILE;
    limits.ifd_value_size = LONGEST_ENTRY;
    let mut decoder = Decoder::new(Repaired::new(file))?.with_limits(limits);
    let (width, height) = decoder.dimensions()?;
    let shape = Shape::new(width.into(), height.into())?;
    let ColorType::Gray(bits @ (8 | 16 | 32 | 64)) = decoder.colortype()? else {
        return Err(FrameError::unsupported(
            "this TIFF has colours, or pixels of another width than 8, 16, 32 or 64 bits",
        ));
    };
    let compression = decoder
        .find_tag_unsigned::<u16>(Tag::Compression)?
        .unwrap_or(UNCOMPRESSED);
    let stored = match decoder.get_chunk_type() {
        ChunkType::Strip => Tag::StripByteCounts,
        ChunkType::Tile => Tag::TileByteCounts,
    };
    let lengths: Vec<u64> = decoder.find_tag_unsigned_vec(stored)?.unwrap_or_default();
    let stored = lengths.into_iter().fold(0, u64::saturating_add);
    check_size(stored.min(file.len() as u64), shape, bits, compression)?;

    let mut frame = Frame {
        reducer: None,
        shape,
        row: Vec::with_capacity(shape.width),
        rows: 0,
        floats: Vec::new(),
    };
    match decoder.get_chunk_type() {
        ChunkType::Strip => {
            for strip in 0..decoder.strip_count()? {
                frame.add(decoder.read_chunk(strip)?)?;
            }
        }
        ChunkType::Tile => frame.add(decoder.read_image()?)?,
    }
    frame.finish()
}

/// Compares the size of the pixels with the bytes that are stored.
fn check_size(stored: u64, shape: Shape, bits: u8, compression: u16) -> Result<(), FrameError> {
    let needed = shape.pixels() as u64 * u64::from(bits / 8);
    if needed > LONGEST_FILE as u64 {
        return Err(FrameError::too_large(format!(
            "its pixels have {needed} bytes, at most {LONGEST_FILE} are read"
        )));
    }
    let ratio = if compression == UNCOMPRESSED {
        1
    } else {
        HIGHEST_RATIO
    };
    if needed > stored.saturating_mul(ratio) {
        return Err(FrameError::damaged(format!(
            "{stored} bytes cannot hold its {} by {} pixels of {bits} bits",
            shape.width, shape.height
        )));
    }
    Ok(())
}

/// The rows decoded so far.
struct Frame {
    reducer: Option<Reducer>,
    shape: Shape,
    row: Vec<i32>,
    rows: usize,
    /// Pixels that are floats. Their scale depends on all of them.
    floats: Vec<f32>,
}

impl Frame {
    /// Adds whole rows. Pixels with the highest count of their type are saturated; in unsigned
    /// 32-bit pixels, it marks gaps.
    fn add(&mut self, decoded: DecodingResult) -> Result<(), FrameError> {
        match decoded {
            DecodingResult::U8(pixels) => self.push(&pixels, u8::MAX.into(), i32::from),
            DecodingResult::U16(pixels) => self.push(&pixels, u16::MAX.into(), i32::from),
            DecodingResult::I16(pixels) => self.push(&pixels, i16::MAX.into(), i32::from),
            DecodingResult::I32(pixels) => self.push(&pixels, i32::MAX, |pixel| pixel),
            DecodingResult::U32(pixels) => self.push(&pixels, i32::MAX, |pixel| match pixel {
                u32::MAX => -1,
                count => i32::try_from(count).unwrap_or(i32::MAX),
            }),
            DecodingResult::F32(pixels) => {
                self.floats.extend(pixels);
                Ok(())
            }
            DecodingResult::F64(pixels) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a picture needs no double precision"
                )]
                self.floats.extend(pixels.into_iter().map(|pixel| pixel as f32));
                Ok(())
            }
            _ => Err(FrameError::unsupported(
                "the pixels of this TIFF are neither integers of 8, 16 or 32 bits nor floats",
            )),
        }
    }

    fn push<T: Copy>(
        &mut self,
        pixels: &[T],
        saturation: i32,
        count: impl Fn(T) -> i32,
    ) -> Result<(), FrameError> {
        let reducer = self
            .reducer
            .get_or_insert_with(|| Reducer::new(self.shape, saturation));
        for pixels in pixels.chunks(self.shape.width) {
            if pixels.len() < self.shape.width || self.rows == self.shape.height {
                return Err(FrameError::damaged("its strips are not made of its rows"));
            }
            self.row.clear();
            self.row.extend(pixels.iter().map(|pixel| count(*pixel)));
            reducer.push(&self.row);
            self.rows += 1;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Picture, FrameError> {
        if !self.floats.is_empty() {
            let floats = std::mem::take(&mut self.floats);
            let scale = Scale::of(floats.iter().copied());
            self.push(&floats, i32::MAX, |pixel| scale.count(pixel))?;
        }
        match self.reducer {
            Some(reducer) if self.rows == self.shape.height => Ok(reducer.finish()),
            _ => Err(FrameError::damaged(format!(
                "it ends after {} of its {} rows",
                self.rows, self.shape.height
            ))),
        }
    }
}

impl From<TiffError> for FrameError {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::UnsupportedError(error) => {
                Self::unsupported(format!("this TIFF is not read: {error}"))
            }
            TiffError::LimitsExceeded => Self::too_large("one of its strips or entries is"),
            error => Self::damaged(error.to_string()),
        }
    }
}
