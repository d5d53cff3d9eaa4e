//! Remote connections and the activity log.

use crate::ids::{ProjectId, RawId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::FromRepr;

/// An event of a remote connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectionStatus {
    /// Logged in.
    Connected,
    /// Disconnected, may connect again.
    Disconnected,
    /// The connection failed.
    Failed,
    /// Logged out.
    Finished,
}

/// One remote connection, identified by (list, project, name).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Date of its first event.
    pub created: Timestamp,
    /// Set by Finished and Failed.
    pub end: Option<Timestamp>,
    /// Every distinct event, by date.
    pub history: Vec<(ConnectionStatus, Timestamp)>,
}

/// Kinds of records that have a directory or entries in the activity log. The numbers are in keys
/// on disk: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, FromRepr)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Subject {
    Project = 1,
    Session = 2,
    Dataset = 3,
    Report = 4,
    Facility = 5,
    AccessList = 6,
    Outbox = 7,
    /// An answer to a survey.
    Feedback = 8,
    Person = 9,
    Container = 10,
}

/// One entry of the activity log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The record it is about. First, so that the writer can fill in a new id.
    pub record: RawId,
    pub subject: Subject,
    /// The project it concerns.
    pub project: Option<ProjectId>,
    /// The actor: a username, `operator`, `survey` or a host.
    pub who: String,
    /// The client's address.
    pub address: Option<std::net::IpAddr>,
    /// The action, in a word or two.
    pub action: String,
    /// Details, as free text.
    pub note: String,
    pub time: Timestamp,
}
