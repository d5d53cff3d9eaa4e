//! The keys of datasets and reports, and of the requests that they came with.

use super::{record, Key, Table};
use crate::ids::{BeamlineId, DatasetId, IdRef, ProjectId};
use crate::time::Timestamp;

/// A dataset.
#[must_use]
pub fn dataset(id: impl Into<IdRef>) -> Key {
    record(Table::Dataset, id)
}

/// A dataset among those of its project at its beamline.
#[must_use]
pub fn dataset_by_project(beamline: BeamlineId, project: ProjectId, id: impl Into<IdRef>) -> Key {
    datasets_of(beamline, project).id(id)
}

/// What the keys of a project's datasets at a beamline start with.
#[must_use]
pub fn datasets_of(beamline: BeamlineId, project: ProjectId) -> Key {
    Key::of(Table::DatasetByProject).id(beamline).id(project)
}

/// The dataset that an upload repeats; the digest is [`crate::records::identity`].
#[must_use]
pub fn dataset_by_identity(project: ProjectId, digest: &[u8; 16]) -> Key {
    Key::of(Table::DatasetByIdentity).id(project).tail(digest)
}

/// What an entry of `DatasetByIdentity` says: the dataset, and the uuid of the digest where that is not the dataset's newest.
#[must_use]
pub fn parse_identified(value: &[u8]) -> Option<(DatasetId, Option<&str>)> {
    let (id, older) = value.split_at_checked(8)?;
    let id = DatasetId(u64::from_be_bytes(id.try_into().ok()?));
    let older = std::str::from_utf8(older).ok()?;
    Some((id, Some(older).filter(|uuid| !uuid.is_empty())))
}

/// The value of such an entry; `older` is a uuid that the dataset had before its newest.
#[must_use]
pub fn identified(id: DatasetId, older: Option<&str>) -> Vec<u8> {
    [&id.0.to_be_bytes(), older.unwrap_or_default().as_bytes()].concat()
}

/// A report.
#[must_use]
pub fn report(id: impl Into<IdRef>) -> Key {
    record(Table::Report, id)
}

/// What a request under the `Idempotency-Key` of this digest was answered with.
#[must_use]
pub fn answered_request(project: ProjectId, digest: &[u8; 16]) -> Key {
    Key::of(Table::AnsweredRequest).id(project).tail(digest)
}

/// The same by time, so that the oldest is found first.
#[must_use]
pub fn answered_request_by_time(received: Timestamp, project: ProjectId, digest: &[u8; 16]) -> Key {
    answered_requests_before(received).id(project).tail(digest)
}

/// The first key by time that is not of before `time`.
#[must_use]
pub fn answered_requests_before(time: Timestamp) -> Key {
    let micros = u64::try_from(time.0).unwrap_or(0);
    Key::of(Table::AnsweredRequestByTime).id(IdRef::Known(micros))
}

/// Reads a key by time back: the time, and the key of the answer.
#[must_use]
pub fn parse_answered_request_by_time(key: &[u8]) -> Option<(Timestamp, Key)> {
    let micros = u64::from_be_bytes(key.get(1..9)?.try_into().ok()?);
    let project = u64::from_be_bytes(key.get(9..17)?.try_into().ok()?);
    let digest = key.get(17..)?.try_into().ok()?;
    let time = Timestamp(i64::try_from(micros).ok()?);
    Some((time, answered_request(ProjectId(project), digest)))
}
