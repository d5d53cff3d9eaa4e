//! Axes: where values are in a figure.

use super::scale::{Scale, Tick};
use super::ticks;

/// An axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    /// Its title. May be empty.
    pub title: String,
    /// How values are spread.
    pub scale: Scale,
    /// The values at its beginning and at its end.
    pub span: (f64, f64),
    /// Values with a grid line.
    pub ticks: Vec<Tick>,
    /// Whether each tick stands for a category, in the middle of its band.
    pub bands: bool,
}

impl Axis {
    /// An axis from the first to the last of `values`, or between `limits`, with about `count`
    /// ticks.
    #[must_use]
    pub fn over(
        title: &str,
        scale: Scale,
        values: impl IntoIterator<Item = f64>,
        limits: Option<(f64, f64)>,
        count: usize,
    ) -> Self {
        let (first, last) = extent(scale, values, limits);
        let span = (scale.unwarp(first), scale.unwarp(last));
        Self {
            title: title.to_owned(),
            scale,
            span,
            ticks: ticks::between(scale, (first, last), count),
            bands: false,
        }
    }

    /// As [`Axis::over`], but it begins and ends at a tick, unless `limits` say where.
    #[must_use]
    pub fn rounded(
        title: &str,
        scale: Scale,
        values: impl IntoIterator<Item = f64>,
        limits: Option<(f64, f64)>,
        count: usize,
    ) -> Self {
        let given = limits.and_then(|limits| ordered(scale, limits)).is_some();
        let (first, last) = extent(scale, values, limits);
        let (first, last) = if given {
            (first, last)
        } else {
            ticks::widened(scale, (first, last), count)
        };
        Self {
            title: title.to_owned(),
            scale,
            span: (scale.unwarp(first), scale.unwarp(last)),
            ticks: ticks::between(scale, (first, last), count),
            bands: false,
        }
    }

    /// An axis of categories: the one with number n is between n and n + 1.
    #[must_use]
    pub fn bands(title: &str, labels: &[String]) -> Self {
        let mut middle = -0.5;
        let ticks: Vec<_> = labels
            .iter()
            .map(|label| {
                middle += 1.0;
                Tick {
                    value: middle,
                    label: label.clone(),
                }
            })
            .collect();
        Self {
            title: title.to_owned(),
            scale: Scale::Identity,
            span: (0.0, (middle + 0.5).max(1.0)),
            ticks,
            bands: true,
        }
    }

    /// Where the value is between `from` and `to`, which are the places of the span. Values outside
    /// the span are outside. None if the value has no place.
    #[must_use]
    pub fn place(&self, value: f64, from: f64, to: f64) -> Option<f64> {
        let at = self.scale.warp(value)?;
        let first = self.scale.warp(self.span.0)?;
        let last = self.scale.warp(self.span.1)?;
        let share = (at - first) / (last - first);
        let place = from + share * (to - from);
        place.is_finite().then_some(place)
    }

    /// Whether the value is between the ends of the axis.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.place(value, 0.0, 1.0)
            .is_some_and(|share| (-1e-9..=1.0 + 1e-9).contains(&share))
    }
}

/// The warped ends, in order, and never the same.
fn extent(scale: Scale, values: impl IntoIterator<Item = f64>, limits: Option<(f64, f64)>) -> (f64, f64) {
    if let Some(ends) = limits.and_then(|limits| ordered(scale, limits)) {
        return ends;
    }
    let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
    for at in values.into_iter().filter_map(|value| end(scale, value)) {
        (first, last) = (first.min(at), last.max(at));
    }
    if first > last {
        return match scale {
            Scale::InvSquare => (0.01, 0.25),
            _ => (0.0, 1.0),
        };
    }
    let room = 1e-9 * first.abs().max(last.abs());
    if last - first > room {
        return (first, last);
    }
    // A single value stands in the middle.
    let half = if first == 0.0 { 0.5 } else { 0.05 * first.abs() };
    (first - half, last + half)
}

fn ordered(scale: Scale, (one, other): (f64, f64)) -> Option<(f64, f64)> {
    let (one, other) = (end(scale, one)?, end(scale, other)?);
    let ends = (one.min(other), one.max(other));
    (ends.1 - ends.0 > 1e-9 * ends.0.abs().max(ends.1.abs())).then_some(ends)
}

/// Where the value is, if an axis may end there: there must be room for more.
fn end(scale: Scale, value: f64) -> Option<f64> {
    let small = matches!(scale, Scale::Log | Scale::InvSquare) && value < 1e-100;
    let sane = value.abs() <= 1e120 && !small;
    scale.warp(value).filter(|_| sane)
}
