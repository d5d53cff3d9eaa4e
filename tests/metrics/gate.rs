//! A database whose readers of ranges can be blocked.

use beamlive_storage::{Applied, Batch, Engine, EngineError, Entries, MemoryEngine, Order};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

/// A database in memory. Readers of ranges wait while it is closed.
#[derive(Default)]
pub struct Gate {
    engine: MemoryEngine,
    closed: Mutex<bool>,
    opened: Condvar,
    waiting: AtomicUsize,
}

impl Gate {
    pub fn close(&self) {
        *self.closed.lock().unwrap() = true;
    }

    pub fn open(&self) {
        *self.closed.lock().unwrap() = false;
        self.opened.notify_all();
    }

    /// Waiting readers.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }
}

impl Engine for Gate {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.engine.get(key)
    }

    fn range(&self, start: &[u8], end: &[u8], order: Order) -> Entries<'_> {
        let closed = self.closed.lock().unwrap();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        drop(self.opened.wait_while(closed, |closed| *closed).unwrap());
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        self.engine.range(start, end, order)
    }

    fn apply(&self, group: &[Batch]) -> Result<Applied, EngineError> {
        self.engine.apply(group)
    }
}
