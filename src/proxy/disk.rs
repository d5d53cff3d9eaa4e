//! The threads that touch one users' root, and whether it answers.
//!
//! A disk that hangs, such as an NFS mount whose server is away, keeps every thread that touches it for as long as it likes. So each
//! root has plain threads of its own, few, which nobody waits for at the end of the process:
//!
//! - Whoever asks waits no longer than the deadline for a step of its work, and is answered `503` then.
//! - While all threads are stuck, or one is and none has come back lately, whoever comes is refused at once. One more thread asks the root
//!   from time to time; when it comes back, all is as before.
//! - Files are closed by these threads too, because closing can hang as well.

mod file;
mod job;
mod operation;
mod standing;

pub use file::{DiskFile, Disks};
pub use operation::{beat, elsewhere, Operation};
pub use standing::Standing;

use beamlive_actors::ask::Unavailable;
use job::{Closing, Job, Task};
use operation::{as_current, is_on_disk};
use standing::Running;
use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Jobs that may wait for each thread.
const WAITING: usize = 64;
/// How long a thread waits for work before it ends.
const IDLE: Duration = Duration::from_secs(10);
/// How long after a root was asked it is asked again although no answer has come: at first, at most, and after many times. Each
/// time costs a thread.
const AGAIN: [Duration; 3] = [
    Duration::from_secs(5),
    Duration::from_secs(60),
    Duration::from_secs(600),
];
/// Times that it is asked without an answer before it is asked rarely, and before it is asked no more.
const MANY_PROBES: u32 = 16;
const MOST_PROBES: u32 = 64;
/// Threads beyond the usual number, as a multiple of it.
const MOST_EXTRA: usize = 3;

/// One users' root, as far as its threads go.
pub struct Disk {
    /// Its place among the roots of the configuration, from 1: what clients are told.
    number: usize,
    /// Without a slash at the end; the file system's root is `""`.
    path: String,
    threads: usize,
    deadline: Duration,
    state: Mutex<State>,
    work: Condvar,
}

/// What the threads share.
#[derive(Default)]
struct State {
    queue: VecDeque<Box<dyn Job>>,
    /// Threads that take from the queue, and those of them that wait for work.
    threads: usize,
    idle: usize,
    running: Running,
    /// Threads that ask whether it answers, and since when the last of them does.
    probes: u32,
    probed: Option<Instant>,
    /// Threads that may be started beyond the usual number, because as many hang in what was there before it came back.
    extra: usize,
    /// The log has been told that it does not answer.
    told: bool,
}

impl Disk {
    /// A root with at most `threads` threads. Those who ask are refused when a step takes longer than `deadline`.
    #[must_use]
    pub fn new(number: usize, path: String, threads: usize, deadline: Duration) -> Arc<Self> {
        Arc::new(Self {
            number,
            path,
            threads: threads.max(1),
            deadline,
            state: Mutex::default(),
            work: Condvar::new(),
        })
    }

    /// Its path, as configured but normal.
    #[must_use]
    pub fn path(&self) -> &str {
        match self.path.as_str() {
            "" => "/",
            path => path,
        }
    }

    /// How long a step may take.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// How it is now.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing_of(&self.lock())
    }

    fn standing_of(&self, state: &State) -> Standing {
        let mut standing = state.running.standing(Instant::now(), self.deadline);
        standing.answers &= standing.stuck < self.threads.saturating_add(state.extra);
        standing
    }

    /// The same, and asks it, for the next time, whether it answers. It waits for nothing.
    #[must_use]
    pub fn looked_at(self: &Arc<Self>) -> Standing {
        let mut state = self.lock();
        self.probe(&mut state);
        self.standing_of(&state)
    }

    /// Runs `work` on one of the threads. It may take long as a whole, as long as it says [`beat`] between its steps.
    ///
    /// # Errors
    /// [`Unavailable::Disk`] when the root does not answer, [`Unavailable::Busy`] when too many wait already, and
    /// [`Unavailable::Lost`] when `work` panics.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let operation = Operation::waiting();
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
            // It may have ended in this very moment.
            if let Ok(made) = made.try_recv() {
                return Ok(made);
            }
            patience = match operation.left(Instant::now(), self.deadline) {
                Some(left) => left,
                None => return Err(self.refusal()),
            };
        }
    }

    /// Runs `work` on a thread of its own, which is watched like the others. How many there are is the caller's business.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn run_apart(
        self: &Arc<Self>,
        name: &str,
        operation: Arc<Operation>,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let disk = self.clone();
        let work = move || {
            let number = disk.lock().running.begin(&operation);
            // Whoever waits for it sees that it is gone.
            let _ = catch_unwind(AssertUnwindSafe(|| as_current(&operation, work)));
            disk.ended(number);
        };
        thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
    }

    fn submit(self: &Arc<Self>, operation: &Arc<Operation>, job: Box<dyn Job>) -> Result<(), Unavailable> {
        let mut state = self.lock();
        if !self.standing_of(&state).answers {
            self.probe(&mut state);
            self.tell(&mut state);
            return Err(self.silent());
        }
        let most = self.threads.saturating_mul(WAITING);
        if state.queue.len() >= most {
            state.queue.retain(|job| !job.abandoned());
            if state.queue.len() >= most {
                return Err(Unavailable::Busy);
            }
        }
        operation.waits();
        self.give(state, job)
    }

    /// Puts a job into the queue, and has a thread take it.
    fn give(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        job: Box<dyn Job>,
    ) -> Result<(), Unavailable> {
        if state.idle <= state.queue.len() && state.threads < self.threads.saturating_add(state.extra) {
            let disk = self.clone();
            let started = thread::Builder::new()
                .name(format!("files-{}", self.number))
                .spawn(move || disk.serve());
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
        self.work.notify_one();
        Ok(())
    }

    /// One thread's life.
    fn serve(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queue.pop_front() {
                let operation = Operation::waiting();
                operation.enter();
                let number = state.running.begin(&operation);
                drop(state);
                // A task has an operation of its own, which counts from here on.
                if catch_unwind(AssertUnwindSafe(|| as_current(&operation, || job.run()))).is_err() {
                    tracing::error!(root = self.path(), "work on a file panicked");
                }
                self.ended(number);
                state = self.lock();
                continue;
            }
            state.idle += 1;
            let (woken, waited) = self
                .work
                .wait_timeout(state, IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.queue.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }

    fn ended(&self, number: u64) {
        let mut state = self.lock();
        state.running.end(number, Instant::now());
        let standing = self.standing_of(&state);
        if standing.stuck == 0 {
            state.extra = 0;
        }
        if state.told && standing.answers {
            state.told = false;
            tracing::info!(root = self.path(), "a users' root answers again");
        }
    }

    /// Asks the root, on one thread more, unless that is being done or has just been.
    fn probe(self: &Arc<Self>, state: &mut State) {
        let now = Instant::now();
        let [first, longest, rarely] = AGAIN;
        let pause = match state.probes {
            probes @ ..MANY_PROBES => first.saturating_mul(1 << probes).min(longest),
            _ => rarely,
        };
        let waits = state.probes > 0
            && state
                .probed
                .is_some_and(|at| now.saturating_duration_since(at) < pause);
        if waits || state.probes >= MOST_PROBES || !state.running.is_quiet(now) {
            return;
        }
        let disk = self.clone();
        let asked = self.run_apart("files-probe", Operation::waiting(), move || {
            // What it answers does not matter, only that it does.
            let _ = rustix::fs::statfs(disk.path());
            let _ = rustix::fs::stat(disk.path());
            let mut state = disk.lock();
            state.probes = state.probes.saturating_sub(1);
            // What hangs now may hang for ever, in a file system that was unmounted and is there anew.
            let stuck = disk.standing_of(&state).stuck;
            state.extra = stuck.min(disk.threads.saturating_mul(MOST_EXTRA));
        });
        match asked {
            Ok(()) => (state.probes, state.probed) = (state.probes + 1, Some(now)),
            Err(error) => tracing::warn!(%error, "no thread that asks a users' root can be started"),
        }
    }

    /// Why somebody's patience has ended. Who waited in the queue asks a moment before those ahead count as stuck.
    fn refusal(&self) -> Unavailable {
        let mut state = self.lock();
        match state.running.standing(Instant::now(), self.deadline / 2).stuck {
            0 => Unavailable::Busy,
            _ => {
                self.tell(&mut state);
                self.silent()
            }
        }
    }

    fn silent(&self) -> Unavailable {
        Unavailable::Disk(format!("users' root {} does not answer", self.number).into())
    }

    fn tell(&self, state: &mut State) {
        if !state.told {
            state.told = true;
            let stuck = self.standing_of(state).stuck;
            tracing::error!(
                root = self.path(),
                stuck,
                "a users' root does not answer: its files are refused"
            );
        }
    }

    /// Has a file closed where that may hang.
    fn close(self: &Arc<Self>, file: File) {
        if is_on_disk() {
            drop(file);
            return;
        }
        // Not bounded by itself: there are as many as were opened. Without any thread it is closed here.
        let _ = self.give(self.lock(), Box::new(Closing(file)));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
