//! Ids of records: one type per table, so a sample's id cannot be used as a dataset's.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An id in a key or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdRef {
    /// The id of a record that exists.
    Known(u64),
    /// The id that the writer allocates for this slot of the same batch.
    Slot(Slot),
}

/// A placeholder in a batch for an id that the writer allocates. Allocated ids are contiguous per
/// table and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot(pub(crate) u32);

impl From<Slot> for IdRef {
    fn from(slot: Slot) -> Self {
        Self::Slot(slot)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for IdRef {
            fn from(id: $name) -> Self {
                Self::Known(id.0)
            }
        }
    )*};
}

ids! {
    /// A project: an account that owns what is measured.
    ProjectId;
    /// A person: an account that acts for projects.
    PersonId;
    /// A beamline.
    BeamlineId;
    /// A data type, such as `DATA` or `RASTER`.
    DataTypeId;
    /// A type of container: its locations, in order.
    ContainerTypeId;
    /// A puck, an adaptor, or the container of an automounter.
    ContainerId;
    /// Which container the robot of a beamline holds.
    AutomounterId;
    /// A group of samples of a project.
    GroupId;
    /// A sample.
    SampleId;
    /// A list of users for the hosts of one network.
    AccessListId;
    /// Scheduled time of a project at a beamline.
    BeamtimeId;
    /// One visit of a project at a beamline.
    SessionId;
    /// One `Data` record.
    DatasetId;
    /// One `AnalysisReport` record.
    ReportId;
    /// One entry of the activity log.
    ActivityId;
    /// One answer to a session's survey.
    FeedbackId;
}

/// Who can sign in, and be on an access list. Usernames of projects and persons are different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Account {
    /// A project.
    Project(ProjectId),
    /// A person.
    Person(PersonId),
}

impl From<ProjectId> for Account {
    fn from(id: ProjectId) -> Self {
        Self::Project(id)
    }
}

impl From<PersonId> for Account {
    fn from(id: PersonId) -> Self {
        Self::Person(id)
    }
}

/// An id stored as eight raw bytes, so that the writer can fill it in when it allocates the id.
///
/// A record that names a new record has a `RawId` as its **first** field and goes into the batch
/// with `Batch::insert_naming` or `Batch::replace_naming`. Zero is not an id: ids start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawId([u8; 8]);

impl RawId {
    /// No record.
    pub const NONE: Self = Self([0; 8]);

    /// The id, or `None` for [`RawId::NONE`].
    pub fn get(self) -> Option<u64> {
        Some(u64::from_be_bytes(self.0)).filter(|id| *id != 0)
    }
}

impl From<u64> for RawId {
    fn from(id: u64) -> Self {
        Self(id.to_be_bytes())
    }
}
