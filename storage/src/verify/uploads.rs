//! Datasets, reports, and answered requests.

use super::check::Check;
use super::directories::{self, Owner};
use super::row::{Checked, Row, Stop};
use crate::ids::{DatasetId, IdRef, ProjectId};
use crate::keys::{self, Table};
use crate::records::{identity, AnsweredRequest, Dataset, Report, Session, Subject};
use std::collections::BTreeSet;

pub(super) fn dataset(check: &mut Check<'_>, row: Row<'_>) -> Checked {
    let (id, what, dataset): (_, _, Dataset) = check.decode_with_id(row)?;
    let (project, beamline) = (dataset.project, dataset.beamline);
    check.require_declared(&what, Table::Project, project.0);
    check.require_declared(&what, Table::Beamline, beamline.0);
    if !check.exists(&keys::dataset_by_project(beamline, project, IdRef::Known(id)))? {
        check.problem(format!(
            "{what}: not in DatasetByProject of {project} at beamline {beamline}"
        ));
    }
    if let Some(session) = dataset.session {
        check.require_indexed(&what, Table::DatasetBySession, session.0, id)?;
        let own = check.find_id::<Session>(Table::Session, session.0)?;
        if !own.is_some_and(|own| own.project == project && own.beamline == beamline) {
            check.problem(format!(
                "{what}: session {session} does not exist, or is another project's or beamline's"
            ));
        }
    }
    if let Some(identity) = dataset.identity() {
        let entry = check
            .store
            .get_bytes(&keys::dataset_by_identity(project, &identity))?;
        if entry.as_deref().and_then(keys::parse_identified) != Some((DatasetId(id), None)) {
            check.problem(format!("{what}: its uuid, name and directory do not lead to it"));
        }
    }
    directories::has_key(check, Subject::Dataset, id, dataset.key)
}

/// Checks that the value is the dataset's session, or 0.
pub(super) fn dataset_by_project(check: &mut Check<'_>, row: Row<'_>) -> Checked {
    let [beamline, project, id] = row.ids()?;
    let session = check
        .find_id::<Dataset>(Table::Dataset, id)?
        .filter(|dataset| dataset.project.0 == project && dataset.beamline.0 == beamline)
        .map(|dataset| dataset.session.map_or(0, |session| session.0));
    if session.is_none() || row.value_id() != session {
        check.problem(format!(
            "DatasetByProject of {project} at beamline {beamline}: dataset {id} does not belong to it, or is in another session"
        ));
    }
    Ok(())
}

/// Checks that the entry leads to the dataset. Entries of older uuids of a dataset name that uuid.
pub(super) fn dataset_by_identity(check: &mut Check<'_>, mut row: Row<'_>) -> Checked {
    let (project, digest) = (row.id()?, row.bytes()?);
    row.end()?;
    let expected = match keys::parse_identified(row.value) {
        None => None,
        Some((id, older)) => check
            .find_id::<Dataset>(Table::Dataset, id.0)?
            .filter(|dataset| dataset.project.0 == project)
            .and_then(|dataset| match older {
                None => dataset.identity(),
                Some(uuid) => Some(identity(uuid, &dataset.name, &dataset.directory_digest)),
            }),
    };
    if expected != Some(digest) {
        check.problem(format!(
            "{}: does not lead to the dataset of project {project} with this uuid, name and directory",
            row.shown()
        ));
    }
    Ok(())
}

pub(super) fn report(check: &mut Check<'_>, row: Row<'_>) -> Checked {
    let (id, what, report): (_, _, Report) = check.decode_with_id(row)?;
    check.require_declared(&what, Table::Project, report.project.0);
    check.require_declared(&what, Table::Beamline, report.beamline.0);
    check.require_indexed(&what, Table::ReportByProject, report.project.0, id)?;
    let mut sessions = BTreeSet::new();
    for dataset in &report.datasets {
        match check.find_id::<Dataset>(Table::Dataset, dataset.0)? {
            Some(found) if found.project == report.project => sessions.extend(found.session),
            _ => check.problem(format!(
                "{what}: dataset {dataset} does not exist, or is another project's"
            )),
        }
    }
    if !report.sessions.iter().eq(&sessions) {
        check.problem(format!("{what}: its sessions are not those of its datasets"));
    }
    for session in &report.sessions {
        check.require_indexed(&what, Table::ReportBySession, session.0, id)?;
    }
    directories::has_key(check, Subject::Report, id, report.key)
}

pub(super) fn answered_request(check: &mut Check<'_>, mut row: Row<'_>) -> Checked {
    let (project, digest) = (ProjectId(row.id()?), row.bytes()?);
    row.end()?;
    let what = format!("AnsweredRequest of project {project}");
    let answered: AnsweredRequest = check.decode(&what, row)?;
    let by_time = keys::answered_request_by_time(answered.received, project, &digest);
    if !check.exists(&by_time)? {
        check.problem(format!(
            "{what}: not in AnsweredRequestByTime, so it is never forgotten"
        ));
    }
    let (subject, record) = (answered.subject, answered.record.get().unwrap_or(0));
    let upload = matches!(subject, Subject::Dataset | Subject::Report);
    let owner = Owner::find(check, subject, record)?.filter(|_| upload);
    if owner.map(|owner| owner.project) != Some(project) {
        check.problem(format!(
            "{what}: {subject:?} {record}, which it was answered with, is not the project's"
        ));
    }
    Ok(())
}

pub(super) fn answered_request_by_time(check: &mut Check<'_>, row: Row<'_>) -> Checked {
    let (time, request) = keys::parse_answered_request_by_time(row.key).ok_or(Stop::Malformed)?;
    let answered: Option<AnsweredRequest> = check.find(&request)?;
    if answered.map(|answered| answered.received.0.max(0)) != Some(time.0) {
        check.problem(format!("{}: no request was answered then", row.shown()));
    }
    Ok(())
}
