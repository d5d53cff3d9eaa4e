//! The keyspace: a table byte, then big-endian ids. Ids sort as numbers, and one batch can write to
//! all tables.
//!
//! `table.rs` lists the tables, `key.rs` puts keys together; this file has a function for the keys
//! of each table.
#![allow(
    missing_docs,
    reason = "the names of most functions say which key they return"
)]

mod key;
mod table;

pub use key::{below, last_id, successor, Key};
pub use table::Table;

use crate::ids::{AccessListId, Account, BeamlineId, DatasetId, IdRef, PersonId, ProjectId, SessionId};
use crate::records::{SecureKey, Subject};
use crate::time::Timestamp;

/// The kinds of accounts in keys of connections: never change one.
const PROJECT: u8 = 1;
const PERSON: u8 = 2;

/// `[table][id]`: a record of a table that is keyed by its id.
pub fn record(table: Table, id: impl Into<IdRef>) -> Key {
    Key::of(table).id(id)
}

/// Parses a key made by [`record`], of any table.
pub fn parse_record(key: &[u8]) -> Option<u64> {
    key.get(1..)?.try_into().ok().map(u64::from_be_bytes)
}

/// `[table][owner][id]`: an index entry.
pub fn index(table: Table, owner: impl Into<IdRef>, id: impl Into<IdRef>) -> Key {
    Key::of(table).id(owner).id(id)
}

/// The last id allocated in `table`.
pub fn counter(table: Table) -> Key {
    Key::of(Table::Counter).tail(&[table as u8])
}

/// A range of ids of `table` that were skipped, from `first` on.
pub fn skipped_ids(table: Table, first: u64) -> Key {
    Key::of(Table::SkippedIds)
        .tail(&[table as u8])
        .id(IdRef::Known(first))
}

/// Up to which id the records of `table` were removed because they were old.
pub fn removed_ids(table: Table) -> Key {
    Key::of(Table::RemovedIds).tail(&[table as u8])
}

/// The record that each facility file replaces.
pub fn facility_revision() -> Key {
    Key::of(Table::FacilityRevision)
}

pub fn beamline_state(beamline: BeamlineId) -> Key {
    record(Table::BeamlineState, beamline)
}

pub fn session(id: impl Into<IdRef>) -> Key {
    record(Table::Session, id)
}

pub fn stretch(session: impl Into<IdRef>, number: u32) -> Key {
    Key::of(Table::Stretch).id(session).number(number)
}

/// Parses a stretch's key: its session, its number.
pub fn parse_stretch(key: &[u8]) -> Option<(SessionId, u32)> {
    let (session, number) = key.get(1..)?.split_first_chunk()?;
    let number = u32::from_be_bytes(number.try_into().ok()?);
    Some((SessionId(u64::from_be_bytes(*session)), number))
}

/// The newest session of a name.
pub fn session_by_name(beamline: BeamlineId, project: ProjectId, name: &str) -> Key {
    index(Table::SessionByName, beamline, project).tail(name.as_bytes())
}

pub fn session_by_survey(key: &SecureKey) -> Key {
    Key::of(Table::SessionBySurvey).tail(&key.0)
}

pub fn feedback(session: SessionId, id: impl Into<IdRef>) -> Key {
    index(Table::Feedback, session, id)
}

pub fn feedback_count(session: SessionId) -> Key {
    record(Table::FeedbackCount, session)
}

pub fn dataset(id: impl Into<IdRef>) -> Key {
    record(Table::Dataset, id)
}

/// The prefix of a project's datasets at a beamline.
pub fn datasets_of(beamline: BeamlineId, project: ProjectId) -> Key {
    index(Table::DatasetByProject, beamline, project)
}

/// A dataset among those of its project at its beamline.
pub fn dataset_by_project(beamline: BeamlineId, project: ProjectId, id: impl Into<IdRef>) -> Key {
    datasets_of(beamline, project).id(id)
}

/// The dataset that an upload repeats; the digest is [`crate::records::identity`].
pub fn dataset_by_identity(project: ProjectId, digest: &[u8; 16]) -> Key {
    record(Table::DatasetByIdentity, project).tail(digest)
}

/// The value of an entry of `DatasetByIdentity`. `older` is the uuid of the digest if the dataset
/// has a newer one.
pub fn identified(id: DatasetId, older: Option<&str>) -> Vec<u8> {
    [&id.0.to_be_bytes(), older.unwrap_or_default().as_bytes()].concat()
}

/// Parses a value made by [`identified`].
pub fn parse_identified(value: &[u8]) -> Option<(DatasetId, Option<&str>)> {
    let (id, older) = value.split_first_chunk()?;
    let older = std::str::from_utf8(older).ok()?;
    let id = DatasetId(u64::from_be_bytes(*id));
    Some((id, Some(older).filter(|uuid| !uuid.is_empty())))
}

pub fn report(id: impl Into<IdRef>) -> Key {
    record(Table::Report, id)
}

/// The request that was answered under the `Idempotency-Key` of this digest.
pub fn answered_request(project: ProjectId, digest: &[u8; 16]) -> Key {
    record(Table::AnsweredRequest, project).tail(digest)
}

/// The same request in the index by time.
pub fn answered_request_by_time(received: Timestamp, project: ProjectId, digest: &[u8; 16]) -> Key {
    answered_requests_before(received).id(project).tail(digest)
}

/// The end of the range of requests in the index by time that were received before `time`.
pub fn answered_requests_before(time: Timestamp) -> Key {
    let micros = u64::try_from(time.0).unwrap_or(0);
    record(Table::AnsweredRequestByTime, IdRef::Known(micros))
}

/// Parses a key of the index by time: the time, and the key of the request.
pub fn parse_answered_request_by_time(key: &[u8]) -> Option<(Timestamp, Key)> {
    let (micros, project, digest) = two_ids(key)?;
    let time = Timestamp(i64::try_from(micros).ok()?);
    Some((
        time,
        answered_request(ProjectId(project), digest.try_into().ok()?),
    ))
}

/// The key that an external Data Proxy gave for a record's directory.
pub fn secure_key(subject: Subject, id: impl Into<IdRef>) -> Key {
    Key::of(Table::SecureKey).subject(subject).id(id)
}

/// The directory that a key of the built-in Data Proxy opens.
pub fn secure_path(key: &SecureKey) -> Key {
    Key::of(Table::SecurePath).tail(&key.0)
}

/// A directory that waits for a key from the Data Proxy.
pub fn outbox(subject: Subject, id: impl Into<IdRef>) -> Key {
    Key::of(Table::Outbox).subject(subject).id(id)
}

/// The import that is not finished.
pub fn importing() -> Key {
    Key::of(Table::Importing)
}

/// Who sends the outbox.
pub fn outbox_lease() -> Key {
    Key::of(Table::OutboxLease)
}

pub fn parse_outbox(key: &[u8]) -> Option<(Subject, u64)> {
    Some((Subject::from_repr(*key.get(1)?)?, last_id(key)?))
}

pub fn connection(list: AccessListId, account: impl Into<Account>, name: &str) -> Key {
    let (kind, id) = match account.into() {
        Account::Project(id) => (PROJECT, id.0),
        Account::Person(id) => (PERSON, id.0),
    };
    record(Table::Connection, list)
        .tail(&[kind])
        .id(IdRef::Known(id))
        .tail(name.as_bytes())
}

/// Parses a connection's key: list, account, name.
pub fn parse_connection(key: &[u8]) -> Option<(AccessListId, Account, String)> {
    let (list, rest) = key.get(1..)?.split_first_chunk()?;
    let (kind, rest) = rest.split_first()?;
    let (id, name) = rest.split_first_chunk()?;
    let id = u64::from_be_bytes(*id);
    let account = match *kind {
        PROJECT => Account::Project(ProjectId(id)),
        PERSON => Account::Person(PersonId(id)),
        _ => return None,
    };
    let name = String::from_utf8(name.to_vec()).ok()?;
    Some((AccessListId(u64::from_be_bytes(*list)), account, name))
}

/// What a refresh token was exchanged for. `end` is the time of its claim `exp`, in seconds.
pub fn spent_token(end: u64, token: &[u8; 16]) -> Key {
    spent_tokens_before(end).tail(token)
}

/// A browser that is signed in until `end`, in seconds. `digest` is of the secret in its cookie.
pub fn browser_session(end: u64, digest: &[u8; 16]) -> Key {
    browser_sessions_before(end).tail(digest)
}

/// The end of the range of browsers' sessions that ended before `end`, in seconds.
pub fn browser_sessions_before(end: u64) -> Key {
    record(Table::BrowserSession, IdRef::Known(end))
}

/// The end of the range of refresh tokens that were spent and ended before `end`, in seconds.
pub fn spent_tokens_before(end: u64) -> Key {
    record(Table::SpentToken, IdRef::Known(end))
}

/// The indexes that an entry of the activity log is in, and whose it is there.
pub fn activity_indexes(
    subject: Subject,
    record: Option<IdRef>,
    project: Option<ProjectId>,
) -> impl Iterator<Item = (Table, IdRef)> {
    let project = project.map(|project| (Table::ActivityByProject, project.into()));
    let container = record.filter(|_| subject == Subject::Container);
    let container = container.map(|container| (Table::ActivityByContainer, container));
    project.into_iter().chain(container)
}

pub fn activity(id: impl Into<IdRef>) -> Key {
    record(Table::Activity, id)
}

/// The two ids that follow the table, and the rest of the key.
fn two_ids(key: &[u8]) -> Option<(u64, u64, &[u8])> {
    let (first, rest) = key.get(1..)?.split_first_chunk()?;
    let (second, rest) = rest.split_first_chunk()?;
    Some((u64::from_be_bytes(*first), u64::from_be_bytes(*second), rest))
}

#[cfg(test)]
mod tests;
