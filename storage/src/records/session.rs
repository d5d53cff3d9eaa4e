//! Sessions, their stretches, and the answers to their surveys.

use super::directory::SecureKey;
use crate::ids::{BeamlineId, ProjectId, RawId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The newest stretch on a beamline. The next launch there must name this record's revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeamlineState {
    /// The session that has, or last had, the beamline. First, so that the writer can fill in a new
    /// id.
    pub session: RawId,
    pub project: ProjectId,
    pub name: String,
    /// The stretch's number within the session, from 1.
    pub number: u32,
    /// When the stretch began.
    pub start: Timestamp,
    /// When it ended; `None` while it is open.
    pub end: Option<Timestamp>,
}

/// One visit of a project at a beamline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub project: ProjectId,
    pub beamline: BeamlineId,
    /// Its name. Several sessions of one name may follow each other; only one can be joined.
    pub name: String,
    /// Opens its survey page. It is not the key of its directory.
    pub survey: SecureKey,
    /// The key that the built-in Data Proxy made for its directory. A key of an external one is a
    /// row of its own.
    pub key: Option<SecureKey>,
    pub created: Timestamp,
    /// How many stretches it has. This is also the number of the newest.
    pub stretches: u32,
    /// The newest stretch.
    pub latest: Stretch,
    /// Total length of all ended stretches, in microseconds.
    pub ended_micros: i64,
}

/// One continuous interval of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    pub start: Timestamp,
    /// When it ended; `None` while it is open.
    pub end: Option<Timestamp>,
}

/// One answer to a session's survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    pub created: Timestamp,
    /// Per area: its name, a rating from 1 to 5, a comment.
    pub areas: Vec<(String, Option<u8>, String)>,
    pub comments: String,
}

/// How many answers a session's survey has. Every answer replaces this record at its revision, so
/// two answers at the same time cannot both be the last one allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackCount {
    pub answers: u32,
}
