//! What is in containers: drawn, and where there is room.

use super::drawing::{colour, rounded, spots, Spot, WIDTH};
use super::visitor::Role;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{ContainerId, ContainerTypeId};
use beamlive_storage::records::{Container, Sample};
use maud::{html, Markup};
use std::collections::{HashMap, HashSet};

/// Depth at which drawing ends; deeper containers would be too small to see.
const DEEPEST: usize = 4;
/// Part of a circle that a drawing inside it takes.
const INSIDE: f64 = 0.94;

/// What is in containers, as a visitor sees it.
pub(super) struct Contents<'a> {
    catalog: &'a Catalog,
    role: &'a Role,
    /// Kinds of containers whose locations are for samples.
    for_samples: HashSet<ContainerTypeId>,
}

/// The kind of a container.
fn kind_of(catalog: &Catalog, id: ContainerId) -> Option<ContainerTypeId> {
    Some(catalog.containers.get(id.0)?.record.kind)
}

/// Where a container is drawn: the left top corner, and the width.
#[derive(Clone, Copy)]
struct Frame {
    x: f64,
    y: f64,
    width: f64,
}

/// A place without a container.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Free {
    /// `username/name` of the container that it is in.
    pub(super) parent: String,
    pub(super) location: String,
}

impl<'a> Contents<'a> {
    /// What the catalog says of all containers.
    pub(super) fn of(catalog: &'a Catalog, role: &'a Role) -> Self {
        let holders = catalog.samples.index().holders();
        Self {
            catalog,
            role,
            for_samples: holders.filter_map(|id| kind_of(catalog, id)).collect(),
        }
    }

    /// The containers directly in one, by location.
    fn held(&self, id: ContainerId) -> HashMap<&'a str, (ContainerId, &'a Container)> {
        let inside = self.catalog.containers.index().inside(id).iter();
        let held = inside.filter_map(|id| {
            let container = &self.catalog.containers.get(id.0)?.record;
            Some((container.location.as_deref()?, (*id, container)))
        });
        held.collect()
    }

    /// The samples of a container, by location.
    fn sampled(&self, id: ContainerId) -> HashMap<&'a str, &'a Sample> {
        let inside = self.catalog.samples.index().inside(id).iter();
        let samples = inside.filter_map(|id| Some(&self.catalog.samples.get(id.0)?.record));
        samples.map(|sample| (sample.location.as_str(), sample)).collect()
    }

    /// The containers directly in one, in the order of its locations.
    pub(super) fn inside(&self, id: ContainerId) -> Vec<(ContainerId, &'a Container)> {
        let Some(container) = self.catalog.containers.get(id.0) else {
            return Vec::new();
        };
        let (held, (_, spots)) = (self.held(id), spots(self.catalog, container.record.kind));
        let places = spots.iter().map(|spot| spot.location.as_str());
        places.filter_map(|place| held.get(place).copied()).collect()
    }

    /// All containers in one, from the outside in, with their ports.
    pub(super) fn all_inside(&self, id: ContainerId) -> Vec<(String, ContainerId, &'a Container)> {
        let mut all = Vec::new();
        self.collect(id, "", 0, &mut all);
        all
    }

    fn collect(
        &self,
        id: ContainerId,
        port: &str,
        depth: usize,
        all: &mut Vec<(String, ContainerId, &'a Container)>,
    ) {
        if depth > DEEPEST {
            return;
        }
        for (held, container) in self.inside(id) {
            let port = format!("{port}{}", container.location.as_deref().unwrap_or(""));
            all.push((port.clone(), held, container));
            self.collect(held, &port, depth + 1, all);
        }
    }

    /// The free places of a container and of those in it, without those for samples.
    pub(super) fn free(&self, id: ContainerId) -> Vec<Free> {
        let own = self.catalog.containers.get(id.0).map(|entry| (id, &entry.record));
        let inner = self.all_inside(id);
        let all = own
            .into_iter()
            .chain(inner.into_iter().map(|(_, id, container)| (id, container)));
        let with_room = all.filter(|(_, container)| !self.for_samples.contains(&container.kind));
        let free = with_room.flat_map(|(id, container)| {
            let (held, (_, spots)) = (self.held(id), spots(self.catalog, container.kind));
            let free = spots
                .into_iter()
                .filter(move |spot| !held.contains_key(spot.location.as_str()));
            free.map(move |spot| Free {
                parent: self.catalog.container_name(id),
                location: spot.location,
            })
        });
        free.collect()
    }

    /// What is taken out when a container is emptied: the containers in it, at any depth, but for
    /// adaptors. An adaptor is of a kind that holds containers somewhere.
    pub(super) fn taken_out(&self, id: ContainerId) -> Vec<ContainerId> {
        let parents = self.catalog.containers.index().holders();
        let adaptors: HashSet<_> = parents.filter_map(|id| kind_of(self.catalog, id)).collect();
        let inner = self.all_inside(id).into_iter();
        let out = inner.filter(|(.., container)| !adaptors.contains(&container.kind));
        out.map(|(_, id, _)| id).collect()
    }

    /// The samples of a container, in the order of its locations.
    pub(super) fn samples(&self, id: ContainerId) -> Vec<&'a Sample> {
        let Some(container) = self.catalog.containers.get(id.0) else {
            return Vec::new();
        };
        let (held, (_, spots)) = (self.sampled(id), spots(self.catalog, container.record.kind));
        let places = spots.iter().map(|spot| spot.location.as_str());
        places.filter_map(|place| held.get(place).copied()).collect()
    }

    /// A container, with what is in it.
    pub(super) fn draw(&self, id: ContainerId, container: &Container) -> Markup {
        let (height, spots) = spots(self.catalog, container.kind);
        let frame = Frame {
            x: 0.0,
            y: 0.0,
            width: WIDTH,
        };
        html! {
            svg.container viewBox={ "0 0 " (WIDTH) " " (rounded(height)) }
                role="group" aria-label={ "Container " (container.name) } {
                (self.spots(id, container.kind, &spots, frame, 0))
            }
        }
    }

    fn spots(
        &self,
        id: ContainerId,
        kind: ContainerTypeId,
        spots: &[Spot],
        frame: Frame,
        depth: usize,
    ) -> Markup {
        let scale = frame.width / WIDTH;
        let (all, samples) = (self.held(id), self.sampled(id));
        html! {
            @for spot in spots {
                @let (x, y) = (frame.x + spot.x * scale, frame.y + spot.y * scale);
                @let spot = Spot { x, y, radius: spot.radius * scale, location: spot.location.clone() };
                @if let Some((held, container)) = all.get(spot.location.as_str()).copied() {
                    (self.filled(held, container, &spot, depth))
                } @else {
                    (self.empty(id, kind, &spot, samples.get(spot.location.as_str()).copied()))
                }
            }
        }
    }

    fn filled(&self, id: ContainerId, container: &Container, spot: &Spot, depth: usize) -> Markup {
        let Spot {
            x,
            y,
            radius,
            location,
        } = spot;
        let circle = |class: &str, title: &str| {
            html! {
                circle class=(class) cx=(rounded(*x)) cy=(rounded(*y)) r=(rounded(*radius)) { title { (title) } }
            }
        };
        if !self.role.sees(container.project) {
            return circle("place held", &format!("{location}: another project's"));
        }
        let owner = self.catalog.username(container.project);
        let title = format!("{location}: {} of {owner}", container.name);
        let (height, inner) = spots(self.catalog, container.kind);
        // The rectangle that fits into the circle.
        let width = 2.0 * radius * INSIDE / (1.0 + (height / WIDTH).powi(2)).sqrt();
        let frame = Frame {
            x: x - width / 2.0,
            y: y - width * height / WIDTH / 2.0,
            width,
        };
        html! {
            a href={ "/containers/" (id) } aria-label=(title) data-container={ (owner) "/" (container.name) } {
                (circle(&format!("place held {}", colour(container.project)), &title))
            }
            // Links in links are not drawn, so what is in it is beside its link.
            @if depth < DEEPEST && !inner.is_empty() {
                (self.spots(id, container.kind, &inner, frame, depth + 1))
            }
        }
    }

    fn empty(&self, id: ContainerId, kind: ContainerTypeId, spot: &Spot, sample: Option<&Sample>) -> Markup {
        let Spot {
            x,
            y,
            radius,
            location,
        } = spot;
        let (x, y, radius) = (rounded(*x), rounded(*y), rounded(*radius));
        if let Some(sample) = sample {
            return html! {
                circle.sample cx=(x) cy=(y) r=(radius) { title { (location) ": " (sample.name) } }
            };
        }
        if self.for_samples.contains(&kind) {
            return html! { circle.place cx=(x) cy=(y) r=(radius) { title { (location) ": empty" } } };
        }
        html! {
            circle.place.room cx=(x) cy=(y) r=(radius)
                data-parent=(self.catalog.container_name(id)) data-location=(location) { title { (location) ": empty" } }
            text.at x=(x) y=(y) font-size=(rounded((radius * 0.8).min(5.0))) aria-hidden="true" { (location) }
        }
    }
}
