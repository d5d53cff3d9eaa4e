//! The shape of a body: its keys and the types of its values, without the values. Pure.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Most differences of two shapes that are named.
const MOST: usize = 12;
/// Longest key that is shown, in characters.
const LONGEST_KEY: usize = 40;

/// The types that a value has, or that the elements of a list have together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape {
    null: bool,
    truth: bool,
    number: bool,
    text: bool,
    /// The union of the elements; without any, the default.
    list: Option<Box<Shape>>,
    map: Option<BTreeMap<String, Entry>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    shape: Shape,
    /// Whether some of the maps lack the key.
    sometimes: bool,
}

impl Shape {
    pub(super) fn of(value: &Value) -> Self {
        let mut shape = Self::default();
        match value {
            Value::Null => shape.null = true,
            Value::Bool(_) => shape.truth = true,
            Value::Number(_) => shape.number = true,
            Value::String(_) => shape.text = true,
            Value::Array(items) => {
                let mut union = Self::default();
                items.iter().for_each(|item| union.add(Self::of(item)));
                shape.list = Some(Box::new(union));
            }
            Value::Object(fields) => {
                let entry = |(key, value): (&String, &Value)| {
                    let shape = Self::of(value);
                    let entry = Entry {
                        shape,
                        sometimes: false,
                    };
                    (key.clone(), entry)
                };
                shape.map = Some(fields.iter().map(entry).collect());
            }
        }
        shape
    }

    /// Adds the types of another value.
    fn add(&mut self, other: Self) {
        self.null |= other.null;
        self.truth |= other.truth;
        self.number |= other.number;
        self.text |= other.text;
        match (&mut self.list, other.list) {
            (Some(own), Some(list)) => own.add(*list),
            (own @ None, list) => *own = list,
            _ => {}
        }
        match (&mut self.map, other.map) {
            (Some(own), Some(map)) => add_map(own, map),
            (own @ None, map) => *own = map,
            _ => {}
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Where two shapes differ, as lines `place: theirs / ours`, in the order of the keys.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        self.compare(other, "", &mut lines);
        if lines.len() > MOST {
            let more = lines.len() - MOST;
            lines.truncate(MOST);
            lines.push(format!("and {more} more"));
        }
        lines
    }

    fn compare(&self, other: &Self, place: &str, lines: &mut Vec<String>) {
        let differs = self.kinds() != other.kinds();
        if differs {
            let place = if place.is_empty() { "the body" } else { place };
            lines.push(format!("{place}: {self} / {other}"));
        }
        if let (Some(own), Some(list)) = (&self.list, &other.list) {
            if !own.is_empty() && !list.is_empty() {
                own.compare(list, &format!("{place}[]"), lines);
            } else if own != list && !differs {
                lines.push(format!("{place}[]: {own} / {list}"));
            }
        }
        if let (Some(own), Some(map)) = (&self.map, &other.map) {
            let keys = own.keys().chain(map.keys().filter(|key| !own.contains_key(*key)));
            for key in keys {
                let dot = if place.is_empty() { "" } else { "." };
                let short: String = key.chars().take(LONGEST_KEY).collect();
                let place = format!("{place}{dot}{}", short.escape_debug());
                match (own.get(key), map.get(key)) {
                    (Some(own), Some(entry)) => {
                        if own.sometimes != entry.sometimes {
                            let word = |entry: &Entry| if entry.sometimes { "sometimes" } else { "always" };
                            lines.push(format!("{place}: {} there / {}", word(own), word(entry)));
                        }
                        own.shape.compare(&entry.shape, &place, lines);
                    }
                    (Some(own), None) => lines.push(format!("{place}: {} / missing", own.shape)),
                    (None, Some(entry)) => lines.push(format!("{place}: missing / {}", entry.shape)),
                    (None, None) => {}
                }
            }
        }
    }

    /// The names of the types.
    fn kinds(&self) -> Vec<&'static str> {
        let all = [
            (self.null, "null"),
            (self.truth, "true or false"),
            (self.number, "number"),
            (self.text, "text"),
            (self.list.is_some(), "list"),
            (self.map.is_some(), "map"),
        ];
        let own = all.into_iter().filter(|(has, _)| *has);
        own.map(|(_, name)| name).collect()
    }
}

fn add_map(own: &mut BTreeMap<String, Entry>, mut map: BTreeMap<String, Entry>) {
    for (key, entry) in own.iter_mut() {
        match map.remove(key) {
            Some(other) => {
                entry.sometimes |= other.sometimes;
                entry.shape.add(other.shape);
            }
            None => entry.sometimes = true,
        }
    }
    own.extend(map.into_iter().map(|(key, entry)| {
        let entry = Entry {
            sometimes: true,
            ..entry
        };
        (key, entry)
    }));
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing");
        }
        f.write_str(&self.kinds().join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn differences(theirs: &Value, ours: &Value) -> Vec<String> {
        Shape::of(theirs).differences(&Shape::of(ours))
    }

    #[rstest]
    #[case(json!({"id": 1}), json!({"id": 2}))]
    #[case(json!([1, null]), json!([null, 7, 8]))]
    #[case(json!([]), json!([]))]
    #[case(json!([{"a": 1}, {"b": "x"}]), json!([{"b": "y"}, {"a": 2.5}]))]
    fn values_do_not_count(#[case] theirs: Value, #[case] ours: Value) {
        assert_eq!(differences(&theirs, &ours), Vec::<String>::new());
    }

    #[rstest]
    #[case(json!({"id": 1}), json!({"id": "1"}), &["id: number / text"])]
    #[case(json!({"a": 1, "b": {"c": null}}), json!({"b": {"c": 1}, "d": true}),
        &["a: number / missing", "b.c: null / number", "d: missing / true or false"])]
    #[case(json!([{"a": 1}]), json!({"a": 1}), &["the body: list / map"])]
    #[case(json!([{"a": 1}]), json!([{"a": 1}, {}]), &["[].a: always there / sometimes"])]
    #[case(json!(["alice"]), json!([]), &["[]: text / nothing"])]
    #[case(json!([{"a": "x"}]), json!([{"a": "x"}, {"a": null}]), &["[].a: text / null or text"])]
    #[case(json!({"a\nb": 1}), json!({}), &["a\\nb: number / missing"])]
    fn keys_and_types_do(#[case] theirs: Value, #[case] ours: Value, #[case] lines: &[&str]) {
        assert_eq!(differences(&theirs, &ours), lines);
    }

    #[test]
    fn only_so_many_differences_are_named() {
        let many: serde_json::Map<_, _> = (0..30).map(|n| (format!("k{n:02}"), json!(n))).collect();
        let lines = differences(&Value::Object(many), &json!({}));
        assert_eq!(lines.len(), MOST + 1);
        assert_eq!(lines.last().map(String::as_str), Some("and 18 more"));
    }
}
