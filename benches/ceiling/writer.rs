//! Group commit without a database: one thread that appends all jobs that wait, and syncs once.

use actix_web::web::Bytes;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use tokio::sync::{mpsc, oneshot};

/// Places in its queue, and jobs in a group, as in the store.
const QUEUE: usize = 4096;
const GROUP: usize = 512;

/// Bytes to append, and the receipt that resolves when they are durable.
pub(crate) struct Job {
    pub(crate) bytes: Bytes,
    pub(crate) done: oneshot::Sender<()>,
}

/// The queue of the thread. The thread ends when it is dropped.
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
                    // The request may have been cancelled.
                    let _ = job.done.send(());
                }
            }
        });
        Self(sender)
    }

    /// Submits a job. A full queue drops it, which cancels its receipt.
    pub(crate) fn submit(&self, job: Job) {
        let _ = self.0.try_send(job);
    }
}
