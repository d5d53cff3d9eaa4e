//! Pure: what the pixels of a data set are, and the counts that they say.

use super::super::floats::Scale;
use super::super::FrameError;
use hdf5_reader::messages::datatype::Datatype;
use hdf5_reader::ByteOrder;

/// What a pixel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    bytes: usize,
    signed: bool,
    float: bool,
    big_endian: bool,
}

impl Kind {
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
                return Err(FrameError::Unsupported(
                    "its pixels are neither integers of 8, 16 or 32 bits nor floats".to_owned(),
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

    /// What floats are multiplied by.
    pub(super) fn scale(self, bytes: &[u8]) -> Option<Scale> {
        self.float
            .then(|| Scale::of(bytes.chunks_exact(self.bytes).map(|pixel| self.float(pixel))))
    }

    /// Counts of a row. The highest numbers of an unsigned type mark what is masked.
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

    /// One pixel, of any kind.
    fn count(self, pixel: &[u8]) -> i32 {
        let mut bytes = [0; 4];
        for (to, from) in bytes.iter_mut().zip(pixel) {
            *to = *from;
        }
        if self.big_endian {
            bytes.get_mut(..self.bytes).unwrap_or_default().reverse();
        }
        let bits = u32::from_le_bytes(bytes);
        let unused = 32 - u32::try_from(self.bytes * 8).unwrap_or(32).min(32);
        if self.signed {
            (bits << unused).cast_signed() >> unused
        } else {
            let most = u32::MAX >> unused;
            masked_above(bits, if self.bytes == 4 { most - 1 } else { most })
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "a picture needs no double precision"
    )]
    fn float(self, pixel: &[u8]) -> f32 {
        match (self.bytes, self.big_endian) {
            (4, false) => pixel
                .first_chunk()
                .map_or(f32::NAN, |pixel| f32::from_le_bytes(*pixel)),
            (4, true) => pixel
                .first_chunk()
                .map_or(f32::NAN, |pixel| f32::from_be_bytes(*pixel)),
            (_, false) => pixel
                .first_chunk()
                .map_or(f32::NAN, |pixel| f64::from_le_bytes(*pixel) as f32),
            (_, true) => pixel
                .first_chunk()
                .map_or(f32::NAN, |pixel| f64::from_be_bytes(*pixel) as f32),
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
