//! The mark: a durable note, beside the database, of how many groups were acknowledged.
//!
//! A database that reads a damaged log takes the damage for the log's end and forgets what came after it. With the mark
//! that is noticed: a store that holds fewer groups than the mark names is not opened. The mark may lag by
//! [`LAG`], so that it costs no second sync, and is exact once a store was closed.
//!
//! The file has two slots of `[groups u64][CRC-32 u32]`, 4 KiB apart, which are written in turn: a write that a power cut
//! tears leaves the other one.

use crate::engine::EngineError;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc};
use std::thread::JoinHandle;
use std::time::Duration;
use thiserror::Error;

/// How far the mark may lag behind.
const LAG: Duration = Duration::from_secs(1);
/// Its name, in the store's directory.
const FILE: &str = "mark";
const SLOT: u64 = 4096;
const SLOTS: u64 = 2;

/// Why a store is not what was acknowledged.
#[derive(Debug, Error)]
pub enum MarkError {
    /// It holds less.
    #[error(
        "{acknowledged} groups of changes were acknowledged, and the database ends after {found}: its files are damaged, or older than the rest. Keep a copy of the directory and restore the last backup; to go on with what is there, remove {mark}"
    )]
    Lost {
        /// Groups in the database.
        found: u64,
        /// Groups that were acknowledged, at least.
        acknowledged: u64,
        /// The file that says so.
        mark: PathBuf,
    },
    /// The mark itself is damaged.
    #[error(
        "{0} is damaged, so that nothing says how much was acknowledged: keep a copy of the directory, remove that file, and run `beamlive verify`"
    )]
    Damaged(PathBuf),
    /// The mark could not be read or written.
    #[error("can't read or write {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The database could not be read.
    #[error("the number of groups could not be read")]
    Engine(#[from] EngineError),
}

/// Compares what the store in `directory` holds with its mark. Says whether there is one.
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
    path: PathBuf,
    next: u64,
}

impl Mark {
    /// Opens the mark of the store in `directory`, or creates it, and notes `groups` in both slots.
    fn open(directory: &Path, groups: u64) -> Result<Self, MarkError> {
        let path = directory.join(FILE);
        let io = |source| MarkError::Io {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        let mut mark = Self { file, path, next: 0 };
        for _ in 0..SLOTS {
            mark.write(groups)?;
        }
        Ok(mark)
    }

    /// Notes, durably, that `groups` were acknowledged.
    fn write(&mut self, groups: u64) -> Result<(), MarkError> {
        let groups = groups.to_be_bytes();
        let slot = [groups.as_slice(), &checksum(groups)].concat();
        let written = self
            .file
            .write_all_at(&slot, self.next * SLOT)
            .and_then(|()| self.file.sync_data());
        self.next = (self.next + 1) % SLOTS;
        written.map_err(|source| MarkError::Io {
            path: self.path.clone(),
            source,
        })
    }
}

/// Keeps the mark of a store that is written, on a thread of its own. Dropping it brings the mark up to date.
#[derive(Debug)]
pub(crate) struct Marker {
    acknowledged: Arc<AtomicU64>,
    /// Dropped to end the thread.
    open: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Marker {
    /// Notes that the store in `directory` has `groups`, and begins to follow. `failed` is told, once, when the mark can't
    /// be written any more.
    pub(crate) fn start(
        directory: &Path,
        groups: u64,
        failed: impl FnOnce(&MarkError) + Send + 'static,
    ) -> Result<Self, MarkError> {
        let mut mark = Mark::open(directory, groups)?;
        let acknowledged = Arc::new(AtomicU64::new(groups));
        let (open, closed) = mpsc::channel();
        let path = mark.path.clone();
        let thread = std::thread::Builder::new().name("store-mark".to_owned()).spawn({
            let acknowledged = Arc::clone(&acknowledged);
            move || {
                if let Err(error) = follow(&mut mark, groups, &acknowledged, &closed) {
                    failed(&error);
                }
            }
        });
        Ok(Self {
            acknowledged,
            open: Some(open),
            thread: Some(thread.map_err(|source| MarkError::Io { path, source })?),
        })
    }

    /// As many groups are durable, and are acknowledged now.
    pub(crate) fn acknowledged(&self, groups: u64) {
        self.acknowledged.store(groups, Ordering::Release);
    }
}

fn follow(
    mark: &mut Mark,
    mut noted: u64,
    acknowledged: &AtomicU64,
    closed: &mpsc::Receiver<()>,
) -> Result<(), MarkError> {
    loop {
        let end = !matches!(closed.recv_timeout(LAG), Err(mpsc::RecvTimeoutError::Timeout));
        let now = acknowledged.load(Ordering::Acquire);
        if now > noted {
            mark.write(now)?;
            noted = now;
        }
        if end {
            return Ok(());
        }
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        self.open.take();
        if let Some(thread) = self.thread.take() {
            // A panic there has been told by the panic hook; nothing is left to do here.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn marker(directory: &TempDir, groups: u64) -> Marker {
        Marker::start(directory.path(), groups, |error| panic!("{error}")).unwrap()
    }

    #[test]
    fn it_is_exact_once_it_is_closed() {
        let directory = TempDir::new().unwrap();
        assert!(!check(directory.path(), 0).unwrap());
        let marker = marker(&directory, 3);
        marker.acknowledged(9);
        drop(marker);
        assert!(check(directory.path(), 9).unwrap());
        assert!(check(directory.path(), 10).unwrap());
        let lost = check(directory.path(), 8).unwrap_err();
        assert!(
            matches!(
                lost,
                MarkError::Lost {
                    found: 8,
                    acknowledged: 9,
                    ..
                }
            ),
            "{lost:?}"
        );
    }

    #[test]
    fn one_torn_slot_is_borne_and_two_are_damage() {
        let directory = TempDir::new().unwrap();
        drop(marker(&directory, 5));
        let path = directory.path().join(FILE);
        let good = fs::read(&path).unwrap();
        let second = usize::try_from(SLOT).unwrap();
        for place in (0..12).chain(second..second + 12) {
            for bit in 0..8 {
                let mut bytes = good.clone();
                bytes[place] ^= 1 << bit;
                fs::write(&path, &bytes).unwrap();
                assert!(check(directory.path(), 5).unwrap());
                check(directory.path(), 4).unwrap_err();
                bytes[(place + second) % (2 * second)] ^= 1;
                fs::write(&path, &bytes).unwrap();
                let error = check(directory.path(), 5).unwrap_err();
                assert!(matches!(error, MarkError::Damaged(_)), "{error:?}");
            }
        }
    }

    #[test]
    fn a_mark_that_was_cut_short_is_damage() {
        let directory = TempDir::new().unwrap();
        drop(marker(&directory, 5));
        let path = directory.path().join(FILE);
        for length in [0, 11] {
            fs::write(&path, vec![0; length]).unwrap();
            assert!(matches!(check(directory.path(), 5), Err(MarkError::Damaged(_))));
        }
    }
}
