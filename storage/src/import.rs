//! An import: a store whose changes take effect together when it is finished, or not at all.

use crate::batch::Batch;
use crate::engine::faults::{Faults, NoFaults};
use crate::engine::files::pause;
use crate::engine::{Engine, EngineError, OpenError};
use crate::keys;
use crate::opening::{Opened, StoreConfig};
use crate::records::Importing;
use crate::store::{Store, Unavailable};
use crate::time::Timestamp;
use crate::undo::{self, Noting, UndoError, UndoFile};
use crate::writer::CommitError;
use std::error::Error;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use uuid::Uuid;

/// Pause while the writer's queue is full.
const PAUSE: Duration = Duration::from_millis(10);
/// The revision of a record that was inserted.
const FIRST_REVISION: u64 = 1;

/// A store that is open for an import. What is committed to it can be read at once and is durable,
/// but only [`Self::finish`] makes it stay. If the process ends before, in whatever way, the next
/// opening restores all rows as they were. Dropping the import restores them at once.
#[must_use = "an import that is not finished is undone"]
pub struct Import {
    store: Store,
    /// The database itself: what is written to it is not noted.
    engine: Arc<dyn Engine>,
    directory: PathBuf,
    /// Whether it was finished or undone.
    over: bool,
}

/// Why an import could not be finished or undone.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Error)]
pub enum ImportError {
    #[error("the import could not be finished")]
    Commit(#[from] CommitError),
    #[error("the import could not be finished")]
    Unavailable(#[source] Unavailable),
    #[error("the import is undone when the store is opened next")]
    Later(#[source] Unavailable),
    #[error("the import could not be undone now, but will be when the store is opened next")]
    Undo(#[from] UndoError),
}

impl Import {
    /// Opens the store of `config`, or creates it, and begins an import at `now`. An earlier import
    /// that was not finished is undone first. Other nodes that run on the same database refuse
    /// changes meanwhile. This and the other methods block: do not call them from async code.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open(config: &StoreConfig, now: Timestamp) -> Result<Self, OpenError> {
        Self::open_with(config, now, NoFaults)
    }

    /// As [`Self::open`], with injected faults. For tests.
    #[doc(hidden)]
    pub fn open_with(
        config: &StoreConfig,
        now: Timestamp,
        faults: impl Faults + Clone,
    ) -> Result<Self, OpenError> {
        let opened = Opened::new(config, now, faults.clone())?;
        Self::begin(opened, config, now, faults).map_err(|source| OpenError::Import {
            store: config.name(),
            source,
        })
    }

    /// Begins an import into a store that is open.
    pub(crate) fn begin(
        opened: Opened,
        config: &StoreConfig,
        now: Timestamp,
        faults: impl Faults,
    ) -> Result<Self, UndoError> {
        let directory = config.path.clone();
        // A database elsewhere needs no directory for itself.
        fs::create_dir_all(&directory).map_err(|source| UndoError::Io {
            path: directory.clone(),
            source,
        })?;
        let (id, engine) = (Uuid::new_v4().into_bytes(), Arc::clone(&opened.engine));
        let file = UndoFile::create(&directory, id, faults)?;
        let noting = Noting::new(Arc::clone(&engine), file);
        let import = Self {
            store: opened.start_with(Arc::new(noting), config.queue),
            engine,
            directory,
            over: false,
        };
        let node = config.postgres.as_ref().map(|settings| settings.node.clone());
        let record = Importing {
            id,
            node: node.unwrap_or_default(),
            began: now,
        };
        let mut batch = Batch::new();
        batch.insert(keys::importing(), &record);
        match import.commit(batch) {
            Ok(()) => Ok(import),
            Err(error) => Err(EngineError::database(error).into()),
        }
    }

    /// The store that is imported into. Batches of a few hundred kilobytes are best, with few of
    /// them waiting: the writer joins those that wait, and sled takes much memory for large groups.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Makes durable that the import stays, together with everything that was committed before, and
    /// closes the store.
    ///
    /// # Errors
    /// [`ImportError`]. The import is undone then, now or at the next opening, unless exactly this
    /// last change is stored although the database reported a failure.
    pub fn finish(mut self) -> Result<(), ImportError> {
        let mut batch = Batch::new();
        batch.remove(keys::importing(), FIRST_REVISION);
        self.commit(batch)?;
        self.over = true;
        if let Err(error) = self.store.close() {
            tracing::warn!(%error, "the import is finished, but the store failed later");
        }
        undo::remove(&self.directory);
        Ok(())
    }

    /// Closes the store and restores all rows as they were before the import.
    ///
    /// # Errors
    /// [`ImportError`]: the next opening does it.
    pub fn abandon(mut self) -> Result<(), ImportError> {
        self.undo()
    }

    fn undo(&mut self) -> Result<(), ImportError> {
        self.over = true;
        // After a write that failed, only a restart tells what is stored.
        self.store.close().map_err(ImportError::Later)?;
        Ok(undo::settle(self.engine.as_ref(), &self.directory)?)
    }

    /// Commits a batch, and waits until it is durable.
    fn commit(&self, batch: Batch) -> Result<(), ImportError> {
        let permit = loop {
            match self.store.reserve() {
                Ok(permit) => break permit,
                Err(Unavailable::QueueFull) => pause(PAUSE),
                Err(error) => return Err(ImportError::Unavailable(error)),
            }
        };
        futures_executor::block_on(permit.commit(batch))?;
        Ok(())
    }
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("store", &self.store)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        if let Err(error) = self.undo() {
            let error: &dyn Error = &error;
            let causes = std::iter::successors(Some(error), |cause| (*cause).source());
            let reason = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
            tracing::error!(reason, "an import was given up");
        }
    }
}

#[cfg(test)]
mod tests;
