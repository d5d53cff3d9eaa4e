//! Access lists and beamtimes.

use super::accounts::Accounts;
use super::beamlines::Beamlines;
use crate::facility::{AccessList, Beamtime, Facility};
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use crate::tables::Tables;
use crate::text;
use beamlive_actors::access::lists::parse_network;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The address of lists whose own cannot be used: no host has it, and they are inactive.
const NO_ADDRESS: &str = "192.0.2.0";

/// The name of the access list that a reference means.
pub(crate) type Lists = HashMap<Pk, String>;

pub(super) fn mend(
    tables: &Tables,
    accounts: &Accounts,
    beamlines: &Beamlines,
    facility: &mut Facility,
    notes: &mut Notes,
) -> Lists {
    beamtimes(tables, accounts, beamlines, facility, notes);
    let label = rows::AccessList::LABEL;
    let mut lists = Lists::new();
    let (mut names, mut addresses) = (HashSet::new(), HashSet::new());
    for (pk, row) in tables.access_lists.iter() {
        let own = row.name.as_deref().and_then(text::name);
        let old = own.unwrap_or_else(|| format!("list {pk}").replace('"', ""));
        let mut name = old.clone();
        let mut tail = format!(" ({})", pk.to_string().replace('"', ""));
        while !names.insert(name.clone()) {
            name = text::with_tail(&old, &tail);
            tail.push('\'');
        }
        if row.name.as_ref() != Some(&name) {
            notes.mended(
                label,
                pk,
                format!("its name is missing, not allowed, or taken: it is {name:?} now"),
            );
        }
        let mut active = row.active;
        let given = row.address.as_deref().unwrap_or_default();
        let network = parse_network(given).map(|network| {
            let whole = network.prefix_len() == network.max_prefix_len();
            if whole {
                network.addr().to_string()
            } else {
                network.to_string()
            }
        });
        let given = crate::value::quoted(given);
        let address = network.unwrap_or_else(|| {
            active = false;
            notes.mended(
                label,
                pk,
                format!("{given} is no address: the list is inactive, with {NO_ADDRESS}"),
            );
            NO_ADDRESS.to_owned()
        });
        if active && !addresses.insert(address.clone()) {
            active = false;
            notes.mended(
                label,
                pk,
                format!("another active list has the address {address}: this one is inactive now"),
            );
        }
        let mut users = BTreeSet::new();
        for user in &row.users {
            match accounts.who(Some(user)) {
                Some(username) => drop(users.insert(username.to_owned())),
                None => notes.mended(label, pk, format!("its user {user} does not exist")),
            }
        }
        let mut acronyms = BTreeSet::new();
        for beamline in &row.beamlines {
            match beamlines.beamline(Some(beamline)) {
                Some(acronym) => drop(acronyms.insert(acronym.to_owned())),
                None => notes.mended(label, pk, format!("its beamline {beamline} does not exist")),
            }
        }
        if let Some(natural) = &row.name {
            lists
                .entry(Pk::Text(natural.clone()))
                .or_insert_with(|| name.clone());
        }
        lists.insert(pk.clone(), name.clone());
        facility.access_list.push(AccessList {
            id: pk.id(),
            name,
            address,
            users: users.into_iter().collect(),
            beamlines: acronyms.into_iter().collect(),
            active,
        });
    }
    lists
}

fn beamtimes(
    tables: &Tables,
    accounts: &Accounts,
    beamlines: &Beamlines,
    facility: &mut Facility,
    notes: &mut Notes,
) {
    let label = rows::Beamtime::LABEL;
    let mut known: BTreeMap<_, (Pk, Beamtime)> = BTreeMap::new();
    for (pk, row) in tables.beamtimes.iter() {
        let project = accounts.project(row.project.as_ref());
        let (Some(project), Some(beamline)) = (project, beamlines.beamline(row.beamline.as_ref())) else {
            notes.left_out(label, pk, "its project or its beamline does not exist");
            continue;
        };
        let start = notes.instant(label, pk, "start", row.start.as_ref());
        let end = notes.instant(label, pk, "end", row.end.as_ref());
        let (Some(start), Some(end)) = (start, end) else {
            notes.left_out(label, pk, "it has no start or no end");
            continue;
        };
        if end <= start {
            notes.left_out(label, pk, "its end is not after its start");
            continue;
        }
        let access = row.access.as_ref().map(|access| tables.access_types.get(access));
        if access.is_some_and(|found| found.is_none()) {
            notes.mended(label, pk, "its kind of access does not exist: it is not remote");
        }
        let entry = Beamtime {
            id: pk.id(),
            project: project.to_owned(),
            beamline: beamline.to_owned(),
            start,
            end,
            remote: access.flatten().is_some_and(|access| access.remote),
            cancelled: row.cancelled,
        };
        // Of several with one start, the longest that is not cancelled is kept.
        let rank = |it: &Beamtime| (!it.cancelled, it.end);
        let place = (entry.project.clone(), entry.beamline.clone(), start);
        let out = match known.get(&place) {
            Some((_, other)) if rank(other) >= rank(&entry) => Some(pk.clone()),
            _ => known.insert(place, (pk.clone(), entry)).map(|(pk, _)| pk),
        };
        if let Some(out) = out {
            notes.left_out(
                label,
                &out,
                "another of the project has the same beamline and start",
            );
        }
    }
    facility.beamtime = known.into_values().map(|(_, entry)| entry).collect();
}
