//! What becomes of an uploaded report: pure rules.

use super::dataset::Place;
use crate::secure_path;
use beamlive_storage::ids::{DatasetId, ProjectId, SessionId};
use beamlive_storage::records::Report;
use beamlive_storage::Timestamp;
use std::collections::HashSet;

/// Most datasets that one report may be about.
pub const MAX_DATASETS: usize = 10_000;

/// A report as a client uploads it, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportUpload {
    /// Goes to the Data Proxy.
    pub directory: String,
    /// Its title.
    pub name: String,
    /// Kind of analysis.
    pub kind: String,
    /// Its score.
    pub score: f64,
    /// The datasets it is about, as the client names them.
    pub data_id: Vec<i64>,
    /// A MessagePack list or map.
    pub details: Vec<u8>,
    /// The report to update.
    pub id: Option<i64>,
}

/// What a report needs to know of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Whose it is.
    pub project: ProjectId,
    /// The session it belongs to.
    pub session: Option<SessionId>,
}

impl Owner {
    /// As the store keeps it beside the dataset.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        let session = self.session.map_or(0, |session| session.0);
        let mut bytes = [0; 16];
        let numbers = self
            .project
            .0
            .to_be_bytes()
            .into_iter()
            .chain(session.to_be_bytes());
        for (byte, value) in bytes.iter_mut().zip(numbers) {
            *byte = value;
        }
        bytes
    }

    /// Reads it back; none for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; 16] = bytes.try_into().ok()?;
        let both = u128::from_be_bytes(bytes);
        let (project, session) = (
            u64::try_from(both >> 64).ok()?,
            u64::try_from(both & u128::from(u64::MAX)).ok()?,
        );
        Some(Self {
            project: ProjectId(project),
            session: (session != 0).then_some(SessionId(session)),
        })
    }
}

impl ReportUpload {
    /// The record of this upload. `datasets` holds what was found under each claimed id; those that are not the
    /// project's are left out, with a remark for the activity log.
    #[must_use]
    pub fn to_record(
        &self,
        place: Place,
        datasets: &[(i64, Option<Owner>)],
        old: Option<&Report>,
        now: Timestamp,
    ) -> (Report, Vec<String>) {
        let mut remarks = Vec::new();
        let mut about: Vec<DatasetId> = Vec::new();
        let mut sessions: Vec<SessionId> = Vec::new();
        let mut seen = HashSet::new();
        for (claimed, owner) in datasets {
            let own = owner.as_ref().filter(|owner| owner.project == place.project);
            let (Some(owner), Ok(id)) = (own, u64::try_from(*claimed)) else {
                remarks.push(format!("dataset {claimed} is not this project's: skipped"));
                continue;
            };
            if seen.insert(id) {
                about.push(DatasetId(id));
                sessions.extend(owner.session);
            }
        }
        sessions.sort_unstable();
        sessions.dedup();
        let record = Report {
            project: place.project,
            beamline: old.map_or(place.beamline, |old| old.beamline),
            name: self.name.clone(),
            kind: self.kind.clone(),
            score: self.score,
            datasets: about,
            sessions,
            directory_digest: secure_path::digest(&self.directory),
            details: self.details.clone(),
            created: old.map_or(now, |old| old.created),
            modified: now,
        };
        (record, remarks)
    }
}
