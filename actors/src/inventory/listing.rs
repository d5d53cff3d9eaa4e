//! The samples of a project at a beamline, with their ports, in the order of measurement.
//!
//! A sample is listed when its container is on-site. Its port follows from its outermost container:
//! - in an active automounter of this beamline: the sample has a port;
//! - in one of another beamline: the sample is not listed here;
//! - in none: the sample is listed without a port, at every beamline.
//!
//! The status of the containers in between does not matter: a puck in an adaptor that is not loaded
//! is on-site too.

use crate::facility::catalog::{Catalog, Entries};
use beamlive_storage::ids::{BeamlineId, ContainerId, ProjectId};
use beamlive_storage::records::{Automounter, Container, ContainerStatus, Sample};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// Deepest nesting of containers. Facilities have up to 4; deeper ones contain each other in a
/// circle.
const MAX_DEPTH: usize = 16;

/// A sample in a list. The order of the fields is the order on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SampleEntry)]
pub struct ListedSample<'a> {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: &'a str,
    /// `""` when unknown.
    pub barcode: &'a str,
    /// `""` when there are none.
    pub comments: &'a str,
    /// Its group's name.
    pub group: Option<&'a str>,
    /// Its location in the container.
    pub location: &'a str,
    /// Its container's name.
    pub container: &'a str,
    /// The type of that container.
    pub container_type: &'a str,
    /// Its port in the beamline's automounter: the locations from the outside in, joined. `""` when
    /// not loaded.
    pub port: String,
    /// Its index in the list, from 0.
    pub priority: usize,
}

/// The samples of each project, by id. Derived once per change of the samples, so that the list of
/// a project does not go through all samples.
#[derive(Debug, Default)]
pub struct SamplesByProject {
    samples: Entries<Sample>,
    by_project: HashMap<ProjectId, Vec<u64>>,
}

impl SamplesByProject {
    /// Goes through all samples.
    #[must_use]
    pub fn of(samples: &Entries<Sample>) -> Self {
        let mut by_project: HashMap<_, Vec<_>> = HashMap::new();
        for (id, entry) in samples.iter() {
            by_project.entry(entry.record.project).or_default().push(id);
        }
        Self {
            samples: samples.clone(),
            by_project,
        }
    }

    /// Whether it was derived from these `samples`.
    #[must_use]
    pub fn is_of(&self, samples: &Entries<Sample>) -> bool {
        self.samples.same(samples)
    }

    fn of_project(&self, project: ProjectId) -> impl Iterator<Item = (u64, &Sample)> {
        let ids = self.by_project.get(&project).map_or(&[][..], Vec::as_slice);
        ids.iter()
            .filter_map(|id| Some((*id, &self.samples.get(*id)?.record)))
    }
}

/// Where a container is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// In this beamline's automounter, at this port.
    Here(String),
    /// In another beamline's automounter.
    Elsewhere,
    /// In no active automounter.
    Unloaded,
}

/// The samples of `project` at `beamline`, ordered by priority of the group, then of the sample
/// (none last), then by container, location and name.
#[must_use]
pub fn list<'a>(
    catalog: &'a Catalog,
    samples: &'a SamplesByProject,
    project: ProjectId,
    beamline: BeamlineId,
) -> Vec<ListedSample<'a>> {
    let holders = holders(&catalog.automounters);
    let mut shelves: HashMap<ContainerId, Option<Shelf<'a>>> = HashMap::new();
    let mut rows = Vec::new();
    for (id, sample) in samples.of_project(project) {
        let shelf = shelves
            .entry(sample.container)
            .or_insert_with(|| Shelf::at(catalog, &holders, sample.container, beamline));
        if let Some(shelf) = shelf {
            rows.push(shelf.row(catalog, id, sample));
        }
    }
    rows.sort_unstable_by_key(|(rank, _)| *rank);
    rows.into_iter()
        .enumerate()
        .map(|(priority, (_, sample))| ListedSample { priority, ..sample })
        .collect()
}

/// The sort key of a list. The id makes the order of otherwise equal samples a fixed one.
type Rank<'a> = (Nullable, Nullable, &'a str, usize, &'a str, u64);

/// A priority: `(false, priority)`, or `(true, 0)` for none, which comes last.
type Nullable = (bool, i64);

fn none_last(priority: Option<i64>) -> Nullable {
    (priority.is_none(), priority.unwrap_or_default())
}

/// What the samples of one on-site container share.
struct Shelf<'a> {
    name: &'a str,
    kind: &'a str,
    locations: HashMap<&'a str, usize>,
    /// `None` when not loaded here.
    port: Option<String>,
}

impl<'a> Shelf<'a> {
    /// None when its samples are not listed at `beamline`.
    fn at(
        catalog: &'a Catalog,
        holders: &HashMap<ContainerId, BeamlineId>,
        id: ContainerId,
        beamline: BeamlineId,
    ) -> Option<Self> {
        let container = &catalog.containers.get(id.0)?.record;
        if container.status != ContainerStatus::OnSite {
            return None;
        }
        let port = match place(&catalog.containers, holders, id, beamline) {
            Place::Here(port) => Some(port),
            Place::Elsewhere => return None,
            Place::Unloaded => None,
        };
        let kind = catalog
            .container_types
            .get(container.kind.0)
            .map(|entry| &entry.record);
        Some(Self {
            name: &container.name,
            kind: kind.map_or("", |kind| &kind.name),
            locations: kind
                .into_iter()
                .flat_map(|kind| kind.locations.iter().enumerate())
                .map(|(index, location)| (location.as_str(), index))
                .collect(),
            port,
        })
    }

    fn row(&self, catalog: &'a Catalog, id: u64, sample: &'a Sample) -> (Rank<'a>, ListedSample<'a>) {
        let group = sample
            .group
            .and_then(|id| catalog.groups.get(id.0))
            .map(|entry| &entry.record);
        let rank = (
            none_last(group.and_then(|group| group.priority)),
            none_last(sample.priority),
            self.name,
            self.locations
                .get(sample.location.as_str())
                .copied()
                .unwrap_or(usize::MAX),
            sample.name.as_str(),
            id,
        );
        let listed = ListedSample {
            id,
            name: &sample.name,
            barcode: &sample.barcode,
            comments: &sample.comments,
            group: group.map(|group| group.name.as_str()),
            location: &sample.location,
            container: self.name,
            container_type: self.kind,
            port: match &self.port {
                Some(port) => format!("{port}{}", sample.location),
                None => String::new(),
            },
            priority: 0,
        };
        (rank, listed)
    }
}

/// The beamlines whose active automounters the containers are. If two automounters declare a
/// container, the first has it: a sample is never loaded at two beamlines.
fn holders(automounters: &Entries<Automounter>) -> HashMap<ContainerId, BeamlineId> {
    let mut holders = HashMap::new();
    for (_, entry) in automounters.iter().filter(|(_, entry)| entry.record.active) {
        holders
            .entry(entry.record.container)
            .or_insert(entry.record.beamline);
    }
    holders
}

/// Where the outermost container around `id` is loaded.
fn place(
    containers: &Entries<Container>,
    holders: &HashMap<ContainerId, BeamlineId>,
    id: ContainerId,
    beamline: BeamlineId,
) -> Place {
    let mut outermost = id;
    let mut locations = Vec::new();
    while let Some(Container {
        parent: Some(parent),
        location,
        ..
    }) = containers.get(outermost.0).map(|entry| &entry.record)
    {
        if locations.len() == MAX_DEPTH {
            return Place::Unloaded;
        }
        locations.push(location.as_deref().unwrap_or_default());
        outermost = *parent;
    }
    match holders.get(&outermost) {
        Some(holder) if *holder == beamline => Place::Here(locations.into_iter().rev().collect()),
        Some(_) => Place::Elsewhere,
        None => Place::Unloaded,
    }
}

#[cfg(test)]
mod tests;
