//! JSON to MessagePack and back, as streams: neither direction builds a tree of values.
//!
//! By hand, because serde-transcode cannot read Python's `NaN`, and counts the items of a list by
//! keeping them.

mod lenient;
#[cfg(test)]
mod tests;

use super::msgpack::scan::{head, Head};
use super::msgpack::{Value, MAX_DEPTH};
use super::BodyError;
use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use rmp::{encode, Marker};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// Turns JSON text into MessagePack. Integers of up to 64 bits stay integers, greater ones become
/// floats; floats have 64 bits; duplicate keys are kept. `NaN`, `Infinity` and `-Infinity`, as
/// Python writes them, are floats. A byte order mark is skipped. The result is at most three times
/// as long as the text.
///
/// At most `max_depth` levels of lists and maps are accepted, and never more than 127.
///
/// # Errors
/// [`BodyError::Json`] for text that is not JSON, continues after its value, or is nested too deep.
pub fn to_msgpack(json: &[u8], max_depth: usize) -> Result<Vec<u8>, BodyError> {
    let refused = |error: serde_json::Error| BodyError::Json {
        reason: error.to_string(),
    };
    let json = lenient::plain(json);
    let mut out = Vec::with_capacity(json.len());
    let mut text = serde_json::Deserializer::from_slice(&json);
    let writer = Writer {
        out: &mut out,
        levels_left: max_depth,
        max_depth,
    };
    writer.deserialize(&mut text).map_err(refused)?;
    text.end().map_err(refused)?;
    Ok(out)
}

/// Writes the next value.
struct Writer<'o> {
    out: &'o mut Vec<u8>,
    levels_left: usize,
    max_depth: usize,
}

impl Writer<'_> {
    /// A writer for the items of a list or map.
    fn inner<E: serde::de::Error>(&mut self) -> Result<Writer<'_>, E> {
        let too_deep = || E::custom(format_args!("nested deeper than {} levels", self.max_depth));
        let levels_left = self.levels_left.checked_sub(1).ok_or_else(too_deep)?;
        Ok(Writer {
            out: self.out,
            levels_left,
            max_depth: self.max_depth,
        })
    }

    fn next(&mut self) -> Writer<'_> {
        Writer {
            out: self.out,
            levels_left: self.levels_left,
            max_depth: self.max_depth,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Writer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Writer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        written(encode::write_nil(self.out))
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        written(encode::write_bool(self.out, value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        written(encode::write_uint(self.out, value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        written(encode::write_sint(self.out, value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        written(encode::write_f64(self.out, value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        match lenient::number(value) {
            Some(number) => self.visit_f64(number),
            None => {
                length::<E>(value.len())?;
                written(encode::write_str(self.out, value))
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let mut inner = self.inner()?;
        let place = begin(inner.out, Marker::Array32);
        let mut count = 0_usize;
        while items.next_element_seed(inner.next())?.is_some() {
            count += 1;
        }
        end(inner.out, place, length(count)?);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let mut inner = self.inner()?;
        let place = begin(inner.out, Marker::Map32);
        let mut count = 0_usize;
        while entries.next_key_seed(inner.next())?.is_some() {
            entries.next_value_seed(inner.next())?;
            count += 1;
        }
        end(inner.out, place, length(count)?);
        Ok(())
    }
}

/// Begins a list or map with room for its length, which [`end`] fills in at the place returned.
fn begin(out: &mut Vec<u8>, marker: Marker) -> usize {
    out.push(marker.to_u8());
    out.extend([0; 4]);
    out.len() - 4
}

fn end(out: &mut [u8], place: usize, length: u32) {
    if let Some(bytes) = out.get_mut(place..).and_then(|rest| rest.first_chunk_mut()) {
        *bytes = length.to_be_bytes();
    }
}

/// Writing to memory does not fail, but the encoder can say that it did.
fn written<T, E: serde::de::Error>(result: Result<T, impl fmt::Display>) -> Result<(), E> {
    result.map(drop).map_err(E::custom)
}

/// A length that MessagePack can express.
fn length<E: serde::de::Error>(length: usize) -> Result<u32, E> {
    u32::try_from(length).map_err(|_| E::custom("a string, list or map is too long"))
}

/// One MessagePack value of at most [`MAX_DEPTH`] levels, which serializes as JSON.
///
/// Floats that are not finite become null. Finite ones keep their `.0`, and 32-bit ones their few
/// digits. Bytes of a string that are not UTF-8 become U+FFFD. Binary data becomes a string if it
/// is UTF-8, and base64 otherwise. An extension becomes `{"ext": type, "data": base64}`. A key that
/// is not a string is written as its JSON text, or as the base64 of its bytes if it contains nested
/// lists or maps. The result is longer than the value by at most a constant factor.
///
/// Serializing fails if the bytes are not one such value.
#[derive(Debug, Clone, Copy)]
pub struct AsJson<'a>(pub &'a [u8]);

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = Value::parse(self.0, MAX_DEPTH).map_err(S::Error::custom)?;
        Next(&Cursor::of(value)).serialize(serializer)
    }
}

/// How far a scanned value has been written.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: Cell<usize>,
}

impl<'a> Cursor<'a> {
    fn of(value: Value<'a>) -> Self {
        Cursor {
            bytes: value.raw(),
            at: Cell::new(0),
        }
    }

    fn head<E: serde::ser::Error>(&self) -> Result<Head<'a>, E> {
        let (head, next) = head(self.bytes, self.at.get()).map_err(E::custom)?;
        self.at.set(next);
        Ok(head)
    }

    /// The next key, as a JSON key.
    fn key<E: serde::ser::Error>(&self) -> Result<Cow<'a, str>, E> {
        let (key, next) = Value::starting_at(self.bytes, self.at.get()).map_err(E::custom)?;
        self.at.set(next);
        match key.head() {
            Head::Str(bytes) => Ok(String::from_utf8_lossy(bytes)),
            Head::Bin(bytes) => Ok(text(bytes)),
            // The text of a key is quoted again, so keys inside keys would double with every level.
            _ if key.depth() > 1 => Ok(STANDARD.encode(key.raw()).into()),
            _ => serde_json::to_string(&Next(&Cursor::of(key)))
                .map(Cow::Owned)
                .map_err(E::custom),
        }
    }
}

/// The next value. Serializing it moves the cursor past it, so each value is read once, whatever
/// its depth.
struct Next<'c, 'a>(&'c Cursor<'a>);

impl Serialize for Next<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.head()? {
            Head::Nil => serializer.serialize_unit(),
            Head::Bool(value) => serializer.serialize_bool(value),
            Head::Unsigned(value) => serializer.serialize_u64(value),
            Head::Negative(value) => serializer.serialize_i64(value),
            Head::F32(value) if value.is_finite() => serializer.serialize_f32(value),
            Head::F64(value) if value.is_finite() => serializer.serialize_f64(value),
            Head::F32(_) | Head::F64(_) => serializer.serialize_unit(),
            Head::Str(bytes) => serializer.serialize_str(&String::from_utf8_lossy(bytes)),
            Head::Bin(bytes) => serializer.serialize_str(&text(bytes)),
            Head::Ext(kind, data) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("ext", &kind)?;
                map.serialize_entry("data", &STANDARD.encode(data))?;
                map.end()
            }
            Head::List(length) => {
                let mut list = serializer.serialize_seq(Some(length))?;
                for _ in 0..length {
                    list.serialize_element(&Next(self.0))?;
                }
                list.end()
            }
            Head::Map(length) => {
                let mut map = serializer.serialize_map(Some(length))?;
                for _ in 0..length {
                    let key = self.0.key()?;
                    map.serialize_entry(key.as_ref(), &Next(self.0))?;
                }
                map.end()
            }
        }
    }
}

/// Binary data as a string.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => STANDARD.encode(bytes).into(),
    }
}
