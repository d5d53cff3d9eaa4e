//! Datasets and reports, and their indexes.

use super::parts::{self, Parts};
use super::Check;
use crate::ids::{DatasetId, IdRef, SessionId};
use crate::keys::{self, Table};
use crate::records::{identity, Dataset, Report, Subject};
use crate::store::ReadError;
use std::collections::BTreeSet;

impl Check<'_> {
    pub(super) fn dataset(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        let Some(id) = parts.only_id() else {
            self.malformed(key);
            return Ok(());
        };
        self.id(Table::Dataset, id);
        let what = format!("Dataset {id}");
        let Some(dataset) = self.decoded::<Dataset>(&what, key, value)? else {
            return Ok(());
        };
        let (project, beamline) = (dataset.project.0, dataset.beamline.0);
        self.declared(&what, Table::Project, project);
        self.declared(&what, Table::Beamline, beamline);
        let by_project = keys::dataset_by_project(dataset.beamline, dataset.project, IdRef::Known(id));
        if !self.exists(&by_project)? {
            self.problem(format!(
                "{what}: not in DatasetByProject of {project} at beamline {beamline}"
            ));
        }
        if let Some(session) = dataset.session {
            self.indexed(&what, Table::DatasetBySession, session.0, id)?;
            let own = self.session_of(session.0)?.is_some_and(|session| {
                session.project == dataset.project && session.beamline == dataset.beamline
            });
            if !own {
                self.problem(format!(
                    "{what}: session {session} does not exist, or is another project's or beamline's"
                ));
            }
        }
        if let Some(identity) = dataset.identity() {
            let row = keys::dataset_by_identity(dataset.project, &identity);
            let row = self.store.get_bytes(&row)?;
            let leads = row.as_deref().and_then(keys::parse_identified);
            if leads != Some((DatasetId(id), None)) {
                self.problem(format!("{what}: its uuid, name and directory do not lead to it"));
            }
        }
        self.has_directory(Subject::Dataset, id, dataset.key)
    }

    /// The entry names the dataset's session, or 0.
    pub(super) fn dataset_by_project(
        &mut self,
        mut parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let (Some(beamline), Some((project, id))) = (parts.id(), parts.pair()) else {
            self.malformed(key);
            return Ok(());
        };
        let told = value.try_into().map(u64::from_be_bytes).ok();
        let own = self
            .dataset_of(id)?
            .filter(|dataset| dataset.project.0 == project && dataset.beamline.0 == beamline)
            .map(|dataset| dataset.session.map_or(0, |session| session.0));
        if own.is_none() || told != own {
            self.problem(format!(
                "DatasetByProject of {project} at beamline {beamline}: dataset {id} is not its, or is of another session"
            ));
        }
        Ok(())
    }

    pub(super) fn dataset_by_session(&mut self, parts: Parts<'_>, key: &[u8]) -> Result<(), ReadError> {
        let Some((session, id)) = parts.pair() else {
            self.malformed(key);
            return Ok(());
        };
        if self.dataset_of(id)?.and_then(|dataset| dataset.session) != Some(SessionId(session)) {
            self.problem(format!("DatasetBySession of {session}: dataset {id} is not its"));
        }
        Ok(())
    }

    /// An entry of an older uuid of a dataset stays, says that uuid, and leads to the dataset as well.
    pub(super) fn dataset_by_identity(
        &mut self,
        mut parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let place = (parts.id(), parts.bytes::<16>(), parts.end());
        let (Some(project), Some(digest), Some(())) = place else {
            self.malformed(key);
            return Ok(());
        };
        let told = match keys::parse_identified(value) {
            None => None,
            Some((id, older)) => self
                .dataset_of(id.0)?
                .filter(|dataset| dataset.project.0 == project)
                .and_then(|dataset| match older {
                    None => dataset.identity(),
                    Some(uuid) => Some(identity(uuid, &dataset.name, &dataset.directory_digest)),
                }),
        };
        if told != Some(digest) {
            self.problem(format!(
                "{}: does not lead to the dataset of project {project} with this uuid, name and directory",
                parts::shown("DatasetByIdentity", key)
            ));
        }
        Ok(())
    }

    pub(super) fn report(&mut self, parts: Parts<'_>, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
        let Some(id) = parts.only_id() else {
            self.malformed(key);
            return Ok(());
        };
        self.id(Table::Report, id);
        let what = format!("Report {id}");
        let Some(report) = self.decoded::<Report>(&what, key, value)? else {
            return Ok(());
        };
        self.declared(&what, Table::Project, report.project.0);
        self.declared(&what, Table::Beamline, report.beamline.0);
        self.indexed(&what, Table::ReportByProject, report.project.0, id)?;
        let mut sessions = BTreeSet::new();
        for dataset in &report.datasets {
            let own = self.dataset_of(dataset.0)?;
            match own.filter(|own| own.project == report.project) {
                Some(own) => sessions.extend(own.session),
                None => self.problem(format!(
                    "{what}: dataset {dataset} does not exist, or is another project's"
                )),
            }
        }
        if !report.sessions.iter().eq(sessions.iter()) {
            self.problem(format!("{what}: its sessions are not those of its datasets"));
        }
        for session in &report.sessions {
            self.indexed(&what, Table::ReportBySession, session.0, id)?;
        }
        self.has_directory(Subject::Report, id, report.key)
    }

    pub(super) fn report_index(
        &mut self,
        parts: Parts<'_>,
        key: &[u8],
        is_of: fn(&Report, u64) -> bool,
    ) -> Result<(), ReadError> {
        let table = parts.table();
        let Some((owner, id)) = parts.pair() else {
            self.malformed(key);
            return Ok(());
        };
        if !self.report_of(id)?.is_some_and(|report| is_of(&report, owner)) {
            self.problem(format!("{table:?} of {owner}: report {id} is not its"));
        }
        Ok(())
    }
}
