//! Containers that a file puts elsewhere, or gives another status.

use crate::facility::catalog::Catalog;
use beamlive_storage::ids::{ContainerId, ProjectId};
use beamlive_storage::records::{Container, ContainerStatus};

/// A container that is somewhere else afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerMove {
    /// The container.
    pub container: ContainerId,
    /// Whose it is.
    pub project: ProjectId,
    /// From where to where, for people.
    pub note: String,
}

/// The containers that are elsewhere in `after`, or have another status. Those that are new are
/// none of them.
pub(super) fn moves(before: &Catalog, after: &Catalog) -> Vec<ContainerMove> {
    if before.containers.same(&after.containers) {
        return Vec::new();
    }
    let moved = after.containers.iter().filter_map(|(id, entry)| {
        let (old, new) = (&before.containers.get(id)?.record, &entry.record);
        let place = |it: &Container| (it.parent, it.location.clone(), it.status);
        (place(old) != place(new)).then(|| ContainerMove {
            container: ContainerId(id),
            project: new.project,
            note: format!("{}: {} → {}", new.name, put(before, old), put(after, new)),
        })
    });
    moved.collect()
}

/// Where a container is: `staff/AM-BM 1A`, or its status if it is in no other.
fn put(catalog: &Catalog, container: &Container) -> String {
    let status = container.status.name();
    match (container.parent, &container.location) {
        (Some(parent), Some(location)) => {
            let place = format!("{} {location}", catalog.container_name(parent));
            if container.status == ContainerStatus::OnSite {
                place
            } else {
                format!("{place} ({status})")
            }
        }
        _ => status.to_owned(),
    }
}
