//! The mark: a file next to the database that holds the number of acknowledged groups.
//!
//! A database takes damage in its log for the end of the log and drops everything after it. The
//! mark detects that: a store that holds fewer groups than its mark is not opened. The mark may lag
//! by [`LAG`], so that it costs no second sync per group. It is exact once a store was closed.
//!
//! The file has two slots of `[groups u64][CRC-32 u32]`, 4 KiB apart, written alternately: a write
//! torn by a power cut leaves the other slot.

use crate::engine::error::EngineError;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc};
use std::thread::JoinHandle;
use std::time::Duration;
use thiserror::Error;

/// How far the mark may lag.
const LAG: Duration = Duration::from_secs(1);
/// The file, in the store's directory.
const FILE: &str = "mark";
const SLOT: u64 = 4096;
const SLOTS: u64 = 2;

/// Why the mark does not allow a store to be used.
#[allow(missing_docs, reason = "the messages describe the variants")]
#[derive(Debug, Error)]
pub enum MarkError {
    #[error(
        "{acknowledged} groups of changes were acknowledged, and the database ends after {found}: its files are damaged, or older than the rest. Keep a copy of the directory and restore the last backup; to go on with what is there, remove {mark}"
    )]
    Lost {
        found: u64,
        acknowledged: u64,
        mark: PathBuf,
    },
    #[error(
        "{0} is damaged, so that nothing says how much was acknowledged: keep a copy of the directory, remove that file, and run `beamlive verify`"
    )]
    Damaged(PathBuf),
    #[error("can't read or write {path}")]
    Io { path: PathBuf, source: io::Error },
    #[error("the number of groups could not be read")]
    Engine(#[from] EngineError),
}

/// Compares the number of groups `found` in the store in `directory` with its mark. Returns whether
/// there is a mark.
pub(crate) fn check(directory: &Path, found: u64) -> Result<bool, MarkError> {
    let path = directory.join(FILE);
    let acknowledged = match File::open(&path) {
        Ok(file) => read(&file, &path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(MarkError::Io { path, source }),
    };
    match acknowledged > found {
        true => Err(MarkError::Lost {
            found,
            acknowledged,
            mark: path,
        }),
        false => Ok(true),
    }
}

fn read(file: &File, path: &Path) -> Result<u64, MarkError> {
    let slots = (0..SLOTS).map(|slot| {
        let mut bytes = [0; 12];
        file.read_exact_at(&mut bytes, slot * SLOT).ok()?;
        let (groups, sum) = bytes.split_first_chunk::<8>()?;
        (checksum(*groups) == *sum).then_some(u64::from_be_bytes(*groups))
    });
    let damaged = || MarkError::Damaged(path.to_owned());
    slots.flatten().max().ok_or_else(damaged)
}

fn checksum(groups: [u8; 8]) -> [u8; 4] {
    crc32fast::hash(&groups).to_be_bytes()
}

/// The file, open for writing.
#[derive(Debug)]
struct Mark {
    file: File,
    next: u64,
}

impl Mark {
    /// Opens or creates the file, and writes `groups` to both slots.
    fn open(path: &Path, groups: u64) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(path)?;
        let mut mark = Self { file, next: 0 };
        for _ in 0..SLOTS {
            mark.write(groups)?;
        }
        Ok(mark)
    }

    /// Writes durably that `groups` were acknowledged.
    fn write(&mut self, groups: u64) -> io::Result<()> {
        let groups = groups.to_be_bytes();
        let slot = [groups.as_slice(), &checksum(groups)].concat();
        let place = self.next * SLOT;
        self.next = (self.next + 1) % SLOTS;
        self.file.write_all_at(&slot, place)?;
        self.file.sync_data()
    }

    /// Writes the number of acknowledged groups whenever it has grown, until `closed`.
    fn follow(
        &mut self,
        mut written: u64,
        acknowledged: &AtomicU64,
        closed: &mpsc::Receiver<()>,
    ) -> io::Result<()> {
        loop {
            let end = !matches!(closed.recv_timeout(LAG), Err(mpsc::RecvTimeoutError::Timeout));
            let now = acknowledged.load(Ordering::Acquire);
            if now > written {
                self.write(now)?;
                written = now;
            }
            if end {
                return Ok(());
            }
        }
    }
}

/// Updates the mark of an open store, on its own thread. Dropping it writes the latest number.
#[derive(Debug)]
pub(crate) struct Marker {
    acknowledged: Arc<AtomicU64>,
    /// Dropped to end the thread.
    open: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Marker {
    /// Writes `groups` to the mark of the store in `directory` and starts the thread. It calls
    /// `failed` once, when the mark can no longer be written.
    pub(crate) fn start(
        directory: &Path,
        groups: u64,
        failed: impl FnOnce(&MarkError) + Send + 'static,
    ) -> Result<Self, MarkError> {
        let path = directory.join(FILE);
        let opened = Mark::open(&path, groups);
        let io = move |source| MarkError::Io {
            path: path.clone(),
            source,
        };
        let mut mark = opened.map_err(&io)?;
        let acknowledged = Arc::new(AtomicU64::new(groups));
        let (open, closed) = mpsc::channel();
        let thread = std::thread::Builder::new().name("store-mark".to_owned()).spawn({
            let (acknowledged, io) = (Arc::clone(&acknowledged), io.clone());
            move || {
                if let Err(error) = mark.follow(groups, &acknowledged, &closed) {
                    failed(&io(error));
                }
            }
        });
        Ok(Self {
            acknowledged,
            open: Some(open),
            thread: Some(thread.map_err(io)?),
        })
    }

    /// Sets the number of groups that are durable and acknowledged.
    pub(crate) fn acknowledged(&self, groups: u64) {
        self.acknowledged.store(groups, Ordering::Release);
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        self.open.take();
        if let Some(thread) = self.thread.take() {
            // The panic hook has reported a panic of the thread.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
