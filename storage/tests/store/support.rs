//! Shared by the tests: a store on disk that can be restarted, records, an engine that waits.

use crate::postgres::Postgres;
use beamlive_storage::records::{DataType, Feedback};
use beamlive_storage::{
    ids::IdRef, keys, Applied, Batch, CommitError, Committed, Engine, EngineError, EngineKind, Entries,
    Faults, Key, MemoryEngine, NoFaults, OpenError, Order, PostgresSettings, Store, StoreConfig, Table,
    Tally, Timestamp,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::sync::{mpsc, Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

/// The durable engines.
pub(crate) const DURABLE: [EngineKind; 2] = [EngineKind::Sled, EngineKind::Fjall];

/// The engines whose rows can be restarted, as far as they are installed.
pub(crate) fn restartable() -> Vec<EngineKind> {
    let postgres = cluster().map(|_| EngineKind::Postgres);
    DURABLE.into_iter().chain(postgres).collect()
}

/// Whether the tests of an engine have to be skipped.
pub(crate) fn is_missing(engine: EngineKind) -> bool {
    engine == EngineKind::Postgres && cluster().is_none()
}

/// One PostgreSQL for all tests of this process. It ends with the process.
fn cluster() -> Option<&'static Postgres> {
    static CLUSTER: OnceLock<Option<Postgres>> = OnceLock::new();
    CLUSTER.get_or_init(Postgres::start).as_ref()
}

/// The file in a store's directory that names its database in PostgreSQL.
const URL: &str = "url";

pub(crate) fn config(engine: EngineKind, path: &Path) -> StoreConfig {
    let postgres = (engine == EngineKind::Postgres).then(|| PostgresSettings {
        url: std::fs::read_to_string(path.join(URL)).unwrap(),
        password: None,
        ca_file: None,
        hold: Duration::from_secs(10),
        node: "test".to_owned(),
    });
    StoreConfig {
        path: path.to_owned(),
        engine,
        postgres,
        cache_bytes: 8 * 1024 * 1024,
        ..StoreConfig::default()
    }
}

/// A store in a temporary directory.
pub(crate) struct OnDisk {
    pub(crate) engine: EngineKind,
    pub(crate) store: Store,
    pub(crate) directory: TempDir,
}

impl OnDisk {
    pub(crate) fn new(engine: EngineKind) -> Self {
        let directory = TempDir::new().unwrap();
        if engine == EngineKind::Postgres {
            let url = cluster().unwrap().database();
            std::fs::write(directory.path().join(URL), url).unwrap();
        }
        Self {
            engine,
            store: open(engine, directory.path()),
            directory,
        }
    }

    /// Closes the store and opens it again.
    pub(crate) fn restart(self) -> Self {
        let Self {
            engine,
            store,
            directory,
        } = self;
        store.close().unwrap();
        drop(store);
        Self {
            engine,
            store: open(engine, directory.path()),
            directory,
        }
    }
}

/// Opens a store.
pub(crate) fn open(engine: EngineKind, path: &Path) -> Store {
    open_with(engine, path, NoFaults).unwrap()
}

/// As [`open`], with injected faults, which may make opening fail.
pub(crate) fn open_with(
    engine: EngineKind,
    path: &Path,
    faults: impl Faults + Clone,
) -> Result<Store, OpenError> {
    Store::open_with(&config(engine, path), NOW, faults)
}

/// Copies the files of a store that may still be open, as a crash leaves them.
pub(crate) fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copy_files(&entry.path(), &to);
        } else {
            copy_file(&entry.path(), &to);
        }
    }
}

/// Copies a file without reading its holes: fjall's journals consist mostly of holes.
fn copy_file(from: &Path, to: &Path) {
    let (mut from, mut to) = (File::open(from).unwrap(), File::create(to).unwrap());
    let length = from.metadata().unwrap().len();
    to.set_len(length).unwrap();
    let mut place = 0;
    while let Ok(data) = rustix::fs::seek(&from, rustix::fs::SeekFrom::Data(place)) {
        let hole = rustix::fs::seek(&from, rustix::fs::SeekFrom::Hole(data)).unwrap();
        from.seek(SeekFrom::Start(data)).unwrap();
        to.seek(SeekFrom::Start(data)).unwrap();
        std::io::copy(&mut (&mut from).take(hole - data), &mut to).unwrap();
        place = hole;
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
        metadata: Vec::new(),
    }
}

/// A record of about `bytes` bytes, different for each `seed`.
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

/// All keys of the store except the tally.
pub(crate) fn all_keys(store: &Store) -> Vec<Vec<u8>> {
    let keys = store.scan_keys(&[], &[0xff; 600], Order::Ascending);
    let mut keys: Vec<_> = keys.collect::<Result<_, _>>().unwrap();
    keys.retain(|key| key != Tally::key().as_bytes());
    keys
}

/// All rows of the store as the database has them. Of the tally, without the number of groups.
pub(crate) fn all_rows(store: &Store) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let rows = store.scan_bytes(&[], &[0xff; 600], Order::Ascending);
    let mut rows: BTreeMap<_, _> = rows.collect::<Result<_, _>>().unwrap();
    if let Some(tally) = rows.get_mut(Tally::key().as_bytes()) {
        tally.drain(..8);
    }
    rows
}

pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A database whose groups wait until the test releases them. Dropping the test's end releases all.
pub(crate) struct Gated {
    inner: MemoryEngine,
    entered: mpsc::Sender<usize>,
    gate: Mutex<mpsc::Receiver<()>>,
}

/// The test's end: receives the sizes of waiting groups, and releases one at a time.
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

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        let _ = self.entered.send(group.len());
        let _ = self.gate.lock().unwrap().recv();
        self.inner.apply(group)
    }
}
