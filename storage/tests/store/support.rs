//! What several tests need: a store on disk that can be restarted, records, an engine that waits.

use beamlive_storage::records::{DataType, Feedback};
use beamlive_storage::{
    ids::IdRef, keys, Batch, CommitError, Committed, Conflict, Engine, EngineError, Entries, Faults, Key,
    MemoryEngine, NoFaults, OpenError, Order, Store, StoreConfig, Table, Timestamp,
};
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{mpsc, Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

pub(crate) fn config(path: &Path) -> StoreConfig {
    StoreConfig {
        path: path.to_owned(),
        cache_bytes: 8 * 1024 * 1024,
        // So that rows are often on their way from the journal into the database.
        journal_bytes: 2048,
        ..StoreConfig::default()
    }
}

/// A store on sled in a directory that goes with it.
pub(crate) struct OnDisk {
    pub(crate) store: Store,
    pub(crate) directory: TempDir,
}

impl OnDisk {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        Self {
            store: open(directory.path()),
            directory,
        }
    }

    /// Closes the store and opens it again.
    pub(crate) fn restart(self) -> Self {
        let Self { store, directory } = self;
        store.close().unwrap();
        drop(store);
        Self {
            store: open(directory.path()),
            directory,
        }
    }
}

/// Opens a store; a sled that was just dropped may have a thread that still holds the lock for an instant.
pub(crate) fn open(path: &Path) -> Store {
    open_with(path, NoFaults).unwrap()
}

/// As [`open`], on a disk with faults, which may keep it from opening.
pub(crate) fn open_with(path: &Path, faults: impl Faults + Clone) -> Result<Store, OpenError> {
    let began = Instant::now();
    loop {
        match Store::open_with(&config(path), NOW, faults.clone()) {
            Err(OpenError::Locked { .. }) if began.elapsed() < Duration::from_secs(10) => {
                std::thread::yield_now()
            }
            opened => return opened,
        }
    }
}

/// Copies the files of a store, as a crash leaves them: under a store that may still be open.
pub(crate) fn copy_files(from: &Path, to: &Path, which: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if entry.file_type().unwrap().is_file() && which(&name.to_string_lossy()) {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

pub(crate) fn key(id: u64) -> Key {
    keys::record(Table::DataType, IdRef::Known(id))
}

pub(crate) fn data_type(name: &str) -> DataType {
    DataType {
        acronym: "DATA".to_owned(),
        name: name.to_owned(),
        aliases: Vec::new(),
    }
}

/// A record of about `bytes` bytes, told apart by `seed`.
pub(crate) fn of_size(bytes: usize, seed: u8) -> Feedback {
    Feedback {
        created: NOW,
        areas: Vec::new(),
        comments: (0..bytes)
            .map(|n| char::from(b'a' + ((n / 7 + usize::from(seed)) % 26) as u8))
            .collect(),
    }
}

pub(crate) fn batch(fill: impl FnOnce(&mut Batch)) -> Batch {
    let mut batch = Batch::new();
    fill(&mut batch);
    batch
}

pub(crate) async fn commit(store: &Store, fill: impl FnOnce(&mut Batch)) -> Result<Committed, CommitError> {
    store.reserve().unwrap().commit(batch(fill)).await
}

/// All keys that the store has.
pub(crate) fn all_keys(store: &Store) -> Vec<Vec<u8>> {
    store
        .scan_keys(&[], &[0xff; 600], Order::Ascending)
        .collect::<Result<_, _>>()
        .unwrap()
}

pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A database whose groups wait until the test lets them through; all go once the test drops its end.
pub(crate) struct Gated {
    inner: MemoryEngine,
    entered: mpsc::Sender<usize>,
    gate: Mutex<mpsc::Receiver<()>>,
}

/// The test's end: learns the sizes of groups that came to the gate, and lets one through.
pub(crate) struct Gate {
    pub(crate) entered: mpsc::Receiver<usize>,
    pub(crate) open: mpsc::Sender<()>,
}

impl Gated {
    pub(crate) fn new() -> (Arc<Self>, Gate) {
        let (entered, groups) = mpsc::channel();
        let (open, gate) = mpsc::channel();
        let engine = Self {
            inner: MemoryEngine::new(),
            entered,
            gate: Mutex::new(gate),
        };
        (
            Arc::new(engine),
            Gate {
                entered: groups,
                open,
            },
        )
    }
}

impl Engine for Gated {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.inner.get(key)
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        self.inner.range(start, end, order)
    }

    fn apply(&self, group: &[Batch]) -> Result<Vec<Result<Committed, Conflict>>, EngineError> {
        let _ = self.entered.send(group.len());
        let _ = self.gate.lock().unwrap().recv();
        self.inner.apply(group)
    }
}
