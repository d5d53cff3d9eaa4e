//! Histograms.

use super::bars::{figure, short};
use super::palette::Palette;
use super::plot::annotations;
use super::read::{number, pair, Entry};
use crate::figure::{Axis, Block, Boxes, Figure, Mark, Scale, Series};

/// A histogram: a column around each x, half-way to its neighbours.
pub(super) fn histogram(entry: Entry<'_>) -> Result<Figure, &'static str> {
    let pairs = entry.objects().take(10_000);
    let mut values: Vec<(f64, f64)> = pairs
        .filter_map(|row| Some((row.get("x").and_then(number)?, row.get("y").and_then(number)?)))
        .collect();
    values.sort_by(|one, other| one.0.total_cmp(&other.0));
    values.dedup_by(|one, other| one.0 == other.0);
    if values.is_empty() {
        return Err("it has no list of x and y");
    }
    let gaps = values.windows(2).filter_map(|pair| match pair {
        [one, other] => Some(other.0 - one.0),
        _ => None,
    });
    let least = gaps.fold(f64::INFINITY, f64::min);
    let half = if least.is_finite() { least / 2.0 } else { 0.5 };
    let boxes: Vec<_> = values
        .iter()
        .map(|(x, y)| Block {
            x: (x - half, x + half),
            y: (0.0, *y),
            label: short(*x),
            value: short(*y),
            colour: None,
            href: None,
        })
        .collect();
    let colour = Palette::of(entry).colour(0, "");
    let scale = Scale::named(&entry.word("y-scale"));
    let scale = if matches!(scale, Scale::Log | Scale::Pow) {
        scale
    } else {
        Scale::Linear
    };
    let floor = if scale == Scale::Log { None } else { Some(0.0) };
    let tops = values.iter().map(|value| value.1).chain(floor);
    let y = Axis::rounded(
        &entry.word("y-label"),
        scale,
        tops,
        pair(entry.option("y-limits")),
        5,
    );
    let ends = boxes.iter().flat_map(|block| [block.x.0, block.x.1]);
    let x = Axis::over(
        &entry.word("x-label"),
        Scale::Linear,
        ends,
        pair(entry.option("x-limits")),
        10,
    );
    let series = Series {
        name: String::new(),
        colour,
    };
    let marks = vec![Mark::Boxes(Boxes { series, boxes })];
    let said = format!("A histogram of {} values.", values.len());
    Ok(figure(
        entry,
        x,
        y,
        None,
        marks,
        annotations(entry, number),
        false,
        said,
    ))
}
