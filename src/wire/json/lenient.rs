//! What programs write besides JSON: a byte order mark, and Python's `NaN`, `Infinity` and
//! `-Infinity`.

use crate::wire::bom::without_bom;
use std::borrow::Cow;

/// Marks a text that replaces such a number on its way through the parser. Unicode reserves this
/// character for internal use, so no real text begins with it.
const MARK: char = '\u{fdd0}';

/// Each literal, its replacement, and its value.
const LITERALS: [(&[u8], &str, f64); 3] = [
    (b"-Infinity", "\"\u{fdd0}-\"", f64::NEG_INFINITY),
    (b"Infinity", "\"\u{fdd0}+\"", f64::INFINITY),
    (b"NaN", "\"\u{fdd0}0\"", f64::NAN),
];

/// The text as a JSON parser accepts it.
pub(super) fn plain(json: &[u8]) -> Cow<'_, [u8]> {
    let json = without_bom(json);
    let mut out = Vec::new();
    let mut taken = 0;
    let mut at = 0;
    let mut in_text = false;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => in_text = !in_text,
            // The next character cannot end the string.
            b'\\' if in_text => at += 1,
            b'-' | b'I' | b'N' if !in_text => {
                let rest = json.get(at..).unwrap_or_default();
                if let Some((literal, instead, _)) =
                    LITERALS.iter().find(|(literal, ..)| rest.starts_with(literal))
                {
                    out.extend_from_slice(json.get(taken..at).unwrap_or_default());
                    out.extend_from_slice(instead.as_bytes());
                    at += literal.len();
                    taken = at;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    if taken == 0 {
        return Cow::Borrowed(json);
    }
    out.extend_from_slice(json.get(taken..).unwrap_or_default());
    Cow::Owned(out)
}

/// The number that a replacement means; `None` for any other text.
pub(super) fn number(text: &str) -> Option<f64> {
    text.starts_with(MARK).then_some(())?;
    let stands = |(_, instead, _): &&(&[u8], &str, f64)| instead.trim_matches('"') == text;
    LITERALS.iter().find(stands).map(|(.., number)| *number)
}
