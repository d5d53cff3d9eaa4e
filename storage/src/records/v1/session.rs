//! Sessions, their stretches, and what users said of them.

use super::SecureKey;
use crate::ids::{BeamlineId, ProjectId, RawId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The newest stretch on a beamline: whoever launches there next must name this record's revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeamlineState {
    /// The session that has, or last had, the beamline. First, for the writer fills it in for a new session.
    pub session: RawId,
    /// Whose session it is.
    pub project: ProjectId,
    /// Its name.
    pub name: String,
    /// The stretch's number within the session, from 1.
    pub number: u32,
    /// When the stretch began.
    pub start: Timestamp,
    /// When it ended; open when none.
    pub end: Option<Timestamp>,
}

/// One visit of a project at a beamline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose.
    pub project: ProjectId,
    /// Where.
    pub beamline: BeamlineId,
    /// Its name; several of one name may follow each other, one is joinable.
    pub name: String,
    /// Opens its survey page. Not the key of its directory.
    pub survey: SecureKey,
    /// The key that the built-in Data Proxy made for its directory; an external one's is a row of its own.
    pub key: Option<SecureKey>,
    /// When it was first launched.
    pub created: Timestamp,
    /// How many stretches it has; the newest has this number.
    pub stretches: u32,
    /// The newest stretch.
    pub latest: Stretch,
    /// Microseconds of all ended stretches.
    pub ended_micros: i64,
}

/// One continuous interval of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// From.
    pub start: Timestamp,
    /// To; open when none.
    pub end: Option<Timestamp>,
}

/// One answer to a session's survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// When it was given.
    pub created: Timestamp,
    /// Per area: its name, a rating from 1 to 5, a comment.
    pub areas: Vec<(String, Option<u8>, String)>,
    /// A comment on the whole.
    pub comments: String,
}

/// How many answers a session's survey has: every answer replaces it, so that no two of them are the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackCount {
    /// So many.
    pub answers: u32,
}
