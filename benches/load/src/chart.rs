//! Line charts as SVG, without scripts, for any page. Colours are classes of [`STYLE`], so that
//! they follow the theme of the page.

use maud::{html, Markup, PreEscaped};
use std::fmt::Write;

/// The style sheet of charts. The page defines `--soft` for labels and `--line` for the grid.
pub const STYLE: &str = include_str!("chart.css");

/// Size of a chart, in its own units, and the space for the labels of its axes.
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 44.0;

/// An axis.
#[derive(Debug, Clone)]
pub struct Axis {
    /// Its label.
    pub title: &'static str,
    /// The first and the last value.
    pub span: (f64, f64),
    /// Values with a grid line, and their labels.
    pub ticks: Vec<(f64, String)>,
}

/// A line, or, with one point, a dot.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Its colour: 0 to 8.
    pub colour: usize,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
    /// Whether the area below it is filled.
    pub filled: bool,
}

impl Axis {
    fn place(&self, value: f64, from: f64, to: f64) -> f64 {
        let (first, last) = self.span;
        let share = ((value - first) / (last - first).max(1e-12)).clamp(0.0, 1.0);
        from + share * (to - from)
    }

    /// An axis from 0 to a round number above `most`, in about five steps.
    #[must_use]
    pub fn linear(title: &'static str, most: f64, label: fn(f64) -> String) -> Self {
        let rough = (most / 4.0).max(1e-6);
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough - 1e-12)
            .unwrap_or(power * 10.0);
        let ticks: Vec<_> = (0..=5_u8)
            .map(|number| f64::from(number) * step)
            .take_while(|value| *value < most + step)
            .map(|value| (value, label(value)))
            .collect();
        Self {
            title,
            span: (0.0, ticks.last().map_or(1.0, |(value, _)| *value)),
            ticks,
        }
    }

    /// An axis of the logarithms of `values`, with a tick at each power of ten.
    #[must_use]
    pub fn logarithmic(
        title: &'static str,
        values: impl Iterator<Item = f64>,
        label: fn(f64) -> String,
    ) -> Self {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| *value > 0.0).map(f64::log10) {
            (least, most) = (least.min(value), most.max(value));
        }
        if least > most {
            (least, most) = (0.0, 1.0);
        }
        let (first, last) = (least.floor(), most.ceil().max(least.floor() + 1.0));
        let mut ticks = Vec::new();
        let mut power = first;
        while power <= last {
            ticks.push((power, label(10_f64.powf(power))));
            power += 1.0;
        }
        Self {
            title,
            span: (first, last),
            ticks,
        }
    }
}

/// A chart of lines. `summary` is its text for screen readers.
#[must_use]
pub fn lines(x: &Axis, y: &Axis, lines: &[Line], summary: &str) -> Markup {
    let across = |value| x.place(value, LEFT, WIDTH - RIGHT);
    let up = |value| y.place(value, HEIGHT - BOTTOM, TOP);
    let path = |line: &Line| {
        let mut path = String::new();
        for (place, (at, value)) in line.points.iter().enumerate() {
            let command = if place == 0 { 'M' } else { 'L' };
            // Writing into a string does not fail.
            let _ = write!(path, "{command}{:.1} {:.1}", across(*at), up(*value));
        }
        path
    };
    let area = |line: &Line| {
        let ends = line.points.first().zip(line.points.last());
        ends.map(|((first, _), (last, _))| {
            let floor = HEIGHT - BOTTOM;
            format!(
                "{}L{:.1} {floor:.1}L{:.1} {floor:.1}Z",
                path(line),
                across(*last),
                across(*first)
            )
        })
    };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(summary) {
            @for (value, label) in &y.ticks {
                line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(tenth(up(*value))) y2=(tenth(up(*value))) {}
                text.tick.end x=(LEFT - 8.0) y=(tenth(up(*value) + 4.0)) { (label) }
            }
            @for (value, label) in &x.ticks {
                line.grid.up x1=(tenth(across(*value))) x2=(tenth(across(*value))) y1=(TOP) y2=(HEIGHT - BOTTOM) {}
                text.tick.middle x=(tenth(across(*value))) y=(HEIGHT - BOTTOM + 18.0) { (label) }
            }
            text.axis.middle x=((LEFT + WIDTH - RIGHT) / 2.0) y=(HEIGHT - 6.0) { (x.title) }
            text.axis.middle transform=(format!("translate(14 {}) rotate(-90)", (TOP + HEIGHT - BOTTOM) / 2.0)) {
                (y.title)
            }
            @for line in lines {
                @if line.filled {
                    @if let Some(area) = area(line) { path class=(format!("area c{}", line.colour)) d=(area) {} }
                }
                @if let [(at, value)] = line.points[..] {
                    circle class=(format!("dot c{}", line.colour)) cx=(tenth(across(at))) cy=(tenth(up(value))) r="4" {}
                } @else {
                    path class=(format!("line c{}", line.colour)) d=(path(line)) { title { (line.name) } }
                }
            }
        }
        ul.legend {
            @for line in lines {
                li { span class=(format!("key c{}", line.colour)) {} (PreEscaped("&nbsp;")) (line.name) }
            }
        }
    }
}

fn tenth(value: f64) -> String {
    format!("{value:.1}")
}
