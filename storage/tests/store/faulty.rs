//! A store on a disk that fails at any step, is killed and loses its power, against a map.

use crate::support::{copy_files, open_with};
use beamlive_storage::{Faults, OpenError, Step, Store};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use tempfile::TempDir;

/// A disk that fails when it is told to, and remembers what it would have after a power cut: what was there at the
/// last sync that succeeded. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Disk(Arc<Mutex<State>>);

struct State {
    /// Where it is; nowhere once the power is cut, though a writer may still be at work.
    path: Option<PathBuf>,
    /// The kind of step that fails next, and how many of them are taken before.
    armed: Option<(Step, u32)>,
    /// Faults that were met.
    struck: u32,
    /// Whether the writer has met one.
    writer_struck: bool,
    /// Whether the writer took a step after that, on a disk that has lost something.
    went_on: bool,
    synced: Option<TempDir>,
}

impl Disk {
    fn new(path: &Path) -> Self {
        Self(Arc::new(Mutex::new(State {
            path: Some(path.to_owned()),
            armed: None,
            struck: 0,
            writer_struck: false,
            went_on: false,
            synced: None,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// After `passes` more of them, a step of this kind fails, once.
    pub(crate) fn arm(&self, step: Step, passes: u32) {
        self.state().armed = Some((step, passes));
    }

    /// How many faults were met.
    pub(crate) fn struck(&self) -> u32 {
        self.state().struck
    }

    /// Whether the writer has met one.
    pub(crate) fn writer_struck(&self) -> bool {
        self.state().writer_struck
    }
}

impl Faults for Disk {
    fn before(&self, step: Step) -> io::Result<()> {
        let mut state = self.state();
        let writer = std::thread::current().name() == Some("store-writer");
        if writer && state.writer_struck {
            state.went_on = true;
            return Ok(());
        }
        match &mut state.armed {
            Some((armed, passes)) if *armed == step && *passes == 0 => {
                state.armed = None;
                state.struck += 1;
                state.writer_struck |= writer;
                return Err(io::Error::from_raw_os_error(5));
            }
            Some((armed, passes)) if *armed == step => *passes -= 1,
            _ => {}
        }
        if let (Step::Sync, Some(path)) = (step, &state.path) {
            let image = TempDir::new()?;
            copy_files(path, image.path());
            state.synced = Some(image);
        }
        Ok(())
    }
}

/// How a store ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// It is closed.
    Close,
    /// Its process dies: the kernel keeps what it was given.
    Kill,
    /// The machine dies: what was not synced is gone.
    PowerCut,
}

/// A store on such a disk.
pub(crate) struct Faulty {
    pub(crate) store: Store,
    pub(crate) disk: Disk,
    directory: TempDir,
}

impl Faulty {
    pub(crate) fn new() -> Self {
        Self::open(TempDir::new().unwrap(), None)
    }

    /// Opens it; what is armed already may fail that once.
    fn open(directory: TempDir, armed: Option<(Step, u32)>) -> Self {
        let disk = Disk::new(directory.path());
        disk.state().armed = armed;
        let store = match open_with(directory.path(), disk.clone()) {
            Ok(store) => store,
            Err(OpenError::Io { .. }) if disk.struck() == 1 => {
                open_with(directory.path(), disk.clone()).unwrap()
            }
            Err(error) => panic!("{error}: {error:?}"),
        };
        let image = TempDir::new().unwrap();
        copy_files(directory.path(), image.path());
        disk.state().synced.get_or_insert(image);
        Self {
            store,
            disk,
            directory,
        }
    }

    /// Ends it so, and opens what is left. A fault that was not met yet may be met then.
    pub(crate) fn restart(self, end: End) -> Self {
        let Self {
            store,
            disk,
            directory,
        } = self;
        assert!(!disk.state().went_on, "the writer went on after a failure");
        let left = match end {
            End::Close => {
                assert_eq!(store.close().is_err(), disk.writer_struck());
                directory
            }
            End::Kill => {
                let left = TempDir::new().unwrap();
                copy_files(directory.path(), left.path());
                left
            }
            End::PowerCut => {
                let mut state = disk.state();
                state.path = None;
                state.synced.take().unwrap()
            }
        };
        drop(store);
        let armed = disk.state().armed;
        Self::open(left, armed)
    }
}
