//! The rules of reports.

use super::upload::{CommonFields, Context, Found, Upload};
use beamlive_storage::ids::{DatasetId, IdRef, ProjectId, SessionId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{directory_digest, Report, SecureKey, Subject};
use beamlive_storage::Batch;

/// Most datasets that one report may be about.
pub const MAX_DATASETS: usize = 10_000;

/// A report as a client uploads it, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportUpload {
    /// Directory, title, kind of analysis and the rest of what all uploads have.
    pub common: CommonFields,
    /// Its score.
    pub score: f64,
    /// The datasets it is about, as the client names them.
    pub data_id: Vec<i64>,
    /// A MessagePack list or map.
    pub details: Vec<u8>,
}

impl Upload for ReportUpload {
    type Record = Report;
    const TABLE: Table = Table::Report;
    const SUBJECT: Subject = Subject::Report;
    const NAME: &'static str = "report";
    const MATCHED_BY: &'static str = "directory";

    fn common(&self) -> &CommonFields {
        &self.common
    }

    fn matches(&self, project: ProjectId, record: &Report) -> bool {
        record.project == project && record.directory_digest == directory_digest(&self.common.directory)
    }

    fn key(record: &Report) -> Option<SecureKey> {
        record.key
    }

    fn dataset_ids(&self) -> &[i64] {
        &self.data_id
    }

    /// Datasets that are not the project's are left out, with a remark.
    fn to_record(&self, context: &Context<'_>, found: &Found<Report>) -> (Report, Vec<String>) {
        let Context { place, now, .. } = *context;
        let (common, old) = (&self.common, found.old_record());
        let mut remarks = common.notes.clone();
        let mut datasets: Vec<DatasetId> = Vec::new();
        let mut sessions: Vec<SessionId> = Vec::new();
        for (claimed, own) in &found.datasets {
            if let (Some(own), Ok(id)) = (own, u64::try_from(*claimed)) {
                datasets.push(DatasetId(id));
                sessions.extend(own.session);
            } else {
                remarks.push(format!("dataset {claimed} is not this project's: skipped"));
            }
        }
        sessions.sort_unstable();
        sessions.dedup();
        let record = Report {
            project: place.project,
            beamline: old.map_or(place.beamline, |old| old.beamline),
            name: common.name.clone(),
            kind: common.kind.clone(),
            score: self.score,
            datasets,
            sessions,
            directory_digest: directory_digest(&common.directory),
            key: context.key,
            address: context.address,
            details: self.details.clone(),
            created: old.map_or(now, |old| old.created),
            modified: now,
        };
        (record, remarks)
    }

    /// A report belongs to the sessions of its datasets.
    fn update_indexes(batch: &mut Batch, id: IdRef, record: &Report, found: &Found<Report>) {
        match found.old_record() {
            Some(old) => {
                let gone = |session: &&SessionId| !record.sessions.contains(session);
                for session in old.sessions.iter().filter(gone) {
                    batch.clear(keys::index(Table::ReportBySession, *session, id));
                }
            }
            None => batch.mark(keys::index(Table::ReportByProject, record.project, id)),
        }
        for session in &record.sessions {
            batch.mark(keys::index(Table::ReportBySession, *session, id));
        }
    }
}
