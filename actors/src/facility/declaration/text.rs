//! Parses the text of a facility file, TOML or JSON, into its tables.

use crate::facility::place::{quoted, Mistakes};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::ops::Range;
use toml::de::{DeString, DeTable, DeValue};
use toml::Spanned;

/// The format of a facility file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// TOML, as people write it.
    Toml,
    /// JSON, as programs write it.
    Json,
}

/// A table of the file, or a list of tables.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) value: Value,
    /// The line of each header: one for a table, or one for each table of a list. `None` for a
    /// table that is written without a header. Empty for JSON.
    pub(super) lines: Vec<Option<usize>>,
}

/// Reads the tables of a file. A text that can't be read is one mistake.
pub(super) fn read(text: &str, format: Format, mistakes: &mut Mistakes) -> Option<Vec<Table>> {
    // Some editors begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Format::Toml => match DeTable::parse(text) {
            Ok(tables) => Some(toml_tables(text, tables.into_inner())),
            Err(error) => {
                let line = error.span().map(|span| Lines::of(text).at(&span));
                let place = line.map_or_else(|| "the file".to_owned(), |line| format!("line {line}"));
                mistakes.other(line, &place, format!("is not TOML: {}", error.message().trim()));
                None
            }
        },
        Format::Json => match serde_json::from_str::<Strict>(text) {
            Ok(Strict(Value::Object(tables))) => {
                let table = |(name, value)| Table {
                    name,
                    value,
                    lines: Vec::new(),
                };
                Some(tables.into_iter().map(table).collect())
            }
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

fn toml_tables(text: &str, tables: DeTable<'_>) -> Vec<Table> {
    let lines = Lines::of(text);
    let header = |span: Range<usize>| {
        let here = text.get(span.start..)?;
        here.starts_with('[').then(|| lines.at(&span))
    };
    let table = |(name, value): (Spanned<DeString<'_>>, Spanned<DeValue<'_>>)| Table {
        lines: match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| header(item.span())).collect(),
            _ => vec![header(value.span())],
        },
        name: name.into_inner().into_owned(),
        value: from_toml(value.into_inner()),
    };
    tables.into_iter().map(table).collect()
}

/// Where the lines of a text end, in bytes.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line in which a span begins, from 1.
    fn at(&self, span: &Range<usize>) -> usize {
        self.0.partition_point(|end| *end < span.start) + 1
    }
}

/// Dates become strings. So do numbers that JSON can't hold: no field takes them.
fn from_toml(value: DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::String(number.to_string()), Value::from),
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(float) if float.is_finite() => Value::from(float),
            Ok(float) => Value::String(float.to_string()),
            Err(_) => Value::String(number.to_string()),
        },
        DeValue::Boolean(flag) => Value::Bool(flag),
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Array(list) => list
            .into_iter()
            .map(|item| from_toml(item.into_inner()))
            .collect(),
        DeValue::Table(table) => table
            .into_iter()
            .map(|(name, value)| (name.into_inner().into_owned(), from_toml(value.into_inner())))
            .collect(),
    }
}

/// A JSON value without repeated keys. (`Value` itself silently keeps the last of them.)
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

macro_rules! scalars {
    ($($visit:ident: $scalar:ty;)*) => {$(
        fn $visit<E>(self, value: $scalar) -> Result<Value, E> {
            Ok(Value::from(value))
        }
    )*};
}

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    scalars! {
        visit_bool: bool;
        visit_i64: i64;
        visit_u64: u64;
        visit_f64: f64;
        visit_str: &str;
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
