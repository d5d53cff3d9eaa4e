//! Reads `details` leniently: what is missing or of another kind is nothing.

use crate::figure::{number::plain, time};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Longest title, label or cell, in characters.
pub(super) const TEXT: usize = 2_000;

/// A text, or a number or truth value as one. Long texts are cut.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => match text.char_indices().nth(TEXT) {
            Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
            None => Cow::Borrowed(text),
        },
        Value::Number(number) => Cow::Owned(number.as_f64().map_or_else(|| number.to_string(), plain)),
        Value::Bool(true) => Cow::Borrowed("yes"),
        Value::Bool(false) => Cow::Borrowed("no"),
        Value::Null => Cow::Borrowed(""),
        Value::Array(list) => {
            let items: Vec<_> = list
                .iter()
                .take(20)
                .filter(|item| !nested(item))
                .map(text)
                .collect();
            Cow::Owned(items.join(", "))
        }
        Value::Object(_) => Cow::Borrowed("…"),
    }
}

fn nested(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}

/// A number, or a text that is one.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let text = text.trim().replace('−', "-");
            let text = text.strip_suffix('%').map_or(text.as_str(), str::trim_end);
            // Rust reads `inf` and `nan` too.
            let digits = text.bytes().any(|byte| byte.is_ascii_digit());
            text.parse()
                .ok()
                .filter(|number: &f64| digits && number.is_finite())
        }
        _ => None,
    }
}

/// Milliseconds since 1970: a number, or an instant as a text.
pub(super) fn instant(value: &Value, format: Option<&str>) -> Option<f64> {
    match value {
        Value::String(text) => time::parse(text, format).or_else(|| number(value)),
        _ => number(value),
    }
}

/// Two numbers.
pub(super) fn pair(value: Option<&Value>) -> Option<(f64, f64)> {
    match value?.as_array()?.as_slice() {
        [one, other] => Some((number(one)?, number(other)?)),
        _ => None,
    }
}

/// An entry of a section.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Entry<'a> {
    /// A text of the entry itself. Empty if it has none.
    pub(super) fn said(self, name: &str) -> Cow<'a, str> {
        self.0.get(name).map_or(Cow::Borrowed(""), text)
    }

    /// What it is.
    pub(super) fn kind(self) -> String {
        self.said("kind").trim().to_ascii_lowercase()
    }

    /// An option, which stands in the data or beside it.
    pub(super) fn option(self, name: &str) -> Option<&'a Value> {
        let inner = self.0.get("data").and_then(|data| data.get(name));
        inner
            .or_else(|| self.0.get(name))
            .filter(|value| !value.is_null())
    }

    /// An option that is a text. Empty if there is none.
    pub(super) fn word(self, name: &str) -> Cow<'a, str> {
        self.option(name).map_or(Cow::Borrowed(""), text)
    }

    /// The list of data: the data itself, or the list inside of it.
    pub(super) fn rows(self) -> &'a [Value] {
        let data = self.0.get("data");
        let list = data
            .and_then(Value::as_array)
            .or_else(|| data.and_then(|data| data.get("data")).and_then(Value::as_array));
        list.map(Vec::as_slice).unwrap_or_default()
    }

    /// The objects in its list of data.
    pub(super) fn objects(self) -> impl Iterator<Item = &'a Map<String, Value>> {
        self.rows().iter().filter_map(Value::as_object)
    }
}
