//! Pies and gauges.

use super::colour::Colour;
use super::number::{cut, drawable, label, px};
use maud::{html, Markup};

/// No more slices than this are drawn.
const SLICES: usize = 60;
/// The size of the drawing, and the radii of the ring, in its units.
const SIZE: f64 = 240.0;
const OUTER: f64 = 108.0;
const INNER: f64 = 66.0;

/// A ring of slices.
#[derive(Debug, Clone, PartialEq)]
pub struct Wheel {
    /// What it shows.
    pub title: String,
    /// What is to be seen in it, for screen readers.
    pub summary: String,
    /// The slices.
    pub slices: Vec<Slice>,
    /// Whether the rest of the ring is drawn too.
    pub track: bool,
}

/// A slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Its name.
    pub label: String,
    /// Its value as a text.
    pub value: String,
    /// From and to, in degrees, clockwise from the top.
    pub span: (f64, f64),
    /// Its colour.
    pub colour: Colour,
}

impl Wheel {
    /// A pie: each value has its share of the circle. Values that are no positive numbers have
    /// none.
    #[must_use]
    pub fn pie(title: &str, values: &[(String, f64, Colour)]) -> Self {
        let share = |value: f64| drawable(value).filter(|value| *value > 0.0);
        let values = values.get(..SLICES.min(values.len())).unwrap_or_default();
        let whole: f64 = values.iter().filter_map(|(_, value, _)| share(*value)).sum();
        let mut from = 0.0;
        let mut slices = Vec::new();
        for (name, value, colour) in values {
            let part = share(*value).map_or(0.0, |value| 360.0 * value / whole);
            let percent = part / 3.6;
            let digits = if percent > 0.0 && percent < 9.95 { 0.1 } else { 1.0 };
            slices.push(Slice {
                label: name.clone(),
                value: format!("{} ({} %)", short(*value), label(percent, digits)),
                span: (from, from + part),
                colour: *colour,
            });
            from += part;
        }
        Self {
            title: title.to_owned(),
            summary: String::new(),
            slices,
            track: false,
        }
    }

    /// The ring alone.
    pub(super) fn ring(&self) -> Markup {
        html! {
            @if self.track {
                path class="track" d=(arc(0.0, 360.0)) {}
            }
            @for slice in self.slices.iter().take(SLICES) {
                @let d = arc(slice.span.0, slice.span.1);
                @if !d.is_empty() {
                    path class=(format!("slice {}", slice.colour.class())) color=[slice.colour.attribute()] d=(d)
                        data-name=(slice.label) data-y=(slice.value) {
                        title { (slice.label) ": " (slice.value) }
                    }
                }
            }
            @if let [slice] = &self.slices[..] {
                text.value.middle x=(px(SIZE / 2.0)) y=(px(SIZE / 2.0 + 2.0)) { (cut(&slice.value, 60.0)) }
                text.tick.middle x=(px(SIZE / 2.0)) y=(px(SIZE / 2.0 + 22.0)) { (cut(&slice.label, 100.0)) }
            }
        }
    }

    /// The area that the ring needs.
    pub(super) fn view() -> String {
        format!("0 0 {} {}", px(SIZE), px(SIZE))
    }
}

fn short(value: f64) -> String {
    if value.fract() == 0.0 {
        label(value, 1.0)
    } else {
        label(value, 0.01)
    }
}

/// A part of the ring. Empty if there is nothing to draw.
fn arc(from: f64, to: f64) -> String {
    let Some((from, to)) = drawable(from).zip(drawable(to)) else {
        return String::new();
    };
    let length = (to - from).clamp(-360.0, 360.0);
    let from = from % 360.0;
    let (from, length) = if length < 0.0 {
        (from + length, -length)
    } else {
        (from, length)
    };
    if length < 0.01 {
        return String::new();
    }
    // An arc cannot end where it begins, so a whole circle is two of them.
    if length > 359.9 {
        return format!("{}{}", arc(from, from + 180.0), arc(from + 180.0, from + 359.9));
    }
    let at = |degrees: f64, radius: f64| {
        let angle = degrees.to_radians();
        let middle = SIZE / 2.0;
        format!(
            "{} {}",
            px(middle + radius * angle.sin()),
            px(middle - radius * angle.cos())
        )
    };
    let large = u8::from(length > 180.0);
    let to = from + length;
    format!(
        "M{}A{OUTER} {OUTER} 0 {large} 1 {}L{}A{INNER} {INNER} 0 {large} 0 {}Z",
        at(from, OUTER),
        at(to, OUTER),
        at(to, INNER),
        at(from, INNER)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_a_quarter() {
        let values = [1.0, 3.0, f64::NAN, -1.0].map(|value| (String::new(), value, Colour::Series(0)));
        let spans: Vec<_> = Wheel::pie("", &values)
            .slices
            .iter()
            .map(|slice| slice.span)
            .collect();
        assert_eq!(
            spans,
            [(0.0, 90.0), (90.0, 360.0), (360.0, 360.0), (360.0, 360.0)]
        );
        assert_eq!(
            arc(0.0, 90.0),
            "M120 12A108 108 0 0 1 228 120L186 120A66 66 0 0 0 120 54Z"
        );
    }

    #[test]
    fn no_angle_breaks_the_ring() {
        assert_eq!(arc(0.0, 0.0), "");
        assert_eq!(arc(f64::NAN, 1.0), "");
        assert_eq!(arc(90.0, 0.0), arc(0.0, 90.0));
        assert_eq!(arc(0.0, 1e9).matches('Z').count(), 2);
    }
}
