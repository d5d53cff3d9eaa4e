//! What can be asked of a beamline's actor.

use crate::activity::Origin;
use crate::ask::{Command, Unavailable};
use crate::services::Handed;
use crate::session::dataset::DatasetUpload;
use crate::session::report::ReportUpload;
use crate::session::UploadRefusal;
use beamlive_storage::ids::{IdRef, ProjectId, SessionId};
use beamlive_storage::records::{Feedback, SecureKey};
use std::sync::Arc;

/// `project` takes the beamline for its session `name`.
#[derive(Debug, Clone)]
pub struct LaunchSession {
    /// Whose session.
    pub project: ProjectId,
    /// The account's username, which its directories start with.
    pub username: Arc<str>,
    /// The session's name.
    pub name: Arc<str>,
    /// Who asks.
    pub origin: Origin,
    /// Read the state again: the last try met a conflict.
    pub reread: bool,
}

/// What a launch answers, once its receipt resolves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLaunched {
    /// Opens the survey page.
    pub survey: SecureKey,
    /// All stretches together, in microseconds.
    pub total_micros: i64,
}

/// `project` gives up the beamline.
#[derive(Debug, Clone)]
pub struct CloseSession {
    /// Whose session.
    pub project: ProjectId,
    /// The session's name.
    pub name: Arc<str>,
    /// Who asks.
    pub origin: Origin,
    /// Read the state again: the last try met a conflict.
    pub reread: bool,
}

/// A dataset that was measured here.
#[derive(Debug, Clone)]
pub struct AddDataset {
    /// Whose.
    pub project: ProjectId,
    /// What was uploaded.
    pub upload: Arc<DatasetUpload>,
    /// Who sent it.
    pub origin: Origin,
    /// Look before writing: the last try met a conflict.
    pub careful: bool,
    /// Read the beamline's state again: the conflict was there.
    pub reread: bool,
}

/// A report that was uploaded from here.
#[derive(Debug, Clone)]
pub struct AddReport {
    /// Whose.
    pub project: ProjectId,
    /// What was uploaded.
    pub upload: Arc<ReportUpload>,
    /// Who sent it.
    pub origin: Origin,
    /// Look before writing: the last try met a conflict.
    pub careful: bool,
    /// Read the beamline's state again: the conflict was there.
    pub reread: bool,
}

/// An answer to the survey of a session of this beamline.
#[derive(Debug, Clone)]
pub struct AddFeedback {
    /// Which session.
    pub session: SessionId,
    /// Whose.
    pub project: ProjectId,
    /// The answer.
    pub feedback: Feedback,
    /// Who sent it.
    pub origin: Origin,
}

/// Why a launch or close did not take effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing was done.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Another writer changed the record first: try again with `reread`.
    #[error("the beamline's state changed meanwhile")]
    Conflict,
}

impl Command for LaunchSession {
    type Reply = Result<Handed<SessionLaunched>, Refusal>;
}

impl Command for CloseSession {
    /// `None`: never launched. Otherwise the length of the newest stretch, in microseconds.
    type Reply = Result<Handed<Option<i64>>, Refusal>;
}

impl Command for AddDataset {
    type Reply = Result<Handed<IdRef>, UploadRefusal>;
}

impl Command for AddReport {
    type Reply = Result<Handed<IdRef>, UploadRefusal>;
}

impl Command for AddFeedback {
    type Reply = Result<Option<Handed<()>>, Unavailable>;
}
