//! What the columns of declared records cannot say.

use super::error::WriteError;
use super::stored::Stored;
use super::written::Written;
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Person, Project,
    Record, Sample,
};
use beamlive_storage::{Batch, Store};
use serde_json::Value;

/// Completes a declared record that is new. One that was changed since stays.
pub(super) fn put(
    store: &Store,
    batch: &mut Batch,
    table: Table,
    id: u64,
    said: &Value,
) -> Result<Written, WriteError> {
    match table {
        Table::Project => complete::<Project>(store, batch, table, id, said),
        Table::Person => complete::<Person>(store, batch, table, id, said),
        Table::Beamline => complete::<Beamline>(store, batch, table, id, said),
        Table::DataType => complete::<DataType>(store, batch, table, id, said),
        Table::ContainerType => complete::<ContainerType>(store, batch, table, id, said),
        Table::Container => complete::<Container>(store, batch, table, id, said),
        Table::Automounter => complete::<Automounter>(store, batch, table, id, said),
        Table::Group => complete::<Group>(store, batch, table, id, said),
        Table::Sample => complete::<Sample>(store, batch, table, id, said),
        Table::AccessList => complete::<AccessList>(store, batch, table, id, said),
        Table::Beamtime => complete::<Beamtime>(store, batch, table, id, said),
        _ => Ok(Written::Same),
    }
}

fn complete<R: Record + PartialEq + Clone>(
    store: &Store,
    batch: &mut Batch,
    table: Table,
    id: u64,
    said: &Value,
) -> Result<Written, WriteError> {
    let key = keys::record(table, IdRef::Known(id));
    // At its first revision, nothing has changed a record since it was made. The import itself may
    // have changed a built-in data type once.
    let newest = if table == Table::DataType { 2 } else { 1 };
    let (old, revision) = match Stored::<R>::read(store, &key)? {
        Stored::Record(old, revision) if revision <= newest => (old, revision),
        _ => return Ok(Written::Same),
    };
    let new = crate::exact::overlaid(old.clone(), said).map_err(|source| WriteError::Exact {
        what: format!("{table:?} {id}"),
        source,
    })?;
    if new == old {
        return Ok(Written::Same);
    }
    batch.replace(key, revision, &new);
    Ok(Written::Same)
}
