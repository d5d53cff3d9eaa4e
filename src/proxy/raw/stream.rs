//! A file or a range of it as a body: in constant memory, without blocking the thread that sends
//! it.

use crate::proxy::disk::DiskFile;
use actix_web::body::{BodySize, MessageBody};
use actix_web::web::{Bytes, BytesMut};
use beamlive_actors::ask::Unavailable;
use futures_util::future::BoxFuture;
use futures_util::FutureExt;
use rustix::io::{preadv2, Errno, ReadWriteFlags};
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Bytes of a read from the page cache: few enough to stay in the cache of the processor.
const WARM: usize = 256 << 10;
/// Bytes of a read from the disk.
const COLD: usize = 1 << 20;

/// A body with bytes of a file. Bytes in the page cache are copied at once; others are read by the
/// threads of the users' root, one piece ahead.
///
/// If the file has become shorter, the body ends in an error, so that the client does not take it
/// for complete.
pub struct FileStream {
    file: Arc<DiskFile>,
    left: Range<u64>,
    length: u64,
    /// The last piece. Its memory is reused.
    sent: Bytes,
    reading: Option<Reading>,
}

/// A read from the disk in progress.
type Reading = BoxFuture<'static, Result<io::Result<BytesMut>, Unavailable>>;

impl FileStream {
    /// The bytes of `file` in `range`, which must be inside it.
    #[must_use]
    pub fn new(file: DiskFile, range: Range<u64>) -> Self {
        let _ = rustix::fs::fadvise(&*file, range.start, None, rustix::fs::Advice::Sequential);
        Self {
            file: Arc::new(file),
            length: range.end.saturating_sub(range.start),
            left: range,
            sent: Bytes::new(),
            reading: None,
        }
    }

    fn next_length(&self, most: usize) -> usize {
        let left = self.left.end.saturating_sub(self.left.start);
        usize::try_from(left).map_or(most, |left| left.min(most))
    }

    /// Memory for a piece: that of the last one if it is unused.
    fn buffer(&mut self, length: usize) -> BytesMut {
        let mut buffer = std::mem::take(&mut self.sent).try_into_mut().unwrap_or_default();
        buffer.resize(length, 0);
        buffer
    }

    /// Reads from the page cache; `None` if the disk must be read.
    fn read_cached(&mut self) -> Option<io::Result<BytesMut>> {
        let length = self.next_length(WARM);
        let mut buffer = self.buffer(length);
        let mut into = [IoSliceMut::new(&mut buffer)];
        match preadv2(&**self.file, &mut into, self.left.start, ReadWriteFlags::NOWAIT) {
            Ok(read) if read > 0 => {
                buffer.truncate(read);
                Some(Ok(buffer))
            }
            // Also at the end: on some file systems, this read returns too little.
            Ok(_) | Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INTR) => {
                self.sent = buffer.freeze();
                None
            }
            Err(error) => Some(Err(error.into())),
        }
    }

    fn read_from_disk(&mut self) -> Reading {
        let (file, from, length) = (self.file.clone(), self.left.start, self.next_length(COLD));
        let mut buffer = self.buffer(length);
        let disk = file.disk().clone();
        let read = async move {
            let read = move || {
                file.read_exact_at(&mut buffer, from)?;
                Ok(buffer)
            };
            disk.run(read).await
        };
        read.boxed()
    }

    fn take(&mut self, piece: BytesMut) -> Bytes {
        self.left.start += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.sent = piece.freeze();
        self.sent.clone()
    }
}

impl MessageBody for FileStream {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.length)
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.reading.is_none() {
            if self.left.is_empty() {
                return Poll::Ready(None);
            }
            if let Some(read) = self.read_cached() {
                return Poll::Ready(Some(read.map(|piece| self.take(piece))));
            }
            self.reading = Some(self.read_from_disk());
        }
        let Some(reading) = &mut self.reading else {
            return Poll::Ready(None);
        };
        let read = match reading.poll_unpin(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(read) => read.map_err(io::Error::other).and_then(|read| read),
        };
        self.reading = None;
        let piece = match read {
            Ok(piece) => self.take(piece),
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        if !self.left.is_empty() {
            self.reading = Some(self.read_from_disk());
        }
        Poll::Ready(Some(Ok(piece)))
    }
}
