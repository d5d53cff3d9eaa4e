//! The one thread that writes: takes batches from the queue in groups, applies them, resolves
//! receipts.
//!
//! It keeps running after a failure of the database, to answer the batches that still arrive.

use crate::batch::Batch;
use crate::engine::files::pause;
use crate::engine::{Engine, EngineError, Failure};
use crate::group::{Applied, Committed, Conflict};
use crate::mark::Marker;
use crate::metrics::Meters;
use crate::snapshot::state::Snapshots;
use std::any::Any;
use std::future::Future;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

/// Maximum number of batches in a group.
const GROUP_BATCHES: usize = 512;
/// Size at which a group takes no further batch.
const GROUP_BYTES: usize = 8 * 1024 * 1024;
/// How long a group is retried after a passing failure. A full disk may have room again once the
/// database has cleaned up.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// Why a batch was not committed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommitError {
    /// A precondition did not hold: the record has changed, or exists already. Nothing took effect.
    #[error("the batch conflicts with what is stored")]
    Conflict(#[from] Conflict),
    /// The store no longer writes. Whether the batch took effect is known after a restart.
    #[error("the store does not write: {0}")]
    WritesOff(Arc<str>),
}

/// A slot in the writer's queue. Dropping it frees the slot.
#[derive(Debug)]
pub struct Permit {
    pub(crate) slot: mpsc::OwnedPermit<Job>,
    pub(crate) state: Arc<WriterState>,
}

impl Permit {
    /// Commits `batch`. Batches take effect in the order of these calls, whether or not the receipt
    /// is awaited.
    ///
    /// The receipt of an empty batch resolves when all batches before it are durable: at once, if
    /// none is outstanding.
    pub fn commit(self, batch: Batch) -> Receipt {
        if batch.has_no_effect() && !self.state.is_outstanding() {
            let (sender, outcome) = oneshot::channel();
            let _ = sender.send(Ok(Committed::default()));
            return Receipt(outcome);
        }
        self.send(batch)
    }

    /// Resolves after a group that starts after this call.
    pub(crate) fn take_turn(self) -> Receipt {
        self.send(Batch::new())
    }

    fn send(self, batch: Batch) -> Receipt {
        self.state.committed.fetch_add(1, Ordering::SeqCst);
        let (sender, outcome) = oneshot::channel();
        self.slot.send(Job {
            batch,
            committed: Instant::now(),
            receipt: sender,
        });
        Receipt(outcome)
    }
}

/// Resolves once the batch and all batches before it are durable. Dropping it does not cancel the
/// batch.
#[derive(Debug)]
#[must_use = "nothing may be acknowledged before the receipt resolves"]
pub struct Receipt(oneshot::Receiver<Result<Committed, CommitError>>);

impl Future for Receipt {
    type Output = Result<Committed, CommitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ended = |_| Err(CommitError::WritesOff(Arc::from("the writer ended")));
        Pin::new(&mut self.0)
            .poll(context)
            .map(|outcome| outcome.unwrap_or_else(ended))
    }
}

/// A batch in the queue.
pub(crate) struct Job {
    batch: Batch,
    committed: Instant,
    receipt: oneshot::Sender<Result<Committed, CommitError>>,
}

/// State that the writer shares with the handles of the store.
#[derive(Debug, Default)]
pub(crate) struct WriterState {
    /// Why writes are off; never cleared.
    pub(crate) failure: OnceLock<Arc<str>>,
    /// Number of batches committed, and of those that were answered.
    committed: AtomicU64,
    answered: AtomicU64,
    pub(crate) meters: Meters,
    pub(crate) snapshots: Snapshots,
}

impl WriterState {
    /// Whether a committed batch is not known to be durable. A batch whose effects can be read was
    /// committed before, so it is counted.
    fn is_outstanding(&self) -> bool {
        let answered = self.answered.load(Ordering::SeqCst);
        self.failure.get().is_some() || answered != self.committed.load(Ordering::SeqCst)
    }

    /// Turns writes off permanently. The first reason stays.
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
    state: &WriterState,
    marker: Option<Marker>,
) {
    while let Some(first) = queue.blocking_recv() {
        let (batches, waiting) = gather(first, &mut queue);
        let result = match state.failure.get() {
            Some(reason) => Err(Arc::clone(reason)),
            None => commit(engine, &batches, &state.snapshots).map_err(|reason| state.turn_off(&reason)),
        };
        // Sending fails if the receipt was dropped, which is fine.
        match result {
            Ok(Applied { outcomes, groups }) => {
                state.meters.group(batches.len());
                state.answered.fetch_add(waiting.len() as u64, Ordering::SeqCst);
                if let Some(marker) = &marker {
                    marker.acknowledged(groups);
                }
                for ((committed, receipt), outcome) in waiting.into_iter().zip(outcomes) {
                    match &outcome {
                        Ok(_) => state.meters.commit(committed.elapsed()),
                        Err(_) => {
                            state.meters.conflicts.fetch_add(1, Ordering::Relaxed);
                        }
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

/// Takes the batches that wait already, up to a limit, so that one sync covers all of them.
fn gather(first: Job, queue: &mut mpsc::Receiver<Job>) -> (Vec<Batch>, Waiting) {
    let (mut batches, mut waiting, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
    let mut next = Some(first);
    while let Some(job) = next.take() {
        bytes = bytes.saturating_add(job.batch.bytes());
        batches.push(job.batch);
        waiting.push((job.committed, job.receipt));
        if batches.len() < GROUP_BATCHES && bytes < GROUP_BYTES {
            next = queue.try_recv().ok();
        }
    }
    (batches, waiting)
}

/// Applies a group. An error is the reason to turn writes off.
fn commit(engine: &dyn Engine, group: &[Batch], snapshots: &Snapshots) -> Result<Applied, String> {
    let apply = || {
        snapshots.before(engine, group);
        let began = Instant::now();
        loop {
            match engine.apply(group) {
                Err(error) if error.failure() == Failure::Passing && began.elapsed() < PATIENCE => {
                    pause(PAUSE);
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
        Ok(Err(error)) => Err(reason(&error)),
        Err(panic) => Err(format!("the database panicked: {}", message(panic.as_ref()))),
    }
}

/// The error, and what it means for the last changes.
fn reason(error: &EngineError) -> String {
    match error.failure() {
        Failure::Final | Failure::Passing => error.chain(),
        Failure::Unknown => format!(
            "{}; whether the last changes are stored is known after a restart",
            error.chain()
        ),
    }
}

/// The message of a panic.
fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
