//! Pure: byte offsets, the compression of CBF. Each pixel is its difference to the one before, in one byte; a byte of
//! −128 says that two bytes follow instead, those of −32768 that four do, and those of the least 32-bit number that eight do.

/// Deltas that are looked at together.
const GROUP: usize = 16;
/// The byte that says that the delta is wider.
const ESCAPE: u8 = 0x80;

/// The bytes ended, or a delta led out of 32 bits, before all pixels were there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// What the pixels are. Deltas wrap around at its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// 8 bits with a sign.
    I8,
    /// 8 bits without one.
    U8,
    /// 16 bits with a sign.
    I16,
    /// 16 bits without one.
    U16,
    /// 32 bits with a sign.
    I32,
    /// 32 bits without one; counts above 2³¹ − 1, which no detector has, come out negative.
    U32,
}

impl Element {
    /// The highest value: a detector that says nothing else marks its gaps, and what it can't count, with it.
    #[must_use]
    pub fn highest(self) -> i32 {
        match self {
            Self::I8 => i8::MAX.into(),
            Self::U8 => u8::MAX.into(),
            Self::I16 => i16::MAX.into(),
            Self::U16 => u16::MAX.into(),
            Self::I32 | Self::U32 => i32::MAX,
        }
    }

    /// Brings sums of deltas back to the range of the type.
    pub fn wrap(self, row: &mut [i32]) {
        let each = |row: &mut [i32], wrapped: fn(i32) -> i32| {
            row.iter_mut().for_each(|pixel| *pixel = wrapped(*pixel));
        };
        match self {
            Self::I8 => each(row, |pixel| pixel << 24 >> 24),
            Self::U8 => each(row, |pixel| pixel & 0xff),
            Self::I16 => each(row, |pixel| pixel << 16 >> 16),
            Self::U16 => each(row, |pixel| pixel & 0xffff),
            Self::I32 | Self::U32 => {}
        }
    }
}

/// Pixels as they are unfolded.
#[derive(Debug, Clone)]
pub struct Deltas<'a> {
    rest: &'a [u8],
    value: i32,
}

impl<'a> Deltas<'a> {
    /// Begins at the first pixel.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            value: 0,
        }
    }

    /// Bytes that no pixel has needed yet.
    #[must_use]
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next pixels, as many as `row` has. Values of unsigned frames above the signed range come out negative.
    ///
    /// # Errors
    /// [`Broken`] when there are not so many.
    pub fn fill(&mut self, row: &mut [i32]) -> Result<(), Broken> {
        let (mut rest, mut value) = (self.rest, self.value);
        for pixels in row.chunks_mut(GROUP) {
            match rest.split_first_chunk::<GROUP>() {
                // Most groups of a diffraction frame have no wide delta, and are unfolded without looking back.
                Some((group, after)) if pixels.len() == GROUP && !has_escape(group) => {
                    for (pixel, delta) in pixels.iter_mut().zip(group) {
                        value = value.wrapping_add(i32::from(i8::from_le_bytes([*delta])));
                        *pixel = value;
                    }
                    rest = after;
                }
                _ => {
                    for pixel in pixels {
                        value = next(&mut rest, value).ok_or(Broken)?;
                        *pixel = value;
                    }
                }
            }
        }
        (self.rest, self.value) = (rest, value);
        Ok(())
    }
}

/// Compares all bytes instead of stopping at the first hit, so that it compiles to one comparison of vectors.
fn has_escape(group: &[u8; GROUP]) -> bool {
    group.iter().fold(false, |found, byte| found | (*byte == ESCAPE))
}

/// One pixel, whatever its width.
fn next(rest: &mut &[u8], value: i32) -> Option<i32> {
    let [byte] = take(rest)?;
    if byte != ESCAPE {
        return Some(value.wrapping_add(i32::from(i8::from_le_bytes([byte]))));
    }
    let delta = i16::from_le_bytes(take(rest)?);
    if delta != i16::MIN {
        return Some(value.wrapping_add(i32::from(delta)));
    }
    let delta = i32::from_le_bytes(take(rest)?);
    if delta != i32::MIN {
        return Some(value.wrapping_add(delta));
    }
    let delta = i64::from_le_bytes(take(rest)?);
    // A pixel of an unsigned frame may be above the signed range, where it is the negative of the same bits: before the
    // delta, and after it.
    let befores = [i64::from(value), i64::from(value.cast_unsigned())];
    befores.into_iter().find_map(|before| {
        let whole = before.checked_add(delta)?;
        i32::try_from(whole)
            .ok()
            .or_else(|| u32::try_from(whole).ok().map(u32::cast_signed))
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}
