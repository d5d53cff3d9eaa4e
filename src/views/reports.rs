//! Analysis reports.

use super::values::{FreeForm, Instant};
use super::{ids, prefix, rows, url, Page, Row, Rows};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{ProjectId, SessionId};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{Report, Subject};
use beamlive_storage::{ReadError, Store};
use serde::Serialize;
use std::net::IpAddr;
use utoipa::ToSchema;

/// One report.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReportRow {
    /// Its id.
    pub id: u64,
    /// Username of the project.
    pub project: String,
    /// Acronym of the beamline it was uploaded from.
    pub beamline: String,
    /// Its title.
    pub name: String,
    /// Kind of analysis.
    pub kind: String,
    /// Its score; 0 when none was given.
    pub score: f64,
    /// Ids of the datasets it is about.
    pub data_id: Vec<u64>,
    /// The secure key of its directory; null until the Data Proxy has assigned it.
    #[schema(pattern = "^[0-9a-f]{40}$")]
    pub url: Option<String>,
    /// Its sections.
    pub details: FreeForm,
    /// When it was first uploaded.
    pub created: Instant,
    /// When it was last uploaded.
    pub modified: Instant,
    /// From which address it was last uploaded.
    #[schema(value_type = Option<String>, example = "10.45.0.7")]
    pub address: Option<IpAddr>,
}

/// The reports of one project or of all projects, newest first.
pub fn list<'a>(
    store: &'a Store,
    catalog: &'a Catalog,
    project: Option<ProjectId>,
    page: &Page,
) -> Rows<'a, ReportRow> {
    let prefix = prefix(Table::Report, Table::ReportByProject, project);
    let ids = ids(store, &prefix, page.before);
    rows(store, catalog, ids, |_| true, page.limit)
}

/// The reports about datasets of a session, newest first.
pub fn of_session<'a>(
    store: &'a Store,
    catalog: &'a Catalog,
    session: SessionId,
    page: &Page,
) -> Rows<'a, ReportRow> {
    let ids = ids(store, &keys::record(Table::ReportBySession, session), page.before);
    rows(store, catalog, ids, |_| true, page.limit)
}

impl Row for ReportRow {
    type Record = Report;
    const TABLE: Table = Table::Report;

    fn of(store: &Store, catalog: &Catalog, id: u64, report: Report) -> Result<Self, ReadError> {
        Ok(Self {
            id,
            project: catalog.username(report.project).to_owned(),
            beamline: catalog.acronym(report.beamline).to_owned(),
            name: report.name,
            kind: report.kind,
            score: report.score,
            data_id: report.datasets.iter().map(|id| id.0).collect(),
            url: url(store, Subject::Report, id, report.key)?,
            details: FreeForm(report.details),
            created: report.created.into(),
            modified: report.modified.into(),
            address: report.address,
        })
    }
}
