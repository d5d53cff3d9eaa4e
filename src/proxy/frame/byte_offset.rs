//! Pure: byte offsets, the compression of CBF. Each pixel is stored as its difference to the one
//! before, in one byte. −128 means that two bytes follow, −32768 in those that four follow, and the
//! least 32-bit number in those that eight follow. By hand, because no maintained crate decodes it.

/// Deltas that are decoded together.
const GROUP: usize = 16;
/// The byte that announces a wider delta.
const ESCAPE: u8 = 0x80;

/// The bytes ended early, or a delta leads out of the 32-bit range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// The type of the pixels. Sums of deltas wrap around at its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element {
    bits: u32,
    signed: bool,
}

impl Element {
    /// Signed 32-bit integers.
    pub const I32: Self = Self {
        bits: 32,
        signed: true,
    };

    /// The type by its name in a header, such as `unsigned 16-bit integer`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (sign, width) = name.strip_suffix("-bit integer")?.split_once(' ')?;
        Some(Self {
            bits: width.parse().ok().filter(|bits| matches!(bits, 8 | 16 | 32))?,
            signed: match sign {
                "signed" => true,
                "unsigned" => false,
                _ => return None,
            },
        })
    }

    /// The highest value. Without a cutoff in the file, it marks gaps and saturated pixels. No
    /// detector has counts above 2³¹ − 1.
    #[must_use]
    pub fn highest(self) -> i32 {
        let unused = 31 - (self.bits - u32::from(self.signed)).min(31);
        i32::MAX >> unused
    }

    /// Wraps sums of deltas to the range of the type.
    pub fn wrap(self, row: &mut [i32]) {
        let unused = 32 - self.bits;
        match (unused, self.signed) {
            (0, _) => {}
            (_, true) => row
                .iter_mut()
                .for_each(|pixel| *pixel = *pixel << unused >> unused),
            (_, false) => row
                .iter_mut()
                .for_each(|pixel| *pixel &= i32::MAX >> (unused - 1)),
        }
    }
}

/// Decodes pixels one after another.
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

    /// Bytes that are not decoded yet.
    #[must_use]
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Fills `row` with the next pixels. Unsigned values above the signed range become negative.
    ///
    /// # Errors
    /// [`Broken`] if there are fewer.
    pub fn fill(&mut self, row: &mut [i32]) -> Result<(), Broken> {
        let (mut rest, mut value) = (self.rest, self.value);
        for pixels in row.chunks_mut(GROUP) {
            match rest.split_first_chunk::<GROUP>() {
                // Most groups of a diffraction frame have no wide delta.
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

/// Compares all bytes instead of stopping at the first hit: this compiles to one vector comparison.
fn has_escape(group: &[u8; GROUP]) -> bool {
    group.iter().fold(false, |found, byte| found | (*byte == ESCAPE))
}

/// One pixel with a delta of any width.
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
    // Before and after the delta, the pixel of an unsigned frame may be above the signed range,
    // where it is held as the negative number of the same bits.
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
