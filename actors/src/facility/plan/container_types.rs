//! From an entry to a type of container.

use super::fields::Fields;
use crate::facility::declaration::values::name;
use beamlive_storage::records::{ContainerType, Drawing, Layout};

/// Greatest height, as a part of the width, and greatest radius in percent of it.
const GREATEST: f64 = 100.0;

pub(super) fn container_type(fields: &mut Fields<'_, '_>) -> ContainerType {
    fields.wanted_id();
    let own = fields.text("name", name);
    fields.require("locations");
    let layout = fields.optional("layout", layout);
    let height = size(fields, "height");
    let radius = size(fields, "radius");
    let (locations, places) = if fields.has_tables("locations") {
        let named = fields.tables("locations", |fields| (fields.text("name", name), place(fields)));
        let (locations, places): (Vec<_>, Vec<_>) = named.into_iter().unzip();
        if let Some(twice) = repeated(&locations) {
            fields.note("locations", format!("two of them have the name {twice:?}"));
        }
        (locations, places)
    } else {
        (fields.list("locations", name).unwrap_or_default(), Vec::new())
    };
    if fields.is_empty_list("locations") {
        fields.note("locations", "must name at least one location");
    }
    let drawing = match (layout, places.is_empty()) {
        (Some(layout), false) => Some(Drawing {
            layout,
            places,
            height: height.unwrap_or(1.0),
            radius: radius.unwrap_or(8.0),
        }),
        (None, false) => {
            fields.note(
                "layout",
                "is missing: say whether x and y are of a circle or a rect",
            );
            None
        }
        (_, true) => None,
    };
    ContainerType {
        name: own,
        locations,
        drawing,
    }
}

fn layout(text: &str) -> Result<Layout, String> {
    match text {
        "circle" => Ok(Layout::Circle),
        "rect" => Ok(Layout::Rect),
        _ => Err("must be circle or rect".to_owned()),
    }
}

fn place(fields: &mut Fields<'_, '_>) -> (f64, f64) {
    let mut coordinate = |name| {
        fields.require(name);
        fields.float(name).unwrap_or_default()
    };
    (coordinate("x"), coordinate("y"))
}

fn size(fields: &mut Fields<'_, '_>, name: &'static str) -> Option<f64> {
    let size = fields.float(name)?;
    if size <= 0.0 || size > GREATEST {
        fields.note(name, format!("must be above 0 and at most {GREATEST}"));
        return None;
    }
    Some(size)
}

fn repeated(names: &[String]) -> Option<&String> {
    let mut sorted: Vec<_> = names.iter().filter(|name| !name.is_empty()).collect();
    sorted.sort_unstable();
    let twice = sorted.windows(2).find(|pair| pair.first() == pair.last())?;
    twice.first().copied()
}
