//! The one thread that writes: drains the queue, groups, applies, syncs, resolves receipts.
//!
//! It outlives every failure of the database, because someone must answer the batches that still come.

use crate::batch::Batch;
use crate::engine::{Engine, EngineError, Failure};
use crate::group::{Applied, Committed, Conflict};
use crate::mark::Marker;
use crate::metrics::Meters;
use crate::snapshot::Snapshots;
use std::any::Any;
use std::future::Future;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

/// Batches in one group at most.
const GROUP_BATCHES: usize = 512;
/// Bytes at which a group takes no further batch.
const GROUP_BYTES: usize = 8 * 1024 * 1024;
/// How long a group is tried again that met a passing failure, and how often. A disk that fills up may have room again
/// once the database has tidied up.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);

/// Why a batch was not committed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommitError {
    /// A precondition did not hold: the record has changed, or exists already. Nothing took effect.
    #[error("the batch conflicts with what is stored")]
    Conflict(#[from] Conflict),
    /// The store does not write any more; whether the batch took effect is known after a restart.
    #[error("the store does not write: {0}")]
    WritesOff(Arc<str>),
}

/// A place in the writer's queue. Dropping it gives the place back.
#[derive(Debug)]
pub struct Permit {
    place: mpsc::OwnedPermit<Job>,
    shown: Arc<Shown>,
}

impl Permit {
    pub(crate) fn new(place: mpsc::OwnedPermit<Job>, shown: Arc<Shown>) -> Self {
        Self { place, shown }
    }

    /// Hands `batch` over. Batches take effect in the order of these calls, whether or not anyone awaits the receipt.
    ///
    /// A batch that requires and writes nothing is a question: is all durable that was handed over before? Where
    /// nothing is outstanding, its receipt has resolved already.
    pub fn commit(self, batch: Batch) -> Receipt {
        if batch.says_nothing() && !self.shown.is_outstanding() {
            return Receipt(State::Durable);
        }
        self.send(batch)
    }

    /// Waits for a turn of the writer: resolves after a group that begins after this call.
    pub(crate) fn take_turn(self) -> Receipt {
        self.send(Batch::new())
    }

    fn send(self, batch: Batch) -> Receipt {
        self.shown.handed_over.fetch_add(1, Ordering::SeqCst);
        let (sender, outcome) = oneshot::channel();
        self.place.send(Job {
            batch,
            handed_over: Instant::now(),
            receipt: sender,
        });
        Receipt(State::Waiting(outcome))
    }
}

/// Resolves once the batch, and all that were handed over before it, are durable. Dropping it does not call the batch
/// back.
#[derive(Debug)]
#[must_use = "nothing may be acknowledged before the receipt resolves"]
pub struct Receipt(State);

#[derive(Debug)]
enum State {
    /// There was nothing to wait for.
    Durable,
    Waiting(oneshot::Receiver<Result<Committed, CommitError>>),
}

impl Future for Receipt {
    type Output = Result<Committed, CommitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Durable => Poll::Ready(Ok(Committed::default())),
            State::Waiting(outcome) => Pin::new(outcome).poll(context).map(|outcome| {
                outcome.unwrap_or_else(|_| Err(CommitError::WritesOff(Arc::from("the writer ended"))))
            }),
        }
    }
}

/// A batch in the queue.
pub(crate) struct Job {
    batch: Batch,
    handed_over: Instant,
    receipt: oneshot::Sender<Result<Committed, CommitError>>,
}

/// What the writer shows to the handles of the store.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Why nothing is written any more; never taken back.
    pub(crate) failure: OnceLock<Arc<str>>,
    /// Batches that were handed over, and those of them that were answered.
    handed_over: AtomicU64,
    answered: AtomicU64,
    pub(crate) meters: Meters,
    pub(crate) snapshots: Snapshots,
}

impl Shown {
    /// Whether a batch was handed over that is not known to be durable. What somebody has read of a batch was handed over
    /// before, so it counts.
    fn is_outstanding(&self) -> bool {
        let answered = self.answered.load(Ordering::SeqCst);
        self.failure.get().is_some() || answered != self.handed_over.load(Ordering::SeqCst)
    }

    /// Turns writes off, for good. The first reason stays.
    pub(crate) fn turn_off(&self, reason: &str) -> Arc<str> {
        Arc::clone(self.failure.get_or_init(|| {
            tracing::error!(
                reason,
                "writes are off: restart beamlive once the cause is removed"
            );
            Arc::from(reason)
        }))
    }
}

/// Runs until the queue is closed and empty.
pub(crate) fn run(
    engine: &dyn Engine,
    mut queue: mpsc::Receiver<Job>,
    shown: &Shown,
    marker: Option<Marker>,
) {
    while let Some(first) = queue.blocking_recv() {
        let (batches, waiting) = gather(first, &mut queue);
        let result = match shown.failure.get() {
            Some(reason) => Err(Arc::clone(reason)),
            None => commit(engine, &batches, &shown.snapshots).map_err(|reason| shown.turn_off(&reason)),
        };
        // A receipt that nobody waits for any more is no failure.
        match result {
            Ok(Applied { outcomes, groups }) => {
                shown.meters.group(batches.len());
                shown.answered.fetch_add(waiting.len() as u64, Ordering::SeqCst);
                if let Some(marker) = &marker {
                    marker.acknowledged(groups);
                }
                for ((handed_over, receipt), outcome) in waiting.into_iter().zip(outcomes) {
                    match &outcome {
                        Ok(_) => shown.meters.commit(handed_over.elapsed()),
                        Err(_) => shown.meters.conflict(),
                    }
                    let _ = receipt.send(outcome.map_err(CommitError::Conflict));
                }
            }
            Err(reason) => {
                for (_, receipt) in waiting {
                    let _ = receipt.send(Err(CommitError::WritesOff(Arc::clone(&reason))));
                }
            }
        }
    }
}

type Waiting = Vec<(Instant, oneshot::Sender<Result<Committed, CommitError>>)>;

/// Takes what waits already, up to a bound, so that one sync serves all of it.
fn gather(first: Job, queue: &mut mpsc::Receiver<Job>) -> (Vec<Batch>, Waiting) {
    let (mut batches, mut waiting, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
    let mut next = Some(first);
    while let Some(job) = next.take() {
        bytes = bytes.saturating_add(job.batch.bytes());
        batches.push(job.batch);
        waiting.push((job.handed_over, job.receipt));
        if batches.len() < GROUP_BATCHES && bytes < GROUP_BYTES {
            next = queue.try_recv().ok();
        }
    }
    (batches, waiting)
}

/// Applies a group, or says why nothing may be written any more.
fn commit(engine: &dyn Engine, group: &[Batch], snapshots: &Snapshots) -> Result<Applied, String> {
    let apply = || {
        snapshots.before(engine, group);
        let began = Instant::now();
        loop {
            match engine.apply(group) {
                Err(error) if error.failure() == Failure::Passing && began.elapsed() < PATIENCE => {
                    pause();
                }
                outcome => return outcome,
            }
        }
    };
    match catch_unwind(AssertUnwindSafe(apply)) {
        Ok(Ok(applied)) if applied.outcomes.len() == group.len() => Ok(applied),
        Ok(Ok(applied)) => Err(format!(
            "{} outcomes for {} batches",
            applied.outcomes.len(),
            group.len()
        )),
        Ok(Err(error)) => Err(told(&error)),
        Err(panic) => Err(format!("the database panicked: {}", message(panic.as_ref()))),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells when a disk has room again, and there is nothing else for the writer to do"
)]
fn pause() {
    thread::sleep(PAUSE);
}

/// What went wrong, and what that means for the last changes.
fn told(error: &EngineError) -> String {
    match error.failure() {
        Failure::Final | Failure::Passing => error.chain(),
        Failure::Unknown => format!(
            "{}; whether the last changes are stored is known after a restart",
            error.chain()
        ),
    }
}

/// What a panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it did not say why")
}
