//! Bodies as MxDC sends them, encoded once: what differs from one to the next is written over in place.

use super::ledger::MARK;
use crate::cli::Failure;
use crate::wire::json;
use beamlive_storage::Timestamp;
use chrono::{DateTime, SecondsFormat, Utc};

/// What stands in the payloads where a body has its own; as long as what is written over it.
const MARK_HOLE: &str = "load-00000000-0000-00000000";
const UUID_HOLE: &str = "00000000-0000-4000-8000-000000000000";
const START_HOLE: &str = "2026-11-23T15:00:00.123456+00:00";
const END_HOLE: &str = "2026-11-23T15:06:10.654321+00:00";
/// As the longest integer, so that any fits in its place.
const ID_HOLE: &str = "18446744073709551615";
const ID_BYTES: [u8; 9] = [0xcf, 255, 255, 255, 255, 255, 255, 255, 255];
const DEPTH: usize = 32;

/// The bodies of one program.
#[derive(Debug, Clone)]
pub struct Bodies {
    /// A dataset for screening, and its report.
    pub(super) screen: Body,
    pub(super) screening: Body,
    /// A whole dataset, and its report.
    pub(super) dataset: Body,
    pub(super) analysis: Body,
}

/// One body, and where in it is what differs.
#[derive(Debug, Clone)]
pub(super) struct Body {
    bytes: Vec<u8>,
    marks: Vec<usize>,
    uuid: Vec<usize>,
    start: Vec<usize>,
    end: Vec<usize>,
    ids: Vec<usize>,
}

impl Bodies {
    /// Those of `username`.
    ///
    /// # Errors
    /// When a payload can't be encoded, which would be a mistake of this program.
    pub fn new(username: &str, has_sample: bool) -> Result<Self, Failure> {
        let dataset = |text: &str| {
            if has_sample {
                Body::new(text, username)
            } else {
                Body::new(&text.replace(ID_HOLE, "null"), username)
            }
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
        let bytes = json::to_msgpack(text.replace("USERNAME", username).as_bytes(), DEPTH)?;
        let find = |hole: &[u8]| {
            let windows = bytes.windows(hole.len()).enumerate();
            windows
                .filter(|(_, window)| *window == hole)
                .map(|(place, _)| place)
                .collect::<Vec<_>>()
        };
        Ok(Self {
            marks: find(MARK_HOLE.as_bytes()),
            uuid: find(UUID_HOLE.as_bytes()),
            start: find(START_HOLE.as_bytes()),
            end: find(END_HOLE.as_bytes()),
            ids: find(&ID_BYTES).into_iter().map(|place| place + 1).collect(),
            bytes,
        })
    }

    /// The body of a dataset that was measured up to `now`.
    pub(super) fn dataset(&mut self, mark: &str, uuid: &str, sample: u64, now: Timestamp) -> &[u8] {
        debug_assert_eq!(mark.len(), MARK);
        let minute = Timestamp(now.0.saturating_sub(60_000_000));
        write(&mut self.bytes, &self.marks, mark.as_bytes());
        write(&mut self.bytes, &self.uuid, uuid.as_bytes());
        write(&mut self.bytes, &self.start, time(minute).as_bytes());
        write(&mut self.bytes, &self.end, time(now).as_bytes());
        write(&mut self.bytes, &self.ids, &sample.to_be_bytes());
        &self.bytes
    }

    /// The body of a report about a dataset.
    pub(super) fn report(&mut self, mark: &str, about: u64) -> &[u8] {
        write(&mut self.bytes, &self.marks, mark.as_bytes());
        write(&mut self.bytes, &self.ids, &about.to_be_bytes());
        &self.bytes
    }
}

/// Writes over the same length at every one of the places.
fn write(bytes: &mut [u8], places: &[usize], value: &[u8]) {
    for place in places {
        if let Some(hole) = bytes.get_mut(*place..place + value.len()) {
            hole.copy_from_slice(value);
        }
    }
}

/// As MxDC writes times, always 32 characters.
fn time(time: Timestamp) -> String {
    DateTime::<Utc>::from_timestamp_micros(time.0)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Micros, false)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use serde_json::Value;

    const NOW: Timestamp = Timestamp(1_795_446_000_250_000);

    fn read(bytes: &[u8]) -> Value {
        let mut json = Vec::new();
        json::from_msgpack(bytes, &mut json).unwrap();
        serde_json::from_slice(&json).unwrap()
    }

    #[test]
    fn a_dataset_has_its_own_name_uuid_directory_times_and_sample() {
        let mut bodies = Bodies::new("alice", true).unwrap();
        for body in [&mut bodies.screen, &mut bodies.dataset] {
            let uuid = "12345678-9abc-4def-8123-456789abcdef";
            let mark = "load-0000abcd-0011-0000012c";
            let value = read(body.dataset(mark, uuid, 77, NOW));
            assert_eq!(value["name"], mark);
            assert_eq!(value["filename"], format!("{mark}_{{:05d}}.cbf"));
            assert_eq!(value["uuid"], uuid);
            assert_eq!(value["sample_id"], 77);
            assert_eq!(value["end_time"], "2026-11-23T15:00:00.250000+00:00");
            assert_eq!(value["start_time"], "2026-11-23T14:59:00.250000+00:00");
            let directory = value["directory"].as_str().unwrap();
            assert!(directory.starts_with("/users/alice/") && directory.contains(mark));
        }
    }

    #[test]
    fn a_dataset_of_an_account_without_samples_has_none() {
        let mut bodies = Bodies::new("alice", false).unwrap();
        let uuid = "12345678-9abc-4def-8123-456789abcdef";
        let value = read(bodies.dataset.dataset(MARK_HOLE, uuid, 5, NOW));
        assert_eq!(value["sample_id"], Value::Null);
    }

    #[test]
    fn a_report_has_its_own_title_and_dataset() {
        let mut bodies = Bodies::new("alice", true).unwrap();
        for body in [&mut bodies.screening, &mut bodies.analysis] {
            let mark = "load-0000abcd-0011-0000012c";
            let value = read(body.report(mark, 987_654));
            assert!(value["title"]
                .as_str()
                .unwrap()
                .starts_with(&format!("{mark} MX ")));
            assert_eq!(value["data_id"], serde_json::json!([987_654]));
            assert!(value["directory"].as_str().unwrap().contains(mark));
            assert!(value["details"][0]["content"].is_array());
        }
    }
}
