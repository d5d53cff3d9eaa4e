//! Lines through points, as paths.

use super::number::px;
use std::fmt::Write;

/// How a line runs between its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Curve {
    /// Straight.
    #[default]
    Linear,
    /// A smooth curve through all points.
    Cardinal,
    /// A smooth curve near the points (a cubic B-spline).
    Basis,
    /// Steps half-way between points.
    Step,
    /// Steps at the point before: the value holds up to its point.
    StepBefore,
    /// Steps at the next point: the value holds from its point on.
    StepAfter,
}

impl Curve {
    /// The curve of this name, as reports name it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.trim() {
            "cardinal" => Self::Cardinal,
            "basis" => Self::Basis,
            "step" => Self::Step,
            "step-before" => Self::StepBefore,
            "step-after" => Self::StepAfter,
            _ => Self::Linear,
        }
    }
}

type Point = (f64, f64);

/// The path through points that are places already. It has only absolute commands: M, L and C.
pub(super) fn path(points: &[Point], curve: Curve) -> String {
    let mut pen = Pen(String::new());
    let Some((first, rest)) = points.split_first() else {
        return String::new();
    };
    pen.to('M', &[*first]);
    match curve {
        Curve::Cardinal if points.len() > 2 => cardinal(&mut pen, points),
        Curve::Basis if points.len() > 2 => basis(&mut pen, points),
        Curve::Linear | Curve::Cardinal | Curve::Basis => {
            for point in rest {
                pen.to('L', &[*point]);
            }
        }
        Curve::Step | Curve::StepBefore | Curve::StepAfter => {
            for pair in points.windows(2) {
                if let [(x0, y0), (x1, y1)] = *pair {
                    let middle = f64::midpoint(x0, x1);
                    match curve {
                        Curve::StepBefore => pen.to('L', &[(x0, y1)]),
                        Curve::StepAfter => pen.to('L', &[(x1, y0)]),
                        _ => pen.to('L', &[(middle, y0), (middle, y1)]),
                    }
                    pen.to('L', &[(x1, y1)]);
                }
            }
        }
    }
    pen.0
}

struct Pen(String);

impl Pen {
    fn to(&mut self, command: char, points: &[Point]) {
        self.0.push(command);
        for (place, (x, y)) in points.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            // Writing into a string does not fail.
            let _ = write!(self.0, "{space}{} {}", px(*x), px(*y));
        }
    }
}

/// A point on the way from one to the other.
fn mix(one: Point, other: Point, share: f64) -> Point {
    (
        one.0 + share * (other.0 - one.0),
        one.1 + share * (other.1 - one.1),
    )
}

/// Each tangent is parallel to the line between the neighbours of its point.
fn cardinal(pen: &mut Pen, points: &[Point]) {
    let at = |place: usize| {
        points
            .get(place.min(points.len() - 1))
            .copied()
            .unwrap_or_default()
    };
    for place in 0..points.len() - 1 {
        let (before, from, to, after) = (
            at(place.saturating_sub(1)),
            at(place),
            at(place + 1),
            at(place + 2),
        );
        let out = (from.0 + (to.0 - before.0) / 6.0, from.1 + (to.1 - before.1) / 6.0);
        let into = (to.0 - (after.0 - from.0) / 6.0, to.1 - (after.1 - from.1) / 6.0);
        pen.to('C', &[out, into, to]);
    }
}

/// A uniform cubic B-spline that begins at the first and ends at the last point.
fn basis(pen: &mut Pen, points: &[Point]) {
    let knot = |before: Point, at: Point, after: Point| {
        (
            (before.0 + 4.0 * at.0 + after.0) / 6.0,
            (before.1 + 4.0 * at.1 + after.1) / 6.0,
        )
    };
    let at = |place: usize| {
        points
            .get(place.min(points.len() - 1))
            .copied()
            .unwrap_or_default()
    };
    pen.to('L', &[mix(at(0), at(1), 1.0 / 6.0)]);
    for place in 1..points.len() {
        let (before, here) = (at(place - 1), at(place));
        let end = knot(before, here, at(place + 1));
        pen.to(
            'C',
            &[mix(before, here, 1.0 / 3.0), mix(before, here, 2.0 / 3.0), end],
        );
    }
    pen.to('L', &[at(points.len() - 1)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: [Point; 3] = [(0.0, 0.0), (6.0, 12.0), (12.0, 0.0)];

    #[test]
    fn each_interpolation_has_its_path() {
        let cases = [
            ("linear", "M0 0L6 12L12 0"),
            ("cardinal", "M0 0C1 2 4 12 6 12C8 12 11 2 12 0"),
            ("basis", "M0 0L1 2C2 4 4 8 6 8C8 8 10 4 11 2L12 0"),
            ("step", "M0 0L3 0 3 12L6 12L9 12 9 0L12 0"),
            ("step-before", "M0 0L0 12L6 12L6 0L12 0"),
            ("step-after", "M0 0L6 0L6 12L12 12L12 0"),
            ("unheard-of", "M0 0L6 12L12 0"),
        ];
        for (name, expected) in cases {
            assert_eq!(path(&POINTS, Curve::named(name)), expected, "{name}");
        }
    }

    #[test]
    fn few_points_are_a_straight_line() {
        assert_eq!(path(&[], Curve::Basis), "");
        assert_eq!(path(&[(1.0, 2.0)], Curve::Cardinal), "M1 2");
        assert_eq!(path(&[(1.0, 2.0), (3.0, 4.0)], Curve::Basis), "M1 2L3 4");
    }
}
