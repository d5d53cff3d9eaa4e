//! Sessions, with their stretches and the numbers of their uploads.

use super::values::Instant;
use super::{count, ids, rows, url, Page, Row, Rows};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, ProjectId, SessionId};
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{BeamlineState, Session, Stretch, Subject};
use beamlive_storage::{Order, ReadError, Store};
use serde::Serialize;
use utoipa::ToSchema;

/// Which sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this project.
    pub project: Option<ProjectId>,
    /// At this beamline.
    pub beamline: Option<BeamlineId>,
    /// With an open stretch, or without one.
    pub active: Option<bool>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionRow {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Username of the project.
    pub project: String,
    /// Acronym of the beamline.
    pub beamline: String,
    /// When it was first launched.
    pub created: Instant,
    /// The secure key of its directory; null until the Data Proxy has assigned it.
    #[schema(pattern = "^[0-9a-f]{40}$")]
    pub url: Option<String>,
    /// Its stretches, the oldest first.
    pub stretches: Vec<StretchRow>,
    /// The number of its datasets.
    pub datasets: u64,
    /// The number of reports about these datasets.
    pub reports: u64,
}

/// One continuous interval of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct StretchRow {
    /// When it began.
    pub start: Instant,
    /// When it ended; null while it is open.
    pub end: Option<Instant>,
}

/// The sessions of `filter`, newest first.
pub fn list<'a>(store: &'a Store, catalog: &'a Catalog, filter: Filter, page: &Page) -> Rows<'a, SessionRow> {
    let candidates: Rows<'a, u64> = if filter.active == Some(true) {
        Box::new(open_ids(store, page.before))
    } else {
        let prefix = match (filter.project, filter.beamline) {
            (Some(project), _) => keys::record(Table::SessionByProject, project),
            (None, Some(beamline)) => keys::record(Table::SessionByBeamline, beamline),
            (None, None) => Key::of(Table::Session),
        };
        Box::new(ids(store, &prefix, page.before))
    };
    let is_listed = move |session: &Session| filter.takes(session);
    rows(store, catalog, candidates, is_listed, page.limit)
}

/// Whether the session exists.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn exists(store: &Store, id: SessionId) -> Result<bool, ReadError> {
    Ok(store.get_bytes(&keys::session(id))?.is_some())
}

/// The open sessions, by beamline: at most one on each.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn open(store: &Store) -> Result<Vec<(BeamlineId, SessionId)>, ReadError> {
    let (start, end) = keys::below(&Key::of(Table::BeamlineState), None);
    let mut open = Vec::new();
    for found in store.scan::<BeamlineState>(&start, &end, Order::Ascending) {
        let (key, state) = found?;
        let holder = state.record.session.get().filter(|_| state.record.end.is_none());
        if let (Some(beamline), Some(session)) = (keys::last_id(&key), holder) {
            open.push((BeamlineId(beamline), SessionId(session)));
        }
    }
    Ok(open)
}

impl Filter {
    fn takes(&self, session: &Session) -> bool {
        self.project.is_none_or(|id| id == session.project)
            && self.beamline.is_none_or(|id| id == session.beamline)
            && self
                .active
                .is_none_or(|active| active == session.latest.end.is_none())
    }
}

/// Ids of the open sessions, newest first.
fn open_ids(store: &Store, before: Option<u64>) -> impl Iterator<Item = Result<u64, ReadError>> {
    let (mut ids, failed) = match open(store) {
        Ok(open) => (open.into_iter().map(|(_, session)| session.0).collect(), None),
        Err(error) => (Vec::new(), Some(Err(error))),
    };
    ids.retain(|id| before.is_none_or(|before| *id < before));
    ids.sort_unstable_by(|a, b| b.cmp(a));
    failed.into_iter().chain(ids.into_iter().map(Ok))
}

impl Row for SessionRow {
    type Record = Session;
    const TABLE: Table = Table::Session;

    fn of(store: &Store, catalog: &Catalog, id: u64, session: Session) -> Result<Self, ReadError> {
        let session_id = SessionId(id);
        let (start, end) = keys::below(&keys::record(Table::Stretch, session_id), None);
        let stretches = store
            .scan::<Stretch>(&start, &end, Order::Ascending)
            .map(|found| found.map(|(_, stretch)| stretch_row(stretch.record)));
        Ok(Self {
            id,
            project: catalog.username(session.project).to_owned(),
            beamline: catalog.acronym(session.beamline).to_owned(),
            created: session.created.into(),
            url: url(store, Subject::Session, id, session.key)?,
            stretches: stretches.collect::<Result<_, _>>()?,
            datasets: count(store, Table::DatasetBySession, session_id)?,
            reports: count(store, Table::ReportBySession, session_id)?,
            name: session.name,
        })
    }
}

fn stretch_row(stretch: Stretch) -> StretchRow {
    StretchRow {
        start: stretch.start.into(),
        end: stretch.end.map(Instant),
    }
}
