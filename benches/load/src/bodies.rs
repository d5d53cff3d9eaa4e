//! Bodies as MxDC sends them.

use crate::names::NAME;
use crate::template::Template;
use beamlive_client::Failure;
use beamlive_storage::Timestamp;
use chrono::{DateTime, SecondsFormat, Utc};

#[cfg(test)]
mod tests;

/// The placeholders in the payloads, and their numbers. An id is the longest integer, so that any
/// other fits in its place.
const PLACEHOLDERS: [&[u8]; 5] = [
    NAME.as_bytes(),
    b"00000000-0000-4000-8000-000000000000",
    b"2026-11-23T15:00:00.123456+00:00",
    b"2026-11-23T15:06:10.654321+00:00",
    &u64::MAX.to_be_bytes(),
];
const RECORD: usize = 0;
const UUID: usize = 1;
const START: usize = 2;
const END: usize = 3;
const ID: usize = 4;

/// How long a measurement takes.
const MEASURED_MICROS: i64 = 60_000_000;

/// The bodies of one program.
#[derive(Debug, Clone)]
pub(crate) struct Bodies {
    /// A dataset for screening, and its report.
    pub(crate) screen: Body,
    pub(crate) screening: Body,
    /// A whole dataset, and its report.
    pub(crate) dataset: Body,
    pub(crate) analysis: Body,
}

/// One body.
#[derive(Debug, Clone)]
pub(crate) struct Body(Template);

impl Bodies {
    /// The bodies of `username`.
    pub(crate) fn new(username: &str, has_sample: bool) -> Result<Self, Failure> {
        let dataset = |text: &str| match has_sample {
            true => Body::new(text, username),
            false => Body::new(&text.replace(&u64::MAX.to_string(), "null"), username),
        };
        Ok(Self {
            screen: dataset(include_str!("payloads/screen.json"))?,
            screening: Body::new(include_str!("payloads/screening.json"), username)?,
            dataset: dataset(include_str!("payloads/dataset.json"))?,
            analysis: Body::new(include_str!("payloads/analysis.json"), username)?,
        })
    }
}

impl Body {
    fn new(text: &str, username: &str) -> Result<Self, Failure> {
        let value: serde_json::Value = serde_json::from_str(&text.replace("USERNAME", username))?;
        Ok(Self(Template::new(rmp_serde::to_vec(&value)?, &PLACEHOLDERS)))
    }

    /// The body of a dataset that was measured until `now`.
    pub(crate) fn dataset(&mut self, name: &str, uuid: &str, sample: u64, now: Timestamp) -> &[u8] {
        let start = Timestamp(now.0.saturating_sub(MEASURED_MICROS));
        self.0
            .fill(RECORD, name.as_bytes())
            .fill(UUID, uuid.as_bytes())
            .fill(START, time(start).as_bytes())
            .fill(END, time(now).as_bytes())
            .fill(ID, &sample.to_be_bytes())
            .bytes()
    }

    /// The body of a report about a dataset.
    pub(crate) fn report(&mut self, name: &str, about: u64) -> &[u8] {
        self.0
            .fill(RECORD, name.as_bytes())
            .fill(ID, &about.to_be_bytes())
            .bytes()
    }
}

/// A time as MxDC writes it, always 32 characters.
fn time(time: Timestamp) -> String {
    DateTime::<Utc>::from_timestamp_micros(time.0)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Micros, false)
}
