//! Pure: converts pixels stored as floats to counts.

/// The factor from floats to counts: 1 if all are whole numbers, else a power of two that keeps
/// their fractions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale(f32);

/// The highest scaled value if there are fractions, as a power of two.
const HIGHEST: f32 = 24.0;
/// The highest count.
const MOST: f32 = 2_147_483_000.0;

impl Scale {
    /// The scale for all values of one frame. Negative and non-finite values are ignored.
    #[must_use]
    pub fn of(values: impl Iterator<Item = f32>) -> Self {
        let (mut highest, mut whole) = (0.0_f32, true);
        for value in values.filter(|value| value.is_finite() && *value > 0.0) {
            highest = highest.max(value);
            whole &= value.fract() == 0.0;
        }
        if highest == 0.0 || (whole && highest < MOST) {
            return Self(1.0);
        }
        let scale = (HIGHEST - highest.log2().ceil()).exp2();
        Self(if scale.is_finite() { scale } else { 1.0 })
    }

    /// The count for a value; −1 for negative and non-finite values.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "it is in the range of the type, and the cast saturates"
    )]
    pub fn count(self, value: f32) -> i32 {
        if value.is_finite() && value >= 0.0 {
            (value * self.0).min(MOST) as i32
        } else {
            -1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_counts_and_fractions_keep_their_proportions() {
        let whole = [0.0, 7.0, 40_000.0, -1.0, f32::NAN];
        let scale = Scale::of(whole.into_iter());
        assert_eq!(whole.map(|value| scale.count(value)), [0, 7, 40_000, -1, -1]);
        for highest in [1e-30_f32, 0.5, 1.5, 3e9, 1e38] {
            let scale = Scale::of([highest, highest / 4.0, f32::INFINITY].into_iter());
            let (all, quarter) = (scale.count(highest), scale.count(highest / 4.0));
            assert!(all > 1 << 22 && all <= 1 << 24, "{highest}: {all}");
            assert!((all / 4 - quarter).abs() <= 1, "{highest}");
        }
    }
}
