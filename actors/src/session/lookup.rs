//! Reads what the store already holds for an upload. Runs on a pool: the reads may touch the disk.

use super::idempotency::IdempotencyKey;
use super::upload::{Found, OwnDataset, Place, Stored, Upload};
use crate::facility::catalog::Catalog;
use crate::secure_path;
use beamlive_storage::ids::{BeamlineId, DatasetId, IdRef, SessionId};
use beamlive_storage::keys;
use beamlive_storage::{ReadError, Store};
use std::collections::HashSet;

/// Finds the record that an upload replaces: the one with the same identity, else the one whose id
/// it names, if that matches.
pub(super) fn upload<U: Upload>(
    store: &Store,
    catalog: &Catalog,
    place: Place,
    upload: &U,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<Found<U::Record>, ReadError> {
    let mut found = Found::default();
    if let Some(row) = upload.identity_row(place.project) {
        let value = store.get_bytes(&row)?;
        if let Some((id, _)) = value.as_deref().and_then(keys::parse_identified) {
            found.identified = true;
            found.old = read::<U>(store, id.0)?;
        }
    }
    let name = U::NAME;
    match (upload.common().id, &found.old) {
        (None, _) => {}
        (Some(claimed), Some((id, _))) => {
            if i64::try_from(*id) != Ok(claimed) {
                found.remark = Some(format!(
                    "it was to update {name} {claimed}, but {name} {id} has its uuid, name and directory and was updated"
                ));
            }
        }
        (Some(claimed), None) => {
            found.old = match u64::try_from(claimed) {
                Ok(id) => read::<U>(store, id)?,
                Err(_) => None,
            }
            .filter(|(_, old)| upload.matches(place.project, &old.record));
            if found.old.is_none() {
                found.remark = Some(format!(
                    "it was to update {name} {claimed}, but the project has no {name} of that id with this {}: a new one was made",
                    U::MATCHED_BY
                ));
            }
        }
    }
    found.datasets = datasets(store, catalog, place, upload.dataset_ids())?;
    if let Some(key) = found.old_record().and_then(U::key) {
        found.expired = !secure_path::is_live(store, &key)?;
    }
    if let Some(key) = idempotency_key {
        found.answered = store.get(&key.row(place.project))?;
    }
    Ok(found)
}

fn read<U: Upload>(store: &Store, id: u64) -> Result<Option<Stored<U::Record>>, ReadError> {
    let record = store.get(&keys::record(U::TABLE, IdRef::Known(id)))?;
    Ok(record.map(|record| (id, record)))
}

/// Finds which of the `claimed` datasets are the project's own: most likely at the upload's
/// beamline, else at another.
fn datasets(
    store: &Store,
    catalog: &Catalog,
    place: Place,
    claimed: &[i64],
) -> Result<Vec<(i64, Option<OwnDataset>)>, ReadError> {
    if claimed.is_empty() {
        return Ok(Vec::new());
    }
    let others = catalog.beamlines.iter().map(|(id, _)| BeamlineId(id));
    let beamlines: Vec<_> = std::iter::once(place.beamline)
        .chain(others.filter(|id| *id != place.beamline))
        .collect();
    let mut seen = HashSet::new();
    claimed
        .iter()
        .filter(|claimed| seen.insert(**claimed))
        .map(|&claimed| {
            let own = match u64::try_from(claimed) {
                Ok(id) => own_dataset(store, &beamlines, place, DatasetId(id))?,
                Err(_) => None,
            };
            Ok((claimed, own))
        })
        .collect()
}

/// Reads an index instead of the dataset, whose metadata may be large.
fn own_dataset(
    store: &Store,
    beamlines: &[BeamlineId],
    place: Place,
    id: DatasetId,
) -> Result<Option<OwnDataset>, ReadError> {
    for beamline in beamlines {
        let row = keys::dataset_by_project(*beamline, place.project, id);
        if let Some(session) = store.get_id(&row)? {
            let session = (session != 0).then_some(SessionId(session));
            return Ok(Some(OwnDataset { session }));
        }
    }
    Ok(None)
}
