//! The first version of every record. Times are UTC; units as in the field's names.

mod directory;
mod facility;
mod log;
mod session;
mod upload;

pub use directory::{PendingForward, SecureKey, SecurePath};
pub use facility::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerStatus, ContainerType, DataType, Group,
    Project, Sample,
};
pub use log::{Activity, Connection, ConnectionStatus, Subject};
pub use session::{BeamlineState, Feedback, FeedbackCount, Session, Stretch};
pub use upload::{identity, AnsweredRequest, Dataset, Report};

use super::Record;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! records {
    ($($name:ident = $label:literal;)*) => {
        $(impl Record for $name {
            const NAME: &'static str = $label;
            const VERSION: u8 = 1;
        })*

        /// The records whose latest version is in this module.
        pub(super) const LATEST: &[(&str, u8)] = &[$(($label, 1),)*];
    };
}

records! {
    Project = "project";
    Beamline = "beamline";
    DataType = "data type";
    ContainerType = "container type";
    Container = "container";
    Automounter = "automounter";
    Group = "group";
    Sample = "sample";
    AccessList = "access list";
    Beamtime = "beamtime";
    BeamlineState = "beamline state";
    Session = "session";
    Stretch = "stretch";
    Feedback = "feedback";
    FeedbackCount = "feedback count";
    Dataset = "dataset";
    Report = "report";
    AnsweredRequest = "answered request";
    PendingForward = "pending forward";
    SecurePath = "secure path";
    Connection = "connection";
    Activity = "activity";
}

/// What a store said of itself at first. It did not say which records are in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreFormat {
    /// Version of the keyspace's layout.
    pub layout: u32,
    /// Program and version that created it.
    pub created_by: String,
    /// When it was created.
    pub created: Timestamp,
}
