//! The activity log.

use super::values::Instant;
use super::{ids, prefix, rows, Page, RecordRef, Row, Rows};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{ContainerId, ProjectId};
use beamlive_storage::keys::Table;
use beamlive_storage::records::Activity;
use beamlive_storage::{ReadError, Store};
use serde::Serialize;
use std::net::IpAddr;
use utoipa::ToSchema;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivityRow {
    /// Its id.
    pub id: u64,
    /// When.
    pub time: Instant,
    /// Who did it: a username, `operator`, `survey` or the name of an access list.
    pub who: String,
    /// From which address; null for actions of the service itself.
    #[schema(value_type = Option<String>, example = "10.45.0.7")]
    pub address: Option<IpAddr>,
    /// What was done.
    #[schema(example = "dataset uploaded")]
    pub action: String,
    /// To which record.
    pub record: RecordRef,
    /// Username of the project it concerns.
    pub project: Option<String>,
    /// Details for the operator.
    pub note: String,
}

/// All entries, or those that concern a project, newest first.
pub fn list<'a>(
    store: &'a Store,
    catalog: &'a Catalog,
    project: Option<ProjectId>,
    page: &Page,
) -> Rows<'a, ActivityRow> {
    let prefix = prefix(Table::Activity, Table::ActivityByProject, project);
    let ids = ids(store, &prefix, page.before);
    rows(store, catalog, ids, |_| true, page.limit)
}

/// The entries about a container, newest first.
pub fn of_container<'a>(
    store: &'a Store,
    catalog: &'a Catalog,
    container: ContainerId,
    page: &Page,
) -> Rows<'a, ActivityRow> {
    let prefix = prefix(Table::Activity, Table::ActivityByContainer, Some(container));
    rows(
        store,
        catalog,
        ids(store, &prefix, page.before),
        |_| true,
        page.limit,
    )
}

impl Row for ActivityRow {
    type Record = Activity;
    const TABLE: Table = Table::Activity;

    fn of(_: &Store, catalog: &Catalog, id: u64, entry: Activity) -> Result<Self, ReadError> {
        Ok(Self {
            id,
            time: entry.time.into(),
            who: entry.who,
            address: entry.address,
            action: entry.action,
            record: RecordRef {
                subject: entry.subject,
                id: entry.record.get(),
            },
            project: entry.project.map(|id| catalog.username(id).to_owned()),
            note: entry.note,
        })
    }
}
