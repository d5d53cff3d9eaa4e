//! Launch and close as commands of the beamline's actor.

use crate::activity::Origin;
use crate::ask::{Command, Unavailable};
use crate::services::Pending;
use beamlive_storage::ids::ProjectId;
use beamlive_storage::records::SecureKey;
use beamlive_storage::CommitError;
use std::sync::Arc;

/// `project` takes the beamline for its session `name`.
#[derive(Debug, Clone)]
pub struct LaunchSession {
    /// The project of the session.
    pub project: ProjectId,
    /// The account's username, which its directories start with.
    pub username: Arc<str>,
    /// The session's name.
    pub name: Arc<str>,
    /// Who sent the request.
    pub origin: Origin,
    /// Read the state again: the last try met a conflict.
    pub reread: bool,
}

/// The answer to a launch, once its receipt resolves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLaunched {
    /// Opens the survey page.
    pub survey: SecureKey,
    /// All stretches together, in microseconds.
    pub total_micros: i64,
}

/// `project` gives up the beamline. Answers with the length of the session's newest stretch in
/// microseconds, or `None` when the project never launched such a session here.
#[derive(Debug, Clone)]
pub struct CloseSession {
    /// The project of the session.
    pub project: ProjectId,
    /// The session's name.
    pub name: Arc<str>,
    /// Who sent the request.
    pub origin: Origin,
    /// Read the state again: the last try met a conflict.
    pub reread: bool,
}

/// Why a launch or close did not take effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing was done.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Another writer changed the record first: try again with `reread`.
    #[error("the beamline's state has changed")]
    Conflict,
}

impl From<CommitError> for Refusal {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict(_) => Self::Conflict,
            error => Self::Unavailable(error.into()),
        }
    }
}

impl Command for LaunchSession {
    type Reply = Result<Pending<SessionLaunched>, Refusal>;
}

impl Command for CloseSession {
    type Reply = Result<Pending<Option<i64>>, Refusal>;
}
