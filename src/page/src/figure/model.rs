//! What a figure consists of.

use super::axis::Axis;
use super::colour::Colour;
use super::curve::Curve;

/// A figure with two or three axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it shows; the name for screen readers.
    pub title: String,
    /// What is to be seen in it, for screen readers.
    pub summary: String,
    /// Its width in its own units, of which text is 12 high. A page scales it.
    pub width: f64,
    /// Its width divided by its height.
    pub aspect: f64,
    /// From left to right.
    pub x: Axis,
    /// At the left, from the bottom to the top; of categories, from the top to the bottom.
    pub y: Axis,
    /// At the right.
    pub y2: Option<Axis>,
    /// What is drawn, from the back to the front.
    pub marks: Vec<Mark>,
    /// Vertical lines with a text.
    pub annotations: Vec<Annotation>,
    /// Whether the names of the series are listed below.
    pub legend: bool,
}

/// What belongs together: a name and a colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
}

/// Something that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line through points.
    Line(Line),
    /// Points alone.
    Points(Points),
    /// Rectangles: columns, bars, stretches of time, cells.
    Boxes(Boxes),
}

/// A line through points; with one point, a dot. A point without a place interrupts it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Whose values these are.
    pub series: Series,
    /// x and y.
    pub points: Vec<(f64, f64)>,
    /// How it runs between the points.
    pub curve: Curve,
    /// Whether its values are of the axis at the right.
    pub right: bool,
    /// Whether the area below it is filled.
    pub filled: bool,
    /// Whether few points are drawn on it.
    pub dotted: bool,
}

/// Points alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// Whose values these are.
    pub series: Series,
    /// x and y.
    pub points: Vec<(f64, f64)>,
    /// Whether its values are of the axis at the right.
    pub right: bool,
}

/// Rectangles.
#[derive(Debug, Clone, PartialEq)]
pub struct Boxes {
    /// Whose values these are.
    pub series: Series,
    /// Each rectangle.
    pub boxes: Vec<Block>,
}

/// A rectangle.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// From and to on the x axis.
    pub x: (f64, f64),
    /// From and to on the y axis.
    pub y: (f64, f64),
    /// What it stands for: a category, a time, a cell.
    pub label: String,
    /// Its value as a text.
    pub value: String,
    /// Its own colour, if it has another one than its series.
    pub colour: Option<Colour>,
    /// Where it leads. The caller makes it; it is not checked.
    pub href: Option<String>,
}

/// A vertical line with a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Where, on the x axis.
    pub value: f64,
    /// What is written there.
    pub text: String,
}

impl Mark {
    /// Whose values these are.
    #[must_use]
    pub fn series(&self) -> &Series {
        match self {
            Self::Line(line) => &line.series,
            Self::Points(points) => &points.series,
            Self::Boxes(boxes) => &boxes.series,
        }
    }

    /// Whether its values are of the axis at the right.
    #[must_use]
    pub fn right(&self) -> bool {
        match self {
            Self::Line(line) => line.right,
            Self::Points(points) => points.right,
            Self::Boxes(_) => false,
        }
    }
}
