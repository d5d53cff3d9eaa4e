//! The threads of one users' root.

use super::job::{Close, Job, Task};
use super::operation::{may_block, run_as, Operation};
use super::status::{DiskStatus, Running};
use beamlive_actors::ask::Unavailable;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Queued jobs for each thread, at most.
const QUEUE_PER_THREAD: usize = 64;
/// An idle thread ends after this time.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// Intervals between probes while earlier ones hang: the first, the longest, and that after
/// [`MANY_PROBES`]. Each probe takes a thread.
const FIRST_INTERVAL: Duration = Duration::from_secs(5);
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);
const RARE_INTERVAL: Duration = Duration::from_secs(600);
/// Hanging probes from which on probes are rare.
const MANY_PROBES: u32 = 16;
/// Most hanging probes.
const MOST_PROBES: u32 = 64;
/// Most replacements for hanging threads, as a multiple of the usual number of threads.
const MOST_EXTRA: usize = 3;

/// The threads of one users' root.
pub struct Disk {
    /// The position of the root in the configuration, from 1. Clients see it in messages.
    number: usize,
    /// Without a slash at its end; the root of the file system is `""`.
    path: String,
    threads: usize,
    deadline: Duration,
    state: Mutex<State>,
    /// Notified when the queue gets a job.
    queued: Condvar,
}

/// Shared by the threads.
#[derive(Default)]
struct State {
    queue: VecDeque<Box<dyn Job>>,
    /// Threads that take jobs from the queue, and the idle ones among them.
    threads: usize,
    idle: usize,
    running: Running,
    /// Probes that have not returned, and when the last one was started.
    probes: u32,
    last_probe: Option<Instant>,
    /// Additional threads, which replace those that still hang after the root answers again.
    extra: usize,
    /// It is logged that the root does not answer.
    reported: bool,
}

impl Disk {
    /// A root with at most `threads` threads. No step may take longer than `deadline`.
    #[must_use]
    pub fn new(number: usize, path: String, threads: usize, deadline: Duration) -> Arc<Self> {
        Arc::new(Self {
            number,
            path,
            threads: threads.max(1),
            deadline,
            state: Mutex::default(),
            queued: Condvar::new(),
        })
    }

    /// The normalized path of the root.
    #[must_use]
    pub fn path(&self) -> &str {
        match self.path.as_str() {
            "" => "/",
            path => path,
        }
    }

    pub(super) fn is_at(&self, path: &str) -> bool {
        self.path == path
    }

    /// How long a step may take.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Its current status.
    #[must_use]
    pub fn status(&self) -> DiskStatus {
        self.status_of(&self.state.lock())
    }

    fn status_of(&self, state: &State) -> DiskStatus {
        let mut status = state.running.status(Instant::now(), self.deadline);
        status.answers &= status.stuck < self.threads.saturating_add(state.extra);
        status
    }

    /// Its current status. Also starts a probe, whose result is in a later status.
    #[must_use]
    pub fn probe(self: &Arc<Self>) -> DiskStatus {
        let mut state = self.state.lock();
        self.start_probe(&mut state);
        self.status_of(&state)
    }

    /// Runs `work` on one of the threads. The deadline applies to each step, not to the whole:
    /// `work` calls `next_step` between them.
    ///
    /// # Errors
    /// [`Unavailable::Disk`] if the root does not answer, [`Unavailable::Busy`] if the queue is
    /// full, and [`Unavailable::Lost`] if `work` panics.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let operation = Operation::new();
        let (done, mut made) = oneshot::channel();
        self.submit(
            &operation,
            Box::new(Task {
                work,
                operation: operation.clone(),
                done,
            }),
        )?;
        let mut patience = self.deadline;
        loop {
            match timeout(patience, &mut made).await {
                Ok(Ok(made)) => return Ok(made),
                Ok(Err(_)) => return Err(Unavailable::Lost("file reader")),
                Err(_) => {}
            }
            // It may have ended since the timeout.
            if let Ok(made) = made.try_recv() {
                return Ok(made);
            }
            patience = match operation.remaining(Instant::now(), self.deadline) {
                Some(remaining) => remaining,
                None => return Err(self.refusal()),
            };
        }
    }

    /// Runs `work` on a separate thread, which is watched like the others. The caller limits how
    /// many there are.
    ///
    /// # Errors
    /// If the system can't start a thread.
    pub fn run_separately(
        self: &Arc<Self>,
        name: &str,
        operation: Arc<Operation>,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let disk = self.clone();
        let work = move || {
            let number = disk.state.lock().running.begin(&operation);
            // After a panic, its channel is closed, and the caller sees that.
            let _ = catch_unwind(AssertUnwindSafe(|| run_as(&operation, work)));
            disk.ended(number);
        };
        thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
    }

    fn submit(self: &Arc<Self>, operation: &Arc<Operation>, job: Box<dyn Job>) -> Result<(), Unavailable> {
        let mut state = self.state.lock();
        if !self.status_of(&state).answers {
            self.start_probe(&mut state);
            self.report(&mut state);
            return Err(self.unresponsive());
        }
        let most = self.threads.saturating_mul(QUEUE_PER_THREAD);
        if state.queue.len() >= most {
            state.queue.retain(|job| !job.abandoned());
            if state.queue.len() >= most {
                return Err(Unavailable::Busy);
            }
        }
        operation.queued();
        self.enqueue(state, job)
    }

    /// Adds a job to the queue, and starts a thread for it if none is idle.
    fn enqueue(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        job: Box<dyn Job>,
    ) -> Result<(), Unavailable> {
        if state.idle <= state.queue.len() && state.threads < self.threads.saturating_add(state.extra) {
            let disk = self.clone();
            let started = thread::Builder::new()
                .name(format!("files-{}", self.number))
                .spawn(move || disk.run_jobs());
            match started {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => {
                    tracing::error!(%error, "no thread for files can be started");
                    return Err(Unavailable::Busy);
                }
                Err(error) => tracing::warn!(%error, "no further thread for files can be started"),
            }
        }
        state.queue.push_back(job);
        drop(state);
        self.queued.notify_one();
        Ok(())
    }

    /// Runs jobs until there are none for a while.
    fn run_jobs(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.queue.pop_front() {
                let operation = Operation::new();
                operation.enter();
                let number = state.running.begin(&operation);
                drop(state);
                // A task has an operation of its own, which is entered within this one.
                if catch_unwind(AssertUnwindSafe(|| run_as(&operation, || job.run()))).is_err() {
                    tracing::error!(root = self.path(), "work on a file panicked");
                }
                self.ended(number);
                state = self.state.lock();
                continue;
            }
            state.idle += 1;
            let waited = self.queued.wait_for(&mut state, IDLE_TIMEOUT);
            state.idle -= 1;
            if waited.timed_out() && state.queue.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }

    fn ended(&self, number: u64) {
        let mut state = self.state.lock();
        state.running.end(number, Instant::now());
        let status = self.status_of(&state);
        if status.stuck == 0 {
            state.extra = 0;
        }
        if state.reported && status.answers {
            state.reported = false;
            tracing::info!(root = self.path(), "a users' root answers again");
        }
    }

    /// Starts a probe on an additional thread, unless one was started or a job has returned
    /// recently.
    fn start_probe(self: &Arc<Self>, state: &mut State) {
        let now = Instant::now();
        let interval = match state.probes {
            probes @ ..MANY_PROBES => FIRST_INTERVAL.saturating_mul(1 << probes).min(LONGEST_INTERVAL),
            _ => RARE_INTERVAL,
        };
        let is_early = state
            .last_probe
            .is_some_and(|last| now.saturating_duration_since(last) < interval);
        if (state.probes > 0 && is_early) || state.probes >= MOST_PROBES || !state.running.is_quiet(now) {
            return;
        }
        let disk = self.clone();
        let started = self.run_separately("files-probe", Operation::new(), move || {
            // The results do not matter, only that the calls return.
            let _ = rustix::fs::statfs(disk.path());
            let _ = rustix::fs::stat(disk.path());
            let mut state = disk.state.lock();
            state.probes = state.probes.saturating_sub(1);
            // Threads that still hang may hang for ever, in a file system that was mounted again
            // meanwhile.
            let stuck = disk.status_of(&state).stuck;
            state.extra = stuck.min(disk.threads.saturating_mul(MOST_EXTRA));
        });
        match started {
            Ok(()) => (state.probes, state.last_probe) = (state.probes + 1, Some(now)),
            Err(error) => tracing::warn!(%error, "no thread that probes a users' root can be started"),
        }
    }

    /// The error after a timeout. A job that was queued times out slightly before the jobs ahead of
    /// it count as stuck, so half the deadline is enough here.
    fn refusal(&self) -> Unavailable {
        let mut state = self.state.lock();
        match state.running.status(Instant::now(), self.deadline / 2).stuck {
            0 => Unavailable::Busy,
            _ => {
                self.report(&mut state);
                self.unresponsive()
            }
        }
    }

    fn unresponsive(&self) -> Unavailable {
        Unavailable::Disk(format!("users' root {} does not answer", self.number).into())
    }

    /// Logs once that the root does not answer.
    fn report(&self, state: &mut State) {
        if !state.reported {
            state.reported = true;
            let stuck = self.status_of(state).stuck;
            tracing::error!(
                root = self.path(),
                stuck,
                "a users' root does not answer: its files are refused"
            );
        }
    }

    /// Closes a file on one of the threads, because that may hang.
    pub(super) fn close(self: &Arc<Self>, file: File) {
        if may_block() {
            drop(file);
            return;
        }
        // The number of open files bounds these jobs. Without any thread, the file is closed here.
        let _ = self.enqueue(self.state.lock(), Box::new(Close(file)));
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk")
            .field("number", &self.number)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
