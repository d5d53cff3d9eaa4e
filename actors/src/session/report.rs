//! What becomes of an uploaded report: pure rules.

use super::dataset::Place;
use super::once::Once;
use crate::secure_path;
use beamlive_storage::ids::{DatasetId, ProjectId, SessionId};
use beamlive_storage::records::Report;
use beamlive_storage::Timestamp;
use std::collections::HashSet;
use std::net::IpAddr;

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
    /// What was left out of it when it was read, for the activity log.
    pub notes: Vec<String>,
    /// The client's own name of this request.
    pub once: Option<Once>,
}

/// What a report needs to know of a dataset of its own project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnDataset {
    /// The session it belongs to.
    pub session: Option<SessionId>,
}

impl ReportUpload {
    /// Whether an id can mean `report`: it is the project's and has the same directory.
    #[must_use]
    pub fn is_of(&self, project: ProjectId, report: &Report) -> bool {
        report.project == project && report.directory_digest == secure_path::digest(&self.directory)
    }

    /// The record of this upload, which came from `address`. `datasets` holds what was found under each claimed id; those that are not the
    /// project's are left out, with a remark for the activity log.
    #[must_use]
    pub fn to_record(
        &self,
        place: Place,
        datasets: &[(i64, Option<OwnDataset>)],
        address: Option<IpAddr>,
        old: Option<&Report>,
        now: Timestamp,
    ) -> (Report, Vec<String>) {
        let mut remarks = self.notes.clone();
        let mut about: Vec<DatasetId> = Vec::new();
        let mut sessions: Vec<SessionId> = Vec::new();
        let mut seen = HashSet::new();
        for (claimed, own) in datasets {
            let (Some(own), Ok(id)) = (own, u64::try_from(*claimed)) else {
                remarks.push(format!("dataset {claimed} is not this project's: skipped"));
                continue;
            };
            if seen.insert(id) {
                about.push(DatasetId(id));
                sessions.extend(own.session);
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
            key: old.and_then(|old| old.key),
            address,
            details: self.details.clone(),
            created: old.map_or(now, |old| old.created),
            modified: now,
        };
        (record, remarks)
    }
}
