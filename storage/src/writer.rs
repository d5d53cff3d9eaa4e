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
use parking_lot::Mutex;
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
    /// The database was away for longer than it is waited for. The batch probably had no effect,
    /// and will have none later.
    #[error("the database was away for too long: {0}")]
    Away(Arc<str>),
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
    /// Why and since when the database is away.
    pub(crate) away: Mutex<Option<(Arc<str>, Instant)>>,
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

    /// Notes that the database is away. Returns why.
    fn is_away(&self, error: &EngineError) -> Arc<str> {
        let reason: Arc<str> = error.chain().into();
        let mut away = self.away.lock();
        match &mut *away {
            Some((known, _)) => known.clone_from(&reason),
            None => {
                tracing::warn!(%reason, "the database is away: changes wait for it");
                *away = Some((Arc::clone(&reason), Instant::now()));
            }
        }
        reason
    }

    /// Notes that the database took a group.
    fn returned(&self) {
        if let Some((_, since)) = self.away.lock().take() {
            tracing::warn!(seconds = since.elapsed().as_secs_f64(), "the database is back");
        }
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
        let mut group = Group::gather(first, &mut queue);
        let result = match state.failure.get() {
            Some(reason) => Err(CommitError::WritesOff(Arc::clone(reason))),
            None => group.commit(engine, state),
        };
        state
            .answered
            .fetch_add(group.waiting.len() as u64, Ordering::SeqCst);
        // Sending fails if the receipt was dropped, which is fine.
        match result {
            Ok(Applied { outcomes, groups }) => {
                state.meters.group(group.batches.len());
                if let Some(marker) = &marker {
                    marker.acknowledged(groups);
                }
                for ((committed, receipt), outcome) in group.waiting.into_iter().zip(outcomes) {
                    match &outcome {
                        Ok(_) => state.meters.commit(committed.elapsed()),
                        Err(_) => {
                            state.meters.conflicts.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    let _ = receipt.send(outcome.map_err(CommitError::Conflict));
                }
            }
            Err(error) => {
                for (_, receipt) in group.waiting {
                    let _ = receipt.send(Err(error.clone()));
                }
            }
        }
    }
}

type Waiting = (Instant, oneshot::Sender<Result<Committed, CommitError>>);

/// Batches that are applied together, and who waits for each, since when.
struct Group {
    batches: Vec<Batch>,
    waiting: Vec<Waiting>,
}

impl Group {
    /// Takes the batches that wait already, up to a limit, so that one sync covers all of them.
    fn gather(first: Job, queue: &mut mpsc::Receiver<Job>) -> Self {
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
        Self { batches, waiting }
    }

    /// Applies the group. Waits for a database that is away, for as long as the engine says.
    fn commit(&mut self, engine: &dyn Engine, state: &WriterState) -> Result<Applied, CommitError> {
        let began = Instant::now();
        loop {
            let error = match self.apply(engine, &state.snapshots) {
                Ok(applied) => {
                    state.returned();
                    return Ok(applied);
                }
                Err(Stop::Engine(error)) => error,
                Err(Stop::Broken(reason)) => return Err(CommitError::WritesOff(state.turn_off(&reason))),
            };
            let hold = engine.hold().unwrap_or_default();
            match error.failure() {
                Failure::Passing if began.elapsed() < PATIENCE => {}
                Failure::Away | Failure::Unsettled if !hold.is_zero() => {
                    let reason = state.is_away(&error);
                    if error.failure() == Failure::Away {
                        self.refuse_expired(hold, &reason, state);
                    }
                    let oldest = self.waiting.first().map(|(since, _)| since.elapsed());
                    if oldest.is_none_or(|waited| waited >= hold) {
                        engine.abandon();
                        return Err(CommitError::Away(reason));
                    }
                }
                _ => return Err(CommitError::WritesOff(state.turn_off(&reason(&error)))),
            }
            pause(PAUSE);
        }
    }

    /// Refuses the batches that have waited for `hold`. Nothing of this group took effect.
    fn refuse_expired(&mut self, hold: Duration, reason: &Arc<str>, state: &WriterState) {
        let expired = self
            .waiting
            .iter()
            .take_while(|(since, _)| since.elapsed() >= hold)
            .count();
        self.batches.drain(..expired);
        for (_, receipt) in self.waiting.drain(..expired) {
            state.answered.fetch_add(1, Ordering::SeqCst);
            let _ = receipt.send(Err(CommitError::Away(Arc::clone(reason))));
        }
    }

    fn apply(&self, engine: &dyn Engine, snapshots: &Snapshots) -> Result<Applied, Stop> {
        let apply = || {
            snapshots.before(engine, &self.batches);
            engine.apply(&self.batches)
        };
        match catch_unwind(AssertUnwindSafe(apply)) {
            Ok(Ok(applied)) if applied.outcomes.len() == self.batches.len() => Ok(applied),
            Ok(Ok(applied)) => Err(Stop::Broken(format!(
                "{} outcomes for {} batches",
                applied.outcomes.len(),
                self.batches.len()
            ))),
            Ok(Err(error)) => Err(Stop::Engine(error)),
            Err(panic) => Err(Stop::Broken(format!(
                "the database panicked: {}",
                message(panic.as_ref())
            ))),
        }
    }
}

/// Why a group was not applied.
enum Stop {
    /// The database says why, and what became of the group.
    Engine(EngineError),
    /// The engine breaks the contract of its trait.
    Broken(String),
}

/// The error, and what it means for the last changes.
fn reason(error: &EngineError) -> String {
    match error.failure() {
        Failure::Final | Failure::Passing | Failure::Away => error.chain(),
        Failure::Unknown | Failure::Unsettled => format!(
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
