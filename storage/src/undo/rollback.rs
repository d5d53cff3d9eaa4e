//! What to do about an unfinished import when a store is opened: undo it.

use super::error::UndoError;
use super::file::{self, Noted};
use crate::batch::Batch;
use crate::codec::decode;
use crate::engine::error::{EngineError, Failure};
use crate::engine::files::pause;
use crate::engine::interface::Engine;
use crate::group::Rows;
use crate::keys::{self, Key};
use crate::records::Importing;
use crate::tally::Tally;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of rows that are restored at once. sled takes much memory for larger groups.
const WRITE_BYTES: usize = 256 * 1024;
/// Bytes that a row without a value counts beside its key.
const ROW_BYTES: usize = 32;
/// Pause between two tries while the database is away.
const PAUSE: Duration = Duration::from_millis(100);

/// Undoes the import that the database of the store in `directory` holds a part of, if there is
/// one. It may be stopped at any moment: the next call begins again, and the result is the same.
pub(crate) fn settle(engine: &dyn Engine, directory: &Path) -> Result<(), UndoError> {
    if !directory.join(file::FILE).exists() {
        return match importing(engine)? {
            None => Ok(()),
            Some(record) => Err(missing(record, directory)),
        };
    }
    // On a shared database, a transaction of an earlier process may be committing. This one waits
    // for it, and changes nothing.
    let mut turn = Batch::new();
    turn.require_absent(keys::importing());
    engine.apply(&[turn])?;
    if let Some(record) = importing(engine)? {
        let noted = Noted::open(directory)?;
        if noted.id() != record.id {
            return Err(missing(record, directory));
        }
        tracing::warn!(
            store = %directory.display(),
            began = %record.began.to_utc(),
            "an import was not finished: it is undone now"
        );
        let rows = undo(engine, &noted)?;
        tracing::warn!(store = %directory.display(), rows, "the import was undone");
    }
    file::remove(directory);
    Ok(())
}

/// Refuses a database that holds a part of an import.
pub(crate) fn check(engine: &dyn Engine) -> Result<(), UndoError> {
    match importing(engine)? {
        None => Ok(()),
        Some(record) if record.node.is_empty() => Err(UndoError::Unfinished),
        Some(record) => Err(elsewhere(record)),
    }
}

/// The import whose undo file is not here.
fn missing(record: Importing, directory: &Path) -> UndoError {
    match record.node.is_empty() {
        true => UndoError::Missing(directory.join(file::FILE)),
        false => elsewhere(record),
    }
}

fn elsewhere(record: Importing) -> UndoError {
    UndoError::Elsewhere {
        node: record.node,
        began: record.began,
    }
}

fn importing(engine: &dyn Engine) -> Result<Option<Importing>, EngineError> {
    let Some(bytes) = engine.get(keys::importing().as_bytes())? else {
        return Ok(None);
    };
    let record = decode::<Importing>(&bytes).map_err(EngineError::database)?;
    Ok(Some(record.record))
}

/// Restores the rows of all frames, the last frame first. Returns how many there are.
fn undo(engine: &dyn Engine, noted: &Noted) -> Result<u64, UndoError> {
    let groups = Tally::read(|key| engine.get(key))?.groups;
    let places = noted.seal(groups)?;
    let (mut rows, mut bytes, mut restored) = (Rows::new(), 0, 0);
    // The first frame is that of the row that says that there is an import. It comes last.
    for place in places.iter().rev() {
        for (key, value) in noted.rows(place)? {
            bytes += ROW_BYTES + key.len() + value.as_ref().map_or(0, Vec::len);
            // Of several values of a row, the oldest stays.
            rows.insert(key, value);
            restored += 1;
        }
        if bytes >= WRITE_BYTES {
            restore(engine, std::mem::take(&mut rows))?;
            bytes = 0;
        }
    }
    restore(engine, rows)?;
    Ok(restored)
}

fn restore(engine: &dyn Engine, rows: Rows) -> Result<(), EngineError> {
    let mut batch = Batch::new();
    for (key, value) in rows {
        match value {
            Some(value) => batch.set(Key::raw(&key), &value),
            None => batch.clear(Key::raw(&key)),
        }
    }
    let (began, hold) = (Instant::now(), engine.hold().unwrap_or_default());
    loop {
        // This belongs to the import: other groups are refused meanwhile.
        let error = match engine.apply_noting(std::slice::from_ref(&batch), &mut |_| Ok(())) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        match error.failure() {
            Failure::Away | Failure::Unsettled if began.elapsed() < hold => pause(PAUSE),
            _ => return Err(error),
        }
    }
}
