//! The threads that compress: one for each core, shared by all archives, each piece on its own, so that one archive can have
//! all of them and many can have no more.

use actix_web::web::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};
use std::io;
use std::num::NonZero;
use std::sync::{mpsc, Arc, Mutex, PoisonError};
use std::thread;
use tokio::sync::oneshot;

/// What ends a stream whose last piece was not known to be the last: an empty block.
pub(super) const TAIL: [u8; 2] = [3, 0];
/// Fast, and frames come out no larger than of `tar -cz`. Level 1 has one code for all data, in which noise grows.
const LEVEL: u32 = 2;
/// These threads let others go first: an archive can wait, a beamline can't.
const NICE: i32 = 5;

#[derive(Debug)]
struct Job {
    piece: Vec<u8>,
    done: oneshot::Sender<io::Result<Bytes>>,
}

/// The threads. They end with the last clone.
#[derive(Debug, Clone)]
pub struct Compressors {
    jobs: mpsc::Sender<Job>,
}

impl Compressors {
    /// Starts them.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start() -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        for _ in 0..count {
            let queue = queue.clone();
            thread::Builder::new()
                .name("compressor".to_owned())
                .spawn(move || work(&queue))?;
        }
        Ok(Self { jobs })
    }

    /// Compresses a piece of a deflate stream. How many wait is bounded by those who ask: each waits for what it has asked for.
    ///
    /// # Errors
    /// When the threads are lost.
    pub(super) fn compress(&self, piece: Vec<u8>) -> io::Result<oneshot::Receiver<io::Result<Bytes>>> {
        let (done, later) = oneshot::channel();
        let lost = |_| io::Error::other("the compressing threads are lost");
        self.jobs.send(Job { piece, done }).map_err(lost)?;
        Ok(later)
    }
}

fn work(queue: &Mutex<mpsc::Receiver<Job>>) {
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "archives are compressed as urgently as all else is done");
    }
    let mut state = Compress::new(Compression::new(LEVEL), false);
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { piece, done }) = next else {
            return;
        };
        // Nobody may be waiting any more.
        if !done.is_closed() {
            let _ = done.send(compressed(&mut state, &piece));
        }
    }
}

/// `piece` as whole bytes of a deflate stream, which needs nothing of what went before.
fn compressed(state: &mut Compress, piece: &[u8]) -> io::Result<Bytes> {
    state.reset();
    // What can't be made smaller grows by five bytes in every block.
    let mut output = Vec::with_capacity(piece.len() + piece.len() / 256 + 64);
    loop {
        let begin = usize::try_from(state.total_in()).unwrap_or(usize::MAX);
        let left = piece.get(begin..).unwrap_or_default();
        let status = state.compress_vec(left, &mut output, FlushCompress::Sync);
        match status.map_err(io::Error::other)? {
            // Room that is left means that all is out.
            Status::Ok | Status::BufError if output.len() < output.capacity() => {
                return Ok(Bytes::from(output));
            }
            _ => output.reserve(piece.len() / 8 + 64),
        }
    }
}
