//! One thread that appends what waits, syncs once for all of it, and says so: group commit without a database.

use actix_web::web::Bytes;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use tokio::sync::{mpsc, oneshot};

/// Places in its queue, and jobs in a group, as in the store.
const QUEUE: usize = 4096;
const GROUP: usize = 512;

/// Bytes to append, and where it is told that they are durable.
pub(crate) struct Job {
    pub(crate) bytes: Bytes,
    pub(crate) done: oneshot::Sender<()>,
}

/// The thread's queue; the thread ends with it.
pub(crate) struct Writer(mpsc::Sender<Job>);

impl Writer {
    /// Appends to a new `file`.
    pub(crate) fn start(file: PathBuf) -> Self {
        let (sender, mut queue) = mpsc::channel::<Job>(QUEUE);
        std::thread::spawn(move || {
            let mut file = OpenOptions::new()
                .create_new(true)
                .append(true)
                .open(file)
                .unwrap();
            let mut group = Vec::new();
            let mut bytes = Vec::new();
            while queue.blocking_recv_many(&mut group, GROUP) > 0 {
                bytes.clear();
                for job in &group {
                    bytes.extend_from_slice(&job.bytes);
                }
                file.write_all(&bytes).unwrap();
                file.sync_data().unwrap();
                for job in group.drain(..) {
                    // A request that was given up is no failure.
                    let _ = job.done.send(());
                }
            }
        });
        Self(sender)
    }

    /// Hands a job over; when the queue is full it is dropped, which its request notices.
    pub(crate) fn hand_over(&self, job: Job) {
        let _ = self.0.try_send(job);
    }
}
