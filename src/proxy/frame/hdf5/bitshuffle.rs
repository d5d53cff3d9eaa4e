//! Pure: undoes bitshuffle. By hand, because the existing crates need a C library.
//!
//! A block of elements is stored as one row for each bit of an element, the lowest bits first. Only
//! whole groups of eight elements are shuffled.

/// Elements that are transposed together.
const GROUP: usize = 64;

/// The block size of the original library for elements of `element` bytes, in elements. Used if the
/// file does not give one.
#[must_use]
pub fn default_block(element: usize) -> usize {
    ((8192 / element.max(1) / 8) * 8).max(128)
}

/// Undoes the shuffling of one block. `shuffled` holds a multiple of eight elements of `element`
/// bytes, and `plain` is as long. Bytes beyond that are left unchanged.
pub fn undo(shuffled: &[u8], element: usize, plain: &mut [u8]) {
    match element {
        1 => blocks::<1>(shuffled, plain),
        2 => blocks::<2>(shuffled, plain),
        4 => blocks::<4>(shuffled, plain),
        8 => blocks::<8>(shuffled, plain),
        _ => {}
    }
}

fn blocks<const SIZE: usize>(shuffled: &[u8], plain: &mut [u8]) {
    let row = shuffled.len() / SIZE / 8;
    if row == 0 {
        return;
    }
    let mut planes: [[&[u8]; 8]; SIZE] = [[&[]; 8]; SIZE];
    for (plane, bytes) in planes.iter_mut().zip(shuffled.chunks_exact(row * 8)) {
        for (bits, bytes) in plane.iter_mut().zip(bytes.chunks_exact(row)) {
            *bits = bytes;
        }
    }
    for (number, out) in plain.chunks_mut(GROUP * SIZE).enumerate() {
        let at = number * 8;
        let transposed = planes.map(|plane| transpose(plane.map(|bits| word(bits, at))));
        // One word for each byte of eight elements. The last group may have fewer elements.
        for (eight, out) in out.chunks_exact_mut(8 * SIZE).enumerate() {
            let bytes = transposed.map(|plane| plane.get(eight).copied().unwrap_or(0).to_le_bytes());
            for (element, out) in out.chunks_exact_mut(SIZE).enumerate() {
                for (out, bytes) in out.iter_mut().zip(&bytes) {
                    *out = bytes.get(element & 7).copied().unwrap_or(0);
                }
            }
        }
    }
}

/// The eight bytes at `at`, padded with zeros.
fn word(bits: &[u8], at: usize) -> u64 {
    let rest = bits.get(at..).unwrap_or_default();
    match rest.first_chunk::<8>() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => rest
            .iter()
            .rev()
            .fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    }
}

/// Transposes: from one word for each bit, with eight elements in each byte, to one word for each
/// eight elements.
fn transpose(mut rows: [u64; 8]) -> [u64; 8] {
    // Most high bytes of counts are zero.
    if rows.iter().fold(0, |any, row| any | row) == 0 {
        return rows;
    }
    swap(&mut rows, 1, 1, 0x5555_5555_5555_5555);
    swap(&mut rows, 2, 2, 0x3333_3333_3333_3333);
    swap(&mut rows, 4, 4, 0x0f0f_0f0f_0f0f_0f0f);
    swap(&mut rows, 1, 8, 0x00ff_00ff_00ff_00ff);
    swap(&mut rows, 2, 16, 0x0000_ffff_0000_ffff);
    swap(&mut rows, 4, 32, 0x0000_0000_ffff_ffff);
    rows
}

/// One step of the transposition: exchanges bits `shift` apart in rows that are `apart` rows apart.
#[inline(always)]
fn swap(rows: &mut [u64; 8], apart: usize, shift: u32, mask: u64) {
    for pairs in rows.chunks_exact_mut(apart * 2) {
        let (low, high) = pairs.split_at_mut(apart);
        for (low, high) in low.iter_mut().zip(high) {
            let changed = ((*low >> shift) ^ *high) & mask;
            *low ^= changed << shift;
            *high ^= changed;
        }
    }
}

#[cfg(test)]
mod tests;
