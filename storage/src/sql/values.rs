//! Ids, times and texts that PostgreSQL takes, whatever was stored.

use crate::time::Timestamp;
use chrono::{DateTime, SecondsFormat};
use data_encoding::HEXLOWER;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::net::IpAddr;

/// Columns by name.
pub(super) type Object = Map<String, Value>;

/// Longest text in a key, in bytes. An entry of an index takes less than 2,700.
const LONGEST_KEY: usize = 1_000;

/// An id as `bigint`. Ids count from 1; one above 2⁶³ would become negative, but stay unique.
pub(super) fn id(id: u64) -> Value {
    id.cast_signed().into()
}

/// Ids as `bigint[]`.
pub(super) fn ids(list: impl IntoIterator<Item = u64>) -> Value {
    list.into_iter().map(id).collect()
}

/// A number of things as `bigint`; at most 2⁶³ − 1.
pub(super) fn count(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

/// `text`. PostgreSQL has no U+0000: U+FFFD takes its place.
pub(super) fn text(text: &str) -> Value {
    clean(text).into()
}

/// `text`, or null.
pub(super) fn optional(value: Option<&str>) -> Value {
    value.map_or(Value::Null, text)
}

/// `text[]`.
pub(super) fn texts(list: &[String]) -> Value {
    list.iter().map(|item| text(item)).collect()
}

/// The text without U+0000.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}").into()
    } else {
        text.into()
    }
}

/// A text that is part of a primary key. Longer ones than an index takes are cut and end with a
/// digest of the whole, so that they stay different. So do those with U+0000.
pub(super) fn key_text(text: &str) -> Value {
    if text.len() <= LONGEST_KEY && !text.contains('\0') {
        return text.into();
    }
    let start: String = clean(text).chars().take(LONGEST_KEY / 8).collect();
    let digest: [u8; 32] = Sha256::digest(text).into();
    format!("{start}…{}", HEXLOWER.encode(&digest)).into()
}

/// `timestamptz`. Times outside of the years 1 to 9999, which few clients can read, are moved to
/// the nearest of these.
pub(super) fn time(time: Timestamp) -> Value {
    /// The limits, in microseconds.
    const FIRST: i64 = -62_135_596_800_000_000;
    const LAST: i64 = 253_402_300_799_999_999;
    DateTime::from_timestamp_micros(time.0.clamp(FIRST, LAST))
        .map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true))
        .into()
}

/// `timestamptz`, or null.
pub(super) fn optional_time(value: Option<Timestamp>) -> Value {
    value.map_or(Value::Null, time)
}

/// `inet`, or null.
pub(super) fn address(value: Option<IpAddr>) -> Value {
    value.map(|address| address.to_string()).into()
}
