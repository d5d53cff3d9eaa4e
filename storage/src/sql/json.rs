//! MessagePack as JSON that PostgreSQL takes. It never fails, and is as in the admin API except for
//! times, U+0000 and long values.
//!
//! | MessagePack | JSON |
//! |---|---|
//! | a float that is not finite | null |
//! | a string | the string; U+FFFD for U+0000 and for bytes that are not UTF-8 |
//! | binary data | a string if it is UTF-8, base64 otherwise |
//! | a timestamp | a string: RFC 3339, in UTC |
//! | another extension | `{"ext": type, "data": base64}` |
//! | a key that is no string | its JSON text; base64 of its MessagePack if it is a list or a map |
//! | a key that occurs again | its last value |
//! | a value above 1 MiB | `{"omitted_bytes": length}` |
//! | bytes that are no MessagePack, or nested deeper than 150 | null |

use super::values::clean;
use chrono::{DateTime, SecondsFormat};
use data_encoding::BASE64;
use rmpv::decode::read_value_ref_with_max_depth;
use rmpv::encode::write_value_ref;
use rmpv::{Utf8StringRef, ValueRef};
use serde_json::{json, Number, Value};

/// Longest value that is shown. PostgreSQL takes up to 32 bytes of memory for each byte of a list.
const LONGEST: usize = 1 << 20;
/// Uploads are nested less deep. The reader counts each list or map twice.
const DEEPEST: usize = 150 * 2;
/// The extension that is a timestamp.
const TIMESTAMP: i8 = -1;

/// The JSON of one MessagePack value.
pub(super) fn json(bytes: &[u8]) -> Value {
    if bytes.len() > LONGEST {
        return json!({ "omitted_bytes": bytes.len() });
    }
    let mut rest = bytes;
    read_value_ref_with_max_depth(&mut rest, DEEPEST).map_or(Value::Null, |value| of(&value))
}

fn of(value: &ValueRef<'_>) -> Value {
    match value {
        ValueRef::Nil => Value::Null,
        ValueRef::Boolean(value) => (*value).into(),
        ValueRef::Integer(value) => match (value.as_i64(), value.as_u64()) {
            (Some(value), _) => value.into(),
            (None, value) => value.into(),
        },
        ValueRef::F32(value) => few_digits(*value),
        ValueRef::F64(value) => (*value).into(),
        ValueRef::String(text) => string(text).into(),
        ValueRef::Binary(bytes) => binary(bytes).into(),
        ValueRef::Array(items) => items.iter().map(of).collect(),
        ValueRef::Map(entries) => entries
            .iter()
            .map(|(name, value)| (key(name), of(value)))
            .collect(),
        ValueRef::Ext(kind, data) => match timestamp(*kind, data) {
            Some(time) => time.into(),
            None => json!({ "ext": kind, "data": BASE64.encode(data) }),
        },
    }
}

/// A 32-bit float with the few digits that tell it from its neighbours.
fn few_digits(value: f32) -> Value {
    let shortest = value.to_string().parse().ok();
    shortest
        .and_then(Number::from_f64)
        .map_or(Value::Null, Value::Number)
}

fn string(text: &Utf8StringRef<'_>) -> String {
    clean(&String::from_utf8_lossy(text.as_bytes())).into_owned()
}

fn binary(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => clean(text).into_owned(),
        Err(_) => BASE64.encode(bytes),
    }
}

fn key(value: &ValueRef<'_>) -> String {
    match value {
        ValueRef::String(text) => string(text),
        ValueRef::Binary(bytes) => binary(bytes),
        // The text of a key is quoted again, so keys inside keys would double with every level.
        ValueRef::Array(_) | ValueRef::Map(_) => {
            let mut bytes = Vec::new();
            // Writing to memory does not fail.
            let _ = write_value_ref(&mut bytes, value);
            BASE64.encode(&bytes)
        }
        _ => of(value).to_string(),
    }
}

/// The text of a timestamp in one of its three forms.
fn timestamp(kind: i8, data: &[u8]) -> Option<String> {
    if kind != TIMESTAMP {
        return None;
    }
    let (seconds, nanos) = if let Ok(bytes) = <[u8; 4]>::try_from(data) {
        (i64::from(u32::from_be_bytes(bytes)), 0)
    } else if let Ok(bytes) = <[u8; 8]>::try_from(data) {
        let both = u64::from_be_bytes(bytes);
        let (nanos, seconds) = (both >> 34, both & ((1 << 34) - 1));
        (i64::try_from(seconds).ok()?, u32::try_from(nanos).ok()?)
    } else {
        let (nanos, seconds) = data.split_first_chunk::<4>()?;
        let seconds = <[u8; 8]>::try_from(seconds).ok()?;
        (i64::from_be_bytes(seconds), u32::from_be_bytes(*nanos))
    };
    let time = DateTime::from_timestamp(seconds, nanos)?;
    Some(time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}
