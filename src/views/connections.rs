//! The history of remote connections.

use super::newest::newest;
use super::values::Instant;
use super::{prefix, Page};
use beamlive_actors::access::history::changes;
use beamlive_actors::facility::catalog::Catalog;
use beamlive_storage::ids::{AccessListId, Account};
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{Connection, ConnectionStatus};
use beamlive_storage::{ReadError, Store};
use serde::Serialize;
use utoipa::ToSchema;

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConnectionRow {
    /// Name of the access list.
    pub list: String,
    /// Username of the project or person.
    pub project: String,
    /// Its name.
    pub name: String,
    /// Its newest status.
    #[schema(value_type = Option<String>, example = "Connected")]
    pub status: Option<ConnectionStatus>,
    /// The first date seen.
    pub created: Instant,
    /// Set by Finished and Failed.
    pub end: Option<Instant>,
    /// Every change of status, by date.
    pub history: Vec<ChangeRow>,
}

/// One change of a connection's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangeRow {
    /// To what.
    #[schema(value_type = String, example = "Connected")]
    pub status: ConnectionStatus,
    /// When.
    pub date: Instant,
}

/// Identifies a connection. A page names the last connection of the page before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionName {
    list: AccessListId,
    account: Account,
    name: String,
}

impl ConnectionName {
    /// Parses `list/project/name` with the values of a row. The name of a list may contain slashes.
    #[must_use]
    pub fn parse(text: &str, catalog: &Catalog) -> Option<Self> {
        text.match_indices('/').find_map(|(slash, _)| {
            let (list, rest) = (text.get(..slash)?, text.get(slash + 1..)?);
            let (username, name) = rest.split_once('/')?;
            let (list, _) = catalog.access_lists.find(list)?;
            Some(Self {
                list: AccessListId(list),
                account: catalog.account(username)?,
                name: name.to_owned(),
            })
        })
    }
}

/// The connections of one list or of all lists, newest first. They are not indexed by time, so all
/// that match are read.
///
/// `Ok(None)` when `page.before` names no connection.
///
/// # Errors
/// [`ReadError`] when the store can't be read.
pub fn list<'a>(
    store: &Store,
    catalog: &'a Catalog,
    list: Option<AccessListId>,
    page: &Page<ConnectionName>,
) -> Result<Option<impl Iterator<Item = ConnectionRow> + 'a>, ReadError> {
    let below = match &page.before {
        None => None,
        Some(before) => {
            let key = keys::connection(before.list, before.account, &before.name);
            match store.get::<Connection>(&key)? {
                Some(last) => Some((last.record.created, key.as_bytes().to_vec())),
                None => return Ok(None),
            }
        }
    };
    let prefix = prefix(Table::Connection, Table::Connection, list);
    let rows = newest(
        store,
        &prefix,
        page.limit,
        below,
        |key, connection: &Connection| Some((connection.created, key)),
    )?;
    Ok(Some(rows.filter_map(|((_, key), connection)| {
        row(catalog, &key, connection)
    })))
}

fn row(catalog: &Catalog, key: &[u8], connection: Connection) -> Option<ConnectionRow> {
    let (list, account, name) = keys::parse_connection(key)?;
    let list = catalog
        .access_lists
        .get(list.0)
        .map(|entry| entry.record.name.clone());
    // The record has every distinct entry; the row has only the changes.
    let history = changes(&connection.history);
    let change = |(status, date): &(ConnectionStatus, _)| ChangeRow {
        status: *status,
        date: Instant(*date),
    };
    Some(ConnectionRow {
        list: list.unwrap_or_default(),
        project: catalog.account_name(account).unwrap_or_default().to_owned(),
        name,
        status: history.last().map(|(status, _)| *status),
        created: connection.created.into(),
        end: connection.end.map(Instant),
        history: history.iter().map(change).collect(),
    })
}
