//! The automounter of a beamline in small, for its card.

use super::contents::Contents;
use super::drawing::spots;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, ContainerId};
use beamlive_storage::records::Container;
use maud::{html, Markup};

/// The automounter of a beamline, and how many of its places are filled.
pub(super) fn small(catalog: &Catalog, contents: &Contents<'_>, beamline: BeamlineId) -> Markup {
    let Some((id, container)) = mounted(catalog, beamline) else {
        return html! {};
    };
    let (_, places) = spots(catalog, container.kind);
    html! {
        figure.automounter {
            (contents.draw(id, container))
            figcaption.small {
                a href={ "/automounters/" (catalog.acronym(beamline)) } { (container.name) }
                ": " (contents.inside(id).len()) " of " (places.len())
            }
        }
    }
}

/// The container that the robot of a beamline holds.
pub(super) fn mounted(catalog: &Catalog, beamline: BeamlineId) -> Option<(ContainerId, &Container)> {
    let id = catalog.automounters.iter().find_map(|(_, entry)| {
        let record = &entry.record;
        (record.active && record.beamline == beamline).then_some(record.container)
    })?;
    Some((id, &catalog.containers.get(id.0)?.record))
}
