//! Rows of projects, persons, beamlines and data types, and the row that says which ids were given.

use super::row::Row;
use crate::exact::{LABEL, NEWEST};
use crate::origin::TABLES;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{BeamlineId, IdRef};
use beamlive_storage::keys::{self, Key};
use beamlive_storage::records::{BeamlineState, Person, Project, Role, Staff};
use beamlive_storage::{Order, ReadError, Store, Table};
use rmpv::Value;
use serde_json::json;

/// The ids that were given.
pub(super) fn ids(store: &Store) -> Result<Row, ReadError> {
    let (mut last, mut skipped) = (Vec::new(), Vec::new());
    for (name, table) in TABLES {
        let counter = store.counter(table)?;
        if counter > 0 {
            last.push((Value::from(name), Value::from(counter)));
        }
        let prefix = Key::of(Table::SkippedIds).tail(&[table as u8]);
        let (start, end) = keys::below(&prefix, None);
        let mut ranges = Vec::new();
        for row in store.scan_bytes(&start, &end, Order::Ascending) {
            let (key, value) = row?;
            let last = value.as_slice().try_into().ok().map(u64::from_be_bytes);
            let range = keys::last_id(&key).zip(last);
            ranges
                .extend(range.map(|(first, last)| Value::from(vec![Value::from(first), Value::from(last)])));
        }
        if !ranges.is_empty() {
            skipped.push((Value::from(name), Value::from(ranges)));
        }
    }
    Ok(Row::new(LABEL, 1)
        .set("version", 1_u64)
        .set("last", Value::Map(last))
        .set("skipped", Value::Map(skipped)))
}

pub(super) fn accounts(catalog: &Catalog, rows: &mut Vec<Row>) {
    let has_persons = catalog.persons.len() > 0;
    rows.extend(
        catalog
            .projects
            .iter()
            .map(|(id, it)| project(id, &it.record, has_persons)),
    );
    rows.extend(catalog.persons.iter().map(|(id, it)| person(id, &it.record)));
    let mut pk = 0;
    for (id, it) in catalog.persons.iter() {
        for member in &it.record.member_of {
            pk += 1;
            let role = match member.role {
                Role::Member => "member",
                Role::Leader => "leader",
            };
            rows.push(
                Row::new("lims.projectmembership", pk)
                    .set("user", id)
                    .set("project", member.project.0)
                    .set("role", role),
            );
        }
    }
    pk = 0;
    let projects = catalog
        .projects
        .iter()
        .map(|(id, it)| ("project", id, &it.record.ssh_keys));
    let persons = catalog
        .persons
        .iter()
        .map(|(id, it)| ("user", id, &it.record.ssh_keys));
    for (owner, id, keys) in projects.chain(persons) {
        for (number, key) in (1..).zip(keys) {
            pk += 1;
            rows.push(
                Row::new("lims.sshkey", pk)
                    .set("name", format!("key {number}"))
                    .set("key", key.as_str())
                    .set(owner, id),
            );
        }
    }
}

fn project(id: u64, it: &Project, has_persons: bool) -> Row {
    // With persons, as in BasicLIVE, the name is the username, and the title is for people.
    let name = if has_persons { &it.username } else { &it.name };
    let row = Row::new("lims.project", id)
        .set("username", it.username.as_str())
        .set("password", password(it.sign_in.hash.as_deref()))
        .set("name", name.as_str());
    let row = if has_persons {
        row.set("title", it.name.as_str())
    } else {
        row
    };
    row.set("key", it.key.as_deref().unwrap_or_default())
        .set("email", "")
        .set("is_active", true)
        .set("is_staff", false)
        .set("is_superuser", false)
        .time("created", it.created)
        .time("modified", it.modified)
}

fn person(id: u64, it: &Person) -> Row {
    let (first, last) = it.name.rsplit_once(' ').unwrap_or(("", &it.name));
    Row::new("users.user", id)
        .set("username", it.username.as_str())
        .set("password", password(it.sign_in.hash.as_deref()))
        .set("first_name", first)
        .set("last_name", last)
        .set("email", it.email.as_str())
        .set("is_active", it.active)
        .set("is_staff", it.staff.is_some())
        .set("is_superuser", it.staff == Some(Staff::Operator))
        .time("created", it.created)
        .time("modified", it.modified)
}

/// As Django writes it; `!` is no password.
fn password(hash: Option<&str>) -> String {
    match hash {
        None => "!".to_owned(),
        Some(hash) if hash.starts_with("$argon2") => format!("argon2{hash}"),
        Some(hash) => hash.to_owned(),
    }
}

pub(super) fn beamlines(store: &Store, catalog: &Catalog, rows: &mut Vec<Row>) -> Result<(), ReadError> {
    for (id, it) in catalog.beamlines.iter() {
        let it = &it.record;
        let mut row = Row::new("lims.beamline", id)
            .set("acronym", it.acronym.as_str())
            .set("name", it.name.as_str())
            .set("active", it.active)
            .set("simulated", it.simulated)
            .maybe("energy_lo", it.energy.map(|(low, _)| low))
            .maybe("energy_hi", it.energy.map(|(_, high)| high))
            .set("contact_phone", it.contact.as_str());
        let state = store.get::<BeamlineState>(&keys::beamline_state(BeamlineId(id)))?;
        if let Some(session) = state.and_then(|state| state.record.session.get()) {
            row.exactly(NEWEST, &json!(session));
        }
        rows.push(row);
    }
    for (id, it) in catalog.data_types.iter() {
        let it = &it.record;
        let names: Vec<_> = it
            .metadata
            .iter()
            .map(|name| Value::from(name.as_str()))
            .collect();
        rows.push(
            Row::new("lims.datatype", id)
                .set("acronym", it.acronym.as_str())
                .set("name", it.name.as_str())
                .set("metadata", super::json::text(&Value::from(names))),
        );
    }
    Ok(())
}

/// The key that an external Data Proxy gave for a record.
pub(super) fn given_key(
    store: &Store,
    subject: beamlive_storage::records::Subject,
    id: u64,
) -> Result<Option<beamlive_storage::records::SecureKey>, ReadError> {
    let row = store.get_bytes(&keys::secure_key(subject, IdRef::Known(id)))?;
    let key = row.and_then(|row| row.try_into().ok());
    Ok(key.map(beamlive_storage::records::SecureKey))
}
