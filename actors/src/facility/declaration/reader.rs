//! Reads one entry of a facility file with serde, and notes every mistake in it.
//!
//! Derived code stops at the first field that is wrong. An entry that holds a mistake is therefore
//! read again without that field, until all its other fields have been read. A field that is absent
//! is given to its type as null, so that only an `Option` accepts it.

use super::values::{instant, Time};
use crate::facility::place::{quoted, suggestion, Mistakes, Place};
use chrono_tz::Tz;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

/// Reads the entry at `place`. Times without an offset are in `zone`. `None` when it holds a
/// mistake; each is noted.
pub(super) fn read<'de, T: Deserialize<'de>>(
    value: &'de Value,
    place: Place,
    zone: Tz,
    mistakes: &mut Mistakes,
) -> Option<T> {
    let notes = Notes {
        place,
        zone,
        mistakes: RefCell::new(mistakes),
        left_out: RefCell::default(),
    };
    loop {
        let node = Node {
            value,
            path: Cow::Borrowed(""),
            notes: &notes,
        };
        match T::deserialize(node) {
            Ok(entry) => return Some(entry),
            Err(Error::Again) => {}
            Err(Error::Wrong(message)) => {
                notes.note("", message);
                return None;
            }
            Err(Error::Noted) => return None,
        }
    }
}

/// A field's name as a message shows it.
pub(super) fn short(name: &str) -> String {
    name.chars()
        .take(80)
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

/// Why a value could not be read.
#[derive(Debug)]
enum Error {
    /// It is wrong, which is not noted yet.
    Wrong(String),
    /// It holds mistakes, all of which are noted.
    Noted,
    /// One of its fields was noted and left out: the entry has to be read again.
    Again,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(message) => f.write_str(message),
            Self::Noted | Self::Again => f.write_str("holds a mistake"),
        }
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self::Wrong(message.to_string())
    }

    fn invalid_type(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = expected.to_string();
        let expected = match expected.as_str() {
            "a boolean" => "true or false",
            "a borrowed string" => "a text in quotes",
            "i64" => "a whole number",
            other => other,
        };
        Self::Wrong(format!("must be {expected}, not {}", shown(given)))
    }

    fn invalid_value(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(given, expected)
    }
}

/// A value as a message shows it.
pub(super) fn shown(value: Unexpected<'_>) -> String {
    match value {
        Unexpected::Bool(flag) => flag.to_string(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Float(number) => format!("{number:?}"),
        Unexpected::Str(text) => quoted(text),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// A value as serde describes one of a wrong type.
pub(super) fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Other("null"),
        Value::Bool(flag) => Unexpected::Bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Unexpected::Signed(number),
            (_, Some(number)) => Unexpected::Unsigned(number),
            _ => Unexpected::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

/// What is known of the entry so far.
struct Notes<'a> {
    place: Place,
    zone: Tz,
    mistakes: RefCell<&'a mut Mistakes>,
    /// Fields that hold a mistake.
    left_out: RefCell<HashSet<Cow<'static, str>>>,
}

impl Notes<'_> {
    fn note(&self, path: &str, message: String) {
        self.mistakes.borrow_mut().note(self.place, path, message);
    }
}

/// A value, and where in the entry it stands.
struct Node<'de, 'n> {
    value: &'de Value,
    /// `""` for the entry itself.
    path: Cow<'static, str>,
    notes: &'n Notes<'n>,
}

impl<'de> Deserializer<'de> for Node<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match (self.value, unexpected(self.value)) {
            (Value::Null, _) => Err(Error::Wrong("is missing".to_owned())),
            (Value::Array(items), _) => visitor.visit_seq(Items {
                rest: items.iter().enumerate(),
                path: self.path,
                notes: self.notes,
            }),
            (Value::String(text), _) => visitor.visit_borrowed_str(text),
            (_, Unexpected::Bool(flag)) => visitor.visit_bool(flag),
            (_, Unexpected::Signed(number)) => visitor.visit_i64(number),
            (_, Unexpected::Unsigned(number)) => visitor.visit_u64(number),
            (_, Unexpected::Float(number)) => visitor.visit_f64(number),
            (_, other) => Err(de::Error::invalid_type(other, &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// The text of a [`Time`] is replaced by its instant, because the type does not know the zone.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != Time::NAME {
            return visitor.visit_newtype_struct(self);
        }
        let zone = self.notes.zone;
        let time = instant(<&str>::deserialize(self)?, zone).map_err(Error::Wrong)?;
        let micros: de::value::I64Deserializer<Error> = time.0.into_deserializer();
        visitor.visit_newtype_struct(micros)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let table = match self.value {
            Value::Object(table) => table,
            Value::Null => return self.deserialize_any(visitor),
            other => return Err(de::Error::invalid_type(unexpected(other), &"a table of fields")),
        };
        let mut fields = Fields {
            table,
            rest: known.iter(),
            current: (Cow::Borrowed(""), &Value::Null),
            incomplete: false,
            path: self.path,
            notes: self.notes,
        };
        let read = visitor.visit_map(&mut fields);
        if matches!(read, Err(Error::Again)) {
            return read;
        }
        let mut noted = fields.incomplete;
        for name in table.keys().filter(|name| !known.contains(&name.as_str())) {
            let message = format!("is not a known field{}", suggestion(name, known));
            fields.notes.note(&within(&fields.path, &short(name)), message);
            noted = true;
        }
        if noted {
            Err(Error::Noted)
        } else {
            read
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn within(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

/// The fields of a table that its type knows, in the order of the type.
struct Fields<'de, 'n> {
    table: &'de Map<String, Value>,
    rest: std::slice::Iter<'static, &'static str>,
    current: (Cow<'static, str>, &'de Value),
    /// Whether a field was left out.
    incomplete: bool,
    path: Cow<'static, str>,
    notes: &'n Notes<'n>,
}

impl<'de> MapAccess<'de> for &mut Fields<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        for name in self.rest.by_ref() {
            let path = match self.path.as_ref() {
                "" => Cow::Borrowed(*name),
                path => Cow::Owned(within(path, name)),
            };
            if self.notes.left_out.borrow().contains(&path) {
                self.incomplete = true;
                continue;
            }
            self.current = (path, self.table.get(*name).unwrap_or(&Value::Null));
            let name: de::value::StrDeserializer<'_, Error> = name.into_deserializer();
            return seed.deserialize(name).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (path, value) = self.current.clone();
        let read = seed.deserialize(Node {
            value,
            path: path.clone(),
            notes: self.notes,
        });
        read.map_err(|error| {
            match error {
                Error::Wrong(message) => self.notes.note(&path, message),
                Error::Noted => {}
                Error::Again => return Error::Again,
            }
            self.notes.left_out.borrow_mut().insert(path);
            Error::Again
        })
    }
}

/// The items of a list. After one that is wrong the next ones can still be read.
struct Items<'de, 'n> {
    rest: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
    path: Cow<'static, str>,
    notes: &'n Notes<'n>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some((index, value)) = self.rest.next() else {
            return Ok(None);
        };
        let path = format!("{}[{}]", self.path, index + 1);
        let read = seed.deserialize(Node {
            value,
            path: Cow::Owned(path.clone()),
            notes: self.notes,
        });
        read.map(Some).map_err(|error| match error {
            Error::Wrong(message) => {
                self.notes.note(&path, message);
                Error::Noted
            }
            other => other,
        })
    }
}
