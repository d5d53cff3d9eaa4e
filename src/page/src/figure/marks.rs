//! Lines, points and rectangles.

use super::curve::{path, Curve};
use super::frame::Frame;
use super::model::{Boxes, Figure, Line, Mark, Points, Series};
use super::number::{plain, px};
use super::scale::Scale;
use super::time;
use maud::{html, Markup};

/// Lines of fewer points show them.
const DOTTED: usize = 15;
/// A longer line is drawn by the least and the largest value of each stretch.
const LONGEST: usize = 2_000;
/// Most points of one series.
const SPOTS: usize = 4_000;
/// Most rectangles of one series.
const BOXES: usize = 10_000;
/// Most series.
pub(super) const SERIES: usize = 64;

type Point = (f64, f64);

/// All marks: those that may leave the plot are cut at its sides.
pub(super) fn marks(figure: &Figure, frame: &Frame<'_>) -> Markup {
    let (width, height) = (frame.right - frame.left, frame.bottom - frame.top);
    let view = format!(
        "{} {} {} {}",
        px(frame.left),
        px(frame.top - 1.0),
        px(width),
        px(height + 2.0)
    );
    html! {
        svg.clip x=(px(frame.left)) y=(px(frame.top - 1.0)) width=(px(width)) height=(px(height + 2.0)) viewBox=(view) {
            @for mark in figure.marks.iter().take(SERIES) {
                @match mark {
                    Mark::Line(line) => (strokes(line, frame)),
                    Mark::Boxes(all) => (boxes(all, figure, frame)),
                    Mark::Points(_) => {}
                }
            }
        }
        g.spots {
            @for mark in figure.marks.iter().take(SERIES) {
                @match mark {
                    Mark::Line(line) => (dots(line, figure, frame)),
                    Mark::Points(points) => (spots(points, figure, frame)),
                    Mark::Boxes(_) => {}
                }
            }
        }
    }
}

/// Stretches of points that have a place, each with its values.
fn stretches(points: &[Point], right: bool, frame: &Frame<'_>) -> Vec<(Vec<Point>, Vec<Point>)> {
    let mut all = Vec::new();
    let (mut values, mut places) = (Vec::new(), Vec::new());
    for (x, y) in thin(points) {
        if let Some(place) = frame.across(x).zip(frame.up(y, right)) {
            values.push((x, y));
            places.push(place);
        } else if !values.is_empty() {
            all.push((std::mem::take(&mut values), std::mem::take(&mut places)));
        }
    }
    if !values.is_empty() {
        all.push((values, places));
    }
    all
}

/// The points; of too many, the lowest and the highest of each stretch, in their order.
pub(super) fn thin(points: &[Point]) -> Vec<Point> {
    if points.len() <= LONGEST {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil(LONGEST / 2);
    let mut thinned = Vec::with_capacity(LONGEST);
    for part in points.chunks(stretch) {
        let numbered = || part.iter().enumerate().filter(|(_, point)| point.1.is_finite());
        let least = numbered().min_by(|one, other| one.1 .1.total_cmp(&other.1 .1));
        let most = numbered().max_by(|one, other| one.1 .1.total_cmp(&other.1 .1));
        if let (Some((low, least)), Some((high, most))) = (least, most) {
            thinned.push(if low < high { *least } else { *most });
            if low != high {
                thinned.push(if low < high { *most } else { *least });
            }
        } else {
            thinned.extend(part.first());
        }
    }
    thinned
}

fn strokes(line: &Line, frame: &Frame<'_>) -> Markup {
    let Line { series, .. } = line;
    let class = series.colour.class();
    let list = |values: &[Point], of: fn(&Point) -> f64| {
        let texts: Vec<_> = values.iter().map(|value| plain(of(value))).collect();
        texts.join(" ")
    };
    html! {
        @for (values, places) in stretches(&line.points, line.right, frame) {
            @if line.filled && places.len() > 1 {
                path class=(format!("area {class}")) color=[series.colour.attribute()] d=(area(&places, line.curve, frame)) {}
            }
            @if places.len() > 1 {
                path class=(format!("line {class}{}", if line.right { " right" } else { "" }))
                    color=[series.colour.attribute()] d=(path(&places, line.curve))
                    data-name=(series.name) data-x=(list(&values, |point| point.0)) data-y=(list(&values, |point| point.1)) {
                    title { (series.name) }
                }
            }
        }
    }
}

fn area(places: &[Point], curve: Curve, frame: &Frame<'_>) -> String {
    let ends = places.first().zip(places.last());
    ends.map_or_else(String::new, |((first, _), (last, _))| {
        let floor = px(frame.bottom);
        format!(
            "{}L{} {floor}L{} {floor}Z",
            path(places, curve),
            px(*last),
            px(*first)
        )
    })
}

/// The points of a line of few, and single ones.
fn dots(line: &Line, figure: &Figure, frame: &Frame<'_>) -> Markup {
    let few = line.dotted && line.points.len() < DOTTED;
    html! {
        @for (values, places) in stretches(&line.points, line.right, frame) {
            @let single = places.len() == 1;
            @if few || single {
                @for (value, place) in values.iter().zip(&places) {
                    @let class = if single { "dot" } else { "point" };
                    (spot(class, &line.series, line.right, figure, frame, *value, *place, 0))
                }
            }
        }
    }
}

fn spots(points: &Points, figure: &Figure, frame: &Frame<'_>) -> Markup {
    let stride = points.points.len().div_ceil(SPOTS).max(1);
    let of_series = |mark: &Mark| mark.series() == &points.series;
    let shape = figure.marks.iter().position(of_series).unwrap_or(0);
    html! {
        @for (x, y) in points.points.iter().step_by(stride) {
            @if let Some(place) = frame.across(*x).zip(frame.up(*y, points.right)) {
                (spot("spot", &points.series, points.right, figure, frame, (*x, *y), place, shape))
            }
        }
    }
}

/// One point, if it is inside the plot. Series have different shapes, for those who cannot tell
/// their colours.
#[allow(clippy::too_many_arguments)] // All of them are about this point.
fn spot(
    class: &str,
    series: &Series,
    right: bool,
    figure: &Figure,
    frame: &Frame<'_>,
    (x, y): Point,
    place: Point,
    shape: usize,
) -> Markup {
    if !figure.x.holds(x) || !frame.axis(right).holds(y) {
        return html! {};
    }
    let said = |value: f64, scale: Scale| match scale {
        Scale::Time => time::text(value),
        _ => plain(value),
    };
    let class = format!("{class} {}", series.colour.class());
    let at = format!("translate({} {})", px(place.0), px(place.1));
    let colour = series.colour.attribute();
    let said = format!("{}: {}, {}", series.name, said(x, figure.x.scale), plain(y));
    let d = match shape % 4 {
        1 => "M-3-3h6v6h-6z",
        2 => "M0-4L3.8 2.8h-7.6z",
        3 => "M0-4.2L4.2 0L0 4.2L-4.2 0z",
        _ => "",
    };
    html! {
        @if d.is_empty() {
            circle class=(class) color=[colour] transform=(at) r="3.2" data-name=(series.name) data-x=(plain(x)) data-y=(plain(y)) {
                title { (said) }
            }
        } @else {
            path class=(class) color=[colour] transform=(at) d=(d) data-name=(series.name) data-x=(plain(x)) data-y=(plain(y)) {
                title { (said) }
            }
        }
    }
}

fn boxes(all: &Boxes, figure: &Figure, frame: &Frame<'_>) -> Markup {
    let Boxes { series, boxes } = all;
    html! {
        @for block in boxes.iter().take(BOXES) {
            @let from = frame.across(block.x.0).unwrap_or(frame.left);
            @let floor = frame.up(block.y.0, false).unwrap_or(frame.bottom);
            @if let Some((to, ceiling)) = frame.across(block.x.1).zip(frame.up(block.y.1, false)) {
                @let (left, right) = (from.min(to).max(frame.left), from.max(to).min(frame.right));
                @let (top, bottom) = (floor.min(ceiling).max(frame.top), floor.max(ceiling).min(frame.bottom));
                @if right >= left && bottom >= top {
                    @let colour = block.colour.unwrap_or(series.colour);
                    @let least = if figure.x.bands || figure.y.bands { 0.0 } else { 1.0 };
                    @let rect = html! {
                        rect class=(format!("box {}", colour.class())) color=[colour.attribute()]
                            x=(px(left)) y=(px(top)) width=(px((right - left).max(least))) height=(px(bottom - top))
                            data-name=(series.name) data-x=(block.label) data-y=(block.value) {
                            title { (block.label) ": " @if !series.name.is_empty() { (series.name) ", " } (block.value) }
                        }
                    };
                    @if let Some(href) = &block.href { a href=(href) { (rect) } } @else { (rect) }
                }
            }
        }
    }
}
