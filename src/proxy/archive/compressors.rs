//! A pool of threads that compress archives. It is shared by all of them, and compresses each piece
//! independently: one archive can use all cores, and many archives use no more.

use actix_web::web::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use std::cell::RefCell;
use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;
use tokio::sync::oneshot;

/// An empty last block, which ends a deflate stream.
pub(super) const END_OF_STREAM: [u8; 2] = [3, 0];
/// Fast, and frames are no larger than with `tar -cz`. Level 1 uses a fixed code, which makes noise
/// larger.
const LEVEL: u32 = 2;
/// The threads run at a lower priority, because archives are less urgent than requests of
/// beamlines.
const NICE: i32 = 5;

thread_local! {
    static STATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(LEVEL), false));
}

/// The pool. Its threads end with the last clone.
#[derive(Debug, Clone)]
pub struct Compressors(Arc<ThreadPool>);

impl Compressors {
    /// Starts a thread for each core.
    ///
    /// # Errors
    /// If the system can't start threads.
    pub fn start() -> Result<Self, ThreadPoolBuildError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(thread::available_parallelism().map_or(1, NonZero::get))
            .thread_name(|_| "compressor".to_owned())
            .start_handler(|_| {
                if let Err(error) = rustix::process::nice(NICE) {
                    tracing::debug!(%error, "the priority of a compressor can't be lowered");
                }
            })
            // The piece is lost, and its archive is cut off.
            .panic_handler(|_| tracing::error!("a compressor panicked"))
            .build()?;
        Ok(Self(Arc::new(pool)))
    }

    /// Compresses a piece to whole bytes of a deflate stream. The queue is bounded by the callers,
    /// which have few pieces each.
    pub(super) fn compress(&self, piece: Vec<u8>) -> oneshot::Receiver<io::Result<Bytes>> {
        let (done, compressed) = oneshot::channel();
        self.0.spawn(move || {
            if !done.is_closed() {
                let _ = done.send(STATE.with_borrow_mut(|state| compress(state, &piece)));
            }
        });
        compressed
    }
}

fn compress(state: &mut Compress, piece: &[u8]) -> io::Result<Bytes> {
    state.reset();
    // Incompressible data grows by five bytes in every block.
    let mut output = Vec::with_capacity(piece.len() + piece.len() / 256 + 64);
    loop {
        let consumed = usize::try_from(state.total_in()).unwrap_or(usize::MAX);
        let rest = piece.get(consumed..).unwrap_or_default();
        let status = state.compress_vec(rest, &mut output, FlushCompress::Sync);
        match status.map_err(io::Error::other)? {
            // Free capacity means that all output is written.
            Status::Ok | Status::BufError if output.len() < output.capacity() => {
                return Ok(Bytes::from(output));
            }
            _ => output.reserve(piece.len() / 8 + 64),
        }
    }
}
