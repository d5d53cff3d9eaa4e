//! A store that is killed, or whose disk fails at any step or loses power.

use crate::support::{copy_files, open_with};
use beamlive_storage::{EngineKind, Faults, OpenError, Step, Store};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// A disk that fails on request. It has a copy of the files at the last successful sync, which are
/// the files after a power cut. Clones share it.
#[derive(Clone)]
pub(crate) struct Disk(Arc<Mutex<State>>);

struct State {
    /// Its directory; `None` after a kill or a power cut.
    path: Option<PathBuf>,
    /// The kind of step that fails next, and how many of them succeed before.
    armed: Option<(Step, u32)>,
    /// Number of steps that failed.
    failures: u32,
    /// Whether a step of the writer failed.
    writer_failed: bool,
    /// Whether the writer wrote after its failure.
    wrote_after_failure: bool,
    synced: Option<TempDir>,
}

impl Disk {
    pub(crate) fn new(path: &Path, armed: Option<(Step, u32)>) -> Self {
        Self(Arc::new(Mutex::new(State {
            path: Some(path.to_owned()),
            armed,
            failures: 0,
            writer_failed: false,
            wrote_after_failure: false,
            synced: None,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a step of this kind fail once, after `passes` more of them.
    pub(crate) fn arm(&self, step: Step, passes: u32) {
        self.state().armed = Some((step, passes));
    }

    /// Number of steps that failed.
    pub(crate) fn failures(&self) -> u32 {
        self.state().failures
    }

    /// Whether a step of the writer failed.
    pub(crate) fn writer_failed(&self) -> bool {
        self.state().writer_failed
    }

    /// The files after a power cut at this moment, and no more copies from then on.
    pub(crate) fn cut(&self) -> TempDir {
        let mut state = self.state();
        state.path = None;
        state.synced.take().unwrap()
    }

    /// Keeps a copy of the files at every sync from now on.
    pub(crate) fn keep_synced(&self) {
        let image = self.copy();
        self.state().synced = Some(image);
    }

    /// A copy of the files as the kernel has them. There must be no writes at the same time.
    pub(crate) fn copy(&self) -> TempDir {
        let copy = TempDir::new().unwrap();
        if let Some(path) = &self.state().path {
            copy_files(path, copy.path());
        }
        copy
    }
}

impl Faults for Disk {
    fn before(&self, step: Step) -> io::Result<()> {
        let mut state = self.state();
        let writer = std::thread::current().name() == Some("store-writer");
        if writer && state.writer_failed {
            // The writer may still read, but not write.
            state.wrote_after_failure |= step != Step::Read;
            return Ok(());
        }
        match &mut state.armed {
            Some((armed, passes)) if *armed == step && *passes == 0 => {
                state.armed = None;
                state.failures += 1;
                state.writer_failed |= writer;
                return Err(io::Error::from_raw_os_error(5));
            }
            Some((armed, passes)) if *armed == step => *passes -= 1,
            _ => {}
        }
        if step == Step::Sync {
            if let (Some(path), Some(image)) = (&state.path, &state.synced) {
                copy_files(path, image.path());
            }
        }
        Ok(())
    }
}

/// How a store ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// The store is closed.
    Close,
    /// The process is killed. Data that was written to the kernel is kept.
    Kill,
    /// The machine loses power. Data that was not synced is lost.
    PowerCut,
}

/// A store on a faulty disk.
pub(crate) struct Faulty {
    engine: EngineKind,
    pub(crate) store: Store,
    pub(crate) disk: Disk,
    directory: TempDir,
}

impl Faulty {
    pub(crate) fn new(engine: EngineKind) -> Self {
        Self::open(engine, TempDir::new().unwrap(), None)
    }

    /// Opens the store. An armed fault may make the first try fail.
    fn open(engine: EngineKind, directory: TempDir, armed: Option<(Step, u32)>) -> Self {
        let disk = Disk::new(directory.path(), armed);
        let store = match open_with(engine, directory.path(), disk.clone()) {
            Ok(store) => store,
            Err(OpenError::Io { .. } | OpenError::Mark { .. }) if disk.failures() == 1 => {
                open_with(engine, directory.path(), disk.clone()).unwrap()
            }
            Err(error) => panic!("{error}: {error:?}"),
        };
        disk.keep_synced();
        Self {
            engine,
            store,
            disk,
            directory,
        }
    }

    /// Ends the store and opens its files again. A fault that is still armed may happen then.
    pub(crate) fn restart(self, end: End) -> Self {
        let Self {
            engine,
            store,
            disk,
            directory,
        } = self;
        assert!(!disk.state().wrote_after_failure, "a write after a failure");
        let left = match end {
            End::Close => {
                let failed = store.close().is_err();
                assert_eq!(failed, disk.writer_failed());
                directory
            }
            End::Kill => {
                let left = disk.copy();
                disk.state().path = None;
                left
            }
            End::PowerCut => disk.cut(),
        };
        drop(store);
        let armed = disk.state().armed;
        Self::open(engine, left, armed)
    }
}
