//! The handle of a store: reads, and slots in the writer's queue.

use crate::chunks;
use crate::codec::{decode, DecodeError, Versioned};
use crate::engine::{Engine, EngineError, Order};
use crate::keys::{self, Key, Table};
use crate::mark::Marker;
use crate::metrics::WriterMetrics;
use crate::records::Record;
use crate::shared::GroupLog;
use crate::snapshot::state::Snapshots;
use crate::writer::{self, Job, Permit, WriterState};
use parking_lot::{Mutex, RwLock};
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::mpsc;

/// Retries of a chunked read that races with a write.
const RETRIES: usize = 32;

/// A handle of the store. Clones share it; dropping the last one closes it once the writer is done.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Arc<dyn Engine>,
    /// `None` once closed: the writer ends when the last sender is dropped.
    queue: RwLock<Option<mpsc::Sender<Job>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    state: Arc<WriterState>,
}

/// Whether the store writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreStatus {
    /// It writes.
    Writing,
    /// The database is away. Changes wait for it.
    Away {
        /// The cause.
        reason: Arc<str>,
        /// For how long.
        elapsed: Duration,
    },
    /// A write failed, or the store was closed. Only a restart changes that; reads go on.
    WritesOff {
        /// The cause.
        reason: Arc<str>,
    },
}

/// Why there is no slot in the writer's queue.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unavailable {
    #[error("too many changes wait to be written")]
    QueueFull,
    #[error("the store does not write: {0}")]
    WritesOff(Arc<str>),
}

/// Why a read failed.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("the store could not be read")]
    Engine(#[from] EngineError),
    #[error("what is stored can't be read")]
    Decode(#[from] DecodeError),
    #[error("a large value of table {table} could not be put together")]
    Torn { table: u8 },
    #[error("an entry of table {table} holds {bytes} bytes instead of an id")]
    NoId { table: u8, bytes: usize },
}

impl Store {
    /// A store on any database, unchecked, with `queue` slots for waiting batches, at least one.
    pub fn with_engine(engine: Arc<dyn Engine>, queue: usize) -> Self {
        Self::start(engine, queue, Arc::default(), None)
    }

    /// Starts the writer of a store on `engine`.
    pub(crate) fn start(
        engine: Arc<dyn Engine>,
        queue: usize,
        state: Arc<WriterState>,
        marker: Option<Marker>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(queue.max(1));
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn({
                let (engine, state) = (Arc::clone(&engine), Arc::clone(&state));
                move || writer::run(engine.as_ref(), receiver, &state, marker)
            });
        let writer = writer
            .map_err(|error| state.turn_off(&format!("the writer could not be started: {error}")))
            .ok();
        Self {
            inner: Arc::new(Inner {
                engine,
                queue: RwLock::new(Some(sender)),
                writer: Mutex::new(writer),
                state,
            }),
        }
    }

    /// Reserves a slot in the writer's queue. Callers do this before they change any state, so that
    /// the commit cannot fail.
    pub fn reserve(&self) -> Result<Permit, Unavailable> {
        if let StoreStatus::WritesOff { reason } = self.status() {
            return Err(Unavailable::WritesOff(reason));
        }
        let queue = self.sender().ok_or_else(|| Unavailable::WritesOff(closed()))?;
        match queue.try_reserve_owned() {
            Ok(slot) => Ok(Permit {
                slot,
                state: Arc::clone(&self.inner.state),
            }),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Unavailable::QueueFull),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Unavailable::WritesOff(closed())),
        }
    }

    /// Reads a record. Does not wait for the writer, so the record may not be durable yet.
    pub fn get<R: Record>(&self, key: &Key) -> Result<Option<Versioned<R>>, ReadError> {
        let Some(value) = self.inner.engine.get(key.as_bytes())? else {
            return Ok(None);
        };
        let whole = self.whole(key.as_bytes(), value)?;
        Ok(whole.map(|value| decode(&value)).transpose()?)
    }

    /// Reads an index entry that `Batch::point` set.
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

    /// Reads an index entry that `Batch::set` or `Batch::mark` set.
    pub fn get_bytes(&self, key: &Key) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.inner.engine.get(key.as_bytes())?)
    }

    /// The last id allocated in `table`; 0 before the first.
    pub fn counter(&self, table: Table) -> Result<u64, ReadError> {
        Ok(self.get_id(&keys::counter(table))?.unwrap_or(0))
    }

    /// Reads the records of `start..end`, lazily. Records written meanwhile may or may not be among
    /// them.
    pub fn scan<R: Record>(
        &self,
        start: &[u8],
        end: &[u8],
        order: Order,
    ) -> impl Iterator<Item = Result<(Vec<u8>, Versioned<R>), ReadError>> + '_ {
        self.inner.engine.range(start, end, order).filter_map(|entry| {
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
        self.scan_bytes(start, end, order).map(|entry| Ok(entry?.0))
    }

    /// Reads the index entries of `start..end`, lazily: keys and values.
    pub fn scan_bytes(
        &self,
        start: &[u8],
        end: &[u8],
        order: Order,
    ) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), ReadError>> + '_ {
        self.inner.engine.range(start, end, order).map(|entry| Ok(entry?))
    }

    /// Whether the store writes.
    pub fn status(&self) -> StoreStatus {
        match self.inner.state.failure.get() {
            Some(reason) => StoreStatus::WritesOff {
                reason: Arc::clone(reason),
            },
            None if self.sender().is_none() => StoreStatus::WritesOff { reason: closed() },
            None => match &*self.inner.state.away.lock() {
                Some((reason, since)) => StoreStatus::Away {
                    reason: Arc::clone(reason),
                    elapsed: since.elapsed(),
                },
                None => StoreStatus::Writing,
            },
        }
    }

    /// The log of a database that several processes write.
    pub fn shared(&self) -> Option<Arc<dyn GroupLog>> {
        self.inner.engine.shared()
    }

    /// Metrics of the store. Reads the store's directory, so it may block.
    pub fn metrics(&self) -> WriterMetrics {
        let meters = &self.inner.state.meters;
        let disk = self.inner.engine.disk();
        let (free, slots) = self
            .sender()
            .map_or((0, 0), |queue| (queue.capacity(), queue.max_capacity()));
        WriterMetrics {
            queue_depth: slots.saturating_sub(free),
            queue_capacity: slots,
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

    /// Closes the queue, waits until all permits are used or dropped and all queued batches are
    /// durable, and ends the writer. Reads go on; a second call changes nothing. Blocks: do not
    /// call it from async code, nor while holding a permit.
    ///
    /// # Errors
    /// [`Unavailable::WritesOff`] when a write failed, so batches may be missing.
    pub fn close(&self) -> Result<(), Unavailable> {
        self.inner.queue.write().take();
        // The lock is held while joining, so that a second caller waits too.
        let mut writer = self.inner.writer.lock();
        if writer.take().is_some_and(|writer| writer.join().is_err()) {
            self.inner.state.turn_off("the writer panicked");
        }
        if let Some(reason) = self.inner.state.failure.get() {
            return Err(Unavailable::WritesOff(Arc::clone(reason)));
        }
        Ok(())
    }

    /// The database.
    pub(crate) fn engine(&self) -> &dyn Engine {
        self.inner.engine.as_ref()
    }

    /// The state of the snapshot that is being read.
    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.inner.state.snapshots
    }

    fn sender(&self) -> Option<mpsc::Sender<Job>> {
        self.inner.queue.read().clone()
    }

    /// Joins the pieces of a large value. `None` if the record was removed meanwhile.
    pub(crate) fn whole(&self, key: &[u8], mut value: Vec<u8>) -> Result<Option<Vec<u8>>, ReadError> {
        let engine = &self.inner.engine;
        for _ in 0..RETRIES {
            if let Some(whole) = chunks::join(key, value, |piece| engine.get(piece))? {
                return Ok(Some(whole));
            }
            // A write has replaced the head and removed these pieces: read the new head.
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

fn closed() -> Arc<str> {
    Arc::from("it was closed")
}

fn table(key: &[u8]) -> u8 {
    key.first().copied().unwrap_or_default()
}
