//! Container types and their locations.

use crate::facility::{ContainerType, Location};
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use crate::tables::Tables;
use crate::text;
use rmpv::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The type of containers whose own type does not exist.
const OTHER: &str = "Imported container";
/// The type of the containers that are made for samples without a place.
const SAMPLES: &str = "Imported samples";

/// A container type while containers and samples are placed.
#[derive(Debug)]
struct Kind {
    pk: Pk,
    name: String,
    layout: Option<&'static str>,
    height: Option<f64>,
    radius: Option<f64>,
    locations: Vec<(String, Option<(f64, f64)>)>,
    known: HashSet<String>,
    /// Locations that were added because something is there.
    added: Vec<String>,
}

/// All container types.
#[derive(Debug, Default)]
pub(super) struct Types {
    kinds: Vec<Kind>,
    by_pk: HashMap<Pk, usize>,
    names: HashSet<String>,
    locations: HashMap<Pk, Option<String>>,
    other: Option<usize>,
    samples: Option<usize>,
}

impl Types {
    /// The number of the type that a reference means.
    pub(super) fn of(&self, reference: Option<&Pk>) -> Option<usize> {
        self.by_pk.get(reference?).copied()
    }

    /// The type of containers whose own does not exist.
    pub(super) fn other(&mut self) -> usize {
        if let Some(number) = self.other {
            return number;
        }
        let number = self.make(OTHER);
        self.other = Some(number);
        number
    }

    /// The name of the type of the containers that are made for samples.
    pub(super) fn samples_name(&self) -> String {
        self.samples
            .map_or(SAMPLES, |number| self.name(number))
            .to_owned()
    }

    /// Adds a location to the type of the containers that are made for samples.
    pub(super) fn ensure_sample(&mut self, location: &str) {
        let number = match self.samples {
            Some(number) => number,
            None => self.make(SAMPLES),
        };
        self.samples = Some(number);
        self.ensure(number, location);
    }

    pub(super) fn name(&self, number: usize) -> &str {
        self.kinds.get(number).map_or(OTHER, |kind| &kind.name)
    }

    /// The name of the location that a reference means. Older dumps write the name itself.
    pub(super) fn location(&self, reference: Option<&Pk>) -> Option<String> {
        let reference = reference?;
        match (self.locations.get(reference), reference) {
            (Some(name), _) => name.clone(),
            (None, Pk::Text(name)) => text::name(name),
            (None, Pk::Number(_)) => None,
        }
    }

    /// Adds a location in use that the type lacks.
    pub(super) fn ensure(&mut self, number: usize, location: &str) {
        let is_made = Some(number) == self.samples;
        if let Some(kind) = self.kinds.get_mut(number) {
            if kind.known.insert(location.to_owned()) {
                kind.locations.push((location.to_owned(), None));
                if !is_made {
                    kind.added.push(location.to_owned());
                }
            }
        }
    }

    fn make(&mut self, name: &str) -> usize {
        let name = self.unique(name.to_owned(), "");
        self.kinds.push(Kind {
            pk: Pk::Text(name.clone()),
            name,
            layout: None,
            height: None,
            radius: None,
            locations: Vec::new(),
            known: HashSet::new(),
            added: Vec::new(),
        });
        self.kinds.len() - 1
    }

    fn unique(&mut self, name: String, tail: &str) -> String {
        let mut unique = name.clone();
        for number in 1.. {
            if self.names.insert(unique.clone()) {
                break;
            }
            let tail = if number == 1 && !tail.is_empty() {
                format!(" ({tail})")
            } else {
                format!(" [{number}]")
            };
            unique = text::with_tail(&name, &tail);
        }
        unique
    }

    /// The entries of the facility file. Types without a location get one.
    pub(super) fn into_entries(self, notes: &mut Notes) -> Vec<ContainerType> {
        let label = rows::ContainerType::LABEL;
        let entry = |kind: Kind, notes: &mut Notes| {
            let Kind {
                pk,
                name,
                mut layout,
                height,
                radius,
                mut locations,
                added,
                ..
            } = kind;
            if !added.is_empty() {
                let shown: Vec<_> = added.iter().take(10).map(String::as_str).collect();
                let more = if added.len() > 10 {
                    format!(" and {} more", added.len() - 10)
                } else {
                    String::new()
                };
                notes.mended(
                    label,
                    &pk,
                    format!(
                        "{name} gets the locations {}{more}, where things are",
                        shown.join(", ")
                    ),
                );
            }
            if locations.is_empty() {
                notes.mended(
                    label,
                    &pk,
                    format!("{name} has no location: it gets the location 1"),
                );
                locations.push(("1".to_owned(), None));
            }
            sort(&mut locations);
            if locations.iter().any(|(_, drawn)| drawn.is_none()) {
                layout = None;
            }
            let locations = locations.into_iter().map(|(name, drawn)| match (layout, drawn) {
                (Some(_), Some((x, y))) => Location::Drawn { name, x, y },
                _ => Location::Name(name),
            });
            ContainerType {
                id: pk.id(),
                name,
                layout,
                height,
                radius,
                locations: locations.collect(),
            }
        };
        self.kinds.into_iter().map(|kind| entry(kind, notes)).collect()
    }
}

/// Sorts locations as people do: `A2` before `A10`.
fn sort(locations: &mut [(String, Option<(f64, f64)>)]) {
    locations.sort_by_cached_key(|(name, _)| {
        let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
        let letters = name.strip_suffix(digits).unwrap_or(name).to_owned();
        (letters, digits.len(), name.clone())
    });
}

pub(super) fn mend(tables: &Tables, notes: &mut Notes) -> Types {
    let mut types = Types::default();
    let mut rows_of: BTreeMap<Pk, Vec<&rows::Location>> = BTreeMap::new();
    for (pk, row) in tables.locations.iter() {
        let name = row.name.as_deref().and_then(text::name);
        if name.is_none() {
            notes.left_out(rows::Location::LABEL, pk, "it has no name");
        }
        types.locations.insert(pk.clone(), name);
        if let Some(kind) = &row.kind {
            match tables.container_types.find(kind) {
                Some((kind, _)) => rows_of.entry(kind.clone()).or_default().push(row),
                None => notes.mended(rows::Location::LABEL, pk, "its container type does not exist"),
            }
        }
    }
    for (pk, row) in tables.container_types.iter() {
        let own = row.name.as_deref().and_then(text::name);
        let name = own
            .clone()
            .unwrap_or_else(|| format!("Container type {pk}").replace('"', ""));
        let name = types.unique(name, &pk.to_string().replace('"', ""));
        if own.as_ref() != Some(&name) {
            notes.mended(
                rows::ContainerType::LABEL,
                pk,
                format!("its name is missing or taken: it is {name:?} now"),
            );
        }
        let older = row.locations.iter().filter_map(|pk| tables.locations.get(pk));
        let own_rows = rows_of.remove(pk).unwrap_or_default().into_iter().chain(older);
        let drawn = drawn(row.layout.as_ref());
        let mut locations = Vec::new();
        let mut known = HashSet::new();
        for location in own_rows {
            let Some(name) = location.name.as_deref().and_then(text::name) else {
                continue;
            };
            let at = location.x.zip(location.y).filter(|at| *at != (0.0, 0.0));
            let at = at.or_else(|| drawn.get(&name).copied().flatten());
            if known.insert(name.clone()) {
                locations.push((name, at));
            }
        }
        if locations.is_empty() {
            known.extend(drawn.keys().cloned());
            locations.extend(drawn);
        }
        let layout = match row.envelope.as_deref().map(str::to_lowercase).as_deref() {
            Some(text) if text.starts_with("circ") => Some("circle"),
            Some(text) if text.starts_with("rect") => Some("rect"),
            _ => None,
        };
        let fits = |(x, y): (f64, f64)| match layout {
            Some("circle") => (0.0..=1.0).contains(&x) && y.is_finite(),
            _ => (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y),
        };
        if layout.is_some() && locations.iter().any(|(_, at)| at.is_some_and(|at| !fits(at))) {
            notes.mended(
                rows::ContainerType::LABEL,
                pk,
                "a location is outside of it: its drawing is left out",
            );
            locations.iter_mut().for_each(|(_, at)| *at = None);
        }
        let size = |size: Option<f64>| size.filter(|size| size.is_finite() && *size > 0.0);
        let number = types.kinds.len();
        types.by_pk.insert(pk.clone(), number);
        if let Some(natural) = &row.name {
            types.by_pk.entry(Pk::Text(natural.clone())).or_insert(number);
        }
        types.kinds.push(Kind {
            pk: pk.clone(),
            name,
            layout,
            height: size(row.height),
            radius: size(row.radius),
            locations,
            known,
            added: Vec::new(),
        });
    }
    types
}

/// The locations of a layout, `{"locations": {"1": [x, y]}}` or `{"locations": ["1"]}`.
fn drawn(layout: Option<&Value>) -> BTreeMap<String, Option<(f64, f64)>> {
    let entries = layout.and_then(|layout| layout.as_map());
    let locations = entries.and_then(|entries| {
        let named = entries
            .iter()
            .find(|(name, _)| name.as_str() == Some("locations"));
        named.map(|(_, value)| value)
    });
    match locations {
        Some(Value::Map(entries)) => {
            let named = entries.iter().filter_map(|(name, at)| {
                let at = at.as_array().map(Vec::as_slice).unwrap_or_default();
                let at = match at {
                    [x, y, ..] => crate::value::number(x).zip(crate::value::number(y)),
                    _ => None,
                };
                Some((text::name(name.as_str()?)?, at))
            });
            named.collect()
        }
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(|name| text::name(name.as_str()?));
            names.map(|name| (name, None)).collect()
        }
        _ => BTreeMap::new(),
    }
}
