//! Upload fields that MxLIVE stores in `meta_data`.

use crate::directories::{secure_key, unknown_directory, Directories};
use crate::rows::Dataset;
use crate::value::{depth, number};
use beamlive_storage::records::{directory_digest, identity, Subject};
use rmpv::Value;

/// Longest uuid, in bytes, as uploads take it.
const UUID: usize = 128;
/// Levels that a value of the metadata may have, as uploads take it.
const DEEPEST: usize = 63;

/// Fields of an upload that are not metadata.
const KNOWN: [&str; 16] = [
    "directory",
    "type",
    "name",
    "energy",
    "exposure",
    "exposure_time",
    "attenuation",
    "beam_size",
    "filename",
    "file_name",
    "frames",
    "sample_id",
    "start_time",
    "end_time",
    "id",
    "data_id",
];

/// The metadata of a dataset, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Meta {
    pub(crate) uuid: Option<String>,
    pub(crate) directory: Option<String>,
    pub(crate) start_time: Option<String>,
    pub(crate) end_time: Option<String>,
    pub(crate) beam_size: Option<f64>,
    pub(crate) exposure: Option<f64>,
    /// The metadata proper.
    pub(crate) rest: Vec<(Value, Value)>,
    /// What was there and cannot be kept, in words.
    pub(crate) dropped: Vec<String>,
}

impl Meta {
    pub(crate) fn of(value: Option<Value>) -> Self {
        let mut meta = Self::default();
        let entries = match value {
            None => return meta,
            Some(Value::Map(entries)) => entries,
            Some(other) => {
                meta.dropped.push(format!(
                    "its meta_data is {}, not an object",
                    crate::value::shown(&other)
                ));
                return meta;
            }
        };
        for (name, value) in entries {
            let key = name.as_str().unwrap_or_default().to_owned();
            let text = || value.as_str().map(str::to_owned).filter(|text| !text.is_empty());
            match key.as_str() {
                "uuid" if text().is_some_and(|uuid| uuid.len() <= UUID) => meta.uuid = text(),
                "directory" => meta.directory = text(),
                "start_time" => meta.start_time = text(),
                "end_time" => meta.end_time = text(),
                "beam_size" => meta.beam_size = number(&value),
                "exposure" | "exposure_time" => meta.exposure = meta.exposure.or(number(&value)),
                known if KNOWN.contains(&known) => {}
                _ if depth(&value) > DEEPEST => {
                    meta.dropped
                        .push(format!("{key} in its meta_data is nested deeper than {DEEPEST}"));
                }
                _ => meta.rest.push((name, value)),
            }
        }
        meta
    }

    /// The digest of the dataset's directory, as far as it is known.
    pub(crate) fn digest(&self, row: &Dataset, id: u64, directories: &Directories) -> [u8; 16] {
        let key = row.url.as_deref().and_then(secure_key);
        let known = key.and_then(|key| directories.digest(&key));
        let own = || self.directory.as_deref().map(directory_digest);
        known
            .or_else(own)
            .unwrap_or_else(|| unknown_directory(Subject::Dataset, id))
    }
}

/// The name of a dataset.
pub(crate) fn dataset_name(row: &Dataset, id: u64) -> String {
    let name = row.name.as_deref().and_then(crate::text::name);
    name.unwrap_or_else(|| format!("dataset {id}"))
}

/// The digest by which a retry of a dataset's upload is recognised.
pub(crate) fn dataset_identity(row: &Dataset, id: u64, directories: &Directories) -> Option<[u8; 16]> {
    let meta = Meta::of(row.meta_data.clone());
    let uuid = meta.uuid.as_deref()?;
    Some(identity(
        uuid,
        &dataset_name(row, id),
        &meta.digest(row, id, directories),
    ))
}
