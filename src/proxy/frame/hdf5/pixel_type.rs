//! Pure: the type of the pixels of a data set, and their counts.

use super::super::error::FrameError;
use super::super::floats::Scale;
use hdf5_reader::messages::datatype::Datatype;
use hdf5_reader::ByteOrder;

/// The type of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PixelType {
    bytes: usize,
    signed: bool,
    float: bool,
    big_endian: bool,
}

impl PixelType {
    pub(super) fn of(datatype: &Datatype) -> Result<Self, FrameError> {
        let (size, signed, float, order) = match datatype {
            Datatype::FixedPoint {
                size: size @ (1 | 2 | 4),
                signed,
                byte_order,
            } => (*size, *signed, false, byte_order),
            Datatype::FloatingPoint {
                size: size @ (4 | 8),
                byte_order,
            } => (*size, true, true, byte_order),
            _ => {
                return Err(FrameError::unsupported(
                    "its pixels are neither integers of 8, 16 or 32 bits nor floats",
                ))
            }
        };
        Ok(Self {
            bytes: size.into(),
            signed,
            float,
            big_endian: *order != ByteOrder::LittleEndian,
        })
    }

    /// Bytes of a pixel.
    pub(super) fn bytes(self) -> usize {
        self.bytes
    }

    /// The scale of floats; `None` for integers.
    pub(super) fn scale(self, bytes: &[u8]) -> Option<Scale> {
        self.float
            .then(|| Scale::of(bytes.chunks_exact(self.bytes).map(|pixel| self.float(pixel))))
    }

    /// The counts of a row. The highest values of an unsigned type mark masked pixels.
    pub(super) fn counts(self, bytes: &[u8], scale: Option<Scale>, row: &mut [i32]) {
        let pixels = bytes.chunks_exact(self.bytes).zip(row);
        match (scale, self.bytes, self.signed, self.big_endian) {
            (Some(scale), ..) => pixels.for_each(|(pixel, to)| *to = scale.count(self.float(pixel))),
            (None, 4, false, false) => pixels.for_each(|(pixel, to)| {
                let count = pixel.first_chunk().map_or(0, |pixel| u32::from_le_bytes(*pixel));
                *to = masked_above(count, u32::MAX - 1);
            }),
            (None, 2, false, false) => pixels.for_each(|(pixel, to)| {
                let count = pixel.first_chunk().map_or(0, |pixel| u16::from_le_bytes(*pixel));
                *to = masked_above(count.into(), u16::MAX.into());
            }),
            (None, 1, false, _) => pixels.for_each(|(pixel, to)| {
                let count = pixel.first().copied().unwrap_or(0);
                *to = masked_above(count.into(), u8::MAX.into());
            }),
            _ => pixels.for_each(|(pixel, to)| *to = self.count(pixel)),
        }
    }

    /// One pixel of any integer type.
    fn count(self, pixel: &[u8]) -> i32 {
        let bits = u32::try_from(self.bits(pixel)).unwrap_or(u32::MAX);
        let unused = 32 - u32::try_from(self.bytes * 8).unwrap_or(32).min(32);
        if self.signed {
            (bits << unused).cast_signed() >> unused
        } else {
            let most = u32::MAX >> unused;
            masked_above(bits, if self.bytes == 4 { most - 1 } else { most })
        }
    }

    /// One pixel of a float type.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a picture needs no double precision"
    )]
    fn float(self, pixel: &[u8]) -> f32 {
        let bits = self.bits(pixel);
        match (self.bytes, u32::try_from(bits)) {
            (4, Ok(bits)) => f32::from_bits(bits),
            _ => f64::from_bits(bits) as f32,
        }
    }

    /// The bits of a pixel, in the lowest bytes.
    fn bits(self, pixel: &[u8]) -> u64 {
        let add = |bits, byte: &u8| bits << 8 | u64::from(*byte);
        match self.big_endian {
            true => pixel.iter().fold(0, add),
            false => pixel.iter().rev().fold(0, add),
        }
    }
}

fn masked_above(count: u32, least: u32) -> i32 {
    if count >= least {
        -1
    } else {
        i32::try_from(count).unwrap_or(i32::MAX)
    }
}
