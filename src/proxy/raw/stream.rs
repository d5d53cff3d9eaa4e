//! A file, or a part of it, as a body: in constant memory, and without blocking the thread that sends it.

use crate::proxy::disk::DiskFile;
use actix_web::body::{BodySize, MessageBody};
use actix_web::web::{Bytes, BytesMut};
use beamlive_actors::ask::Unavailable;
use futures_util::future::BoxFuture;
use futures_util::FutureExt;
use rustix::io::{preadv2, Errno, ReadWriteFlags};
use std::fmt;
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Bytes at once of what is in memory already: few enough to stay in a processor's cache while they are copied on.
const WARM: usize = 256 << 10;
/// Bytes at once of what comes from the disk.
const COLD: usize = 1 << 20;

/// Bytes of a file. What the system has in memory is copied on the spot; what it has not is read by the threads of
/// the users' root, one piece ahead of what is being sent.
///
/// A file that is shorter than it was ends in an error, so that the client is not told that it has it all.
pub struct FileStream {
    file: Arc<DiskFile>,
    left: Range<u64>,
    length: u64,
    /// The piece that was sent last: its memory is used again.
    sent: Bytes,
    reading: Option<Reading>,
}

/// A piece on its way from the disk.
type Reading = BoxFuture<'static, Result<io::Result<BytesMut>, Unavailable>>;

impl FileStream {
    /// The bytes of `file` in `range`, which is inside it.
    #[must_use]
    pub fn new(file: DiskFile, range: Range<u64>) -> Self {
        // Only advice: what comes of it is speed.
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

    /// Memory for a piece: that of the last one when nobody has it any more.
    fn buffer(&mut self, length: usize) -> BytesMut {
        let mut buffer = std::mem::take(&mut self.sent).try_into_mut().unwrap_or_default();
        buffer.resize(length, 0);
        buffer
    }

    /// What is in memory; none when the disk must be asked.
    fn read_now(&mut self) -> Option<io::Result<BytesMut>> {
        let length = self.next_length(WARM);
        let mut buffer = self.buffer(length);
        let mut into = [IoSliceMut::new(&mut buffer)];
        match preadv2(&**self.file, &mut into, self.left.start, ReadWriteFlags::NOWAIT) {
            Ok(read) if read > 0 => {
                buffer.truncate(read);
                Some(Ok(buffer))
            }
            // An end is for the disk's threads to find, too: on some file systems this read sees less than there is.
            Ok(_) | Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INTR) => {
                self.sent = buffer.freeze();
                None
            }
            Err(error) => Some(Err(error.into())),
        }
    }

    fn read_from_the_disk(&mut self) -> Reading {
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
            if let Some(read) = self.read_now() {
                return Poll::Ready(Some(read.map(|piece| self.take(piece))));
            }
            self.reading = Some(self.read_from_the_disk());
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
            self.reading = Some(self.read_from_the_disk());
        }
        Poll::Ready(Some(Ok(piece)))
    }
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStream")
            .field("file", &self.file)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
