//! JSON values as they stand in a dump: the order of keys is kept, and `NaN` is a number.

use rmpv::Value;

/// Python writes NaN and infinity as these literals. Each is replaced by a text of the same length,
/// which a JSON parser takes. No real text begins with the control character 0x7f.
const LITERALS: [(&[u8], &[u8], f64); 3] = [
    (b"-Infinity", b"\"\x7f-infin\"", f64::NEG_INFINITY),
    (b"Infinity", b"\"\x7f+infi\"", f64::INFINITY),
    (b"NaN", b"\"\x7f\"", f64::NAN),
];

/// The longest of the literals, in bytes.
pub(crate) const LONGEST_LITERAL: usize = 9;

/// Replaces the literal that begins at `at`, if one does. Returns its length.
pub(crate) fn replace_literal(json: &mut [u8], at: usize) -> Option<usize> {
    let rest = json.get_mut(at..)?;
    let found = LITERALS.iter().find(|(literal, ..)| rest.starts_with(literal));
    let (literal, instead, _) = found?;
    rest.get_mut(..literal.len())?.copy_from_slice(instead);
    Some(literal.len())
}

/// The number that a replacement means; `None` for any other text.
fn literal(text: &str) -> Option<f64> {
    text.starts_with('\x7f').then_some(())?;
    let stands = |(_, instead, _): &&(&[u8], &[u8], f64)| {
        instead
            .strip_prefix(b"\"")
            .and_then(|rest| rest.strip_suffix(b"\""))
            == Some(text.as_bytes())
    };
    LITERALS.iter().find(stands).map(|(.., number)| *number)
}

/// The value with replaced literals as numbers again, at any depth.
pub(crate) fn restored(value: Value) -> Value {
    match value {
        Value::String(text) => match text.as_str().and_then(literal) {
            Some(number) => Value::F64(number),
            None => Value::String(text),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(restored).collect()),
        Value::Map(entries) => {
            let entries = entries.into_iter().map(|(name, value)| (name, restored(value)));
            Value::Map(entries.collect())
        }
        other => other,
    }
}

/// Parses the text of a JSON field, which dumps hold as a string. `None` if it is not JSON.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let mut json = text.as_bytes().to_vec();
    let (mut at, mut in_text) = (0, false);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => at += 1,
            b'N' | b'I' | b'-' if !in_text => {
                at += replace_literal(&mut json, at).unwrap_or(1);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    serde_json::from_slice(&json).ok().map(restored)
}

/// A number, also one that is written as a text. A text that is not a number is an error.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => {
            let text = text.as_str()?;
            literal(text).or_else(|| text.trim().parse().ok())
        }
        other => other.as_f64(),
    }
}

/// A whole number, also as a text or as a float.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    /// Floats hold all whole numbers up to here exactly.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    if let Some(number) = value.as_str().and_then(|text| text.trim().parse().ok()) {
        return Some(number);
    }
    let number = number(value).filter(|number| number.fract() == 0.0 && number.abs() <= EXACT)?;
    #[allow(clippy::cast_possible_truncation, reason = "it is whole and within the range")]
    Some(number as i64)
}

/// A value as a message shows it: short, on one line.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Nil => "null".to_owned(),
        Value::String(text) => quoted(text.as_str().unwrap_or_default()),
        Value::Array(_) => "a list".to_owned(),
        Value::Map(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}

/// A text as a message shows it.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// How many levels of lists and maps a value has.
pub(crate) fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Map(entries) => entries.iter().map(|(_, value)| depth(value)).max(),
        _ => return 0,
    };
    inner.unwrap_or(0) + 1
}

/// The bytes of a value as MessagePack.
pub(crate) fn message_pack(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = rmpv::encode::write_value(&mut bytes, value);
    bytes
}
