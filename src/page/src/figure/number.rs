//! Numbers in attributes and on axes.

/// The largest magnitude that is drawn. Its square is still finite.
const LARGEST: f64 = 1e150;
/// What is smaller counts as zero. Its square is no subnormal number.
const LEAST: f64 = 1e-150;
/// No position is further out than this, in units of the drawing.
const FURTHEST: f64 = 1e5;

/// The value, unless nothing can be drawn for it.
pub(crate) fn drawable(value: f64) -> Option<f64> {
    let size = value.abs();
    (size <= LARGEST).then_some(if size < LEAST { 0.0 } else { value })
}

/// A position or a length, as an attribute: two decimals, never `NaN` or infinite.
pub(crate) fn px(value: f64) -> String {
    if value.is_nan() {
        return "0".to_owned();
    }
    trimmed(&format!("{:.2}", value.clamp(-FURTHEST, FURTHEST)))
}

/// Without zeros after the last decimal that matters, and without a negative zero.
fn trimmed(text: &str) -> String {
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    };
    if text == "-0" { "0" } else { text }.to_owned()
}

/// A value as a program reads it back.
pub(crate) fn plain(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && !(1e-6..1e15).contains(&size) {
        format!("{value:e}")
    } else {
        trimmed(&value.to_string())
    }
}

/// A value as people read it, to the digits that a step of `step` needs.
pub(crate) fn label(value: f64, step: f64) -> String {
    let size = value.abs();
    if size > 0.0 && (size >= 1e7 || (size < 1e-4 && step < 1e-4)) {
        return scientific(value, step);
    }
    grouped(&format!("{value:.*}", decimals(step)))
}

/// How many decimals tell multiples of `step` apart.
pub(crate) fn decimals(step: f64) -> usize {
    let mut left = step.abs();
    for decimals in 0..12 {
        let whole = left.round();
        if whole >= 1.0 && (left - whole).abs() < 1e-6 * left {
            return decimals;
        }
        left *= 10.0;
    }
    12
}

/// `1.5×10⁹`
fn scientific(value: f64, step: f64) -> String {
    let power = value.abs().log10().floor();
    let scale = 10_f64.powf(power);
    let digits = decimals(step / scale).min(3);
    let factor = trimmed(&format!("{:.digits$}", value / scale));
    let mut text = format!("{}×10", factor.replace('-', "−"));
    for digit in format!("{power:.0}").chars() {
        text.push(match digit {
            '-' => '⁻',
            '0' => '⁰',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            _ => '⁹',
        });
    }
    text
}

/// Digits before the point in groups of three, from five digits on.
fn grouped(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("−", rest));
    let (whole, rest) = text
        .split_once('.')
        .map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let mut out = String::new();
    if text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        out.push_str(sign);
    }
    for (place, digit) in whole.chars().enumerate() {
        if whole.len() > 4 && place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

/// About how wide a text of 12 units is, in units.
pub(crate) fn width(text: &str) -> f64 {
    text.chars()
        .map(|letter| match letter {
            'i' | 'l' | 'j' | '.' | ',' | ':' | '\'' | '|' | '!' | ' ' | '\u{2009}' => 3.6,
            'm' | 'w' | 'M' | 'W' | '%' => 10.0,
            'A'..='Z' => 8.0,
            letter if letter > '\u{2e80}' => 12.0,
            _ => 6.7,
        })
        .sum()
}

/// The text, cut to about `most` units.
pub(crate) fn cut(text: &str, most: f64) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut wide = 9.0;
    for letter in text.chars() {
        wide += width(letter.encode_utf8(&mut [0; 4]));
        if wide > most {
            break;
        }
        out.push(letter);
    }
    format!("{}…", out.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_short_and_finite() {
        let texts = [1.0, 1.256, -0.001, f64::NAN, f64::INFINITY, -1e300].map(px);
        assert_eq!(texts, ["1", "1.26", "0", "0", "100000", "-100000"]);
    }

    #[test]
    fn labels_have_the_digits_of_their_step() {
        let cases = [
            (0.5, 0.25, "0.50"),
            (1000.0, 500.0, "1000"),
            (25_000.0, 5_000.0, "25\u{2009}000"),
            (-3.0, 1.0, "−3"),
            (-0.0, 1.0, "0"),
            (3e9, 1e9, "3×10⁹"),
            (2.5e-7, 5e-8, "2.5×10⁻⁷"),
        ];
        for (value, step, expected) in cases {
            assert_eq!(label(value, step), expected);
        }
    }

    #[test]
    fn programs_read_back_what_is_written() {
        for value in [0.0, -1.5, 12.6578, 1e-9, 1e300, 123_456_789.25] {
            assert_eq!(plain(value).parse::<f64>(), Ok(value));
        }
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut("short", 100.0), "short");
        assert!(width(&cut(&"long ".repeat(50), 100.0)) <= 100.0);
    }
}
