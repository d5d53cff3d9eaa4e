//! The chart of an entry.

use super::grid::Place;
use super::read::Entry;
use super::{bars, histogram, plot, round, timeline};
use crate::figure::{Figure, Wheel};
use maud::Markup;

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub enum Chart {
    /// With axes.
    Plot(Box<Figure>),
    /// A pie or a gauge.
    Wheel(Wheel),
}

impl Chart {
    /// The chart for a page with the style sheet.
    #[must_use]
    pub fn render(&self) -> Markup {
        match self {
            Self::Plot(figure) => figure.render(),
            Self::Wheel(wheel) => wheel.render(),
        }
    }

    /// The chart as an SVG file.
    #[must_use]
    pub fn file(&self) -> String {
        match self {
            Self::Plot(figure) => figure.file(),
            Self::Wheel(wheel) => wheel.file(),
        }
    }
}

/// The chart of an entry. None if its kind is none of a chart.
///
/// # Errors
/// Why there is nothing to draw.
pub(super) fn chart(entry: Entry<'_>, place: &Place) -> Option<Result<Chart, &'static str>> {
    let plot =
        |figure: Result<Figure, _>| figure.map(|figure| Chart::Plot(Box::new(sized(figure, entry, place))));
    Some(match entry.kind().as_str() {
        "lineplot" => plot(plot::plot(entry, false)),
        "scatterplot" => plot(plot::plot(entry, true)),
        "columnchart" => plot(bars::columns(entry)),
        "barchart" => plot(bars::bars(entry)),
        "histogram" => plot(histogram::histogram(entry)),
        "timeline" => plot(timeline::timeline(entry)),
        "pie" => round::pie(entry).map(Chart::Wheel),
        "gauge" => round::gauge(entry).map(Chart::Wheel),
        _ => return None,
    })
}

/// The figure in the size of its place. A figure that has a height of its own keeps it.
fn sized(mut figure: Figure, entry: Entry<'_>, place: &Place) -> Figure {
    let asked = entry.option("aspect-ratio").and_then(super::read::number);
    let asked = asked.filter(|aspect| (0.2..=20.0).contains(aspect));
    let own = figure.aspect > 0.0;
    // Over all columns, 16 to 9 would be higher than most screens show.
    let usual = if place.width > 700.0 { 2.4 } else { 16.0 / 9.0 };
    let high = match asked {
        Some(aspect) => place.width / aspect,
        None if own => figure.width / figure.aspect,
        None => place.width / usual,
    };
    let high = if place.half && (asked.is_some() || !own) {
        high.min((high / 1.6).max(230.0))
    } else {
        high
    };
    figure.width = place.width;
    figure.aspect = place.width / high.max(1.0);
    figure
}
