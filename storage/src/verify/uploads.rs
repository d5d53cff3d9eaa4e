//! Datasets and reports, and their indexes.

use super::parts::Parts;
use super::Check;
use crate::ids::{IdRef, ProjectId, SessionId};
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
        if !self.exists(&keys::dataset_owner(IdRef::Known(id)))? {
            self.problem(format!("{what}: not in DatasetOwner"));
        }
        self.has_directory(Subject::Dataset, id)
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

    pub(super) fn dataset_owner(
        &mut self,
        parts: Parts<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ReadError> {
        let Some(id) = parts.only_id() else {
            self.malformed(key);
            return Ok(());
        };
        let told = owner(value);
        let own = self
            .dataset_of(id)?
            .map(|dataset| (dataset.project, dataset.session));
        if told.is_none() || told != own {
            self.problem(format!("DatasetOwner {id}: it is not as the dataset's record"));
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
            let row = self.store.get_bytes(&keys::dataset_owner(*dataset))?;
            match row.as_deref().and_then(owner) {
                Some((project, session)) if project == report.project => sessions.extend(session),
                _ => self.problem(format!(
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

/// Whose a dataset is, as its own row says.
fn owner(value: &[u8]) -> Option<(ProjectId, Option<SessionId>)> {
    let (project, session) = value.split_at_checked(8)?;
    let session = u64::from_be_bytes(session.try_into().ok()?);
    Some((
        ProjectId(u64::from_be_bytes(project.try_into().ok()?)),
        (session != 0).then_some(SessionId(session)),
    ))
}
