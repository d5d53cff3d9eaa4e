//! Timelines: a lane for each type.

use super::palette::Palette;
use super::plot::annotations;
use super::read::{instant, text, Entry};
use crate::figure::time;
use crate::figure::{Axis, Block, Boxes, Figure, Mark, Scale, Series};
use serde_json::Value;

/// Most stretches that are drawn.
const STRETCHES: usize = 5_000;
/// Most types that have a lane.
const LANES: usize = 40;

/// From, to, and what it was.
type Stretch = (f64, f64, String);

/// The timeline of an entry. Times are in UTC.
pub(super) fn timeline(entry: Entry<'_>) -> Result<Figure, &'static str> {
    let format = entry.word("time-format");
    let read = |value: &Value| instant(value, Some(&*format).filter(|format| !format.is_empty()));
    let mut lanes: Vec<(String, Vec<Stretch>)> = Vec::new();
    for row in entry.objects().take(STRETCHES) {
        let ends = row.get("start").and_then(read).zip(row.get("end").and_then(read));
        let Some((start, end)) = ends else { continue };
        let kind = row
            .get("type")
            .map_or_else(String::new, |kind| text(kind).into_owned());
        let label = row
            .get("label")
            .map_or_else(String::new, |label| text(label).into_owned());
        let known = lanes.iter().position(|(known, _)| *known == kind);
        if let Some((_, stretches)) = known.and_then(|lane| lanes.get_mut(lane)) {
            stretches.push((start, end, label));
        } else if lanes.len() < LANES {
            lanes.push((kind, vec![(start, end, label)]));
        }
    }
    if lanes.is_empty() {
        return Err("it has no list of stretches with a start and an end");
    }
    let palette = Palette::of(entry);
    let own = entry
        .option("start")
        .and_then(read)
        .zip(entry.option("end").and_then(read));
    let ends = lanes
        .iter()
        .flat_map(|(_, lane)| lane.iter().flat_map(|(start, end, _)| [*start, *end]));
    let x = Axis::over("UTC", Scale::Time, ends, own, 10);
    let names: Vec<_> = lanes.iter().map(|(kind, _)| kind.clone()).collect();
    let mut lane = -1.0;
    let mut marks = Vec::new();
    for (number, (kind, stretches)) in lanes.into_iter().enumerate() {
        lane += 1.0;
        let boxes = stretches.into_iter().map(|(start, end, label)| Block {
            x: (start, end),
            y: (lane + 0.15, lane + 0.85),
            label: if label.is_empty() { kind.clone() } else { label },
            value: format!("{} to {}", time::text(start), time::text(end)),
            colour: None,
            href: None,
        });
        marks.push(Mark::Boxes(Boxes {
            boxes: boxes.collect(),
            series: Series {
                colour: palette.colour(number, &kind),
                name: kind,
            },
        }));
    }
    let count = f64::from(u32::try_from(names.len()).unwrap_or(1));
    Ok(Figure {
        title: entry.said("title").into_owned(),
        summary: format!("Stretches of time by type: {}.", names.join(", ")),
        width: 1000.0,
        aspect: 1000.0 / (70.0 + 34.0 * count),
        x,
        y: Axis::bands("", &names),
        y2: None,
        marks,
        annotations: annotations(entry, read),
        legend: false,
    })
}
