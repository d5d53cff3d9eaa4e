//! Automounters, drawn from the coordinates of their places.

use super::visitor::Role;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, ContainerId, ContainerTypeId, ProjectId};
use beamlive_storage::records::{Container, Drawing, Layout};
use maud::{html, Markup};
use std::collections::HashMap;

/// Width of a drawing, in its own units.
const WIDTH: f64 = 100.0;
/// How many colours tell projects apart.
const COLOURS: u64 = 9;

/// What stands at a place of an automounter.
struct Place {
    x: f64,
    y: f64,
    radius: f64,
    location: String,
    /// The container there.
    held: Option<(String, ProjectId)>,
}

/// The automounter of a beamline in small: places, and what is at them.
pub(super) fn small(catalog: &Catalog, beamline: BeamlineId, role: &Role) -> Markup {
    let mounted = catalog.automounters.iter().find_map(|(_, entry)| {
        let record = &entry.record;
        (record.active && record.beamline == beamline).then_some(record.container)
    });
    let Some((id, container)) = mounted.and_then(|id| Some((id, &catalog.containers.get(id.0)?.record)))
    else {
        return html! {};
    };
    let drawing = drawing(catalog, container.kind);
    let places = places(catalog, id, container, &drawing);
    let filled = places.iter().filter(|place| place.held.is_some()).count();
    let height = WIDTH * drawing.height;
    html! {
        figure.automounter {
            svg viewBox={ "0 0 " (WIDTH) " " (rounded(height)) } role="img"
                aria-label={ "Automounter " (container.name) ": " (filled) " of " (places.len()) " places are filled" } {
                @for place in &places {
                    @let (class, title) = look(catalog, place, role);
                    circle class=(class) cx=(rounded(place.x)) cy=(rounded(place.y)) r=(rounded(place.radius)) {
                        title { (title) }
                    }
                }
            }
            figcaption.small { (container.name) ": " (filled) " of " (places.len()) }
        }
    }
}

/// How a kind of container is drawn. Without coordinates, its locations stand in rows.
fn drawing(catalog: &Catalog, kind: ContainerTypeId) -> Drawing {
    let kind = catalog.container_types.get(kind.0);
    let drawn = kind.and_then(|entry| entry.record.drawing.clone());
    drawn.unwrap_or_else(|| rows(kind.map_or(0, |entry| entry.record.locations.len())))
}

/// A drawing of so many locations in rows, about twice as wide as it is high. A few stand in one
/// row.
fn rows(locations: usize) -> Drawing {
    let mut across = u32::try_from(locations).map_or(1, |few| if few <= 6 { few.max(1) } else { 1 });
    while (across * across).div_ceil(2) < u32::try_from(locations).unwrap_or(u32::MAX) && across < 64 {
        across += 1;
    }
    let down = u32::try_from(locations)
        .unwrap_or(u32::MAX)
        .div_ceil(across)
        .max(1);
    let (across, down) = (f64::from(across), f64::from(down));
    let mut places = Vec::with_capacity(locations);
    let (mut column, mut row) = (0.0, 0.0);
    for _ in 0..locations {
        places.push(((column + 0.5) / across, (row + 0.5) / down));
        column += 1.0;
        if column >= across {
            (column, row) = (0.0, row + 1.0);
        }
    }
    Drawing {
        layout: Layout::Rect,
        places,
        height: down / across,
        radius: 38.0 / across,
    }
}

/// The places of a container, and what is at them.
fn places(catalog: &Catalog, id: ContainerId, container: &Container, drawing: &Drawing) -> Vec<Place> {
    let held: HashMap<&str, &Container> = catalog
        .containers
        .iter()
        .filter(|(_, entry)| entry.record.parent == Some(id))
        .filter_map(|(_, entry)| Some((entry.record.location.as_deref()?, &entry.record)))
        .collect();
    let locations = catalog.container_types.get(container.kind.0);
    let locations = locations.map_or(&[][..], |entry| &entry.record.locations);
    let placed = locations.iter().zip(&drawing.places);
    let place = |(location, (first, second)): (&String, &(f64, f64))| {
        let (x, y) = at(drawing, *first, *second);
        let held = held.get(location.as_str());
        Place {
            x,
            y,
            radius: drawing.radius * WIDTH / 100.0,
            location: location.clone(),
            held: held.map(|container| (container.name.clone(), container.project)),
        }
    };
    placed.map(place).collect()
}

/// Coordinates of a drawing that is [`WIDTH`] wide. An angle of 0 is at the top.
fn at(drawing: &Drawing, first: f64, second: f64) -> (f64, f64) {
    let height = WIDTH * drawing.height;
    match drawing.layout {
        Layout::Rect => (first * WIDTH, second * height),
        Layout::Circle => (
            WIDTH / 2.0 + first * second.sin() * WIDTH / 2.0,
            height / 2.0 - first * second.cos() * height / 2.0,
        ),
    }
}

/// The class and the title of a place. Names of others' containers are not shown.
fn look(catalog: &Catalog, place: &Place, role: &Role) -> (String, String) {
    match &place.held {
        None => ("place".to_owned(), format!("{}: empty", place.location)),
        Some((_, project)) if !role.sees(*project) => (
            "place held".to_owned(),
            format!("{}: another project's", place.location),
        ),
        Some((name, project)) => (
            format!("place held c{}", project.0 % COLOURS),
            format!("{}: {name} of {}", place.location, catalog.username(*project)),
        ),
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(layout: Layout) -> Drawing {
        Drawing {
            layout,
            places: Vec::new(),
            height: 0.5,
            radius: 3.0,
        }
    }

    #[test]
    fn locations_without_coordinates_stand_in_rows() {
        let eight = rows(8);
        assert_eq!((eight.places.len(), eight.height), (8, 0.5));
        assert_eq!(eight.places.first(), Some(&(0.125, 0.25)));
        assert_eq!(eight.places.last(), Some(&(0.875, 0.75)));
        for locations in [0, 1, 3, 16, 29, 400] {
            let drawing = rows(locations);
            assert_eq!(drawing.places.len(), locations);
            let inside = |(x, y): &(f64, f64)| (0.0..=1.0).contains(x) && (0.0..=1.0).contains(y);
            assert!(drawing.places.iter().all(inside));
        }
    }

    #[test]
    fn places_are_where_their_coordinates_say() {
        assert_eq!(at(&drawing(Layout::Rect), 0.25, 1.0), (25.0, 50.0));
        assert_eq!(at(&drawing(Layout::Circle), 1.0, 0.0), (50.0, 0.0));
        let (x, y) = at(&drawing(Layout::Circle), 1.0, std::f64::consts::FRAC_PI_2);
        assert_eq!((rounded(x), rounded(y)), (100.0, 25.0));
    }
}
