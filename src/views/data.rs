//! Datasets.

use super::merged::Merged;
use super::values::{FreeForm, Instant};
use super::{get, ids, rows, url, Page, Row, Rows};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, ProjectId, SessionId};
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{Dataset, Session, Subject};
use beamlive_storage::{Order, ReadError, Store};
use serde::Serialize;
use std::net::IpAddr;
use utoipa::ToSchema;

/// Which datasets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this project.
    pub project: Option<ProjectId>,
    /// Measured at this beamline.
    pub beamline: Option<BeamlineId>,
    /// Of this session.
    pub session: Option<SessionId>,
}

/// One dataset.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DatasetRow {
    /// Its id.
    pub id: u64,
    /// Username of the project.
    pub project: String,
    /// Acronym of the beamline.
    pub beamline: String,
    /// Id of the session it belongs to.
    pub session: Option<u64>,
    /// Id of the sample it was measured on.
    pub sample_id: Option<u64>,
    /// Name of the sample's group, as it was then.
    pub group: Option<String>,
    /// Its name.
    pub name: String,
    /// Acronym of its data type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of its file, or a template of the names of its files.
    pub filename: Option<String>,
    /// Its frames, as ranges.
    #[schema(example = "1-4,8")]
    pub frames: String,
    /// The number of frames.
    pub num_frames: u64,
    /// keV
    pub energy: f64,
    /// s
    pub exposure: Option<f64>,
    /// %
    pub attenuation: Option<f64>,
    /// µm
    pub beam_size: Option<f64>,
    /// When it began.
    pub start_time: Instant,
    /// When it ended.
    pub end_time: Instant,
    /// The client's own id of the collection.
    pub uuid: Option<String>,
    /// The secure key of its directory; null until the Data Proxy has assigned it.
    #[schema(pattern = "^[0-9a-f]{40}$")]
    pub url: Option<String>,
    /// All other fields that were sent.
    pub meta_data: FreeForm,
    /// When it was first uploaded.
    pub created: Instant,
    /// When it was last uploaded.
    pub modified: Instant,
    /// From which address it was last uploaded.
    #[schema(value_type = Option<String>, example = "10.45.0.7")]
    pub address: Option<IpAddr>,
}

/// The datasets of `filter`, newest first.
pub fn list<'a>(store: &'a Store, catalog: &'a Catalog, filter: Filter, page: &Page) -> Rows<'a, DatasetRow> {
    let candidates = candidates(store, catalog, filter, page.before)
        .unwrap_or_else(|error| Box::new(std::iter::once(Err(error))));
    rows(store, catalog, candidates, |_| true, page.limit)
}

/// Exactly the ids of `filter`, so that no dataset is read and then discarded. A project has few
/// beamlines and a beamline few projects, so their lists can be merged.
fn candidates<'a>(
    store: &'a Store,
    catalog: &Catalog,
    filter: Filter,
    before: Option<u64>,
) -> Result<Rows<'a, u64>, ReadError> {
    Ok(match (filter.session, filter.project, filter.beamline) {
        (Some(id), project, beamline) => {
            let session = get::<Session>(store, Table::Session, id.0)?;
            let has_it = session.is_some_and(|session| {
                project.is_none_or(|id| id == session.project)
                    && beamline.is_none_or(|id| id == session.beamline)
            });
            if has_it {
                Box::new(ids(store, &keys::record(Table::DatasetBySession, id), before))
            } else {
                Box::new(std::iter::empty())
            }
        }
        (None, Some(project), Some(beamline)) => {
            Box::new(ids(store, &keys::datasets_of(beamline, project), before))
        }
        (None, Some(project), None) => {
            let beamlines = catalog.beamlines.iter().map(|(id, _)| BeamlineId(id));
            let lists = beamlines.map(|beamline| keys::datasets_of(beamline, project));
            Box::new(Merged::new(store, lists, before)?)
        }
        (None, None, Some(beamline)) => {
            let projects = projects_at(store, beamline)?;
            let lists = projects
                .into_iter()
                .map(|project| keys::datasets_of(beamline, project));
            Box::new(Merged::new(store, lists, before)?)
        }
        (None, None, None) => Box::new(ids(store, &Key::of(Table::Dataset), before)),
    })
}

/// The projects that have datasets at a beamline, with one read for each.
fn projects_at(store: &Store, beamline: BeamlineId) -> Result<Vec<ProjectId>, ReadError> {
    let (mut start, end) = keys::below(&keys::record(Table::DatasetByProject, beamline), None);
    let mut projects = Vec::new();
    loop {
        let first = store.scan_keys(&start, &end, Order::Ascending).next();
        let Some(project) = first
            .transpose()?
            .and_then(|key| Some(u64::from_be_bytes(key.get(9..17)?.try_into().ok()?)))
        else {
            return Ok(projects);
        };
        let project = ProjectId(project);
        projects.push(project);
        start = keys::successor(keys::datasets_of(beamline, project).as_bytes());
    }
}

impl Row for DatasetRow {
    type Record = Dataset;
    const TABLE: Table = Table::Dataset;

    fn of(store: &Store, catalog: &Catalog, id: u64, dataset: Dataset) -> Result<Self, ReadError> {
        Ok(Self {
            id,
            project: catalog.username(dataset.project).to_owned(),
            beamline: catalog.acronym(dataset.beamline).to_owned(),
            session: dataset.session.map(|id| id.0),
            sample_id: dataset.sample.map(|id| id.0),
            group: dataset.group,
            name: dataset.name,
            kind: dataset.kind,
            filename: dataset.filename,
            frames: dataset.frames,
            num_frames: dataset.num_frames,
            energy: dataset.energy,
            exposure: dataset.exposure,
            attenuation: dataset.attenuation,
            beam_size: dataset.beam_size,
            start_time: dataset.start_time.into(),
            end_time: dataset.end_time.into(),
            uuid: dataset.uuid,
            url: url(store, Subject::Dataset, id, dataset.key)?,
            meta_data: FreeForm(dataset.meta_data),
            created: dataset.created.into(),
            modified: dataset.modified.into(),
            address: dataset.address,
        })
    }
}
