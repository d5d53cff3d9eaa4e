//! Beamlines and data types.

use crate::exact;
use crate::facility::{Beamline, DataType, Facility};
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use crate::tables::Tables;
use crate::text;
use beamlive_actors::facility::seeded_catalog;
use rmpv::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The data type of datasets whose own does not exist.
pub(crate) const UNKNOWN_TYPE: &str = "UNKNOWN";

/// Which beamline or data type a reference means.
#[derive(Debug, Default)]
pub(crate) struct Beamlines {
    acronyms: HashMap<Pk, String>,
    kinds: HashMap<Pk, String>,
    /// The session that has, or last had, a beamline, where the dump says it.
    pub(crate) newest: HashMap<String, u64>,
}

impl Beamlines {
    /// The acronym of a beamline.
    pub(crate) fn beamline(&self, reference: Option<&Pk>) -> Option<&str> {
        self.acronyms.get(reference?).map(String::as_str)
    }

    /// The acronym of a data type.
    pub(crate) fn kind(&self, reference: Option<&Pk>) -> Option<&str> {
        self.kinds.get(reference?).map(String::as_str)
    }
}

pub(super) fn mend(tables: &Tables, facility: &mut Facility, notes: &mut Notes) -> Beamlines {
    let mut known = Beamlines::default();
    beamlines(tables, facility, &mut known, notes);
    data_types(tables, facility, &mut known, notes);
    known
}

fn beamlines(tables: &Tables, facility: &mut Facility, known: &mut Beamlines, notes: &mut Notes) {
    let label = rows::Beamline::LABEL;
    let mut taken = HashSet::new();
    let mut all: Vec<_> = tables.beamlines.iter().collect();
    let good = |own: &str| text::acronym(own) == own && !own.is_empty();
    all.sort_by_key(|(pk, row)| (!row.acronym.as_deref().is_some_and(good), *pk));
    for (pk, row) in all {
        let own = row.acronym.as_deref().or(row.name.as_deref()).unwrap_or_default();
        let acronym = unique(text::acronym(own), pk, "BL", &mut taken);
        if Some(acronym.as_str()) != row.acronym.as_deref() {
            let own = crate::value::quoted(own);
            notes.mended(
                label,
                pk,
                format!("the acronym {own} is taken or not allowed: it is {acronym:?} now"),
            );
        }
        let (low, high) = row.energy;
        let range = low
            .zip(high)
            .filter(|(low, high)| low.is_finite() && high.is_finite());
        let energy = range
            .filter(|(low, high)| *low > 0.0 && low <= high)
            .map(|(low, high)| [low, high]);
        if energy.is_none() && (low.is_some() || high.is_some()) {
            notes.mended(
                label,
                pk,
                "its range of energies is left out: it has no end or runs backwards",
            );
        }
        facility.beamline.push(Beamline {
            id: pk.id(),
            acronym: acronym.clone(),
            name: notes.name(label, pk, "its name", row.name.as_deref()),
            active: row.active,
            simulated: row.simulated,
            energy,
            contact: notes.name(label, pk, "its contact", row.contact.as_deref()),
        });
        if let Some(natural) = &row.acronym {
            known
                .acronyms
                .entry(Pk::Text(natural.clone()))
                .or_insert_with(|| acronym.clone());
        }
        let newest = exact::part(&row.exact, exact::NEWEST).and_then(Value::as_u64);
        known.newest.extend(newest.map(|id| (acronym.clone(), id)));
        known.acronyms.insert(pk.clone(), acronym);
    }
}

/// An unused acronym.
fn unique(acronym: String, pk: &Pk, instead: &str, taken: &mut HashSet<String>) -> String {
    let tail = text::acronym(&pk.to_string().replace('"', ""));
    let mut name = if acronym.is_empty() {
        format!("{instead}{tail}")
    } else {
        acronym
    };
    for number in 1.. {
        if taken.insert(name.clone()) {
            break;
        }
        let room: String = name.chars().take(40).collect();
        let tail: String = tail.chars().take(20).collect();
        name = if number == 1 {
            format!("{room}-{tail}")
        } else {
            format!("{room}-{number}")
        };
    }
    name
}

fn data_types(tables: &Tables, facility: &mut Facility, known: &mut Beamlines, notes: &mut Notes) {
    let label = rows::DataType::LABEL;
    let seeded = seeded_catalog();
    let mut types: BTreeMap<String, DataType> = BTreeMap::new();
    for (pk, row) in tables.data_types.iter() {
        let own = row.acronym.as_deref().unwrap_or_default();
        let acronym = match seeded.data_type(own).filter(|_| tables.origin.is_none()) {
            Some(kind) => kind.acronym.clone(),
            None => text::acronym(own),
        };
        if acronym.is_empty() {
            notes.left_out(
                label,
                pk,
                format!("it has no acronym: its datasets become {UNKNOWN_TYPE}"),
            );
            continue;
        }
        if acronym != own {
            notes.mended(
                label,
                pk,
                format!("the acronym {} means {acronym}", crate::value::quoted(own)),
            );
        }
        known.kinds.insert(Pk::Text(own.to_owned()), acronym.clone());
        known.kinds.insert(pk.clone(), acronym.clone());
        let names = row.metadata.as_ref().and_then(|list| list.as_array());
        if names.is_none() && row.metadata.is_some() {
            notes.mended(label, pk, "its metadata is no list of names, and is left out");
        }
        let mut metadata: Vec<String> = Vec::new();
        for name in names
            .into_iter()
            .flatten()
            .filter_map(|name| text::name(name.as_str()?))
        {
            if !metadata.contains(&name) {
                metadata.push(name);
            }
        }
        let entry = DataType {
            // Built-in types have ids of their own.
            id: pk
                .id()
                .filter(|_| tables.origin.is_some() && seeded.data_type(&acronym).is_none()),
            name: notes.name(label, pk, "its name", row.name.as_deref()),
            metadata,
            acronym: acronym.clone(),
        };
        // A type of its proper acronym counts before one of an alias.
        if own == acronym || !types.contains_key(&acronym) {
            types.insert(acronym, entry);
        }
    }
    facility.data_type = types.into_values().collect();
}
