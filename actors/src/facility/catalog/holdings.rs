//! What is in each container.

use super::entries::Entries;
use beamlive_storage::ids::{ContainerId, SampleId};
use beamlive_storage::records::{Container, Sample};
use std::collections::HashMap;

/// The containers that are directly in each container.
#[derive(Debug, Clone, Default)]
pub struct ContainerIndex(HashMap<ContainerId, Vec<ContainerId>>);

impl From<&Entries<Container>> for ContainerIndex {
    fn from(containers: &Entries<Container>) -> Self {
        let mut index = Self::default();
        for (id, entry) in containers.iter() {
            if let Some(parent) = entry.record.parent {
                index.0.entry(parent).or_default().push(ContainerId(id));
            }
        }
        index
    }
}

impl ContainerIndex {
    /// The containers directly in `id`.
    #[must_use]
    pub fn inside(&self, id: ContainerId) -> &[ContainerId] {
        self.0.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The containers that hold others.
    pub fn holders(&self) -> impl Iterator<Item = ContainerId> + '_ {
        self.0.keys().copied()
    }
}

/// The samples in each container.
#[derive(Debug, Clone, Default)]
pub struct SampleIndex(HashMap<ContainerId, Vec<SampleId>>);

impl From<&Entries<Sample>> for SampleIndex {
    fn from(samples: &Entries<Sample>) -> Self {
        let mut index = Self::default();
        for (id, entry) in samples.iter() {
            let held = index.0.entry(entry.record.container).or_default();
            held.push(SampleId(id));
        }
        index
    }
}

impl SampleIndex {
    /// The samples in `id`.
    #[must_use]
    pub fn inside(&self, id: ContainerId) -> &[SampleId] {
        self.0.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The containers that hold samples.
    pub fn holders(&self) -> impl Iterator<Item = ContainerId> + '_ {
        self.0.keys().copied()
    }
}
