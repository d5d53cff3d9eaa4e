//! The body of `data/`.

use super::reader::{self, Reader, MAX_FIELD_DEPTH};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::session::dataset::{measuring_micros, DatasetUpload};
use beamlive_actors::session::frames::{Frames, MAX_TEXT};
use beamlive_actors::session::upload::CommonFields;
use beamlive_actors::zone::{self, Reading};
use beamlive_storage::Timestamp;
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Longest name, data type or filename.
const MAX_NAME: usize = 255;
/// Longest uuid.
const MAX_UUID: usize = 128;

/// Reads a MessagePack body. Times without an offset are local times in `zone`.
///
/// # Errors
/// What is wrong with each field.
pub fn parse(bytes: &[u8], catalog: &Catalog, zone: Tz) -> Result<DatasetUpload, BTreeMap<String, String>> {
    reader::read(bytes, |read| dataset(read, catalog, zone))
}

pub(super) fn dataset(read: &mut Reader<'_>, catalog: &Catalog, zone: Tz) -> DatasetUpload {
    let directory = read.directory();
    let kind = data_type(read, catalog);
    let name = read.required_text(&["name"], MAX_NAME);
    let energy = read.number(&["energy"], "a number of keV above 0", |energy| energy > 0.0);
    if read.value(&["energy"]).is_none() {
        read.errors.add("energy", "is required, in keV");
    }
    let exposure = read.measured(
        &["exposure", "exposure_time"],
        "a number of seconds, 0 or more",
        |s| s >= 0.0,
    );
    let attenuation = read.measured(&["attenuation"], "a finite number of %", |_| true);
    let beam_size = read.measured(&["beam_size"], "a number of µm, 0 or more", |um| um >= 0.0);
    let filename = read.text(&["filename", "file_name"], MAX_NAME).map(str::to_owned);
    let frames = frames(read);
    let sample_id = read.id(&["sample_id"]);
    let (start_time, end_time) = times(read, zone);
    let id = read.id(&["id", "data_id"]);
    let uuid = read
        .text(&["uuid"], MAX_UUID)
        .filter(|uuid| !uuid.is_empty())
        .map(str::to_owned);
    if read.value(&["start_time"]).is_none() && read.value(&["exposure", "exposure_time"]).is_none() {
        read.errors
            .add("exposure", "is required, in seconds, when there is no start_time");
    }
    if exposure.is_some_and(|exposure| measuring_micros(frames.count(), exposure).is_none()) {
        read.errors.add(
            "exposure",
            "times the number of frames is longer than any measurement can be",
        );
    }
    for (name, value) in read.body.entries() {
        if !read.asked.contains(&name) && value.depth() > MAX_FIELD_DEPTH {
            read.errors
                .add(name, format!("is nested deeper than {MAX_FIELD_DEPTH}"));
        }
    }
    DatasetUpload {
        common: CommonFields {
            directory,
            name,
            kind,
            id,
            notes: std::mem::take(&mut read.notes),
        },
        filename,
        frames,
        energy: energy.unwrap_or_default(),
        exposure,
        attenuation,
        beam_size,
        sample_id,
        start_time,
        end_time,
        uuid,
        // What was not asked for.
        meta_data: read.body.rest(&read.asked),
    }
}

/// The acronym of the data type, as the facility declares it.
fn data_type(read: &mut Reader<'_>, catalog: &Catalog) -> String {
    let kind = read.required_text(&["type"], MAX_NAME);
    if let Some(known) = catalog.data_type(&kind) {
        return known.acronym.clone();
    }
    if !kind.is_empty() {
        let known: Vec<_> = catalog
            .data_types
            .iter()
            .map(|(_, entry)| entry.record.acronym.as_str())
            .collect();
        read.errors.add(
            "type",
            format!("is no known data type; known are {}", known.join(", ")),
        );
    }
    kind
}

/// Start and end, if they were sent.
fn times(read: &mut Reader<'_>, zone: Tz) -> (Option<Timestamp>, Option<Timestamp>) {
    let (start, end) = (read.time("start_time", zone), read.time("end_time", zone));
    if let (Some(start), Some(end)) = (start, end) {
        let (start, end) = zone::span(start, end, zone);
        return (Some(start), Some(end));
    }
    let alone = |time: Option<Reading>| time.map(|time| time.instant(zone));
    (alone(start), alone(end))
}

fn frames(read: &mut Reader<'_>) -> Frames {
    let Some(text) = read.text(&["frames"], MAX_TEXT) else {
        return Frames::single();
    };
    Frames::parse(text).unwrap_or_else(|mistake| {
        read.errors.add("frames", mistake);
        Frames::single()
    })
}
