//! Datasets.

use super::values::{FreeForm, Instant};
use super::{get, ids, records, Page};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_actors::secure_path;
use beamlive_storage::ids::{BeamlineId, ProjectId, SessionId};
use beamlive_storage::keys::{self, Key, Table};
use beamlive_storage::records::{Dataset, SecureKey, Subject};
use beamlive_storage::{ReadError, Store};
use serde::Serialize;
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
    /// Name, or template of the names, of its files.
    pub filename: Option<String>,
    /// Its frames, as ranges.
    #[schema(example = "1-4,8")]
    pub frames: String,
    /// How many frames these are.
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
    /// The secure key of its directory; null while the Data Proxy has not given it.
    #[schema(pattern = "^[0-9a-f]{40}$")]
    pub url: Option<String>,
    /// Everything else that was sent.
    pub meta_data: FreeForm,
    /// When it was first uploaded.
    pub created: Instant,
    /// When it was last uploaded.
    pub modified: Instant,
}

/// The datasets of `filter`, newest first.
pub fn list<'a>(
    store: &'a Store,
    catalog: &'a Catalog,
    filter: Filter,
    page: &Page,
) -> impl Iterator<Item = Result<DatasetRow, ReadError>> + 'a {
    let prefix = match filter {
        Filter {
            session: Some(id), ..
        } => keys::record(Table::DatasetBySession, id),
        Filter {
            project: Some(id), ..
        } => keys::record(Table::DatasetByProject, id),
        Filter {
            beamline: Some(id), ..
        } => keys::record(Table::DatasetByBeamline, id),
        _ => Key::of(Table::Dataset),
    };
    records::<Dataset>(store, Table::Dataset, ids(store, &prefix, page.before))
        .filter(move |found| found.as_ref().map_or(true, |(_, dataset)| filter.takes(dataset)))
        .take(page.limit)
        .map(move |found| found.and_then(|(id, dataset)| row(store, catalog, id, dataset)))
}

/// One dataset.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn find(store: &Store, catalog: &Catalog, id: u64) -> Result<Option<DatasetRow>, ReadError> {
    let found = get::<Dataset>(store, Table::Dataset, id)?;
    found.map(|dataset| row(store, catalog, id, dataset)).transpose()
}

impl Filter {
    fn takes(&self, dataset: &Dataset) -> bool {
        self.project.is_none_or(|id| id == dataset.project)
            && self.beamline.is_none_or(|id| id == dataset.beamline)
            && self.session.is_none_or(|id| Some(id) == dataset.session)
    }
}

fn row(store: &Store, catalog: &Catalog, id: u64, dataset: Dataset) -> Result<DatasetRow, ReadError> {
    Ok(DatasetRow {
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
        url: secure_path::of_record(store, Subject::Dataset, id)?.map(|key: SecureKey| key.to_hex()),
        meta_data: FreeForm(dataset.meta_data),
        created: dataset.created.into(),
        modified: dataset.modified.into(),
    })
}
