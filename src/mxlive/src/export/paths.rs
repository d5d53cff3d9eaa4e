//! The dump of the Data Proxy: the directories that secure keys open.

use super::json::Dump;
use super::row::Row;
use super::{ExportError, Exported};
use crate::exact::{difference, RECORD};
use beamlive_storage::ids::RawId;
use beamlive_storage::keys::{self, Key};
use beamlive_storage::records::{SecureKey, SecurePath};
use beamlive_storage::{Order, Store, Table};
use std::io::Write;

/// Writes the directories that keys of the built-in Data Proxy open.
///
/// # Errors
/// [`ExportError`].
pub fn paths<W: Write>(store: &Store, dump: &mut Dump<W>) -> Result<Exported, ExportError> {
    let mut exported = Exported::default();
    let (start, end) = keys::below(&Key::of(Table::SecurePath), None);
    for (pk, found) in (1..).zip(store.scan::<SecurePath>(&start, &end, Order::Ascending)) {
        let (key, found) = found?;
        let (key, it) = (key.get(1..).and_then(|key| key.try_into().ok()), found.record);
        let Some(key) = key.map(SecureKey) else {
            continue;
        };
        let mut row = Row::new("downloads.securepath", pk)
            .set("path", it.directory.as_str())
            .set("key", key.to_hex())
            .time("created", it.created);
        let read = SecurePath {
            record: RawId::NONE,
            subject: None,
            project: None,
            directory: it.directory.clone(),
            created: it.created,
        };
        if let Some(said) = difference(&it, Some(&read))? {
            row.exactly(RECORD, &said);
        }
        dump.put(&row, &mut exported)?;
    }
    Ok(exported)
}
