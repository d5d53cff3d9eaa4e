//! What the columns of declared records cannot say.

use super::error::WriteError;
use super::stored::{Stored, Written};
use beamlive_storage::ids::IdRef;
use beamlive_storage::keys::{self, Table};
use beamlive_storage::records::{
    AccessList, Automounter, Beamline, Beamtime, Container, ContainerType, DataType, Group, Person, Project,
    Record, Sample,
};
use beamlive_storage::{Batch, Store};
use serde_json::Value;

/// Completes a declared record. As with a facility file, what an owner has changed since stays.
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

/// Fields of an account that change without a facility file. A dump does not change them once the
/// account exists.
const OWN: [&str; 5] = ["created", "modified", "sign_in", "key", "ssh_keys"];

fn complete<R: Record + PartialEq + Clone>(
    store: &Store,
    batch: &mut Batch,
    table: Table,
    id: u64,
    said: &Value,
) -> Result<Written, WriteError> {
    let key = keys::record(table, IdRef::Known(id));
    // Revision 1: unchanged since creation. The import itself may have changed a built-in data type
    // once.
    let newest = if table == Table::DataType { 2 } else { 1 };
    let Stored::Record(old, revision) = Stored::<R>::read(store, &key)? else {
        return Ok(Written::Same);
    };
    let mut said = said.clone();
    if let (Value::Object(fields), true) = (&mut said, revision > newest) {
        fields.retain(|name, _| !OWN.contains(&name.as_str()));
    }
    let new = crate::exact::overlaid(old.clone(), &said).map_err(|source| WriteError::Exact {
        what: format!("{table:?} {id}"),
        source,
    })?;
    if new == old {
        return Ok(Written::Same);
    }
    batch.replace(key, revision, &new);
    Ok(Written::Same)
}
