//! What exists from the start: the seven data types of the contract.

use super::catalog::{Catalog, Declared, Entries};
use crate::activity::{self, ActivityEntry, Origin};
use crate::ask::Unavailable;
use crate::pool;
use beamlive_storage::ids::IdRef;
use beamlive_storage::records::{DataType, Subject};
use beamlive_storage::{keys, Batch, Store, Timestamp, Versioned};

/// Acronyms, names, and what clients before 2020 send for them, in the order of their ids.
const DATA_TYPES: [(&str, &str, &str); 7] = [
    ("SCREEN", "Screening", "MX_SCREEN"),
    ("DATA", "Dataset", "MX_DATA"),
    ("XRD", "X-ray diffraction", "XRD_DATA"),
    ("RASTER", "Raster scan", "RASTER_SCAN"),
    ("XAS", "X-ray absorption spectrum", "XAS_SCAN"),
    ("XRF", "X-ray fluorescence spectrum", "XRF_SCAN"),
    ("MAD", "MAD scan", "MAD_SCAN"),
];

/// Whether a data type exists from the start. These are never removed.
#[must_use]
pub(super) fn is_seeded(acronym: &str) -> bool {
    DATA_TYPES.iter().any(|(seeded, ..)| *seeded == acronym)
}

/// The facility of a new store: nothing but the seven data types.
#[must_use]
pub fn seeded_catalog() -> Catalog {
    let mut catalog = Catalog {
        generation: 1,
        ..Catalog::default()
    };
    for (id, (acronym, name, alias)) in (1..).zip(DATA_TYPES) {
        let record = DataType {
            acronym: acronym.to_owned(),
            name: name.to_owned(),
            aliases: vec![alias.to_owned()],
            metadata: Vec::new(),
        };
        catalog.data_types.put(id, Versioned { revision: 1, record });
    }
    catalog
}

/// Reads the facility at start-up. A store that has no data type gets the seven first, as of `now`.
/// Reads run on the blocking pool of the current tokio runtime.
///
/// # Errors
/// [`Unavailable`] when the store can't be read or written.
pub async fn open_catalog(store: &Store, now: Timestamp) -> Result<Catalog, Unavailable> {
    let reader = store.clone();
    let types = pool::read(move || Entries::<DataType>::load(&reader)).await?;
    if types.is_empty() {
        let mut batch = Batch::new();
        let seeded = seeded_catalog().data_types;
        for (id, entry) in seeded.iter() {
            batch.insert(keys::record(DataType::TABLE, IdRef::Known(id)), &entry.record);
        }
        batch.set(keys::counter(DataType::TABLE), &seeded.last_id().to_be_bytes());
        let origin = Origin {
            who: "beamlive".to_owned(),
            address: None,
        };
        let entry = ActivityEntry {
            subject: Subject::Facility,
            record: None,
            project: None,
            action: "create",
            note: "the data types that exist from the start".to_owned(),
        };
        activity::log(&mut batch, &origin, entry, now);
        // On a conflict another process has created the same seven.
        pool::commit(store.reserve()?, batch).await?;
    }
    let reader = store.clone();
    pool::read(move || Catalog::load(&reader)).await
}
