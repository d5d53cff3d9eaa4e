//! The database during an import: each group is noted in the undo file before it is written.

use super::file::UndoFile;
use crate::batch::Batch;
use crate::engine::error::EngineError;
use crate::engine::faults::Faults;
use crate::engine::interface::{DiskUse, Engine, Entries, Frozen, Order};
use crate::group::Applied;
use crate::shared::GroupLog;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// A database whose groups are noted.
pub(crate) struct Noting<F> {
    inner: Arc<dyn Engine>,
    file: Mutex<UndoFile<F>>,
}

impl<F: Faults> Noting<F> {
    pub(crate) fn new(inner: Arc<dyn Engine>, file: UndoFile<F>) -> Self {
        let file = Mutex::new(file);
        Self { inner, file }
    }
}

impl<F: Faults> Engine for Noting<F> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.inner.get(key)
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        self.inner.range(start, end, order)
    }

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        let mut file = self.file.lock();
        self.inner.apply_noting(group, &mut |plan| file.append(plan))
    }

    fn freeze(&self) -> Option<Arc<dyn Frozen>> {
        self.inner.freeze()
    }

    fn hold(&self) -> Option<Duration> {
        self.inner.hold()
    }

    fn abandon(&self) {
        self.inner.abandon();
    }

    fn shared(&self) -> Option<Arc<dyn GroupLog>> {
        self.inner.shared()
    }

    fn disk(&self) -> DiskUse {
        self.inner.disk()
    }
}
