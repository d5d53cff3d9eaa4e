//! A store on a disk that fails at any step, is killed and loses its power, against a map.

use crate::support::{copy_files, open_with};
use beamlive_storage::{Faults, OpenError, Step, Store};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use tempfile::TempDir;

/// A disk that fails when it is told to, and remembers what it would have after a power cut: what was there at the
/// last sync that succeeded. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Disk(Arc<(Mutex<State>, Condvar)>);

struct State {
    /// Where it is; nowhere once the power is cut, though a thread may still be at work.
    path: Option<PathBuf>,
    /// The kind of step that fails next, and how many of them are taken before.
    armed: Option<(Step, u32)>,
    /// Faults that were met.
    struck: u32,
    /// Which of the store's threads have met one.
    ended: BTreeSet<String>,
    /// Whether one of them took a step after that, on a disk that has lost something.
    went_on: bool,
    /// Whether the checkpointer writes the database's files now.
    writing: bool,
    /// Whether it has to wait before it does.
    held: bool,
    synced: Option<TempDir>,
}

impl Disk {
    fn new(path: &Path, armed: Option<(Step, u32)>) -> Self {
        let state = State {
            path: Some(path.to_owned()),
            armed,
            struck: 0,
            ended: BTreeSet::new(),
            went_on: false,
            writing: false,
            held: false,
            synced: None,
        };
        Self(Arc::new((Mutex::new(state), Condvar::new())))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0
             .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn wait<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        until: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.0 .1.wait_while(state, |state| !until(state)).unwrap()
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
        self.state().ended.contains("store-writer")
    }

    /// Whether the checkpointer has met one, of which the writer learns at its next group.
    pub(crate) fn checkpointer_struck(&self) -> bool {
        self.state().ended.contains("store-checkpointer")
    }

    /// The files as the kernel has them now.
    fn copy(&self) -> TempDir {
        let copy = TempDir::new().unwrap();
        let mut state = self.state();
        state.held = true;
        let mut state = self.wait(state, |state| !state.writing);
        if let Some(path) = &state.path {
            copy_files(path, copy.path(), |_| true);
        }
        state.held = false;
        self.0 .1.notify_all();
        copy
    }
}

fn is_journal(name: &str) -> bool {
    name.starts_with("journal.")
}

impl Faults for Disk {
    fn before(&self, step: Step) -> io::Result<()> {
        let mut state = self.state();
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        let of_store = thread.starts_with("store-");
        if state.ended.contains(&thread) {
            state.went_on = true;
            return Ok(());
        }
        if step == Step::Checkpoint && state.path.is_some() {
            state = self.wait(state, |state| !state.held);
        }
        if step == Step::CheckpointSync {
            state.writing = false;
            self.0 .1.notify_all();
        }
        match &mut state.armed {
            Some((armed, passes)) if *armed == step && *passes == 0 => {
                state.armed = None;
                state.struck += 1;
                if of_store {
                    state.ended.insert(thread);
                }
                return Err(io::Error::from_raw_os_error(5));
            }
            Some((armed, passes)) if *armed == step => *passes -= 1,
            _ => {}
        }
        state.writing |= step == Step::Checkpoint;
        // What a sync is for: the journal's own, or all other files.
        if let (Some(path), Some(image)) = (&state.path, &state.synced) {
            match step {
                Step::Sync => copy_files(path, image.path(), is_journal),
                Step::CheckpointSync => copy_files(path, image.path(), |name| !is_journal(name)),
                _ => {}
            }
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
        let disk = Disk::new(directory.path(), armed);
        let store = match open_with(directory.path(), disk.clone()) {
            Ok(store) => store,
            Err(OpenError::Io { .. }) if disk.struck() == 1 => {
                open_with(directory.path(), disk.clone()).unwrap()
            }
            Err(error) => panic!("{error}: {error:?}"),
        };
        let image = disk.copy();
        disk.state().synced = Some(image);
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
        assert!(!disk.state().went_on, "the store went on after a failure");
        let left = match end {
            End::Close => {
                let failed = store.close().is_err();
                assert_eq!(failed, disk.writer_struck() || disk.checkpointer_struck());
                directory
            }
            End::Kill => {
                let left = disk.copy();
                disk.state().path = None;
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
