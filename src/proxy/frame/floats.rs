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
mod tests;
