//! The rules of datasets.

use super::frames::Frames;
use super::upload::{CommonFields, Context, Found, Upload};
use crate::facility::catalog::Catalog;
use beamlive_storage::ids::{DatasetId, IdRef, ProjectId, SampleId};
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{directory_digest, identity, Dataset, SecureKey, Subject};
use beamlive_storage::{Batch, Timestamp};
use std::ops::RangeInclusive;

/// A dataset as a client uploads it, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetUpload {
    /// Directory, name, data type and the rest of what all uploads have.
    pub common: CommonFields,
    /// Name or template of its files.
    pub filename: Option<String>,
    /// Its frames.
    pub frames: Frames,
    /// keV, finite, above 0
    pub energy: f64,
    /// s, finite, not negative
    pub exposure: Option<f64>,
    /// %
    pub attenuation: Option<f64>,
    /// µm
    pub beam_size: Option<f64>,
    /// The sample, as the client names it.
    pub sample_id: Option<i64>,
    /// When it began.
    pub start_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// The client's own id of the collection.
    pub uuid: Option<String>,
    /// All other fields: a MessagePack map.
    pub meta_data: Vec<u8>,
}

/// Microseconds that `frames` exposures of `exposure` seconds take; `None` when a timestamp can't
/// hold them.
#[must_use]
pub fn measuring_micros(frames: u64, exposure: f64) -> Option<i64> {
    // Just below the range of an i64, some 290 years.
    const LONGEST: f64 = 9.2e18;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a relative error of 1e-16 of a duration"
    )]
    let micros = frames as f64 * exposure * 1e6;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be in range")]
    (micros.is_finite() && micros.abs() < LONGEST).then(|| micros.round() as i64)
}

/// The times that RFC 3339 can show: the years 0 to 9999.
pub const SHOWABLE: RangeInclusive<Timestamp> =
    Timestamp(-62_167_219_200_000_000)..=Timestamp(253_402_300_799_999_999);

/// Start and end of a measurement. If one was not sent, it is computed from the other and the
/// measuring time; if neither was, the measurement ended `now`. Computed times are within
/// [`SHOWABLE`].
#[must_use]
pub fn times(
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    measuring_micros: i64,
    now: Timestamp,
) -> (Timestamp, Timestamp) {
    let moved =
        |time: Timestamp, micros: i64| time.plus_micros(micros).clamp(*SHOWABLE.start(), *SHOWABLE.end());
    match (start, end) {
        (Some(start), Some(end)) => (start, end),
        (Some(start), None) => (start, moved(start, measuring_micros)),
        (None, end) => {
            let end = end.unwrap_or(now);
            (moved(end, measuring_micros.saturating_neg()), end)
        }
    }
}

impl DatasetUpload {
    /// Identifies retries of this upload; `None` without a uuid.
    fn identity(&self) -> Option<[u8; 16]> {
        let digest = directory_digest(&self.common.directory);
        Some(identity(self.uuid.as_deref()?, &self.common.name, &digest))
    }

    /// The sample, if it is the project's own, and the name of its group.
    fn sample(
        &self,
        project: ProjectId,
        catalog: &Catalog,
        remarks: &mut Vec<String>,
    ) -> (Option<SampleId>, Option<String>) {
        let Some(claimed) = self.sample_id else {
            return (None, None);
        };
        let sample = u64::try_from(claimed)
            .ok()
            .and_then(|id| Some((id, &catalog.samples.get(id)?.record)))
            .filter(|(_, sample)| sample.project == project);
        let Some((id, sample)) = sample else {
            remarks.push(format!("sample {claimed} is not this project's: ignored"));
            return (None, None);
        };
        let group = sample.group.and_then(|group| catalog.groups.get(group.0));
        (Some(SampleId(id)), group.map(|group| group.record.name.clone()))
    }
}

impl Upload for DatasetUpload {
    type Record = Dataset;
    const TABLE: Table = Table::Dataset;
    const SUBJECT: Subject = Subject::Dataset;
    const NAME: &'static str = "dataset";
    const MATCHED_BY: &'static str = "name and directory";

    fn common(&self) -> &CommonFields {
        &self.common
    }

    fn matches(&self, project: ProjectId, record: &Dataset) -> bool {
        record.project == project
            && record.name == self.common.name
            && record.directory_digest == directory_digest(&self.common.directory)
    }

    fn key(record: &Dataset) -> Option<SecureKey> {
        record.key
    }

    fn identity_row(&self, project: ProjectId) -> Option<Key> {
        Some(keys::dataset_by_identity(project, &self.identity()?))
    }

    fn to_record(&self, context: &Context<'_>, found: &Found<Dataset>) -> (Dataset, Vec<String>) {
        let Context { place, now, .. } = *context;
        let (common, old) = (&self.common, found.old_record());
        let mut remarks = common.notes.clone();
        let (sample, group) = self.sample(place.project, context.catalog, &mut remarks);
        let measuring = self
            .exposure
            .and_then(|exposure| measuring_micros(self.frames.count(), exposure));
        let (start_time, end_time) = times(self.start_time, self.end_time, measuring.unwrap_or(0), now);
        if end_time < start_time {
            remarks.push("it ends before it starts: check the clocks at the beamline".to_owned());
        }
        let record = Dataset {
            project: place.project,
            beamline: old.map_or(place.beamline, |old| old.beamline),
            session: old.map_or(place.session, |old| old.session),
            sample,
            group,
            name: common.name.clone(),
            kind: common.kind.clone(),
            filename: self.filename.clone(),
            frames: self.frames.text().to_owned(),
            num_frames: self.frames.count(),
            energy: self.energy,
            exposure: self.exposure,
            attenuation: self.attenuation,
            beam_size: self.beam_size,
            start_time,
            end_time,
            uuid: self.uuid.clone().or_else(|| old.and_then(|old| old.uuid.clone())),
            directory_digest: directory_digest(&common.directory),
            key: context.key,
            address: context.address,
            meta_data: self.meta_data.clone(),
            created: old.map_or(now, |old| old.created),
            modified: now,
        };
        (record, remarks)
    }

    fn update_indexes(batch: &mut Batch, id: IdRef, record: &Dataset, found: &Found<Dataset>) {
        if found.old.is_none() {
            let session = record.session.map_or(IdRef::Known(0), IdRef::from);
            batch.point(
                keys::dataset_by_project(record.beamline, record.project, id),
                session,
            );
            if record.session.is_some() {
                batch.mark(keys::index(Table::DatasetBySession, session, id));
            }
        }
        index_identity(batch, id, record, found);
    }
}

/// Retries find the dataset by its identity. Its earlier identities stay in the index and still
/// lead to it.
fn index_identity(batch: &mut Batch, id: IdRef, record: &Dataset, found: &Found<Dataset>) {
    let Some(identity) = record.identity() else {
        return;
    };
    let old = found.old.as_ref().map(|(id, old)| (DatasetId(*id), &old.record));
    let before = old.and_then(|(id, old)| Some((id, old.uuid.as_deref()?, old.identity()?)));
    if before.is_some_and(|(_, _, before)| before == identity) {
        return;
    }
    let row = keys::dataset_by_identity(record.project, &identity);
    if !found.identified {
        batch.require_absent(row.clone());
    }
    batch.point(row, id);
    if let Some((id, uuid, before)) = before {
        let row = keys::dataset_by_identity(record.project, &before);
        batch.set(row, &keys::identified(id, Some(uuid)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const T: fn(i64) -> Timestamp = |seconds| Timestamp(seconds * 1_000_000);

    #[test]
    fn a_missing_time_follows_from_the_other() {
        let now = T(1_000);
        let micros = measuring_micros(100, 0.2).unwrap();
        assert_eq!(micros, 20_000_000);
        assert_eq!(times(Some(T(1)), Some(T(9)), micros, now), (T(1), T(9)));
        assert_eq!(times(Some(T(1)), None, micros, now), (T(1), T(21)));
        assert_eq!(times(None, Some(T(50)), micros, now), (T(30), T(50)));
        assert_eq!(times(None, None, micros, now), (T(980), T(1_000)));
    }

    #[test]
    fn computed_times_can_be_shown() {
        let (first, last) = (*SHOWABLE.start(), *SHOWABLE.end());
        assert_eq!(times(Some(T(1)), None, i64::MAX, T(0)), (T(1), last));
        assert_eq!(times(None, Some(T(1)), i64::MAX, T(0)), (first, T(1)));
        assert_eq!(first.to_utc().to_rfc3339(), "0000-01-01T00:00:00+00:00");
        assert_eq!(last.to_utc().to_rfc3339(), "9999-12-31T23:59:59.999999+00:00");
    }

    #[test]
    fn an_end_before_the_start_is_kept() {
        assert_eq!(times(Some(T(9)), Some(T(1)), 0, T(0)), (T(9), T(1)));
    }

    #[test]
    fn impossible_measuring_times_are_none() {
        assert_eq!(measuring_micros(u64::MAX, 1e300), None);
        assert_eq!(measuring_micros(u64::MAX, f64::NAN), None);
        assert_eq!(measuring_micros(0, 1e300), Some(0));
    }
}
