//! Datasets.

use super::context::{number, Context};
use super::frames;
use super::item::Item;
use crate::dump::fields::DumpDate;
use crate::exact;
use crate::mend::{Kept, NO_DATE, UNKNOWN_TYPE};
use crate::meta::{dataset_name, Meta};
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use crate::value::message_pack;
use beamlive_actors::session::dataset::{measuring_micros, times};
use beamlive_actors::session::frames::Frames;
use beamlive_storage::ids::{ContainerId, SampleId, SessionId};
use beamlive_storage::records::{Dataset, Subject};
use beamlive_storage::Timestamp;
use chrono_tz::Tz;
use rmpv::Value;

const SUBJECT: Subject = Subject::Dataset;
const LABEL: &str = rows::Dataset::LABEL;
/// The status of datasets in the trash.
pub(super) const TRASHED: i64 = 10;

/// The record of a dataset; `None` if the facility lacks its project or beamline.
pub(crate) fn item(
    context: &Context<'_>,
    mut row: rows::Dataset,
    kept: &Kept,
    notes: &mut Notes,
) -> Option<Item> {
    let (id, pk) = (kept.id, number(kept.id));
    let uploads = &context.mended.uploads;
    let project = context.project(uploads.name(kept.project));
    let Some((project, beamline)) = project.zip(context.beamline(uploads.name(kept.beamline))) else {
        notes.left_out(LABEL, &pk, "the facility has no such project or beamline");
        return None;
    };
    let mut meta = Meta::of(row.meta_data.take());
    for dropped in &meta.dropped {
        notes.mended(LABEL, &pk, format!("{dropped}: it is left out"));
    }
    let name = dataset_name(&row, id);
    if row.name.as_ref() != Some(&name) {
        notes.mended(
            LABEL,
            &pk,
            "its name is missing, too long, or has control characters",
        );
    }
    if row.status == Some(TRASHED) {
        notes.kept(LABEL, &pk, "it was in the trash");
    }
    let directory_digest = meta.digest(&row, id, context.directories);
    if kept.loses_uuid {
        let uuid = meta.uuid.take().unwrap_or_default();
        meta.rest.push((Value::from("uuid"), Value::from(uuid)));
        notes.mended(
            LABEL,
            &pk,
            "a newer dataset has its uuid, name and directory: its own uuid is metadata only",
        );
    }
    let (frames, num_frames) = frames_of(&row, &pk, notes);
    let mut measured = |field: &str, value: Option<f64>, least: f64| {
        let good = value.filter(|value| value.is_finite() && *value >= least);
        if value.is_some() && good.is_none() {
            notes.mended(
                LABEL,
                &pk,
                format!("{field} is {}: it is left out", value.unwrap_or_default()),
            );
        }
        good
    };
    let energy = measured("energy", row.energy, 0.0);
    let exposure = measured("exposure_time", row.exposure.or(meta.exposure), 0.0);
    let attenuation = measured("attenuation", row.attenuation, f64::MIN);
    let beam_size = measured("beam_size", row.beam_size.or(meta.beam_size), 0.0);
    if energy.is_none() {
        notes.mended(LABEL, &pk, "it has no energy: 0 keV stands in");
    }
    let zone = context.tables.zone;
    let start = finer(
        notes,
        &pk,
        "start_time",
        row.start_time.as_ref(),
        meta.start_time.as_deref(),
        zone,
    );
    let end = finer(
        notes,
        &pk,
        "end_time",
        row.end_time.as_ref(),
        meta.end_time.as_deref(),
        zone,
    );
    let created = notes.instant(LABEL, &pk, "created", row.created.as_ref());
    let modified = notes.instant(LABEL, &pk, "modified", row.modified.as_ref());
    if start.or(end).is_none() {
        notes.mended(
            LABEL,
            &pk,
            "it has no start and no end: that of its creation stands in, or of its session, or the year 1970",
        );
    }
    let session = context.mended.sessions.all.get(&kept.session);
    let visited = session.map(|session| session.created);
    let now = created.or(modified).or(visited).unwrap_or(NO_DATE);
    let lasted = exposure.and_then(|exposure| measuring_micros(num_frames, exposure));
    let (start_time, end_time) = times(start, end, lasted.unwrap_or(0), now);
    if end_time < start_time {
        notes.kept(LABEL, &pk, "it ends before it begins");
    }
    let kind = context.mended.beamlines.kind(row.kind.as_ref());
    if kind.is_none() {
        notes.mended(
            LABEL,
            &pk,
            format!("its data type does not exist: it is {UNKNOWN_TYPE}"),
        );
    }
    let (sample, sample_group) = sample(context, &row, kept, &pk, notes);
    let created = created.unwrap_or(end_time);
    let record = Dataset {
        project,
        beamline,
        session: (kept.session != 0).then_some(SessionId(kept.session)),
        sample,
        group: group(context, &row, kept, &pk, notes).or(sample_group),
        name,
        kind: kind.unwrap_or(UNKNOWN_TYPE).to_owned(),
        filename: notes.name(LABEL, &pk, "its file_name", row.file_name.as_deref()),
        frames,
        num_frames,
        energy: energy.unwrap_or(0.0),
        exposure,
        attenuation,
        beam_size,
        start_time,
        end_time,
        uuid: meta.uuid,
        directory_digest,
        key: None,
        address: None,
        meta_data: message_pack(&Value::Map(meta.rest)),
        created,
        modified: modified.unwrap_or(created),
    };
    let (record, key) = context.upload(
        (LABEL, SUBJECT, id),
        record,
        |record| record.key,
        (row.url.as_deref(), kept.loses_key, &row.exact),
        notes,
    );
    Some(Item::Dataset {
        id,
        record: Box::new(record),
        older: exact::older(&row.exact),
        key,
    })
}

fn frames_of(row: &rows::Dataset, pk: &Pk, notes: &mut Notes) -> (String, u64) {
    let frames = row.frames.as_ref().map(frames::of);
    if let Some(None) = frames {
        notes.mended(LABEL, pk, "its frames are no list of numbers, and are left out");
    }
    let counted = || {
        row.num_frames
            .and_then(|count| u64::try_from(count).ok())
            .filter(|count| *count > 0)
    };
    match frames
        .flatten()
        .filter(|frames: &Frames| !frames.text().is_empty())
    {
        Some(frames) => (frames.text().to_owned(), frames.count()),
        None => (String::new(), counted().unwrap_or(1)),
    }
}

/// A time of a dataset. The metadata have it with the microseconds that the column has lost.
fn finer(
    notes: &mut Notes,
    pk: &Pk,
    field: &str,
    column: Option<&DumpDate>,
    meta: Option<&str>,
    zone: Tz,
) -> Option<Timestamp> {
    /// By how much a column may differ from the metadata if both mean the same.
    const SECOND: u64 = 1_000_000;
    let meta = meta.map(|text| DumpDate::read(text, zone));
    match (
        column.and_then(DumpDate::instant),
        meta.as_ref().and_then(DumpDate::instant),
    ) {
        (Some(column), Some(meta)) if column.0.abs_diff(meta.0) < SECOND => Some(meta),
        (None, Some(meta)) => Some(meta),
        _ => notes.instant(LABEL, pk, field, column),
    }
}

/// The sample, if it is the project's own, and the name of its group.
fn sample(
    context: &Context<'_>,
    row: &rows::Dataset,
    kept: &Kept,
    pk: &Pk,
    notes: &mut Notes,
) -> (Option<SampleId>, Option<String>) {
    let Some(reference) = &row.sample else {
        return (None, None);
    };
    let project = context.mended.uploads.name(kept.project);
    let own = context
        .mended
        .samples
        .samples
        .get(reference)
        .filter(|sample| sample.project == project);
    let id = own.and_then(|sample| {
        let container = (context.project(&sample.project)?, sample.container.clone());
        let container = context.catalog.containers.id(&container)?;
        let place = (ContainerId(container), sample.location.clone());
        context.catalog.samples.id(&place).map(SampleId)
    });
    if id.is_none() {
        notes.mended(LABEL, pk, "its sample does not exist, or is another project's");
    }
    (id, own.and_then(|sample| sample.group.clone()))
}

fn group(
    context: &Context<'_>,
    row: &rows::Dataset,
    kept: &Kept,
    pk: &Pk,
    notes: &mut Notes,
) -> Option<String> {
    let reference = row.group.as_ref()?;
    let project = context.mended.uploads.name(kept.project);
    let own = context
        .mended
        .samples
        .groups
        .get(reference)
        .filter(|(owner, _)| owner == project);
    if own.is_none() {
        notes.mended(LABEL, pk, "its group does not exist, or is another project's");
    }
    own.map(|(_, name)| name.clone())
}
