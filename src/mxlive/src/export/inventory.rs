//! Rows of container types, containers, automounters, groups, samples.

use super::row::Row;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{ContainerId, ContainerTypeId};
use beamlive_storage::records::{ContainerStatus, ContainerType, Layout};
use rmpv::Value;
use std::collections::HashMap;

/// The keys of the locations of container types.
type Places = HashMap<(ContainerTypeId, String), u64>;

pub(super) fn all(catalog: &Catalog, rows: &mut Vec<Row>) {
    let mut places = Places::new();
    for (id, it) in catalog.container_types.iter() {
        rows.push(container_type(id, &it.record));
    }
    for (id, it) in catalog.container_types.iter() {
        locations(id, &it.record, &mut places, rows);
    }
    let at = |container: Option<ContainerId>, location: Option<&String>| {
        let kind = catalog.containers.get(container?.0)?.record.kind;
        places.get(&(kind, location?.clone())).copied()
    };
    for (id, it) in catalog.containers.iter() {
        let it = &it.record;
        let status = match it.status {
            ContainerStatus::Draft => 0_u64,
            ContainerStatus::Sent => 1,
            ContainerStatus::OnSite => 2,
            ContainerStatus::Returned => 4,
            ContainerStatus::Archived => 9,
        };
        rows.push(
            Row::new("lims.container", id)
                .set("name", it.name.as_str())
                .set("project", it.project.0)
                .set("kind", it.kind.0)
                .set("status", status)
                .maybe("parent", it.parent.map(|parent| parent.0))
                .maybe("location", at(it.parent, it.location.as_ref())),
        );
    }
    for (id, it) in catalog.automounters.iter() {
        rows.push(
            Row::new("lims.automounter", id)
                .set("beamline", it.record.beamline.0)
                .set("container", it.record.container.0)
                .set("active", it.record.active),
        );
    }
    for (id, it) in catalog.groups.iter() {
        rows.push(
            Row::new("lims.group", id)
                .set("name", it.record.name.as_str())
                .set("project", it.record.project.0)
                .maybe("priority", it.record.priority),
        );
    }
    for (id, it) in catalog.samples.iter() {
        let it = &it.record;
        rows.push(
            Row::new("lims.sample", id)
                .set("name", it.name.as_str())
                .set("project", it.project.0)
                .set("barcode", it.barcode.as_str())
                .set("container", it.container.0)
                .maybe("location", at(Some(it.container), Some(&it.location)))
                .maybe("group", it.group.map(|group| group.0))
                .maybe("priority", it.priority)
                .set("comments", it.comments.as_str()),
        );
    }
}

fn container_type(id: u64, it: &ContainerType) -> Row {
    let row = Row::new("lims.containertype", id).set("name", it.name.as_str());
    let Some(drawing) = &it.drawing else {
        return row.set("layout", Value::Nil).set("envelope", "");
    };
    let places = it.locations.iter().zip(&drawing.places);
    let places = places.map(|(name, (x, y))| {
        let at = vec![Value::from(*x), Value::from(*y)];
        (Value::from(name.as_str()), Value::from(at))
    });
    let layout = Value::Map(vec![(Value::from("locations"), Value::Map(places.collect()))]);
    let envelope = match drawing.layout {
        Layout::Circle => "circle",
        Layout::Rect => "rect",
    };
    row.set("layout", super::json::text(&layout))
        .set("envelope", envelope)
        .set("height", drawing.height)
        .set("radius", drawing.radius)
}

fn locations(id: u64, it: &ContainerType, places: &mut Places, rows: &mut Vec<Row>) {
    for (place, name) in it.locations.iter().enumerate() {
        let pk = places.len() as u64 + 1;
        places.insert((ContainerTypeId(id), name.clone()), pk);
        let drawn = it.drawing.as_ref().and_then(|drawing| drawing.places.get(place));
        rows.push(
            Row::new("lims.containerlocation", pk)
                .set("name", name.as_str())
                .set("kind", id)
                .set("x", drawn.map_or(0.0, |(x, _)| *x))
                .set("y", drawn.map_or(0.0, |(_, y)| *y))
                .set("accepts", Vec::<Value>::new()),
        );
    }
}
