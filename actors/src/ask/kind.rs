//! Kinds of actors and their counters, and the place for an actor's answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use tokio::sync::{oneshot, OwnedSemaphorePermit, Semaphore};

/// A kind of actors, with counters of all actors of this kind.
#[derive(Debug)]
pub struct Kind {
    name: &'static str,
    capacity: usize,
    refused: AtomicU64,
    respawns: AtomicU64,
}

impl Kind {
    /// A kind whose counters are 0. Metrics use the name as a label; `capacity` commands may wait
    /// for one actor.
    #[must_use]
    pub fn new(name: &'static str, capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            name,
            capacity: capacity.min(Semaphore::MAX_PERMITS),
            refused: AtomicU64::new(0),
            respawns: AtomicU64::new(0),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Commands that may wait for one actor.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Commands that were refused because a mailbox was full.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Actors that were lost and replaced.
    #[must_use]
    pub fn respawns(&self) -> u64 {
        self.respawns.load(Ordering::Relaxed)
    }

    pub(super) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn respawn(&self) {
        self.respawns.fetch_add(1, Ordering::Relaxed);
    }
}

/// The place for an answer. It holds a place in the mailbox until the command is answered or
/// dropped, even if the caller has gone.
#[derive(Debug)]
pub struct Answer<R> {
    sender: oneshot::Sender<R>,
    /// None for commands that are not counted.
    _place: Option<OwnedSemaphorePermit>,
}

impl<R> Answer<R> {
    pub(super) fn counted(sender: oneshot::Sender<R>, place: OwnedSemaphorePermit) -> Self {
        Self {
            sender,
            _place: Some(place),
        }
    }

    /// Answers.
    ///
    /// # Errors
    /// Returns the answer when the caller has gone.
    pub fn send(self, answer: R) -> Result<(), R> {
        self.sender.send(answer)
    }
}

impl<R> From<oneshot::Sender<R>> for Answer<R> {
    fn from(sender: oneshot::Sender<R>) -> Self {
        Self { sender, _place: None }
    }
}
