//! Datasets and reports, and their indexes.

use super::parts::Parts;
use super::Check;
use crate::ids::{ProjectId, SessionId};
use crate::keys::{self, Table};
use crate::records::{Dataset, Report, Subject};
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
        self.indexed(&what, Table::DatasetByProject, project, id)?;
        self.indexed(&what, Table::DatasetByBeamline, beamline, id)?;
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
        if let Some(uuid) = &dataset.uuid {
            if self.led(&keys::dataset_by_uuid(dataset.project, uuid))? != Some(id) {
                self.problem(format!("{what}: its uuid does not lead to it"));
            }
        }
        self.has_directory(Subject::Dataset, id)
    }

    /// The entry names the dataset's session, or 0.
    pub(super) fn dataset_by_project(
        &mut self,
        parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let Some((project, id)) = parts.pair() else {
            self.malformed(key);
            return Ok(());
        };
        let told = value.try_into().map(u64::from_be_bytes).ok();
        let own = self
            .dataset_of(id)?
            .filter(|dataset| dataset.project.0 == project)
            .map(|dataset| dataset.session.map_or(0, |session| session.0));
        if own.is_none() || told != own {
            self.problem(format!(
                "DatasetByProject of {project}: dataset {id} is not its, or is of another session"
            ));
        }
        Ok(())
    }

    pub(super) fn dataset_index(
        &mut self,
        parts: Parts<'_>,
        key: &[u8],
        owner_of: fn(&Dataset) -> Option<u64>,
    ) -> Result<(), ReadError> {
        let table = parts.table();
        let Some((owner, id)) = parts.pair() else {
            self.malformed(key);
            return Ok(());
        };
        if self.dataset_of(id)?.and_then(|dataset| owner_of(&dataset)) != Some(owner) {
            self.problem(format!("{table:?} of {owner}: dataset {id} is not its"));
        }
        Ok(())
    }

    /// An older uuid of a dataset stays, and leads to it as well.
    pub(super) fn dataset_by_uuid(
        &mut self,
        mut parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let (Some(project), Some(uuid)) = (parts.id(), parts.name()) else {
            self.malformed(key);
            return Ok(());
        };
        let dataset = match value.try_into().map(u64::from_be_bytes) {
            Ok(id) => self.dataset_of(id)?,
            Err(_) => None,
        };
        if dataset.map(|dataset| dataset.project) != Some(ProjectId(project)) {
            self.problem(format!(
                "DatasetByUuid {uuid} of project {project}: does not lead to a dataset of the project"
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
            let own = keys::index(Table::DatasetByProject, report.project, *dataset);
            match self.led(&own)? {
                Some(0) => {}
                Some(session) => {
                    sessions.insert(SessionId(session));
                }
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
        self.has_directory(Subject::Report, id)
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
