//! Rows of access lists and beamtimes.

use super::row::Row;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::Account;
use rmpv::Value;

/// The key by which `user` means an account. In a dump with persons, it means a person.
pub(super) fn user(catalog: &Catalog, account: Account) -> Option<u64> {
    match (account, catalog.persons.len() > 0) {
        (Account::Project(id), false) => Some(id.0),
        (Account::Person(id), true) => Some(id.0),
        _ => None,
    }
}

pub(super) fn all(catalog: &Catalog, rows: &mut Vec<Row>) {
    for (id, it) in catalog.access_lists.iter() {
        let it = &it.record;
        let users = it.users.iter().filter_map(|account| user(catalog, *account));
        let beamlines = it.beamlines.iter().map(|beamline| Value::from(beamline.0));
        rows.push(
            Row::new("staff.userlist", id)
                .set("name", it.name.as_str())
                .set("description", "")
                .set("address", it.address.as_str())
                .set("users", users.map(Value::from).collect::<Vec<_>>())
                .set("beamline", beamlines.collect::<Vec<_>>())
                .set("active", it.active),
        );
    }
    for (pk, name, remote) in [(1, "Local", false), (2, "Remote", true)] {
        rows.push(
            Row::new("schedule.accesstype", pk)
                .set("name", name)
                .set("remote", remote),
        );
    }
    for (id, it) in catalog.beamtimes.iter() {
        let it = &it.record;
        rows.push(
            Row::new("schedule.beamtime", id)
                .set("project", it.project.0)
                .set("beamline", it.beamline.0)
                .set("access", if it.remote { 2_u64 } else { 1 })
                .set("cancelled", it.cancelled)
                .time("start", it.start)
                .time("end", it.end),
        );
    }
}
