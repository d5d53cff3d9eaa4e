//! A whole figure: in a page, and as a file.

use super::colour::{Colour, LIGHT, SHADES};
use super::frame::Frame;
use super::marks::{marks, SERIES};
use super::model::{Figure, Mark};
use super::number::{cut, plain, px, width};
use super::wheel::Wheel;
use maud::{html, Markup, PreEscaped};
use std::fmt::Write;

/// The look of a figure that stands alone. Programs that draw know no custom properties.
const FILE: &str = include_str!("../../style/file.css");
/// The first line of a file.
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// A figure that is wider has too small a text on a phone, unless it can be moved sideways there.
const WIDE: f64 = 700.0;
/// The height of a row of the legend in a file.
const ROW: f64 = 20.0;

/// A line of the legend.
struct Entry {
    shape: &'static str,
    colour: Colour,
    name: String,
    value: String,
}

impl Figure {
    /// The figure with its legend, for a page with the style sheet.
    #[must_use]
    pub fn render(&self) -> Markup {
        let frame = Frame::of(self);
        let view = format!("0 0 {} {}", px(frame.width), px(frame.height));
        let plot = [
            frame.left,
            frame.top,
            frame.right - frame.left,
            frame.bottom - frame.top,
        ]
        .map(px);
        let zoomed = !self.x.bands && !self.y.bands;
        let ends = |value: f64| self.x.scale.warp(value).map(plain);
        html! {
            figure.plot {
                div.pane .wide[frame.width > WIDE] {
                    svg.figure viewBox=(view) role="img" data-plot=(plot.join(" "))
                        data-scale=[zoomed.then(|| self.x.scale.name())]
                        data-first=[ends(self.x.span.0)] data-last=[ends(self.x.span.1)] {
                        (self.inside(&frame))
                    }
                }
                (legend(&self.entries()))
            }
        }
    }

    /// The figure as a file, with the colours for light paper and its legend inside.
    #[must_use]
    pub fn file(&self) -> String {
        let frame = Frame::of(self);
        let (rows, legend) = drawn_legend(&self.entries(), frame.left, frame.width, frame.height);
        file(
            frame.width,
            frame.height + rows,
            &html! { (self.inside(&frame)) (legend) },
        )
    }

    fn inside(&self, frame: &Frame<'_>) -> Markup {
        html! {
            (name(&self.title, &self.summary))
            (frame.behind())
            (marks(self, frame))
            (frame.front())
        }
    }

    fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let named = self
            .marks
            .iter()
            .take(SERIES)
            .filter(|mark| !mark.series().name.is_empty());
        for mark in named.take_while(|_| self.legend) {
            let shape = match mark {
                Mark::Line(line) if line.right => "M0 6h4M6 6h4M12 6h4",
                Mark::Line(_) => "M0 6h16",
                Mark::Points(_) => "",
                Mark::Boxes(_) => "M1 1h10v10h-10z",
            };
            let series = mark.series();
            let value = if mark.right() { "right axis" } else { "" }.to_owned();
            if !entries
                .iter()
                .any(|entry| entry.name == series.name && entry.colour == series.colour)
            {
                entries.push(Entry {
                    shape,
                    colour: series.colour,
                    name: series.name.clone(),
                    value,
                });
            }
        }
        entries
    }
}

impl Wheel {
    /// The ring with its legend, for a page with the style sheet.
    #[must_use]
    pub fn render(&self) -> Markup {
        html! {
            figure.plot.round {
                svg.figure.wheel viewBox=(Self::view()) role="img" { (self.inside()) }
                (legend(&self.entries()))
            }
        }
    }

    /// The ring as a file, with the colours for light paper and its legend inside.
    #[must_use]
    pub fn file(&self) -> String {
        let (rows, legend) = drawn_legend(&self.entries(), 12.0, 240.0, 240.0);
        file(240.0, 240.0 + rows, &html! { (self.inside()) (legend) })
    }

    fn inside(&self) -> Markup {
        html! {
            (name(&self.title, &self.summary))
            (self.ring())
        }
    }

    fn entries(&self) -> Vec<Entry> {
        // A single slice is named in the middle.
        let several = self.slices.len() > 1;
        let slices = self.slices.iter().take(if several { SERIES } else { 0 });
        slices
            .map(|slice| Entry {
                shape: "M1 1h10v10h-10z",
                colour: slice.colour,
                name: slice.label.clone(),
                value: slice.value.clone(),
            })
            .collect()
    }
}

/// The name of a drawing for screen readers: its title, or what is to be seen in it.
fn name(title: &str, summary: &str) -> Markup {
    html! {
        @if title.is_empty() {
            @if !summary.is_empty() { title { (summary) } }
        } @else {
            title { (title) }
            @if !summary.is_empty() { desc { (summary) } }
        }
    }
}

fn swatch(entry: &Entry) -> Markup {
    let class = entry.colour.class();
    html! {
        @if entry.shape.is_empty() {
            circle class=(format!("spot {class}")) color=[entry.colour.attribute()] cx="6" cy="6" r="4" {}
        } @else if entry.shape.ends_with('z') {
            path class=(format!("box {class}")) color=[entry.colour.attribute()] d=(entry.shape) {}
        } @else {
            path class=(format!("sample {class}")) color=[entry.colour.attribute()] d=(entry.shape) {}
        }
    }
}

fn legend(entries: &[Entry]) -> Markup {
    html! {
        @if !entries.is_empty() {
            ul.legend {
                @for entry in entries {
                    li data-name=(entry.name) {
                        svg.swatch viewBox="0 0 16 12" aria-hidden="true" { (swatch(entry)) }
                        (entry.name)
                        @if !entry.value.is_empty() { " " span.soft { (entry.value) } }
                    }
                }
            }
        }
    }
}

/// The legend below a figure of this size, and how much higher it makes the file.
fn drawn_legend(entries: &[Entry], left: f64, wide: f64, high: f64) -> (f64, Markup) {
    let (mut x, mut y) = (left, high + ROW);
    let mut placed = Vec::new();
    for entry in entries {
        let text = cut(
            format!("{} {}", entry.name, entry.value).trim(),
            wide - left - 40.0,
        );
        let room = 22.0 + width(&text) + 18.0;
        if x > left && x + room > wide {
            (x, y) = (left, y + ROW);
        }
        placed.push((x, y, entry, text));
        x += room;
    }
    let rows = if entries.is_empty() { 0.0 } else { y + 8.0 - high };
    let legend = html! {
        @for (x, y, entry, text) in &placed {
            g transform={ "translate(" (px(*x)) " " (px(*y - 10.0)) ")" } {
                (swatch(entry))
                text.tick x="22" y="10" { (text) }
            }
        }
    };
    (rows, legend)
}

fn file(wide: f64, high: f64, content: &Markup) -> String {
    let mut style = FILE.to_owned();
    for (number, colour) in LIGHT.iter().enumerate() {
        // Writing into a string does not fail.
        let _ = write!(style, ".c{number}{{color:{colour}}}");
    }
    for (number, colour) in SHADES.iter().enumerate() {
        let _ = write!(style, ".h{number}{{color:{colour}}}");
    }
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" class="figure" role="img" width=(px(wide)) height=(px(high))
            viewBox=(format!("0 0 {} {}", px(wide), px(high))) {
            style { (PreEscaped(&style)) }
            rect.paper width=(px(wide)) height=(px(high)) {}
            (content)
        }
    };
    format!("{XML}{}\n", svg.into_string())
}
