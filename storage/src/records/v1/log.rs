//! What was done, by whom: remote connections, and the activity log.

use crate::ids::{ProjectId, RawId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a remote connection did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectionStatus {
    /// Logged in.
    Connected,
    /// Went away, may come back.
    Disconnected,
    /// Could not be made.
    Failed,
    /// Logged out.
    Finished,
}

/// One remote connection: named by (list, project, name).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The first date seen.
    pub created: Timestamp,
    /// Set by Finished and Failed.
    pub end: Option<Timestamp>,
    /// Every distinct entry seen, by date; what of it is a change is the rules' to say.
    pub history: Vec<(ConnectionStatus, Timestamp)>,
}

/// Kinds of records that something can be said about, or that have a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Subject {
    /// An account.
    Project = 1,
    /// A session.
    Session = 2,
    /// A dataset.
    Dataset = 3,
    /// A report.
    Report = 4,
    /// The facility file.
    Facility = 5,
    /// An access list.
    AccessList = 6,
    /// The outbox.
    Outbox = 7,
    /// An answer to a survey.
    Feedback = 8,
}

impl Subject {
    /// Reads back the byte that keys hold.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Project,
            Self::Session,
            Self::Dataset,
            Self::Report,
            Self::Facility,
            Self::AccessList,
            Self::Outbox,
            Self::Feedback,
        ]
        .into_iter()
        .find(|subject| *subject as u8 == byte)
    }
}

/// One entry of the activity log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The record it is about. First, for the writer fills it in for a new record.
    pub record: RawId,
    /// What kind of record that is.
    pub subject: Subject,
    /// The project it concerns.
    pub project: Option<ProjectId>,
    /// Who did it: a username, `operator`, `survey` or a host.
    pub who: String,
    /// From which address.
    pub address: Option<std::net::IpAddr>,
    /// What was done, in a word or two.
    pub action: String,
    /// What a person should know of it.
    pub note: String,
    /// When.
    pub time: Timestamp,
}
