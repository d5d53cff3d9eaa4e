//! Rows of sessions, stretches, feedback and connections.

use super::access::user;
use super::declared::given_key;
use super::error::ExportError;
use super::json::Dump;
use super::outcome::Exported;
use super::row::Row;
use crate::exact::{difference, ACCOUNT, RECORD, WAITS};
use crate::records::connections::entries;
use crate::records::context::dead_key;
use beamlive_actors::access::history::{observe, Observed};
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{Account, IdRef};
use beamlive_storage::keys::{self, Key};
use beamlive_storage::records::{
    Connection, ConnectionStatus, Feedback, PendingForward, SecureKey, Session, Stretch, Subject,
};
use beamlive_storage::{Order, Store, Table};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;

pub(super) fn write<W: Write>(
    store: &Store,
    catalog: &Catalog,
    dump: &mut Dump<W>,
    exported: &mut Exported,
) -> Result<(), ExportError> {
    sessions(store, dump, exported)?;
    feedback(store, dump, exported)?;
    connections(store, catalog, dump, exported)
}

fn sessions<W: Write>(store: &Store, dump: &mut Dump<W>, exported: &mut Exported) -> Result<(), ExportError> {
    let (start, end) = keys::below(&Key::of(Table::Session), None);
    for found in store.scan::<Session>(&start, &end, Order::Ascending) {
        let (key, found) = found?;
        let (id, it) = (keys::last_id(&key).unwrap_or(0), found.record);
        let row = Row::new("lims.session", id)
            .set("name", it.name.as_str())
            .set("project", it.project.0)
            .set("beamline", it.beamline.0)
            .set("comments", "")
            .time("created", it.created);
        let mut row = url(store, row, (Subject::Session, id), it.key)?;
        let imported = Session {
            key: None,
            ..it.clone()
        };
        if let Some(said) = difference(&it, Some(&imported))? {
            row.exactly(RECORD, &said);
        }
        dump.put(&row, exported)?;
    }
    let (start, end) = keys::below(&Key::of(Table::Stretch), None);
    for (pk, found) in (1..).zip(store.scan::<Stretch>(&start, &end, Order::Ascending)) {
        let (key, found) = found?;
        let session = keys::parse_stretch(&key).map_or(0, |(session, _)| session.0);
        let row = Row::new("lims.stretch", pk)
            .set("session", session)
            .time("start", found.record.start)
            .maybe("end", found.record.end.map(|end| end.to_utc().to_rfc3339()));
        dump.put(&row, exported)?;
    }
    Ok(())
}

/// Adds the secure key of a record, or that its directory waits for one.
pub(super) fn url(
    store: &Store,
    row: Row,
    (subject, id): (Subject, u64),
    own: Option<SecureKey>,
) -> Result<Row, ExportError> {
    let key = match own {
        Some(key) => Some(key),
        // An import gives such a key to a record without one.
        None => given_key(store, subject, id)?.filter(|key| *key != dead_key(subject, id)),
    };
    let mut row = row.maybe("url", key.map(|key| key.to_hex()));
    if key.is_none() {
        let waits = store.get::<PendingForward>(&keys::outbox(subject, IdRef::Known(id)))?;
        if let Some(waits) = waits {
            row.exactly(WAITS, &serde_json::to_value(&waits.record)?);
        }
    }
    Ok(row)
}

fn feedback<W: Write>(store: &Store, dump: &mut Dump<W>, exported: &mut Exported) -> Result<(), ExportError> {
    let (start, end) = keys::below(&Key::of(Table::Feedback), None);
    let all = || store.scan::<Feedback>(&start, &end, Order::Ascending);
    let mut areas = BTreeMap::new();
    for found in all() {
        for (name, ..) in found?.1.record.areas {
            let next = areas.len() as u64 + 1;
            areas.entry(name).or_insert(next);
        }
    }
    let mut names: Vec<_> = areas.iter().collect();
    names.sort_by_key(|(_, pk)| **pk);
    for (name, pk) in names {
        let row = Row::new("lims.supportarea", *pk)
            .set("name", name.as_str())
            .set("user_feedback", true);
        dump.put(&row, exported)?;
    }
    let mut number = 0;
    for found in all() {
        let (key, found) = found?;
        let session = keys::parse_record(key.get(..9).unwrap_or_default()).unwrap_or(0);
        let (pk, it) = (keys::last_id(&key).unwrap_or(0), found.record);
        let mut row = Row::new("lims.userfeedback", pk)
            .set("session", session)
            .set("comments", it.comments.as_str())
            .time("created", it.created);
        // MxLIVE has four ratings and 0 for n/a; no middle one, no comments.
        let plain = |(name, rating, comment): &(String, Option<u8>, String)| {
            comment.is_empty() && *rating != Some(3) && !name.trim().is_empty()
        };
        let blank = !it.comments.is_empty() && it.comments.trim().is_empty();
        if blank || !it.areas.iter().all(plain) {
            row.exactly(RECORD, &json!({"areas": it.areas, "comments": it.comments}));
        }
        dump.put(&row, exported)?;
        for (name, rating, _) in &it.areas {
            number += 1;
            let rating = match rating {
                Some(1) => -2,
                Some(2) => -1,
                Some(4) => 1,
                Some(5) => 2,
                _ => 0,
            };
            let row = Row::new("lims.userareafeedback", number)
                .set("feedback", pk)
                .maybe("area", areas.get(name).copied())
                .set("rating", rating);
            dump.put(&row, exported)?;
        }
    }
    Ok(())
}

fn connections<W: Write>(
    store: &Store,
    catalog: &Catalog,
    dump: &mut Dump<W>,
    exported: &mut Exported,
) -> Result<(), ExportError> {
    let (start, end) = keys::below(&Key::of(Table::Connection), None);
    let mut pk = 0;
    for found in store.scan::<Connection>(&start, &end, Order::Ascending) {
        let (key, found) = found?;
        let Some((list, account, name)) = keys::parse_connection(&key) else {
            continue;
        };
        if catalog.access_lists.get(list.0).is_none() {
            exported.leave("connections whose access list is gone", 1);
            continue;
        }
        pk += 1;
        let it = found.record;
        let status = it
            .history
            .last()
            .map_or(ConnectionStatus::Connected, |(status, _)| *status);
        let mut row = Row::new("staff.remoteconnection", pk)
            .set("name", name.as_str())
            .maybe("user", user(catalog, account))
            .set("userlist", list.0)
            .set("status", format!("{status:?}"))
            .time("created", it.created)
            .maybe("end", it.end.map(|end| end.to_utc().to_rfc3339()));
        if let Some(said) = difference(&it, read_back(account, &name, status, &it).as_ref())? {
            row.exactly(RECORD, &said);
        }
        if user(catalog, account).is_none() {
            row.exactly(ACCOUNT, &json!(account));
        }
        dump.put(&row, exported)?;
    }
    Ok(())
}

/// What an import makes of the columns.
fn read_back(account: Account, name: &str, status: ConnectionStatus, it: &Connection) -> Option<Connection> {
    let mut read: Option<Connection> = None;
    let mut entries = entries(account, name, status, (it.created, it.end));
    entries.sort_by_key(|entry| entry.dates);
    for entry in entries {
        if let Observed::Changed(changed) = observe(read.as_ref(), &entry) {
            read = Some(changed);
        }
    }
    read
}
