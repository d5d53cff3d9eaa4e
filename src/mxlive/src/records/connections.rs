//! Remote connections, with their histories.

use super::context::Context;
use super::item::Item;
use crate::exact;
use crate::notes::Notes;
use crate::pk::Pk;
use crate::rows::{self, Row};
use crate::text;
use beamlive_actors::access::history::{observe, Entry, Observed};
use beamlive_storage::ids::{AccessListId, Account};
use beamlive_storage::records::{Connection, ConnectionStatus};
use beamlive_storage::Timestamp;
use std::collections::BTreeMap;

/// What identifies a connection.
type Name = (AccessListId, Account, String);

const LABEL: &str = rows::Connection::LABEL;

/// All connections. Several rows of one list, project and name are one.
pub(super) fn all(context: &Context<'_>, notes: &mut Notes) -> Vec<Item> {
    let mut exact_rows = BTreeMap::new();
    let mut events: BTreeMap<Name, Vec<(Timestamp, Pk, Entry)>> = BTreeMap::new();
    for (pk, row) in context.tables.connections.iter() {
        let list = row.list.as_ref().and_then(|list| context.mended.lists.get(list));
        let list = list
            .and_then(|list| context.catalog.access_lists.id(list))
            .map(AccessListId);
        let account = context.mended.accounts.who(row.user.as_ref());
        let account = account.and_then(|username| context.catalog.account(username));
        let named = exact::part(&row.exact, exact::ACCOUNT);
        let named =
            named.and_then(|account| serde_json::from_value(serde_json::to_value(account).ok()?).ok());
        let (Some(list), Some(account)) = (list, named.or(account)) else {
            notes.left_out(LABEL, pk, "its list or its user does not exist");
            continue;
        };
        let Some(name) = row.name.as_deref().and_then(text::name) else {
            notes.left_out(LABEL, pk, "it has no name");
            continue;
        };
        let created = notes.instant(LABEL, pk, "created", row.created.as_ref());
        let end = notes.instant(LABEL, pk, "end", row.end.as_ref());
        let Some(began) = created.or(end) else {
            notes.left_out(LABEL, pk, "it has no date");
            continue;
        };
        let status = status(pk, row.status.as_deref(), notes);
        if row.exact.is_some() {
            exact_rows.insert((list, account, name.clone()), (pk, &row.exact));
        }
        let known = events.entry((list, account, name.clone())).or_default();
        for entry in entries(account, &name, status, (began, end)) {
            known.push((entry.dates[0], pk.clone(), entry));
        }
    }
    let mut items = Vec::new();
    for ((list, account, name), mut events) in events {
        events.sort_by_key(|(date, pk, _)| (*date, pk.clone()));
        let mut connection: Option<Connection> = None;
        for (_, pk, entry) in events {
            match observe(connection.as_ref(), &entry) {
                Observed::Known => {}
                Observed::Changed(changed) => connection = Some(changed),
                Observed::Full => {
                    notes.left_out(LABEL, &pk, "its connection has as many changes as are kept")
                }
            }
        }
        let connection = connection.map(
            |connection| match exact_rows.get(&(list, account, name.clone())) {
                Some((pk, exact)) => context.exactly((LABEL, pk.id().unwrap_or(0)), connection, exact, notes),
                None => connection,
            },
        );
        items.extend(connection.map(|connection| Item::Connection {
            list,
            account,
            name,
            connection,
        }));
    }
    items
}

/// What a row of MxLIVE says: that a connection began, and its last change.
pub(crate) fn entries(
    account: Account,
    name: &str,
    status: ConnectionStatus,
    (began, end): (Timestamp, Option<Timestamp>),
) -> Vec<Entry> {
    let entry = |status, date, ended| Entry {
        account,
        name: name.to_owned(),
        status,
        dates: [date; 2],
        began: Some(began),
        ended,
    };
    let mut entries = vec![entry(ConnectionStatus::Connected, began, None)];
    if status != ConnectionStatus::Connected || end.is_some() {
        entries.push(entry(status, end.unwrap_or(began), end));
    }
    entries
}

fn status(pk: &Pk, status: Option<&str>, notes: &mut Notes) -> ConnectionStatus {
    match status.unwrap_or("Connected") {
        "Connected" => ConnectionStatus::Connected,
        "Disconnected" => ConnectionStatus::Disconnected,
        "Failed" => ConnectionStatus::Failed,
        "Finished" => ConnectionStatus::Finished,
        other => {
            let other = crate::value::quoted(other);
            notes.mended(
                LABEL,
                pk,
                format!("the status {other} is not known: it counts as Connected"),
            );
            ConnectionStatus::Connected
        }
    }
}
