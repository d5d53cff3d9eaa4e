//! Uploads and feedback as commands. The beamline's actor takes them, adds where an upload belongs,
//! and passes them on to the session's actor.

use super::idempotency::IdempotencyKey;
use super::upload::{Place, Upload};
use crate::activity::Origin;
use crate::ask::{Command, Unavailable};
use crate::presence::MaybeAway;
use crate::services::Pending;
use beamlive_storage::ids::{IdRef, ProjectId, SessionId};
use beamlive_storage::records::Feedback;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::OwnedRwLockReadGuard;

/// Records a dataset or a report. Answers with its id, once the receipt resolves.
#[derive(Debug, Clone)]
pub struct RecordUpload<U> {
    /// The project that uploads it.
    pub project: ProjectId,
    /// What was uploaded.
    pub upload: Arc<U>,
    /// Identifies retries of the same request.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Who sent it.
    pub origin: Origin,
    /// Look up before writing: the last try met a conflict.
    pub careful: bool,
    /// Read the beamline's state again: the conflict was there.
    pub reread: bool,
}

impl<U> RecordUpload<U> {
    /// The first try of an upload.
    #[must_use]
    pub fn new(
        project: ProjectId,
        upload: Arc<U>,
        idempotency_key: Option<IdempotencyKey>,
        origin: Origin,
    ) -> Self {
        Self {
            project,
            upload,
            idempotency_key,
            origin,
            careful: false,
            reread: false,
        }
    }
}

/// An upload on its way to the session's actor.
#[derive(Debug)]
pub struct AttributedUpload<U> {
    /// What to record.
    pub command: RecordUpload<U>,
    /// Where it belongs.
    pub attribution: Attribution,
}

/// Where an upload belongs, and what that depends on. While the guard lives, the beamline hands
/// over no launch or close, so on a single node the attribution still holds when the batch is
/// handed over.
#[derive(Debug)]
pub struct Attribution {
    /// Where the upload belongs.
    pub place: Place,
    /// Revision of the beamline's newest stretch; `None` before the first.
    pub revision: Option<u64>,
    /// Held until the batch is handed over.
    pub guard: OwnedRwLockReadGuard<()>,
}

/// Records an answer to the survey of a session. Answers `None` when there are too many already.
#[derive(Debug, Clone)]
pub struct AddFeedback {
    /// The session.
    pub session: SessionId,
    /// The project of the session.
    pub project: ProjectId,
    /// The answer.
    pub feedback: Feedback,
    /// Who sent it.
    pub origin: Origin,
}

/// Why an upload was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UploadRefusal {
    /// Nothing was done.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Its `Idempotency-Key` was used for another upload.
    #[error("this Idempotency-Key was used for another upload in the last 24 hours: send a new key with a new upload")]
    KeyReused,
}

impl MaybeAway for UploadRefusal {
    fn is_away(&self) -> bool {
        matches!(self, Self::Unavailable(error) if error.is_away())
    }
}

/// The id of an upload's record, or why it was not recorded.
pub type UploadReply = Result<Pending<IdRef>, UploadRefusal>;

impl<U: Upload> Command for RecordUpload<U> {
    type Reply = UploadReply;
}

impl<U: Upload> Command for AttributedUpload<U> {
    type Reply = UploadReply;
}

impl Command for AddFeedback {
    type Reply = Result<Option<Pending<()>>, Unavailable>;
}
