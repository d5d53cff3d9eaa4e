//! Pies and gauges.

use super::bars::own_colour;
use super::palette::Palette;
use super::read::{number, text, Entry};
use crate::figure::number::label;
use crate::figure::{Slice, Wheel};
use serde_json::{Map, Value};

/// Most slices of a chart.
const SLICES: usize = 60;

fn name(row: &Map<String, Value>) -> String {
    row.get("label")
        .map_or_else(String::new, |label| text(label).into_owned())
}

/// The pie of an entry.
pub(super) fn pie(entry: Entry<'_>) -> Result<Wheel, &'static str> {
    let palette = Palette::of(entry);
    let rows = entry.objects().take(SLICES).enumerate();
    let slices: Vec<_> = rows
        .filter_map(|(place, row)| {
            let value = row.get("value").and_then(number)?;
            let name = name(row);
            let colour = own_colour(row).unwrap_or_else(|| palette.colour(place, &name));
            Some((name, value, colour))
        })
        .collect();
    if !slices.iter().any(|(_, value, _)| *value > 0.0) {
        return Err("it has no values above zero");
    }
    let mut wheel = Wheel::pie(&entry.said("title"), &slices);
    wheel.summary = said(&wheel);
    Ok(wheel)
}

/// The gauge of an entry: one object or a list. `start` and `value` are degrees.
pub(super) fn gauge(entry: Entry<'_>) -> Result<Wheel, &'static str> {
    let palette = Palette::of(entry);
    let data = entry.0.get("data").and_then(Value::as_object);
    let single = data.filter(|data| data.contains_key("value"));
    let rows = single.into_iter().chain(entry.objects()).take(SLICES).enumerate();
    let slices: Vec<_> = rows
        .filter_map(|(place, row)| {
            let value = row.get("value").and_then(number)?;
            let start = row.get("start").and_then(number).unwrap_or(0.0);
            let name = name(row);
            let colour = own_colour(row).unwrap_or_else(|| palette.colour(place, &name));
            Some(Slice {
                label: name,
                value: format!(
                    "{}°",
                    label(
                        (value * 10.0).round() / 10.0,
                        if value.fract() == 0.0 { 1.0 } else { 0.1 }
                    )
                ),
                span: (start, start + value),
                colour,
            })
        })
        .collect();
    if slices.is_empty() {
        return Err("it has no value");
    }
    let mut wheel = Wheel {
        title: entry.said("title").into_owned(),
        summary: String::new(),
        slices,
        track: true,
    };
    wheel.summary = said(&wheel);
    Ok(wheel)
}

fn said(wheel: &Wheel) -> String {
    let slices = wheel
        .slices
        .iter()
        .map(|slice| format!("{}: {}", slice.label, slice.value));
    slices.collect::<Vec<_>>().join("; ")
}
