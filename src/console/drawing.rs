//! How containers are drawn: the coordinates of their locations.

use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{ContainerTypeId, ProjectId};
use beamlive_storage::records::{Drawing, Layout};

/// Width of a drawing, in its own units.
pub(super) const WIDTH: f64 = 100.0;

/// How many colours tell projects apart.
const COLOURS: u64 = 9;

/// A location, drawn as a circle.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) radius: f64,
    pub(super) location: String,
}

/// The height of the drawing of a kind of container, and its locations in order.
pub(super) fn spots(catalog: &Catalog, kind: ContainerTypeId) -> (f64, Vec<Spot>) {
    let drawing = drawing(catalog, kind);
    let locations = catalog.container_types.get(kind.0);
    let locations = locations.map_or(&[][..], |entry| &entry.record.locations);
    let placed = locations.iter().zip(&drawing.places);
    let spots = placed.map(|(location, (first, second))| {
        let (x, y) = at(&drawing, *first, *second);
        Spot {
            x,
            y,
            radius: drawing.radius * WIDTH / 100.0,
            location: location.clone(),
        }
    });
    (WIDTH * drawing.height, spots.collect())
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

/// The colour of a project.
pub(super) fn colour(project: ProjectId) -> String {
    format!("c{}", project.0 % COLOURS)
}

/// Short enough for a page, exact enough for the eye.
pub(super) fn rounded(value: f64) -> f64 {
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
