//! Pure: a histogram of counts, for percentiles without sorting.

/// Counts below this have one bin each.
const EXACT: u32 = 1 << EXACT_BITS;
const EXACT_BITS: u32 = 12;
/// Bins for each doubling above it, as a power of two: a bin is less than 1.6 % wide.
const FINE_BITS: u32 = 6;
const BINS: usize = (EXACT + ((31 - EXACT_BITS) << FINE_BITS)) as usize;

/// The number of pixels for each range of counts.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    bins: Vec<u32>,
    total: u64,
}

impl Histogram {
    /// An empty histogram.
    pub(super) fn new() -> Self {
        Self {
            bins: vec![0; BINS],
            total: 0,
        }
    }

    /// Adds a pixel with this count, which is below 2³¹.
    pub(super) fn add(&mut self, count: u32) {
        if let Some(pixels) = self.bins.get_mut(bin(count)) {
            *pixels = pixels.saturating_add(1);
            self.total += 1;
        }
    }

    /// The least count that at least `share` ten-thousandths of the pixels do not exceed; 0 without
    /// pixels. Counts of 4096 or more are rounded down by less than 1.6 %.
    pub(super) fn percentile(&self, share: u64) -> u32 {
        let wanted = (self.total * share).div_ceil(10_000);
        let mut seen = 0;
        for (bin, pixels) in (0..).zip(&self.bins) {
            seen += u64::from(*pixels);
            if seen >= wanted && seen > 0 {
                return least(bin);
            }
        }
        0
    }
}

fn bin(count: u32) -> usize {
    let bin = if count < EXACT {
        count
    } else {
        let doublings = 31 - count.leading_zeros() - EXACT_BITS;
        let within = (count >> (doublings + EXACT_BITS - FINE_BITS)) & ((1 << FINE_BITS) - 1);
        EXACT + (doublings << FINE_BITS) + within
    };
    bin as usize
}

/// The least count of a bin.
fn least(bin: u32) -> u32 {
    let Some(above) = bin.checked_sub(EXACT) else {
        return bin;
    };
    let (doublings, within) = (above >> FINE_BITS, above & ((1 << FINE_BITS) - 1));
    ((1 << FINE_BITS) | within) << (doublings + EXACT_BITS - FINE_BITS)
}

#[cfg(test)]
mod tests;
