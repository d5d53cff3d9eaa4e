//! Threads with a queue.

use super::task::{Done, Run};
use rustix::process::setpriority_process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc, Mutex, PoisonError};
use thread_priority::{
    set_thread_priority_and_policy, thread_native_id, NormalThreadSchedulePolicy, ThreadPriority,
    ThreadSchedulePolicy,
};

/// All other threads go first: their work takes microseconds, slow work takes most of a millisecond
/// or more.
const NICENESS: i32 = 10;

/// When threads get the processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// All other threads get most of it.
    Low,
    /// Only when no other thread wants it. A thread that wakes up does not wait for the end of an
    /// idle thread's time slice, as it may for one of low priority.
    Idle,
}

/// Threads with a queue. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Threads {
    queue: mpsc::Sender<Arc<dyn Run>>,
    finished: Arc<AtomicU64>,
}

impl Threads {
    /// Starts threads of that name.
    pub(super) fn start(name: &'static str, number: usize, priority: Priority) -> Self {
        let (queue, work) = mpsc::channel();
        let (work, finished) = (Arc::new(Mutex::new(work)), Arc::new(AtomicU64::new(0)));
        for _ in 0..number {
            let (work, finished) = (Arc::clone(&work), Arc::clone(&finished));
            let thread = std::thread::Builder::new().name(name.to_owned());
            let started = thread.spawn(move || {
                lower(name, priority);
                run_all(name, &work, &finished);
            });
            if let Err(error) = started {
                tracing::error!(name, %error, "a thread for slow work could not be started");
            }
        }
        Self { queue, finished }
    }

    /// Puts work into the queue. `None`: there is no thread.
    pub(super) fn send(&self, work: Arc<dyn Run>) -> Option<()> {
        self.queue.send(work).ok()
    }

    /// How much work these threads have finished since their start.
    pub(super) fn finished(&self) -> u64 {
        self.finished.load(Ordering::Relaxed)
    }
}

/// Lowers the priority of this thread.
fn lower(name: &str, priority: Priority) {
    // On Linux this sets the priority of the calling thread alone.
    if let Err(error) = setpriority_process(None, NICENESS) {
        tracing::debug!(name, %error, "slow work runs at normal priority");
    }
    if priority == Priority::Idle {
        let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        let set = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
        if let Err(error) = set {
            tracing::debug!(name, ?error, "slow work runs at low priority instead of idle");
        }
    }
}

/// Runs work until the queue is dropped. Work that panics loses only its own answer.
fn run_all(name: &str, work: &Mutex<mpsc::Receiver<Arc<dyn Run>>>, finished: &AtomicU64) {
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(next) = next else {
            return;
        };
        if next.run() == Done::Panicked {
            tracing::error!(name, "slow work panicked");
        }
        finished.fetch_add(1, Ordering::Relaxed);
    }
}
