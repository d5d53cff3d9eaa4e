//! The handle that everyone has: reads, and a place in the writer's queue.

use crate::chunks;
use crate::codec::{decode, DecodeError, Versioned};
use crate::engine::faults::{Faults, NoFaults};
use crate::engine::memory::MemoryEngine;
use crate::engine::place::{self, OpenError};
use crate::engine::{Engine, EngineError, EngineKind, Entries, Order};
use crate::keys::{self, Key, Table};
use crate::mark::{self, MarkError, Marker};
use crate::metrics::WriterMetrics;
use crate::migrate;
use crate::records::Record;
use crate::snapshot::Snapshots;
use crate::tally::Tally;
use crate::time::Timestamp;
use crate::writer::{self, Job, Permit, Shown};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use thiserror::Error;
use tokio::sync::mpsc;

/// Retries of a read of a large value that races with a write of it.
const LOOKS: usize = 32;

/// Where the store is, and what it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// Its directory; created when it does not exist.
    pub path: PathBuf,
    /// The database that holds it.
    pub engine: EngineKind,
    /// Bytes of the database that are kept in memory.
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
            cache_bytes: 64 * 1024 * 1024,
            queue: 4096,
            created_by: concat!("beamlive ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// The store. Clones are handles of the same one; the last one that goes closes it once the writer is done.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Arc<dyn Engine>,
    /// None once closed: the writer ends when the last sender has gone.
    queue: RwLock<Option<mpsc::Sender<Job>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    shown: Arc<Shown>,
}

/// Whether the store writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreStatus {
    /// It does.
    Writing,
    /// It failed to, or was closed. Only a restart changes that; reads go on.
    WritesOff {
        /// Why.
        reason: Arc<str>,
    },
}

/// Why there is no place in the writer's queue.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// Too many batches wait: try again later.
    #[error("too many changes wait to be written")]
    QueueFull,
    /// The store does not write any more.
    #[error("the store does not write: {0}")]
    WritesOff(Arc<str>),
}

/// Why something could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The database failed.
    #[error("the store could not be read")]
    Engine(#[from] EngineError),
    /// What is stored does not decode.
    #[error("what is stored can't be read")]
    Decode(#[from] DecodeError),
    /// Pieces of a large value are missing, or it changed faster than it could be read.
    #[error("a large value of table {table} could not be put together")]
    Torn {
        /// Number of the table.
        table: u8,
    },
    /// An index entry should lead to a record but holds something else.
    #[error("an entry of table {table} holds {bytes} bytes instead of an id")]
    NoId {
        /// Number of the table.
        table: u8,
        /// Length of what it holds.
        bytes: usize,
    },
}

impl Store {
    /// Opens the store of `config`, or creates it at `now`. May take seconds; only one process has it at a time.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open(config: &StoreConfig, now: Timestamp) -> Result<Self, OpenError> {
        Self::open_with(config, now, NoFaults)
    }

    /// As [`Self::open`], on a disk that fails when `faults` says so. For tests.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    #[doc(hidden)]
    pub fn open_with(
        config: &StoreConfig,
        now: Timestamp,
        faults: impl Faults + Clone,
    ) -> Result<Self, OpenError> {
        let path = config.path.as_path();
        let refused = |source| OpenError::of_format(path, source);
        if !config.engine.is_durable() {
            let engine = config.engine.open(config, faults)?;
            migrate::prepare(engine.as_ref(), &config.created_by, now).map_err(refused)?;
            return Ok(Self::with_engine(engine, config.queue));
        }
        migrate::check_file(path).map_err(refused)?;
        refuse_other_engines(path, config.engine)?;
        let engine = config.engine.open(config, faults)?;
        place::sync_entries(path).map_err(|error| OpenError::unreadable(path, error))?;
        check_mark(path, engine.as_ref())?;
        migrate::prepare(engine.as_ref(), &config.created_by, now)
            .and_then(|()| migrate::publish(path, engine.as_ref()))
            .map_err(refused)?;
        Self::with_marked_engine(path, engine, config.queue)
    }

    /// Opens the store in `path` to look at it, with `cache_bytes` of the database in memory. Creates none, and writes
    /// nothing but what the database itself does when it is opened.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do; [`OpenError::Missing`] when there is no store.
    pub fn open_to_read(path: &Path, cache_bytes: u64) -> Result<Self, OpenError> {
        let refused = |source| OpenError::of_format(path, source);
        migrate::check_file(path).map_err(refused)?;
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
        let engine = engine.open(&config, NoFaults)?;
        check_mark(path, engine.as_ref())?;
        migrate::check(engine.as_ref()).map_err(refused)?;
        Ok(Self::with_engine(engine, 1))
    }

    /// An empty store that nothing outlives.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::with_engine(Arc::new(MemoryEngine::new()), StoreConfig::default().queue)
    }

    /// A store on any database, as it is, with `queue` places for batches that wait, at least one.
    #[must_use]
    pub fn with_engine(engine: Arc<dyn Engine>, queue: usize) -> Self {
        Self::start(engine, queue, Arc::default(), None)
    }

    /// A store on a database beside which a mark is kept.
    fn with_marked_engine(path: &Path, engine: Arc<dyn Engine>, queue: usize) -> Result<Self, OpenError> {
        let shown = Arc::<Shown>::default();
        let marker = Tally::of(engine.as_ref())
            .map_err(MarkError::from)
            .and_then(|tally| {
                let shown = Arc::clone(&shown);
                Marker::start(path, tally.groups, move |error| {
                    shown.turn_off(&error.to_string());
                })
            })
            .map_err(|source| unmarked(path, source))?;
        Ok(Self::start(engine, queue, shown, Some(marker)))
    }

    fn start(engine: Arc<dyn Engine>, queue: usize, shown: Arc<Shown>, marker: Option<Marker>) -> Self {
        let (sender, receiver) = mpsc::channel(queue.max(1));
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn({
                let (engine, shown) = (Arc::clone(&engine), Arc::clone(&shown));
                move || writer::run(engine.as_ref(), receiver, &shown, marker)
            });
        let writer = writer
            .map_err(|error| shown.turn_off(&format!("the writer could not be started: {error}")))
            .ok();
        Self {
            inner: Arc::new(Inner {
                engine,
                queue: RwLock::new(Some(sender)),
                writer: Mutex::new(writer),
                shown,
            }),
        }
    }

    /// Takes a place in the writer's queue. To be done before any state changes, so that handing over cannot fail.
    ///
    /// # Errors
    /// [`Unavailable`] when the queue is full or the store does not write any more.
    pub fn reserve(&self) -> Result<Permit, Unavailable> {
        if let StoreStatus::WritesOff { reason } = self.status() {
            return Err(Unavailable::WritesOff(reason));
        }
        let queue = self.sender().ok_or_else(|| Unavailable::WritesOff(closed()))?;
        match queue.try_reserve_owned() {
            Ok(place) => Ok(Permit::new(place, Arc::clone(&self.inner.shown))),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Unavailable::QueueFull),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Unavailable::WritesOff(closed())),
        }
    }

    /// Reads a record. Never waits for the writer, so it may be newer than what is durable.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read.
    pub fn get<R: Record>(&self, key: &Key) -> Result<Option<Versioned<R>>, ReadError> {
        let Some(value) = self.inner.engine.get(key.as_bytes())? else {
            return Ok(None);
        };
        match self.whole(key.as_bytes(), value)? {
            Some(value) => Ok(Some(decode(&value)?)),
            None => Ok(None),
        }
    }

    /// Reads an index entry that [`crate::Batch::point`] set.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read or is no id.
    pub fn get_id(&self, key: &Key) -> Result<Option<u64>, ReadError> {
        let Some(value) = self.get_bytes(key)? else {
            return Ok(None);
        };
        match value.as_slice().try_into() {
            Ok(id) => Ok(Some(u64::from_be_bytes(id))),
            Err(_) => Err(ReadError::NoId {
                table: table(key.as_bytes()),
                bytes: value.len(),
            }),
        }
    }

    /// Reads an index entry that [`crate::Batch::set`] or [`crate::Batch::mark`] set.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read.
    pub fn get_bytes(&self, key: &Key) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.inner.engine.get(key.as_bytes())?)
    }

    /// The last id that was given in `table`; 0 before the first.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read.
    pub fn counter(&self, table: Table) -> Result<u64, ReadError> {
        Ok(self.get_id(&keys::counter(table))?.unwrap_or(0))
    }

    /// Reads the records of `start..end`, lazily. What is written meanwhile may or may not be among them.
    pub fn scan<R: Record>(
        &self,
        start: &[u8],
        end: &[u8],
        order: Order,
    ) -> impl Iterator<Item = Result<(Vec<u8>, Versioned<R>), ReadError>> + '_ {
        self.entries(start, end, order).filter_map(|entry| {
            let record = entry.map_err(ReadError::from).and_then(|(key, value)| {
                let whole = self.whole(&key, value)?;
                whole.map(|value| Ok((key, decode(&value)?))).transpose()
            });
            record.transpose()
        })
    }

    /// Reads the keys of `start..end`, lazily.
    pub fn scan_keys(
        &self,
        start: &[u8],
        end: &[u8],
        order: Order,
    ) -> impl Iterator<Item = Result<Vec<u8>, ReadError>> + '_ {
        self.entries(start, end, order).map(|entry| Ok(entry?.0))
    }

    /// Reads the index entries of `start..end`, lazily: keys and values.
    pub fn scan_bytes(
        &self,
        start: &[u8],
        end: &[u8],
        order: Order,
    ) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), ReadError>> + '_ {
        self.entries(start, end, order).map(|entry| Ok(entry?))
    }

    /// Whether the store writes.
    #[must_use]
    pub fn status(&self) -> StoreStatus {
        match self.inner.shown.failure.get() {
            Some(reason) => StoreStatus::WritesOff {
                reason: Arc::clone(reason),
            },
            None if self.sender().is_none() => StoreStatus::WritesOff { reason: closed() },
            None => StoreStatus::Writing,
        }
    }

    /// What the writer has done so far. Looks at the store's directory, so it is for threads that may block.
    #[must_use]
    pub fn metrics(&self) -> WriterMetrics {
        let meters = &self.inner.shown.meters;
        let disk = self.inner.engine.disk();
        let (free, places) = self
            .sender()
            .map_or((0, 0), |queue| (queue.capacity(), queue.max_capacity()));
        WriterMetrics {
            queue_depth: places.saturating_sub(free),
            queue_capacity: places,
            groups: meters.groups.load(Ordering::Relaxed),
            batches: meters.batches.load(Ordering::Relaxed),
            conflicts: meters.conflicts.load(Ordering::Relaxed),
            group_size: meters.group_size(),
            commit_seconds: meters.commit_seconds(),
            disk_bytes: disk.bytes,
            trouble: disk.trouble,
            filesystem: disk.filesystem,
        }
    }

    /// Takes no batch any more, waits until all permits are used or dropped and what is queued is durable, and ends the
    /// writer. Blocks, so not for async threads, nor for one that has a permit. Reads go on; a second call changes nothing.
    ///
    /// # Errors
    /// [`Unavailable::WritesOff`] when writes had failed, so that batches may be missing.
    pub fn close(&self) -> Result<(), Unavailable> {
        self.inner
            .queue
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // Held while joining, so that a second caller waits too.
        let mut writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.take().is_some_and(|writer| writer.join().is_err()) {
            self.inner.shown.turn_off("the writer panicked");
        }
        if let Some(reason) = self.inner.shown.failure.get() {
            return Err(Unavailable::WritesOff(Arc::clone(reason)));
        }
        Ok(())
    }

    /// The database itself, for what reads rows as they are.
    pub(crate) fn engine(&self) -> &dyn Engine {
        self.inner.engine.as_ref()
    }

    /// What a snapshot that is being read shares with the writer.
    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.inner.shown.snapshots
    }

    fn sender(&self) -> Option<mpsc::Sender<Job>> {
        self.inner
            .queue
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn entries(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        self.inner.engine.range(start, end, order)
    }

    /// Puts a large value together. `None` when it was removed meanwhile.
    pub(crate) fn whole(&self, key: &[u8], mut value: Vec<u8>) -> Result<Option<Vec<u8>>, ReadError> {
        let engine = &self.inner.engine;
        for _ in 0..LOOKS {
            if let Some(whole) = chunks::join(key, value, |piece| engine.get(piece))? {
                return Ok(Some(whole));
            }
            // The pieces went with a replaced head: there is a newer one.
            if let Some(frozen) = engine.freeze() {
                let Some(head) = frozen.get(key)? else {
                    return Ok(None);
                };
                let whole = chunks::join(key, head, |piece| frozen.get(piece))?;
                return whole.map(Some).ok_or(ReadError::Torn { table: table(key) });
            }
            value = match engine.get(key)? {
                Some(value) => value,
                None => return Ok(None),
            };
        }
        Err(ReadError::Torn { table: table(key) })
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("status", &self.status())
            .finish_non_exhaustive()
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

/// Makes sure that the database holds what was acknowledged.
fn check_mark(path: &Path, engine: &dyn Engine) -> Result<(), OpenError> {
    let checked = Tally::of(engine)
        .map_err(MarkError::from)
        .and_then(|tally| Ok((mark::check(path, tally.groups)?, tally.groups)));
    let (marked, groups) = checked.map_err(|source| unmarked(path, source))?;
    if !marked && groups > 0 {
        tracing::warn!(
            store = %path.display(),
            groups,
            "nothing says how much was acknowledged in this store: its file `mark` is missing, and is made anew"
        );
    }
    Ok(())
}

fn unmarked(path: &Path, source: MarkError) -> OpenError {
    OpenError::Mark {
        path: path.to_owned(),
        source,
    }
}

fn closed() -> Arc<str> {
    Arc::from("it was closed")
}

fn table(key: &[u8]) -> u8 {
    key.first().copied().unwrap_or_default()
}
