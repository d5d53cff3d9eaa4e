//! What surrounds the marks of a figure: axes, grid, titles, annotations.

use super::axis::Axis;
use super::model::{Annotation, Figure};
use super::number::{cut, px, width};
use maud::{html, Markup};

/// Space between what stands side by side.
const GAP: f64 = 8.0;
/// The longest label of a category that is not cut.
const LONGEST: f64 = 150.0;
/// The longest label that is slanted.
const SLANTED: f64 = 110.0;
/// No more annotations than this are drawn.
const ANNOTATIONS: usize = 50;

/// Where the parts of a figure are, in its own units.
pub(super) struct Frame<'a> {
    figure: &'a Figure,
    /// The sides of the rectangle with the marks.
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Whether labels of the x axis are slanted, because they are too long.
    slanted: bool,
    notes: Vec<(f64, usize, String)>,
}

impl<'a> Frame<'a> {
    pub(super) fn of(figure: &'a Figure) -> Self {
        let sane = |value: f64, least: f64, most: f64| {
            if value.is_finite() {
                value.clamp(least, most)
            } else {
                most.min(least * 4.0)
            }
        };
        let wide = sane(figure.width, 160.0, 2400.0);
        let height = (wide / sane(figure.aspect, 0.25, 12.0)).clamp(130.0, 2400.0);
        let side = |axis: &Axis| {
            let title = if axis.title.is_empty() { 0.0 } else { 20.0 };
            let labels = axis.ticks.iter().map(|tick| width(&tick.label).min(LONGEST));
            title + labels.fold(8.0, f64::max) + GAP
        };
        let ends = figure
            .x
            .ticks
            .last()
            .map_or(0.0, |tick| width(&tick.label) / 2.0 + 5.0)
            .min(40.0);
        let left = (side(&figure.y) + 4.0).min(wide * 0.4);
        let right = wide - figure.y2.as_ref().map_or(ends.max(12.0), side).min(wide * 0.4);
        let mut frame = Self {
            figure,
            left,
            right,
            top: 12.0,
            bottom: height,
            width: wide,
            height,
            slanted: false,
            notes: Vec::new(),
        };
        frame.notes = frame.place_notes(&figure.annotations);
        let rows = frame.notes.iter().map(|(_, row, _)| row + 1).max().unwrap_or(0);
        frame.top += 15.0 * (0..rows).map(|_| 1.0).sum::<f64>();
        let longest = figure
            .x
            .ticks
            .iter()
            .map(|tick| width(&tick.label))
            .fold(0.0, f64::max);
        frame.slanted = figure.x.bands && longest > frame.band() - 6.0;
        let labels = if frame.slanted {
            // The first label reaches to the left of its band.
            let reach = 0.9 * longest.min(SLANTED) - frame.band() / 2.0;
            frame.left = frame.left.max(reach);
            14.0 + 0.62 * longest.min(SLANTED)
        } else {
            22.0
        };
        let title = if figure.x.title.is_empty() { 4.0 } else { 22.0 };
        frame.bottom = (height - labels - title).max(frame.top + 40.0);
        frame
    }

    /// The place of a value of the x axis.
    pub(super) fn across(&self, value: f64) -> Option<f64> {
        self.figure.x.place(value, self.left, self.right)
    }

    /// The place of a value of the y axis, or of the one at the right.
    pub(super) fn up(&self, value: f64, right: bool) -> Option<f64> {
        let axis = self.axis(right);
        if axis.bands {
            axis.place(value, self.top, self.bottom)
        } else {
            axis.place(value, self.bottom, self.top)
        }
    }

    /// The y axis, or the one at the right.
    pub(super) fn axis(&self, right: bool) -> &Axis {
        match &self.figure.y2 {
            Some(axis) if right => axis,
            _ => &self.figure.y,
        }
    }

    /// The width of a category.
    fn band(&self) -> f64 {
        let (first, last) = self.figure.x.span;
        (self.right - self.left) / (last - first).max(1.0)
    }

    /// Where each annotation is, and in which row its text has room.
    fn place_notes(&self, annotations: &[Annotation]) -> Vec<(f64, usize, String)> {
        let mut notes: Vec<_> = annotations
            .iter()
            .take(ANNOTATIONS)
            .filter(|note| self.figure.x.holds(note.value))
            .filter_map(|note| Some((self.across(note.value)?, 0, cut(&note.text, LONGEST))))
            .collect();
        notes.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut rows = [f64::NEG_INFINITY; 4];
        for (at, row, text) in &mut notes {
            let wide = width(text);
            let from = if *at + wide + 6.0 > self.width {
                *at - wide - 4.0
            } else {
                *at
            };
            let free = rows.iter().position(|end| from > *end + 6.0);
            *row = free.unwrap_or(rows.len() - 1);
            if let Some(end) = rows.get_mut(*row) {
                *end = end.max(from + wide);
            }
        }
        notes
    }

    /// Everything behind the marks.
    pub(super) fn behind(&self) -> Markup {
        let figure = self.figure;
        let only = |right: bool| {
            let mut series = figure.marks.iter().filter(|mark| mark.right() == right);
            let first = series.next()?.series();
            let same = series.all(|mark| mark.series().colour == first.colour);
            (same && figure.y2.is_some()).then_some(first.colour)
        };
        let title = |right: bool| {
            only(right).map_or("axis middle".to_owned(), |colour| {
                format!("axis middle tinted {}", colour.class())
            })
        };
        let colour = |right: bool| only(right).and_then(super::colour::Colour::attribute);
        let middle = px(f64::midpoint(self.top, self.bottom));
        html! {
            g.grids { (self.grid()) }
            g.ticks { (self.x_ticks()) }
            @for (place, text) in self.labels(&figure.y, false) {
                text.tick.end x=(px(self.left - GAP)) y=(px(place + 4.0)) { (text) }
            }
            @if let Some(axis) = &figure.y2 {
                @for (place, text) in self.labels(axis, true) {
                    text.tick x=(px(self.right + GAP)) y=(px(place + 4.0)) { (text) }
                }
                @if !axis.title.is_empty() {
                    text class=(title(true)) color=[colour(true)]
                        transform={ "translate(" (px(self.width - 5.0)) " " (middle) ") rotate(-90)" } {
                        (cut(&axis.title, self.bottom - self.top + 40.0))
                    }
                }
            }
            @if !figure.y.title.is_empty() {
                text class=(title(false)) color=[colour(false)]
                    transform={ "translate(12 " (middle) ") rotate(-90)" } {
                    (cut(&figure.y.title, self.bottom - self.top + 40.0))
                }
            }
            @if !figure.x.title.is_empty() {
                text.axis.middle x=(px(f64::midpoint(self.left, self.right))) y=(px(self.height - 5.0)) {
                    (cut(&figure.x.title, self.right - self.left))
                }
            }
        }
    }

    /// Lines across the figure at each tick, and the line at zero or at the bottom.
    fn grid(&self) -> Markup {
        let (left, right) = (px(self.left), px(self.right));
        let across = !self.figure.y.bands;
        let base = if across { self.up(0.0, false) } else { None };
        let base = base
            .filter(|at| (self.top..=self.bottom).contains(at))
            .unwrap_or(self.bottom);
        html! {
            @if across {
                @for tick in &self.figure.y.ticks {
                    @if let Some(at) = self.up(tick.value, false).map(px) {
                        line.grid x1=(left) x2=(right) y1=(at) y2=(at) {}
                    }
                }
                line.base x1=(left) x2=(right) y1=(px(base)) y2=(px(base)) {}
            } @else {
                @for tick in &self.figure.x.ticks {
                    @if let Some(at) = self.across(tick.value).map(px) {
                        line.grid x1=(at) x2=(at) y1=(px(self.top)) y2=(px(self.bottom)) {}
                    }
                }
                @if let Some(at) = self.across(0.0).filter(|at| (self.left..=self.right).contains(at)).map(px) {
                    line.base x1=(at) x2=(at) y1=(px(self.top)) y2=(px(self.bottom)) {}
                }
            }
        }
    }

    /// The ticks of the x axis. Labels that have no room are left out.
    fn x_ticks(&self) -> Markup {
        let mut free = f64::NEG_INFINITY;
        let ticks: Vec<_> = self
            .figure
            .x
            .ticks
            .iter()
            .filter_map(|tick| Some((self.across(tick.value)?, &tick.label)))
            .map(|(at, label)| {
                let half = if self.slanted {
                    7.5
                } else {
                    width(label) / 2.0 + 3.0
                };
                let shown = at - half >= free;
                if shown {
                    free = at + half;
                }
                (
                    at,
                    shown.then(|| cut(label, if self.slanted { SLANTED } else { LONGEST })),
                )
            })
            .collect();
        let bands = self.figure.x.bands;
        html! {
            @for (at, label) in ticks {
                @if !bands && !self.figure.y.bands {
                    line.stroke x1=(px(at)) x2=(px(at)) y1=(px(self.bottom)) y2=(px(self.bottom + 4.0)) {}
                }
                @if let Some(label) = label {
                    @if self.slanted {
                        text.tick.end transform={ "translate(" (px(at + 4.0)) " " (px(self.bottom + 12.0)) ") rotate(-38)" } {
                            (label)
                        }
                    } @else {
                        text.tick.middle x=(px(at)) y=(px(self.bottom + 18.0)) { (label) }
                    }
                }
            }
        }
    }

    /// The labels of an axis that stands, without those that have no room.
    fn labels(&self, axis: &Axis, right: bool) -> Vec<(f64, String)> {
        let mut free: Option<f64> = None;
        let ticks = axis
            .ticks
            .iter()
            .filter_map(|tick| Some((self.up(tick.value, right)?, &tick.label)));
        let mut labels = Vec::new();
        for (at, label) in ticks {
            if free.is_none_or(|taken| (at - taken).abs() >= 12.0) {
                free = Some(at);
                labels.push((at, cut(label, LONGEST)));
            }
        }
        labels
    }

    /// Annotations, in front of the marks.
    pub(super) fn front(&self) -> Markup {
        html! {
            @for (at, row, text) in &self.notes {
                @let height = 11.0 + 15.0 * f64::from(u8::try_from(*row).unwrap_or(3));
                @let after = at + width(text) + 6.0 <= self.width;
                g.note data-at=(px(*at)) {
                    line.stroke x1=(px(*at)) x2=(px(*at)) y1=(px(height + 4.0)) y2=(px(self.bottom)) {}
                    text.tick.end[!after] x=(px(if after { *at } else { *at - 2.0 })) y=(px(height)) { (text) }
                }
            }
        }
    }
}
