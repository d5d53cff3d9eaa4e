//! The field `beamlive` of a row: what the columns of MxLIVE cannot express of a record.
//!
//! The export reads each row back as an import does, and says in that field where the result would
//! differ from what is stored. The import takes it over. MxLIVE ignores the field.

use beamlive_storage::records::{PendingForward, Record};
use rmpv::Value;
use serde_json::{Map, Value as Json};

/// The field of a row.
pub(crate) const FIELD: &str = "beamlive";
/// The fields of the record that the columns do not say.
pub(crate) const RECORD: &str = "record";
/// The directory of a record without a secure key, which waits for one.
pub(crate) const WAITS: &str = "waits";
/// Older uuids of a dataset.
pub(crate) const OLDER: &str = "older";
/// The session that has, or last had, a beamline.
pub(crate) const NEWEST: &str = "newest";
/// The account of a connection.
pub(crate) const ACCOUNT: &str = "account";
/// The label of the record that says where a dump comes from.
pub(crate) const LABEL: &str = "beamlive.export";

/// The fields in which a stored record differs from what an import would make of its row; `None` if
/// they are the same.
///
/// # Errors
/// When a record is not a JSON object; none is known.
pub(crate) fn difference<R: Record>(
    stored: &R,
    imported: Option<&R>,
) -> Result<Option<Json>, serde_json::Error> {
    let mut fields = object(stored)?;
    if let Some(imported) = imported {
        let imported = object(imported)?;
        fields.retain(|name, value| imported.get(name) != Some(value));
    }
    Ok((!fields.is_empty()).then_some(Json::Object(fields)))
}

/// A record with the fields that its row says exactly.
///
/// # Errors
/// When a field holds something else than the record takes.
pub(crate) fn with<R: Record>(record: R, exact: &Option<Value>) -> Result<R, serde_json::Error> {
    match part(exact, RECORD) {
        Some(said) => overlaid(record, &serde_json::to_value(said)?),
        None => Ok(record),
    }
}

/// A record with other values of some fields.
///
/// # Errors
/// As [`with`].
pub(crate) fn overlaid<R: Record>(record: R, said: &Json) -> Result<R, serde_json::Error> {
    let mut fields = object(&record)?;
    if let Json::Object(said) = said {
        fields.extend(said.clone());
    }
    serde_json::from_value(Json::Object(fields))
}

/// A part of the field `beamlive`.
pub(crate) fn part<'a>(exact: &'a Option<Value>, name: &str) -> Option<&'a Value> {
    let parts = exact.as_ref()?.as_map()?;
    let found = parts.iter().find(|(key, _)| key.as_str() == Some(name));
    found.map(|(_, value)| value)
}

/// The directory of a record that waits for its key.
///
/// # Errors
/// When it is none.
pub(crate) fn waits(exact: &Option<Value>) -> Result<Option<PendingForward>, serde_json::Error> {
    let waits = part(exact, WAITS).map(|waits| serde_json::from_value(serde_json::to_value(waits)?));
    waits.transpose()
}

/// The older uuids of a dataset.
pub(crate) fn older(exact: &Option<Value>) -> Vec<String> {
    let uuids = part(exact, OLDER).and_then(Value::as_array).into_iter().flatten();
    uuids
        .filter_map(|uuid| uuid.as_str().map(str::to_owned))
        .collect()
}

fn object<R: Record>(record: &R) -> Result<Map<String, Json>, serde_json::Error> {
    match serde_json::to_value(record)? {
        Json::Object(fields) => Ok(fields),
        _ => Err(serde::ser::Error::custom("a record is no object")),
    }
}
