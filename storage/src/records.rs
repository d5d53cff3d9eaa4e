//! The records that are kept on disk. Times are UTC; a unit is named where a field has one.
//!
//! The shape of a record never changes in place: its bytes begin with a version. There is one
//! version of each so far. To add one:
//!
//! 1. Keep the old struct next to the new one, with a `From` impl that makes the new one of it.
//! 2. Raise the record's number in the list below.
//! 3. Give [`Record`] a method `upgrade(version, bytes)` that refuses by default, and call it in
//!    `codec::decode` where an unknown version is refused today. The record decodes its old struct
//!    there and converts it.
//! 4. Keep the golden bytes of the old version in `tests/records.golden`, add those of the new one,
//!    and test that the old bytes become the new record.
//!
//! A store names the newest version of each record that it may hold (`format.rs`), so an older
//! build refuses the store as a whole and does not fail at a single record.
#![allow(missing_docs, reason = "the names of most fields say what they hold")]

mod account;
mod directory;
mod facility;
mod import;
mod log;
mod session;
mod upload;

pub use account::{BrowserSession, EndedFamily, Membership, Person, Role, SignIn, SpentToken, Staff};
pub use directory::{OutboxLease, PendingForward, SecureKey, SecurePath};
pub use facility::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerStatus, ContainerType, DataType,
    Drawing, FacilityRevision, Group, Layout, Project, Sample,
};
pub use import::Importing;
pub use log::{Activity, Connection, ConnectionStatus, Subject};
pub use session::{BeamlineState, Feedback, FeedbackCount, Session, Stretch};
pub use upload::{directory_digest, identity, AnsweredRequest, Dataset, Report};

use crate::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A value that is stored as `[version][revision][bincode]`.
pub trait Record: Serialize + DeserializeOwned {
    /// The record's name in error messages.
    const NAME: &'static str;
    /// The version that is written, and the only one that is read.
    const VERSION: u8;
}

macro_rules! records {
    ($($name:ident = $label:literal, $version:literal;)*) => {
        $(impl Record for $name {
            const NAME: &'static str = $label;
            const VERSION: u8 = $version;
        })*

        /// Name and version of every record, except of the store's own format.
        pub(crate) const VERSIONS: &[(&str, u8)] = &[$(($label, $version),)*];
    };
}

records! {
    Project = "project", 1;
    Beamline = "beamline", 1;
    DataType = "data type", 1;
    ContainerType = "container type", 1;
    Container = "container", 1;
    Automounter = "automounter", 1;
    Group = "group", 1;
    Sample = "sample", 1;
    AccessList = "access list", 1;
    Beamtime = "beamtime", 1;
    FacilityRevision = "facility revision", 1;
    Person = "person", 1;
    SpentToken = "spent token", 1;
    BrowserSession = "browser session", 1;
    BeamlineState = "beamline state", 1;
    Session = "session", 1;
    Stretch = "stretch", 1;
    Feedback = "feedback", 1;
    FeedbackCount = "feedback count", 1;
    Dataset = "dataset", 1;
    Report = "report", 1;
    AnsweredRequest = "answered request", 1;
    PendingForward = "pending forward", 1;
    OutboxLease = "outbox lease", 1;
    Importing = "import", 1;
    SecurePath = "secure path", 1;
    Connection = "connection", 1;
    Activity = "activity", 1;
}

/// The format of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreFormat {
    /// Version of the keyspace's layout.
    pub layout: u32,
    /// Program and version that created the store.
    pub created_by: String,
    pub created: Timestamp,
    /// Program and version that first wrote records of these versions.
    pub written_by: String,
    /// The newest version of each record that the store may hold, by the record's name.
    pub records: Vec<(String, u8)>,
}

impl Record for StoreFormat {
    const NAME: &'static str = "store format";
    const VERSION: u8 = 2;
}

#[cfg(test)]
mod tests;
