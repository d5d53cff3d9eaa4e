//! From the text of a facility file to one tree of values, whatever it is written in.

use super::Format;
use crate::facility::place::{quoted, Mistakes, Section};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt;

/// The tables of a file, and the lines where the entries of its sections begin.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) tables: Map<String, Value>,
    headers: HashMap<Section, Vec<usize>>,
    /// The line of the header `[ids]`.
    pub(super) ids_line: Option<usize>,
}

impl Tree {
    /// Reads the text; a text that can't be read is one mistake and nothing else.
    pub(super) fn read(text: &str, format: Format, mistakes: &mut Mistakes) -> Option<Self> {
        // Some editors begin a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match format {
            Format::Toml => match text.parse::<toml::Table>() {
                Ok(tables) => Some(Self {
                    tables: tables
                        .into_iter()
                        .map(|(name, value)| (name, from_toml(value)))
                        .collect(),
                    headers: headers(text),
                    ids_line: text
                        .lines()
                        .position(|line| line.trim_start().starts_with("[ids]"))
                        .map(|index| index + 1),
                }),
                Err(error) => {
                    let before = error.span().and_then(|span| text.get(..span.start));
                    let line = before.map(|before| before.matches('\n').count() + 1);
                    let place = line.map_or_else(|| "the file".to_owned(), |line| format!("line {line}"));
                    mistakes.other(line, &place, format!("is not TOML: {}", error.message().trim()));
                    None
                }
            },
            Format::Json => match serde_json::from_str::<Strict>(text) {
                Ok(Strict(Value::Object(tables))) => Some(Self {
                    tables,
                    headers: HashMap::new(),
                    ids_line: None,
                }),
                Ok(_) => {
                    mistakes.other(None, "the file", "must be a JSON object whose keys are sections");
                    None
                }
                Err(error) => {
                    let place = format!("line {}, column {}", error.line(), error.column());
                    mistakes.other(Some(error.line()), &place, format!("is not JSON: {error}"));
                    None
                }
            },
        }
    }

    /// The line of the n-th entry of a section that has `count` of them. Unknown when the entries are not all
    /// written under headers of their own.
    pub(super) fn line(&self, section: Section, index: usize, count: usize) -> Option<usize> {
        let lines = self.headers.get(&section)?;
        if lines.len() == count {
            lines.get(index).copied()
        } else {
            None
        }
    }
}

/// The lines of all `[[section]]` headers.
fn headers(text: &str) -> HashMap<Section, Vec<usize>> {
    let mut headers: HashMap<Section, Vec<usize>> = HashMap::new();
    for (index, line) in text.lines().enumerate() {
        let Some((name, _)) = line
            .trim_start()
            .strip_prefix("[[")
            .and_then(|rest| rest.split_once("]]"))
        else {
            continue;
        };
        let name = name.trim().trim_matches(['"', '\'']);
        if let Some(section) = Section::ALL.into_iter().find(|section| section.name() == name) {
            headers.entry(section).or_default().push(index + 1);
        }
    }
    headers
}

/// Dates become strings; a float that JSON can't say becomes its text, for no field takes floats.
fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) if number.is_finite() => Value::from(number),
        toml::Value::Float(number) => Value::String(number.to_string()),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(list) => Value::Array(list.into_iter().map(from_toml).collect()),
        toml::Value::Table(table) => Value::Object(
            table
                .into_iter()
                .map(|(name, value)| (name, from_toml(value)))
                .collect(),
        ),
    }
}

/// A JSON value without repeated keys, of which the usual reader silently keeps the last.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(de::Error::custom(format_args!(
                    "{} stands here twice",
                    quoted(&name)
                )));
            }
            let Strict(value) = entries.next_value()?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}
