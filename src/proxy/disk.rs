//! The threads that access one users' root, and whether the root answers.
//!
//! A file system that hangs, such as an NFS mount without its server, blocks every thread that
//! accesses it, without limit. So each root has a few threads of its own, and the process does not
//! wait for them when it ends:
//!
//! - Every step of a job has a deadline. The caller gets `503` when it has passed.
//! - While all threads are stuck, or some are and no other job has returned recently, new jobs are
//!   refused at once. A probe on an additional thread detects when the root answers again.
//! - These threads also close files, because closing can hang as well.
//!
//! | file | what it holds |
//! |---|---|
//! | `disk/threads.rs` | the threads of one root, their queue and the probes |
//! | `disk/operation.rs` | how long a thread has been in its current step |
//! | `disk/status.rs` | pure: whether a root answers |
//! | `disk/job.rs` | the jobs in the queue |
//! | `disk/file.rs` | open files, and the disks of all roots |

mod file;
mod job;
mod operation;
mod status;
mod threads;

pub use file::{DiskFile, Disks};
pub use operation::{next_step, off_disk, Operation};
pub use status::DiskStatus;
pub use threads::Disk;
