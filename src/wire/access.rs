//! The body of a POST to an access list: the connections of a host.

use super::msgpack::{self, Value, MAX_DEPTH};
use super::time;
use crate::error::ApiError;
use beamlive_actors::access::history::RawEntry;
use chrono_tz::Tz;
use std::sync::Arc;

/// Longest body, in bytes. A thousand connections take about 100 KB.
pub const MAX_BODY: usize = 4 << 20;
/// Most entries.
const MAX_ENTRIES: usize = 10_000;

/// Parses a MessagePack list. Fields that an entry lacks are empty; such entries are skipped and
/// logged later, and the others are kept.
///
/// # Errors
/// 400 when the body is not a list, or the list is too long.
pub fn parse(bytes: &[u8]) -> Result<Arc<[RawEntry]>, ApiError> {
    let list = msgpack::list(bytes, MAX_DEPTH, MAX_ENTRIES)
        .map_err(|error| ApiError::field("body", error.to_string()))?;
    Ok(list.into_iter().map(|value| entry(&value)).collect())
}

fn entry(value: &Value<'_>) -> RawEntry {
    let mut entry = RawEntry::default();
    for (name, value) in value.entries().into_iter().flatten() {
        let text = || value.as_str().unwrap_or_default().to_owned();
        let time = || match value.as_str() {
            Some(text) => text.to_owned(),
            None if value.is_nil() => String::new(),
            None => time::read(&value, Tz::UTC).map_or_else(
                // This is not a time, so the entry is skipped.
                || value.kind().to_owned(),
                |time| time.instant(Tz::UTC).to_utc().to_rfc3339(),
            ),
        };
        match name.as_str() {
            Some("project") => entry.project = text(),
            Some("name") => entry.name = text(),
            Some("status") => entry.status = text(),
            Some("date") => entry.date = time(),
            Some("start_time") => entry.start_time = time(),
            Some("end_time") => entry.end_time = time(),
            _ => {}
        }
    }
    entry
}
