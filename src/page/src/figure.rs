//! Figures as SVG: no script, no `style` attribute, nothing to load.
//!
//! | file | what it holds |
//! |---|---|
//! | `figure/number.rs` | numbers in attributes and on axes |
//! | `figure/scale.rs`, `time.rs`, `ticks.rs`, `axis.rs` | from a value to its place; round values |
//! | `figure/colour.rs`, `curve.rs` | colours; lines through points |
//! | `figure/model.rs` | [`Figure`], and what it consists of |
//! | `figure/frame.rs`, `marks.rs` | axes, grid and annotations; lines, points and rectangles |
//! | `figure/wheel.rs` | pies and gauges |
//! | `figure/draw.rs` | the whole figure: in a page, and as a file |
//!
//! Invariants: a value is drawn exactly where its scale says, to a hundredth of a unit. No
//! attribute is `NaN` or infinite. However long a list is, what is drawn is bounded.

mod axis;
mod colour;
mod curve;
mod draw;
mod frame;
mod marks;
mod model;
pub(crate) mod number;
mod scale;
#[cfg(test)]
mod tests;
mod ticks;
pub(crate) mod time;
mod wheel;

pub use axis::Axis;
pub use colour::Colour;
pub use curve::Curve;
pub use model::{Annotation, Block, Boxes, Figure, Line, Mark, Points, Series};
pub use scale::{Scale, Tick};
pub use wheel::{Slice, Wheel};
