//! Opening a store: its settings, its engine, and whether its format and its mark allow it.

use crate::engine::faults::{Faults, NoFaults};
use crate::engine::fjall::FjallEngine;
use crate::engine::memory::MemoryEngine;
use crate::engine::postgres::{PostgresEngine, Purpose};
use crate::engine::sled::SledEngine;
use crate::engine::{files, Engine, EngineKind, OpenError, PostgresSettings, PostgresSettingsError};
use crate::format::{self, FormatError};
use crate::mark::{self, MarkError, Marker};
use crate::store::Store;
use crate::tally::Tally;
use crate::time::Timestamp;
use crate::undo::{self, UndoError};
use crate::writer::WriterState;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The settings of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// Its directory; created when it does not exist.
    pub path: PathBuf,
    /// The database that holds it.
    pub engine: EngineKind,
    /// Where PostgreSQL is, if that is the engine.
    pub postgres: Option<PostgresSettings>,
    /// Bytes of an embedded database that are kept in memory.
    pub cache_bytes: u64,
    /// Batches that may wait for the writer.
    pub queue: usize,
    /// Program and version, written into a store that is created.
    pub created_by: String,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::from("data"),
            engine: EngineKind::default(),
            postgres: None,
            cache_bytes: 64 * 1024 * 1024,
            queue: 4096,
            created_by: concat!("beamlive ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl StoreConfig {
    fn postgres(&self) -> Result<&PostgresSettings, OpenError> {
        let missing = OpenError::Settings(PostgresSettingsError::NoUrl);
        self.postgres.as_ref().ok_or(missing)
    }

    /// The store, as messages name it.
    pub(crate) fn name(&self) -> String {
        match &self.postgres {
            Some(settings) => settings.name(),
            None => self.path.display().to_string(),
        }
    }

    /// The error of opening this store when it holds a part of an import that can't be undone.
    fn unfinished(&self, source: UndoError) -> OpenError {
        match source {
            // It is not known whether there is one.
            UndoError::Engine(error) => self.refused(error.into()),
            source => OpenError::Unfinished {
                store: self.name(),
                source,
            },
        }
    }

    /// The error of opening this store when its format was refused.
    fn refused(&self, source: FormatError) -> OpenError {
        match &self.postgres {
            Some(settings) => OpenError::DatabaseFormat {
                database: settings.name(),
                source,
            },
            None => OpenError::of_format(&self.path, source),
        }
    }
}

/// Opens or creates the database of `config`, in a directory with the engine's name.
pub(crate) fn open_engine(
    config: &StoreConfig,
    faults: impl Faults + Clone,
) -> Result<Arc<dyn Engine>, OpenError> {
    let path = config.path.join(config.engine.name());
    Ok(match config.engine {
        EngineKind::Sled => Arc::new(SledEngine::open(&path, config.cache_bytes, faults)?),
        EngineKind::Fjall => Arc::new(FjallEngine::open(&path, config.cache_bytes, faults)?),
        EngineKind::Postgres => Arc::new(PostgresEngine::open(config.postgres()?, Purpose::Serve)?),
        EngineKind::Memory => Arc::new(MemoryEngine::new()),
    })
}

/// A database whose format and mark allow it to be used, and which holds no part of an import.
pub(crate) struct Opened {
    pub(crate) engine: Arc<dyn Engine>,
    state: Arc<WriterState>,
    marker: Option<Marker>,
}

impl Opened {
    /// Opens the store of `config`, or creates it at `now`.
    pub(crate) fn new(
        config: &StoreConfig,
        now: Timestamp,
        faults: impl Faults + Clone,
    ) -> Result<Self, OpenError> {
        let path = config.path.as_path();
        let refused = |source| OpenError::of_format(path, source);
        let marked = |source| OpenError::of_mark(path, source);
        let settle =
            |engine: &dyn Engine| undo::settle(engine, path).map_err(|source| config.unfinished(source));
        if !config.engine.is_embedded() {
            let engine = open_engine(config, faults)?;
            settle(engine.as_ref())?;
            format::prepare(engine.as_ref(), &config.created_by, now)
                .map_err(|source| config.refused(source))?;
            return Ok(Self::unmarked(engine));
        }
        format::check_file(path).map_err(refused)?;
        refuse_other_engines(path, config.engine)?;
        let engine = open_engine(config, faults)?;
        files::sync_entries(path).map_err(|error| OpenError::unreadable(path, error))?;
        check_mark(path, engine.as_ref()).map_err(marked)?;
        settle(engine.as_ref())?;
        format::prepare(engine.as_ref(), &config.created_by, now)
            .and_then(|()| format::publish(path, engine.as_ref()))
            .map_err(refused)?;
        let state = Arc::default();
        let marker = Some(start_marker(path, engine.as_ref(), Arc::clone(&state)).map_err(marked)?);
        Ok(Self {
            engine,
            state,
            marker,
        })
    }

    /// A database without a mark.
    pub(crate) fn unmarked(engine: Arc<dyn Engine>) -> Self {
        Self {
            engine,
            state: Arc::default(),
            marker: None,
        }
    }

    /// Starts a store that writes to this database through `engine`.
    pub(crate) fn start_with(self, engine: Arc<dyn Engine>, queue: usize) -> Store {
        Store::start(engine, queue, self.state, self.marker)
    }
}

impl Store {
    /// An empty store in memory.
    pub fn in_memory() -> Self {
        Self::with_engine(Arc::new(MemoryEngine::new()), StoreConfig::default().queue)
    }

    /// Opens the store of `config`, or creates it at `now`. May take seconds. Only one process can
    /// have it open.
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
        let opened = Opened::new(config, now, faults)?;
        let engine = Arc::clone(&opened.engine);
        Ok(opened.start_with(engine, config.queue))
    }

    /// Opens one snapshot of a store on PostgreSQL for reading. Nodes may go on writing.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open_snapshot(settings: &PostgresSettings) -> Result<Self, OpenError> {
        let engine = PostgresEngine::open_snapshot(settings)?;
        format::check(engine.as_ref()).map_err(|source| OpenError::DatabaseFormat {
            database: settings.name(),
            source,
        })?;
        undo::check(engine.as_ref()).map_err(|source| OpenError::Unfinished {
            store: settings.name(),
            source,
        })?;
        Ok(Self::with_engine(engine, 1))
    }

    /// Opens the store in `path` for reading, with `cache_bytes` of the database in memory. Does
    /// not create a store, and writes nothing but what the database itself writes when it is
    /// opened.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do; [`OpenError::Missing`] when there is no store.
    pub fn open_to_read(path: &Path, cache_bytes: u64) -> Result<Self, OpenError> {
        let refused = |source| OpenError::of_format(path, source);
        let marked = |source| OpenError::of_mark(path, source);
        format::check_file(path).map_err(refused)?;
        let Some(engine) = engine_of(path) else {
            return Err(OpenError::Missing {
                path: path.to_owned(),
            });
        };
        let config = StoreConfig {
            path: path.to_owned(),
            engine,
            cache_bytes,
            ..StoreConfig::default()
        };
        let engine = open_engine(&config, NoFaults)?;
        check_mark(path, engine.as_ref()).map_err(marked)?;
        format::check(engine.as_ref()).map_err(refused)?;
        undo::check(engine.as_ref()).map_err(|source| config.unfinished(source))?;
        Ok(Self::with_engine(engine, 1))
    }
}

/// The engine whose database is in `path`.
fn engine_of(path: &Path) -> Option<EngineKind> {
    EngineKind::ALL
        .into_iter()
        .find(|kind| path.join(kind.name()).is_dir())
}

fn refuse_other_engines(path: &Path, wanted: EngineKind) -> Result<(), OpenError> {
    match engine_of(path) {
        Some(found) if found != wanted => Err(OpenError::OtherEngine {
            path: path.to_owned(),
            found: found.name(),
            wanted: wanted.name(),
        }),
        _ => Ok(()),
    }
}

/// Checks that the database holds all acknowledged groups.
fn check_mark(path: &Path, engine: &dyn Engine) -> Result<(), MarkError> {
    let groups = Tally::read(|key| engine.get(key))?.groups;
    if !mark::check(path, groups)? && groups > 0 {
        tracing::warn!(
            store = %path.display(),
            groups,
            "the store's file `mark` is missing, so acknowledged changes may be lost unnoticed; a new one is written"
        );
    }
    Ok(())
}

fn start_marker(path: &Path, engine: &dyn Engine, state: Arc<WriterState>) -> Result<Marker, MarkError> {
    let groups = Tally::read(|key| engine.get(key))?.groups;
    Marker::start(path, groups, move |error| {
        state.turn_off(&error.to_string());
    })
}
