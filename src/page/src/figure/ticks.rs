//! Round values along an axis.

use super::number::{decimals, label};
use super::scale::{Scale, Tick};
use super::time;

/// No axis has more ticks than this.
const MOST: u32 = 40;

/// About `count` ticks between two places of the warped line.
pub(super) fn between(scale: Scale, ends: (f64, f64), count: usize) -> Vec<Tick> {
    let count = count.clamp(2, 20);
    match scale {
        Scale::Linear => even(ends, step(ends.1 - ends.0, count)),
        Scale::Identity => even(ends, step(ends.1 - ends.0, count).max(1.0)),
        Scale::Time => time::ticks(ends, count),
        Scale::Log => logarithmic(ends, count),
        Scale::Pow | Scale::InvSquare => bent(scale, ends, count),
    }
}

/// The ends, moved out to the next tick.
pub(super) fn widened(scale: Scale, (first, last): (f64, f64), count: usize) -> (f64, f64) {
    let step = match scale {
        Scale::Log => 1.0,
        Scale::Linear | Scale::Identity => step(last - first, count),
        _ => return (first, last),
    };
    let ends = (
        (first / step + 1e-9).floor() * step,
        (last / step - 1e-9).ceil() * step,
    );
    if ends.0.is_finite() && ends.1.is_finite() && ends.0 < ends.1 {
        ends
    } else {
        (first, last)
    }
}

/// A round step that divides `length` into about `count` parts.
pub(super) fn step(length: f64, count: usize) -> f64 {
    let count = f64::from(u32::try_from(count.max(1)).unwrap_or(MOST));
    let rough = length.abs() / count;
    if !rough.is_finite() || rough < 1e-290 {
        return 1.0;
    }
    let power = 10_f64.powf(rough.log10().floor());
    match rough / power {
        factor if factor <= 1.2 => power,
        factor if factor <= 2.2 => 2.0 * power,
        factor if factor <= 6.0 => 5.0 * power,
        _ => 10.0 * power,
    }
}

fn even((first, last): (f64, f64), step: f64) -> Vec<Tick> {
    let room = 1e-9 * step.min(last - first);
    let begin = ((first - room) / step).ceil();
    (0..MOST)
        .map(|number| (begin + f64::from(number)) * step)
        .take_while(|value| *value <= last + room)
        // Near the limits of precision, adding a step may change nothing.
        .filter(|value| value.is_finite() && *value >= first - room)
        .map(|value| Tick {
            value,
            label: label(value, step),
        })
        .collect()
}

/// Powers of ten, with the values between them if there are few.
fn logarithmic((first, last): (f64, f64), count: usize) -> Vec<Tick> {
    let decades = last - first;
    if decades < 0.7 {
        let values = (10_f64.powf(first), 10_f64.powf(last));
        return even(values, step(values.1 - values.0, count.min(6)));
    }
    let factors: &[f64] = match decades {
        decades if decades < 1.5 => &[1.0, 2.0, 3.0, 5.0],
        decades if decades < 3.0 => &[1.0, 2.0, 5.0],
        _ => &[1.0],
    };
    let stride = step(decades, count).max(1.0);
    let begin = (first / stride).floor() * stride;
    let inside = |at: f64| (first - 1e-9..=last + 1e-9).contains(&at);
    (0..MOST)
        .map(|number| begin + f64::from(number) * stride)
        .take_while(|power| *power <= last + 1e-9)
        .flat_map(|power| factors.iter().map(move |factor| (power, *factor)))
        .filter(|(power, factor)| inside(power + factor.log10()))
        .map(|(power, factor)| {
            let value = factor * 10_f64.powf(power);
            Tick {
                value,
                label: label(value, 10_f64.powf(power)),
            }
        })
        .collect()
}

/// Ticks at even distances on the warped line, from end to end, each moved to the roundest value
/// nearby.
fn bent(scale: Scale, (first, last): (f64, f64), count: usize) -> Vec<Tick> {
    let parts = u32::try_from(count).unwrap_or(MOST).min(MOST);
    let distance = (last - first) / f64::from(parts);
    let mut ticks: Vec<Tick> = Vec::new();
    for number in 0..=parts {
        let at = first + f64::from(number) * distance;
        let value = scale.unwarp(at);
        // The ends are where the data ends; two more digits are enough for them.
        let room = if number == 0 || number == parts { 0.06 } else { 0.3 };
        let (value, text) = rounded(scale, value, at, room * distance.abs());
        let inside = scale
            .warp(value)
            .is_some_and(|at| (first - 1e-9 * first.abs()..=last + 1e-9 * last.abs()).contains(&at));
        if inside && ticks.last().is_none_or(|tick| tick.label != text) {
            ticks.push(Tick { value, label: text });
        }
    }
    ticks
}

/// The value with the fewest digits that is within `room` of the place `at`.
fn rounded(scale: Scale, value: f64, at: f64, room: f64) -> (f64, String) {
    if value == 0.0 || !value.is_finite() {
        return (value, label(value, 1.0));
    }
    let size = value.abs().log10().floor();
    for digits in 0..6 {
        let step = 10_f64.powf(size - f64::from(digits));
        let near = (value / step).round() * step;
        let close = scale.warp(near).is_some_and(|place| (place - at).abs() <= room);
        if close && near != 0.0 {
            return (near, label(near, fitting(near, step)));
        }
    }
    (value, label(value, 10_f64.powf(size - 3.0)))
}

/// The step, but without decimals that are all zero.
fn fitting(value: f64, step: f64) -> f64 {
    if step < 1.0 && decimals(value) == 0 {
        1.0
    } else {
        step.min(1.0)
    }
}
