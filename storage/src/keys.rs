//! The keyspace: a table byte, then big-endian ids, so that ids sort as numbers and one batch spans all tables.
//!
//! A key may hold slots, whose ids the writer fills in when it commits the batch.

use crate::ids::{AccessListId, BeamlineId, IdRef, ProjectId, SessionId, Slot};
use crate::records::{SecureKey, Subject};
use smallvec::SmallVec;

mod uploads;

pub use uploads::{
    answered_request, answered_request_by_time, answered_requests_before, dataset, dataset_by_identity,
    dataset_by_project, datasets_of, identified, parse_answered_request_by_time, parse_identified, report,
};

/// Declares the tables, and keeps a list of them.
macro_rules! tables {
    ($(#[$doc:meta])* pub enum Table { $($(#[$shape:meta])* $name:ident = $number:literal,)* }) => {
        $(#[$doc])*
        pub enum Table { $($(#[$shape])* $name = $number,)* }

        impl Table {
            /// Reads back the first byte of a key.
            #[must_use]
            pub fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

tables! {
/// What the first byte of a key says. The numbers are on disk: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Table {
    /// The store's own format.
    Meta = 0,
    /// `[table]` → the last id given.
    Counter = 1,
    /// How many groups were written, and what all rows come to.
    Tally = 2,
    /// `[table][id]` → the last of the ids that were skipped from there on
    SkippedIds = 3,
    /// `[id]`
    Project = 10,
    /// `[id]`
    Beamline = 11,
    /// `[id]`
    DataType = 12,
    /// `[id]`
    ContainerType = 13,
    /// `[id]`
    Container = 14,
    /// `[id]`
    Automounter = 15,
    /// `[id]`
    Group = 16,
    /// `[id]`
    Sample = 17,
    /// `[id]`
    AccessList = 18,
    /// `[id]`
    Beamtime = 19,
    /// `[beamline]`
    BeamlineState = 30,
    /// `[id]`
    Session = 31,
    /// `[session][number u32]`
    Stretch = 32,
    /// `[beamline][project][name]` → the newest session of that name
    SessionByName = 33,
    /// `[project][session]`
    SessionByProject = 34,
    /// `[beamline][session]`
    SessionByBeamline = 35,
    /// `[survey key]` → session
    SessionBySurvey = 36,
    /// `[session][id]`
    Feedback = 37,
    /// `[session]` → how many answers it has
    FeedbackCount = 38,
    /// `[id]`
    Dataset = 40,
    /// `[beamline][project][dataset]` → its session (0 for none)
    DatasetByProject = 41,
    /// `[session][dataset]`
    DatasetBySession = 42,
    /// `[project][digest of uuid, name and directory]` → dataset
    DatasetByIdentity = 44,
    /// `[project][digest of an Idempotency-Key]` → the request that was answered under it
    AnsweredRequest = 46,
    /// `[microseconds][project][digest]`: the same, oldest first
    AnsweredRequestByTime = 47,
    /// `[id]`
    Report = 50,
    /// `[project][report]`
    ReportByProject = 51,
    /// `[session][report]`
    ReportBySession = 52,
    /// `[subject][id]` → the key that an external Data Proxy gave for the record's directory
    SecureKey = 60,
    /// `[key]` → what it opens
    SecurePath = 61,
    /// `[subject][id]`
    Outbox = 63,
    /// `[list][project][name]`
    Connection = 70,
    /// `[id]`
    Activity = 80,
    /// `[project][activity]`
    ActivityByProject = 81,
    /// Parts of a value above 16 KiB: `[its key][revision][n]`
    Chunk = 255,
}
}

/// A key, with the places where the writer puts ids it allocates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub(crate) bytes: SmallVec<[u8; 36]>,
    pub(crate) slots: SmallVec<[(u16, Slot); 1]>,
}

impl Key {
    /// The table itself: the prefix of all its keys.
    #[must_use]
    pub fn of(table: Table) -> Self {
        let mut bytes = SmallVec::new();
        bytes.push(table as u8);
        Self {
            bytes,
            slots: SmallVec::new(),
        }
    }

    /// A key as it was read.
    #[must_use]
    pub fn raw(bytes: &[u8]) -> Self {
        Self {
            bytes: SmallVec::from_slice(bytes),
            slots: SmallVec::new(),
        }
    }

    /// Appends an id, big-endian.
    #[must_use]
    pub fn id(mut self, id: impl Into<IdRef>) -> Self {
        match id.into() {
            IdRef::Known(id) => self.bytes.extend_from_slice(&id.to_be_bytes()),
            IdRef::Slot(slot) => {
                let offset = u16::try_from(self.bytes.len()).unwrap_or(u16::MAX);
                self.slots.push((offset, slot));
                self.bytes.extend_from_slice(&[0; 8]);
            }
        }
        self
    }

    /// Appends a 32-bit number, big-endian.
    #[must_use]
    pub fn number(mut self, number: u32) -> Self {
        self.bytes.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Appends bytes as they are; only ever the last part of a key.
    #[must_use]
    pub fn tail(mut self, tail: &[u8]) -> Self {
        self.bytes.extend_from_slice(tail);
        self
    }

    /// Appends what kind of record follows.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Self {
        self.bytes.push(subject as u8);
        self
    }

    /// The bytes as they stand; a key with open slots is not whole yet.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The id that ends a key, as in every index of the form `[owner][id]`.
#[must_use]
pub fn last_id(key: &[u8]) -> Option<u64> {
    let tail = key.get(key.len().checked_sub(8)?..)?;
    Some(u64::from_be_bytes(tail.try_into().ok()?))
}

/// `[table][id]`: a record of a table that is keyed by its id.
#[must_use]
pub fn record(table: Table, id: impl Into<IdRef>) -> Key {
    Key::of(table).id(id)
}

/// The last id given in `table`.
#[must_use]
pub fn counter(table: Table) -> Key {
    Key::of(Table::Counter).tail(&[table as u8])
}

/// Ids of `table` that nobody got, from `first` on.
#[must_use]
pub fn skipped_ids(table: Table, first: u64) -> Key {
    Key::of(Table::SkippedIds)
        .tail(&[table as u8])
        .id(IdRef::Known(first))
}

/// The newest stretch on a beamline.
#[must_use]
pub fn beamline_state(beamline: BeamlineId) -> Key {
    record(Table::BeamlineState, beamline)
}

/// A session.
#[must_use]
pub fn session(id: impl Into<IdRef>) -> Key {
    record(Table::Session, id)
}

/// One stretch of a session.
#[must_use]
pub fn stretch(session: impl Into<IdRef>, number: u32) -> Key {
    Key::of(Table::Stretch).id(session).number(number)
}

/// The newest session of a name.
#[must_use]
pub fn session_by_name(beamline: BeamlineId, project: ProjectId, name: &str) -> Key {
    Key::of(Table::SessionByName)
        .id(beamline)
        .id(project)
        .tail(name.as_bytes())
}

/// The session behind a survey key.
#[must_use]
pub fn session_by_survey(key: &SecureKey) -> Key {
    Key::of(Table::SessionBySurvey).tail(&key.0)
}

/// An answer to a session's survey.
#[must_use]
pub fn feedback(session: SessionId, id: impl Into<IdRef>) -> Key {
    Key::of(Table::Feedback).id(session).id(id)
}

/// How many answers a session's survey has.
#[must_use]
pub fn feedback_count(session: SessionId) -> Key {
    record(Table::FeedbackCount, session)
}

/// An index entry `[table][owner][id]`.
#[must_use]
pub fn index(table: Table, owner: impl Into<IdRef>, id: impl Into<IdRef>) -> Key {
    Key::of(table).id(owner).id(id)
}

/// The key that an external Data Proxy gave for a record's directory.
#[must_use]
pub fn secure_key(subject: Subject, id: impl Into<IdRef>) -> Key {
    Key::of(Table::SecureKey).subject(subject).id(id)
}

/// What a key of the built-in Data Proxy opens.
#[must_use]
pub fn secure_path(key: &SecureKey) -> Key {
    Key::of(Table::SecurePath).tail(&key.0)
}

/// A directory that waits for the Data Proxy.
#[must_use]
pub fn outbox(subject: Subject, id: impl Into<IdRef>) -> Key {
    Key::of(Table::Outbox).subject(subject).id(id)
}

/// Reads an outbox key back.
#[must_use]
pub fn parse_outbox(key: &[u8]) -> Option<(Subject, u64)> {
    Some((Subject::from_byte(*key.get(1)?)?, last_id(key)?))
}

/// A remote connection.
#[must_use]
pub fn connection(list: AccessListId, project: ProjectId, name: &str) -> Key {
    Key::of(Table::Connection)
        .id(list)
        .id(project)
        .tail(name.as_bytes())
}

/// Reads a connection's key back: list, project, name.
#[must_use]
pub fn parse_connection(key: &[u8]) -> Option<(AccessListId, ProjectId, String)> {
    let number = |range: std::ops::Range<usize>| -> Option<u64> {
        Some(u64::from_be_bytes(key.get(range)?.try_into().ok()?))
    };
    Some((
        AccessListId(number(1..9)?),
        ProjectId(number(9..17)?),
        String::from_utf8(key.get(17..)?.to_vec()).ok()?,
    ))
}

/// An entry of the activity log.
#[must_use]
pub fn activity(id: impl Into<IdRef>) -> Key {
    record(Table::Activity, id)
}

/// Convenience for readers that page through ids: everything of `prefix` below `before`.
#[must_use]
pub fn below(prefix: &Key, before: Option<u64>) -> (Vec<u8>, Vec<u8>) {
    let start = prefix.as_bytes().to_vec();
    let end = match before {
        Some(id) => [prefix.as_bytes(), &id.to_be_bytes()].concat(),
        None => successor(prefix.as_bytes()),
    };
    (start, end)
}

/// The first key that does not start with `prefix`.
#[must_use]
pub fn successor(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    // A prefix of nothing but 0xff: no key of ours is longer than this.
    vec![u8::MAX; 5000]
}

#[cfg(test)]
mod tests;
