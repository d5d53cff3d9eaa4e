//! The tables of the keyspace.

use strum::FromRepr;

/// A table: the first byte of a key. The numbers are on disk: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromRepr)]
#[repr(u8)]
pub enum Table {
    /// The store's format.
    Meta = 0,
    /// `[table]` → the last id allocated
    Counter = 1,
    /// The number of groups and rows, and the sum of all rows
    Tally = 2,
    /// `[table][id]` → the last of the ids that were skipped from this id on
    SkippedIds = 3,
    /// `[table]` → the last of the ids whose records were removed because they were old
    RemovedIds = 4,
    /// The import that is not finished; no row if there is none
    Importing = 5,
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
    /// Its revision counts applied facility files.
    FacilityRevision = 20,
    /// `[id]`
    Person = 21,
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
    /// `[session]` → the number of its answers
    FeedbackCount = 38,
    /// `[id]`
    Dataset = 40,
    /// `[beamline][project][dataset]` → its session, or 0
    DatasetByProject = 41,
    /// `[session][dataset]`
    DatasetBySession = 42,
    /// `[project][digest of uuid, name and directory]` → dataset
    DatasetByIdentity = 44,
    /// `[project][digest of an Idempotency-Key]` → the answered request
    AnsweredRequest = 46,
    /// `[microseconds][project][digest]`: the same, by time
    AnsweredRequestByTime = 47,
    /// `[id]`
    Report = 50,
    /// `[project][report]`
    ReportByProject = 51,
    /// `[session][report]`
    ReportBySession = 52,
    /// `[subject][id]` → the key that an external Data Proxy gave for the record's directory
    SecureKey = 60,
    /// `[key]` → the directory that it opens
    SecurePath = 61,
    /// `[subject][id]`
    Outbox = 63,
    /// The process that sends the outbox, if several share the database
    OutboxLease = 64,
    /// `[list][kind of account][account][name]`
    Connection = 70,
    /// `[id]`
    Activity = 80,
    /// `[project][activity]`
    ActivityByProject = 81,
    /// `[container][activity]`
    ActivityByContainer = 82,
    /// `[seconds of its end][token]` → what a refresh token was exchanged for
    SpentToken = 90,
    /// `[seconds of its end][digest of its cookie]` → a browser that is signed in
    BrowserSession = 91,
    /// Pieces of values above 16 KiB: `[key of the record][revision][n]`
    Chunk = 255,
}

impl Table {
    /// The table of a key; `None` if no table has the number.
    pub fn of(key: &[u8]) -> Option<Self> {
        Self::from_repr(*key.first()?)
    }

    /// Whether processes keep rows of the table in memory, or wait for them, so that each has to
    /// learn what the others change.
    pub fn is_followed(self) -> bool {
        let declared = Self::Project as u8..=Self::Beamtime as u8;
        declared.contains(&(self as u8)) || matches!(self, Self::Person | Self::Outbox)
    }
}
