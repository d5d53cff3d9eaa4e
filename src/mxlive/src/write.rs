//! Puts items into batches, with the rows of every index. What the store has already is left as it
//! is, so a second import of the same dump makes no batch.
//!
//! | file | what it holds |
//! |---|---|
//! | `declared.rs` | what the columns of declared records cannot say |
//! | `error.rs`, `written.rs` | why an item cannot be stored, or what became of it |
//! | `stored.rs` | how a record compares with the stored one |
//! | `session.rs` | sessions, their stretches, beamline states |
//! | `uploads.rs` | datasets and reports |
//! | `log.rs` | feedback, connections, activities, paths |
//! | `ids.rs` | counters, and the ids that a dump leaves out |
//!
//! A record that the service has changed since the import before is newer than the dump and stays.
//! Ids of feedback and of activities are new ones: nobody refers to them, and the service counts
//! them without gaps. Nothing may write to the store meanwhile.

mod declared;
mod error;
mod ids;
mod log;
mod session;
mod stored;
mod uploads;
mod written;

pub use error::WriteError;
pub use written::Written;

use crate::records::Item;
use beamlive_storage::{Batch, ReadError, Store, Table};

/// Makes batches of items.
pub struct Writer<'a> {
    store: &'a Store,
    ids: ids::Ids,
    sessions: session::Names,
    log: log::Log,
}

impl<'a> Writer<'a> {
    /// A writer for a store that has the declared part of the dump.
    #[must_use]
    pub fn new(store: &'a Store) -> Self {
        Self {
            store,
            ids: ids::Ids::default(),
            sessions: session::Names::default(),
            log: log::Log::default(),
        }
    }

    /// Adds the rows of an item to a batch. Adds nothing if the store has them. Each item of a dump
    /// may be added once.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn add(&mut self, batch: &mut Batch, item: &Item) -> Result<Written, WriteError> {
        let Self {
            store,
            ids,
            sessions,
            log,
        } = self;
        match item {
            Item::Session {
                id,
                session,
                stretches,
                key,
            } => {
                let done = session::put(store, batch, *id, session, stretches, key)?;
                ids.add(Table::Session, *id, done);
                sessions.add(*id, session);
                Ok(done)
            }
            Item::BeamlineState { beamline, state } => session::state(store, batch, *beamline, state),
            Item::Declared { table, id, said } => declared::put(store, batch, *table, *id, said),
            Item::Ids { table, last, skipped } => {
                ids.raise(*table, *last, skipped);
                Ok(Written::Same)
            }
            Item::Dataset {
                id,
                record,
                older,
                key,
            } => {
                let done = uploads::dataset(store, batch, *id, record, (key, older))?;
                ids.add(Table::Dataset, *id, done);
                Ok(done)
            }
            Item::Report { id, record, key } => {
                let done = uploads::report(store, batch, *id, record, key)?;
                ids.add(Table::Report, *id, done);
                Ok(done)
            }
            Item::Feedback {
                session, feedback, ..
            } => log.feedback(store, batch, *session, feedback),
            Item::Connection {
                list,
                account,
                name,
                connection,
            } => log::connection(store, batch, (*list, *account, name), connection),
            Item::Activity { record, .. } => log.activity(store, batch, record),
            Item::Path { key, path } => log::path(store, batch, key, path),
        }
    }

    /// Adds what follows from all items: the newest session of each name, the numbers of answers,
    /// the counters, and the ids that are left out. All batches before must have taken effect.
    ///
    /// # Errors
    /// [`ReadError`] when the store can't be read.
    pub fn finish(self, batch: &mut Batch) -> Result<(), ReadError> {
        self.sessions.finish(self.store, batch)?;
        self.log.finish(self.store, batch)?;
        self.ids.finish(self.store, batch)
    }
}
