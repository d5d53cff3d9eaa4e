//! Tables for people: schema `beamlive`, kept in step with the opaque rows by the same transaction.
//! Nothing here knows a database client.
//!
//! | file | what it holds |
//! |---|---|
//! | `schema/` | the tables with their indexes and comments, the views, the grants |
//! | `statements.rs` | the statements that change a table, and the columns they name |
//! | `tables.rs` | which table shows which rows of the keyspace |
//! | `facility.rs`, `measured.rs` | the columns of each record |
//! | `values.rs` | ids, times and texts that PostgreSQL takes, whatever was stored |
//! | `json.rs` | MessagePack as JSON that PostgreSQL takes |
//! | `rebuild.rs` | all rows again, in pieces of bounded size |
//!
//! Invariants: the tables have no secret: no key of a directory, a survey, an account or a request.
//! No value that a client sent makes a statement fail, because that would fail its whole group.
//! There are no foreign keys: the rows of a group may arrive in any order.

mod facility;
mod json;
mod measured;
mod rebuild;
mod statements;
mod tables;
mod values;

pub(crate) use rebuild::rebuild_rows;
pub(crate) use tables::shown_tables;

use crate::chunks;
use crate::group::Rows;
use crate::keys::Table;
use serde_json::Value;
use std::convert::Infallible;
use tables::Shown;

/// Creates what is missing. Run it in one transaction, and in one process at a time, if
/// [`IS_CURRENT`] is false.
pub(crate) const SCHEMA: &str = concat!(
    include_str!("sql/schema/1-facility.sql"),
    include_str!("sql/schema/2-measured.sql"),
    include_str!("sql/schema/3-views.sql"),
    include_str!("sql/schema/4-access.sql"),
);

/// Whether all tables and views are there, of this version or a newer one: one row with a boolean.
pub(crate) const IS_CURRENT: &str = "SELECT \
     coalesce(substring(obj_description(to_regnamespace('beamlive')::oid, 'pg_namespace') \
         FROM 'version (\\d+)')::int >= 2, false) \
     AND (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('beamlive') \
         AND relkind IN ('r', 'v')) >= 21";

/// Empties all tables, which must exist, before they are filled again. Readers wait until the
/// transaction ends.
pub(crate) const CLEAR: &str =
    "TRUNCATE beamlive.project, beamlive.person, beamlive.beamline, beamlive.data_type, \
     beamlive.container_type, beamlive.container, beamlive.automounter, beamlive.sample_group, \
     beamlive.sample, beamlive.access_list, beamlive.beamtime, beamlive.session, beamlive.stretch, \
     beamlive.dataset, beamlive.report, beamlive.connection, beamlive.activity";

/// What changes in one table. Each statement takes one `jsonb` parameter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TableChange {
    /// Inserts or replaces [`Self::rows`].
    pub(crate) upsert: &'static str,
    /// Deletes [`Self::removed`].
    pub(crate) remove: &'static str,
    /// A list of objects, one for each row that is set.
    pub(crate) rows: Option<Value>,
    /// A list of objects with the key of each row that is removed.
    pub(crate) removed: Option<Value>,
}

/// What `rows`, the rows that a group sets or removes, change in the tables. At most one change for
/// each table.
///
/// A record that does not decode is removed from its table, so that no table shows an old one.
pub(crate) fn project(rows: &Rows) -> Vec<TableChange> {
    let mut changes: Vec<(&Shown, Vec<Value>, Vec<Value>)> = Vec::new();
    // Rows come in the order of their keys, so those of one table follow each other.
    for (key, value) in rows {
        let Some(shown) = Table::of(key).and_then(tables::shown) else {
            continue;
        };
        let Some(mut row) = (shown.key)(key) else { continue };
        if changes
            .last()
            .is_none_or(|(last, ..)| last.statements != shown.statements)
        {
            changes.push((shown, Vec::new(), Vec::new()));
        }
        let Some((_, set, removed)) = changes.last_mut() else {
            continue;
        };
        match value
            .as_deref()
            .and_then(|value| columns(shown, key, value, rows))
        {
            Some(mut columns) => {
                row.append(&mut columns);
                set.push(row.into());
            }
            None => removed.push(row.into()),
        }
    }
    let list = |rows: Vec<Value>| (!rows.is_empty()).then_some(Value::Array(rows));
    changes
        .into_iter()
        .map(|(shown, set, removed)| TableChange {
            upsert: shown.statements.upsert,
            remove: shown.statements.remove,
            rows: list(set),
            removed: list(removed),
        })
        .collect()
}

/// The columns of a record, whose pieces are in the same `rows`.
fn columns(shown: &Shown, key: &[u8], value: &[u8], rows: &Rows) -> Option<values::Object> {
    let piece = |key: &[u8]| Ok::<_, Infallible>(rows.get(key).cloned().flatten());
    let Ok(whole) = chunks::join(key, value.to_vec(), piece);
    let columns = whole.ok_or_else(|| "its pieces are missing".to_owned());
    let columns = columns.and_then(|whole| (shown.columns)(&whole).map_err(|error| error.to_string()));
    columns
        .inspect_err(|error| tracing::error!(table = key.first(), error, "a record is not shown in SQL"))
        .ok()
}

#[cfg(test)]
mod tests;
