//! The frames of a dataset, as ranges.

use beamlive_actors::session::frames::Frames;
use rmpv::Value;
use std::fmt::Write;

/// The ranges of what a dump holds: a list of numbers, its text, or ranges. `None` if it is none of
/// these.
pub(super) fn of(value: &Value) -> Option<Frames> {
    match value {
        Value::String(text) => Frames::parse(text.as_str()?).ok(),
        Value::Integer(number) => Frames::parse(&number.to_string()).ok(),
        Value::Array(items) => {
            let numbers: Option<Vec<_>> = items.iter().map(crate::value::whole).collect();
            Frames::parse(&ranges(numbers?)).ok()
        }
        _ => None,
    }
}

/// `[1, 2, 3, 8]` as `1-3,8`.
fn ranges(mut numbers: Vec<i64>) -> String {
    numbers.sort_unstable();
    numbers.dedup();
    let mut text = String::new();
    let mut numbers = numbers.into_iter().peekable();
    while let Some(first) = numbers.next() {
        let mut last = first;
        while let Some(next) = numbers.next_if(|next| Some(*next) == last.checked_add(1)) {
            last = next;
        }
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a text does not fail.
        let _ = match first == last {
            true => write!(text, "{comma}{first}"),
            false => write!(text, "{comma}{first}-{last}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_form_of_frames_is_read() {
        let list = |numbers: &[i64]| Value::Array(numbers.iter().map(|n| Value::from(*n)).collect());
        for (value, text, count) in [
            (list(&[1, 2, 3, 4, 8]), "1-4,8", 5),
            (list(&[8, 2, 1, 2]), "1-2,8", 3),
            (list(&[]), "", 1),
            (Value::from("1-4,8"), "1-4,8", 5),
            (Value::from(5), "5", 1),
        ] {
            let frames = of(&value).unwrap();
            assert_eq!((frames.text(), frames.count()), (text, count), "{value}");
        }
        for wrong in [
            list(&[-1]),
            Value::from("all"),
            Value::from(1.5),
            Value::Nil,
            Value::from(true),
        ] {
            assert_eq!(of(&wrong), None, "{wrong}");
        }
    }
}
