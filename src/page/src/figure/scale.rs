//! Scales: from a value to its place on an even line.

use super::number::drawable;

/// The least value that has a place where zero has none.
const LEAST: f64 = 1e-140;

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// Evenly; values are milliseconds since 1970, in UTC.
    Time,
    /// By their square.
    Pow,
    /// By 1/x²: resolution in Å, coarse at the left. There is no place for zero.
    InvSquare,
    /// By their logarithm. There is no place for zero and below.
    Log,
    /// Evenly; values are positions in a list.
    Identity,
}

impl Scale {
    /// The scale of this name, as reports name it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.trim() {
            "time" => Self::Time,
            "pow" => Self::Pow,
            "inv-square" => Self::InvSquare,
            "log" => Self::Log,
            "identity" => Self::Identity,
            _ => Self::Linear,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Time => "time",
            Self::Pow => "pow",
            Self::InvSquare => "inv-square",
            Self::Log => "log",
            Self::Identity => "identity",
        }
    }

    /// Where the value is on an even line. None if it has no place.
    #[must_use]
    pub fn warp(self, value: f64) -> Option<f64> {
        let value = drawable(value)?;
        let at = match self {
            Self::Linear | Self::Time | Self::Identity => value,
            // The sign is kept, so that order is.
            Self::Pow => value * value.abs(),
            Self::InvSquare if value >= LEAST => 1.0 / (value * value),
            Self::Log if value >= LEAST => value.log10(),
            Self::InvSquare | Self::Log => return None,
        };
        (at.is_finite() && at.abs() <= 1e300).then_some(at)
    }

    /// The value at a place on the even line.
    #[must_use]
    pub fn unwarp(self, at: f64) -> f64 {
        match self {
            Self::Linear | Self::Time | Self::Identity => at,
            Self::Pow => at.abs().sqrt().copysign(at),
            Self::InvSquare => at.max(1e-290).sqrt().recip(),
            Self::Log => 10_f64.powf(at),
        }
    }
}

/// A line across the figure, and its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Its value.
    pub value: f64,
    /// What is written there.
    pub label: String,
}
