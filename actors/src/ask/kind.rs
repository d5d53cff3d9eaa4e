//! What is counted of actors, by kind: what waits for them, what was refused, how often one was lost.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::Arc;
use tokio::sync::oneshot;

/// One kind of actors, and what is counted of all of them together. It outlives them.
#[derive(Debug)]
pub struct Kind {
    name: &'static str,
    capacity: usize,
    refused: AtomicU64,
    respawns: AtomicU64,
}

impl Kind {
    /// A kind of which nothing was counted yet. The name is a label of metrics; `capacity` commands may wait for one
    /// actor.
    #[must_use]
    pub fn new(name: &'static str, capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            name,
            capacity,
            refused: AtomicU64::new(0),
            respawns: AtomicU64::new(0),
        })
    }

    /// What it is called.
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

    /// Actors that were lost and brought back.
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

/// How many commands an actor was given and has not answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// A place among those that wait; none when `capacity` of them do.
    pub(super) fn place(&self, capacity: usize) -> Option<Place> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        let place = Place(self.0.clone());
        (before < capacity).then_some(place)
    }
}

/// One of those that wait, as long as it lives.
#[derive(Debug)]
pub(super) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Where an answer goes. It travels with the command, also when the caller has gone, so what waits is counted by it.
#[derive(Debug)]
pub struct Answer<R> {
    sender: oneshot::Sender<R>,
    /// None for a command that nobody counts.
    _place: Option<Place>,
}

impl<R> Answer<R> {
    pub(super) fn counted(sender: oneshot::Sender<R>, place: Place) -> Self {
        Self {
            sender,
            _place: Some(place),
        }
    }

    /// Answers.
    ///
    /// # Errors
    /// Gives the answer back when nobody waits for it any more.
    pub fn send(self, answer: R) -> Result<(), R> {
        self.sender.send(answer)
    }
}

impl<R> From<oneshot::Sender<R>> for Answer<R> {
    fn from(sender: oneshot::Sender<R>) -> Self {
        Self { sender, _place: None }
    }
}
