//! What the fields of a record hold. Types are taken as generously as the servers write them.

use crate::pk::Pk;
use crate::value::{number, parse, restored, shown, whole};
use beamlive_actors::session::dataset::SHOWABLE;
use beamlive_actors::zone::Reading;
use beamlive_storage::Timestamp;
use chrono_tz::Tz;
use rmpv::Value;
use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A field holds something that it cannot hold.
#[derive(Debug)]
pub(crate) struct FieldError {
    pub(crate) field: String,
    pub(crate) message: String,
}

/// A date of the dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DumpDate {
    /// With an offset.
    Exact(Timestamp),
    /// Without one: read as local time of the facility.
    Local(Timestamp, String),
    /// No date.
    Invalid(String),
}

impl DumpDate {
    /// The instant; `None` if it is invalid.
    pub(crate) fn instant(&self) -> Option<Timestamp> {
        match self {
            Self::Exact(time) | Self::Local(time, _) => Some(*time),
            Self::Invalid(_) => None,
        }
    }

    /// The instant in microseconds.
    pub(crate) fn micros(&self) -> Option<i64> {
        self.instant().map(|time| time.0)
    }

    /// Reads a date. Times outside years 0-9999 are invalid.
    pub(crate) fn read(text: &str, zone: Tz) -> Self {
        let reading = Reading::parse(text);
        let instant = reading.map(|reading| reading.instant(zone));
        match (reading, instant.filter(|instant| SHOWABLE.contains(instant))) {
            (Some(Reading::Exact(_)), Some(time)) => Self::Exact(time),
            (Some(Reading::Clock(_)), Some(time)) => Self::Local(time, text.to_owned()),
            _ => Self::Invalid(text.to_owned()),
        }
    }
}

/// The fields of a record, which notes those that are asked for.
pub(crate) struct Fields {
    entries: Vec<(Value, Value)>,
    asked: RefCell<Vec<&'static str>>,
    skipped: RefCell<Vec<&'static str>>,
}

type Read<T> = Result<Option<T>, FieldError>;

impl Fields {
    pub(crate) fn new(entries: Vec<(Value, Value)>) -> Self {
        Self {
            entries,
            asked: RefCell::default(),
            skipped: RefCell::default(),
        }
    }

    /// A hash of the fields.
    pub(crate) fn digest(&self) -> u64 {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by(|(one, _), (other, _)| one.as_str().cmp(&other.as_str()));
        let mut hasher = DefaultHasher::new();
        for (name, value) in entries {
            crate::value::message_pack(name).hash(&mut hasher);
            crate::value::message_pack(value).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The names of fields that were not asked for.
    pub(crate) fn unknown(&self) -> Vec<&str> {
        let (asked, skipped) = (self.asked.borrow(), self.skipped.borrow());
        let names = self.entries.iter().filter_map(|(name, _)| name.as_str());
        names
            .filter(|name| !asked.contains(name) && !skipped.contains(name))
            .collect()
    }

    /// The names of fields that hold something for which beamlive has no place.
    pub(crate) fn ignored(&self) -> Vec<&str> {
        let skipped = self.skipped.borrow();
        let is_empty = |value: &Value| {
            let text = value.as_str().is_some_and(str::is_empty);
            text || value.is_nil() || value.as_array().is_some_and(Vec::is_empty)
        };
        let full = self.entries.iter().filter(|(_, value)| !is_empty(value));
        full.filter_map(|(name, _)| name.as_str())
            .filter(|name| skipped.contains(name))
            .collect()
    }

    /// Says that beamlive has no place for these fields.
    pub(crate) fn skip(&self, names: &[&'static str]) {
        self.skipped.borrow_mut().extend(names);
    }

    /// A field that is there and not null. Of several of one name, the last counts.
    fn value(&self, name: &'static str) -> Option<&Value> {
        self.asked.borrow_mut().push(name);
        let mut entries = self.entries.iter().rev();
        let found = entries.find(|(key, _)| key.as_str() == Some(name));
        found.map(|(_, value)| value).filter(|value| !value.is_nil())
    }

    fn typed<'a, T>(
        &'a self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Read<T> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let wrong = || FieldError {
            field: name.to_owned(),
            message: format!("must be {expected}, not {}", shown(value)),
        };
        read(value).map(Some).ok_or_else(wrong)
    }

    /// A text; a number is one too. The empty text is none.
    pub(crate) fn text(&self, name: &'static str) -> Read<String> {
        let text = self.typed(name, "a text", |value| match value {
            Value::String(text) => text.as_str().map(str::to_owned),
            Value::Integer(_) | Value::F32(_) | Value::F64(_) => Some(value.to_string()),
            _ => None,
        })?;
        Ok(text.filter(|text| !text.trim().is_empty()))
    }

    /// True or false, also as 0 and 1.
    pub(crate) fn flag(&self, name: &'static str) -> Read<bool> {
        self.typed(name, "true or false", |value| match value {
            Value::Boolean(flag) => Some(*flag),
            Value::String(text) => text.as_str()?.to_lowercase().parse().ok(),
            other => match other.as_i64()? {
                0 => Some(false),
                1 => Some(true),
                _ => None,
            },
        })
    }

    /// A whole number; an empty text is none.
    pub(crate) fn whole(&self, name: &'static str) -> Read<i64> {
        if self.is_blank(name) {
            return Ok(None);
        }
        self.typed(name, "a whole number", whole)
    }

    /// A number, which may be `NaN`; an empty text is none.
    pub(crate) fn number(&self, name: &'static str) -> Read<f64> {
        if self.is_blank(name) {
            return Ok(None);
        }
        self.typed(name, "a number", number)
    }

    fn is_blank(&self, name: &'static str) -> bool {
        let text = self.value(name).and_then(Value::as_str);
        text.is_some_and(|text| text.trim().is_empty())
    }

    /// A date, or what stands in its place.
    pub(crate) fn time(&self, name: &'static str, zone: Tz) -> Read<DumpDate> {
        let text = self.typed(name, "a date and time as a text", |value| match value {
            Value::String(text) => text.as_str().map(str::to_owned),
            Value::Integer(number) => Some(number.to_string()),
            _ => None,
        })?;
        Ok(text.map(|text| DumpDate::read(&text, zone)))
    }

    /// A reference to another record.
    pub(crate) fn reference(&self, name: &'static str) -> Read<Pk> {
        let blank = self.is_blank(name);
        let key = self.typed(name, "the key of a record", |value| {
            // An empty list is not a key, and neither is an empty text.
            let none = blank || value.as_array().is_some_and(Vec::is_empty);
            if none {
                Some(None)
            } else {
                Pk::of(value).map(Some)
            }
        })?;
        Ok(key.flatten())
    }

    /// References to other records.
    pub(crate) fn references(&self, name: &'static str) -> Result<Vec<Pk>, FieldError> {
        let keys = self.typed(name, "a list of keys", |value| {
            let items = value.as_array()?.iter().filter(|item| !item.is_nil());
            items.map(Pk::of).collect::<Option<Vec<_>>>()
        })?;
        Ok(keys.unwrap_or_default())
    }

    /// A JSON field: a text that holds JSON, or the JSON itself. A text that is not JSON stays a
    /// text.
    pub(crate) fn json(&self, name: &'static str) -> Option<Value> {
        match self.value(name)? {
            Value::String(text) => {
                let text = text.as_str().unwrap_or_default();
                if text.trim().is_empty() {
                    return None;
                }
                let value = parse(text).unwrap_or_else(|| Value::from(text));
                (!value.is_nil()).then_some(value)
            }
            other => Some(restored(other.clone())),
        }
    }
}
