//! Reads the messages in one direction of an HTTP/1 connection, piece by piece, as they pass. Pure.
//!
//! By hand, because the bytes themselves are passed on and only looked at: a client or a server
//! would write the messages anew. Heads and sizes of chunks are parsed by `httparse`.

use thiserror::Error;

/// Longest head that is read. A longer one is passed on all the same.
const MAX_HEAD: usize = 128 * 1024;
/// Longest line with the size of a chunk.
const MAX_LINE: usize = 4096;

/// The direction can't be read any further. Its bytes are passed on all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is not HTTP/1")]
pub(super) struct Unreadable;

/// How long the body after a head is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// This number of bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// Everything until the connection ends.
    UntilEnd,
    /// This was an interim answer (1xx): the real head follows.
    Interim,
    /// What follows is another protocol.
    Other,
}

/// Who takes what is read.
pub(super) trait Sink {
    /// A whole head, with its empty line.
    fn head(&mut self, head: &[u8]) -> Result<Framing, Unreadable>;
    /// A piece of the body, without the frame of its chunk.
    fn body(&mut self, bytes: &[u8]);
    /// The message is complete.
    fn end(&mut self);
}

#[derive(Debug)]
enum State {
    Head(Vec<u8>),
    Length(u64),
    ChunkSize(Vec<u8>),
    Chunk(u64),
    /// The line end after a chunk.
    ChunkEnd(Vec<u8>),
    /// A line of the trailer.
    Trailer(Vec<u8>),
    UntilEnd,
    Other,
}

/// The reader of one direction.
#[derive(Debug)]
pub(super) struct Reader(State);

impl Reader {
    pub(super) fn new() -> Self {
        Self(State::Head(Vec::new()))
    }

    /// Whether nothing more will be read.
    pub(super) fn has_stopped(&self) -> bool {
        matches!(self.0, State::Other)
    }

    /// Whether the next byte begins a message.
    pub(super) fn is_between_messages(&self) -> bool {
        matches!(&self.0, State::Head(head) if head.is_empty())
    }

    /// Stops reading.
    pub(super) fn stop(&mut self) {
        self.0 = State::Other;
    }

    /// The connection has ended in this direction.
    pub(super) fn finish(&mut self, sink: &mut impl Sink) {
        if matches!(self.0, State::UntilEnd) {
            sink.end();
        }
        self.stop();
    }

    /// Reads the next bytes.
    pub(super) fn read(&mut self, mut bytes: &[u8], sink: &mut impl Sink) {
        while !bytes.is_empty() {
            match self.step(bytes, sink) {
                Ok(rest) => bytes = rest,
                Err(Unreadable) => return self.stop(),
            }
        }
    }

    /// Reads up to the end of what the state can take, and returns the rest.
    fn step<'b>(&mut self, bytes: &'b [u8], sink: &mut impl Sink) -> Result<&'b [u8], Unreadable> {
        match &mut self.0 {
            State::Head(head) => {
                let (rest, whole) = take_head(head, bytes)?;
                if whole {
                    let framing = sink.head(head)?;
                    self.0 = after_head(framing);
                    if framing == Framing::Length(0) {
                        sink.end();
                    }
                }
                Ok(rest)
            }
            State::Length(left) | State::Chunk(left) => {
                let (piece, rest) = split(bytes, *left);
                *left = left.saturating_sub(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                sink.body(piece);
                if *left == 0 {
                    if matches!(self.0, State::Length(_)) {
                        self.0 = State::Head(Vec::new());
                        sink.end();
                    } else {
                        self.0 = State::ChunkEnd(Vec::new());
                    }
                }
                Ok(rest)
            }
            State::ChunkSize(line) => {
                let (rest, whole) = take_line(line, bytes)?;
                if whole {
                    let size = httparse::parse_chunk_size(line).map_err(|_| Unreadable)?;
                    let httparse::Status::Complete((_, size)) = size else {
                        return Err(Unreadable);
                    };
                    self.0 = match size {
                        0 => State::Trailer(Vec::new()),
                        size => State::Chunk(size),
                    };
                }
                Ok(rest)
            }
            State::ChunkEnd(line) => {
                let (rest, whole) = take_line(line, bytes)?;
                if whole {
                    if !is_empty(line) {
                        return Err(Unreadable);
                    }
                    self.0 = State::ChunkSize(Vec::new());
                }
                Ok(rest)
            }
            State::Trailer(line) => {
                let (rest, whole) = take_line(line, bytes)?;
                if whole && is_empty(line) {
                    self.0 = State::Head(Vec::new());
                    sink.end();
                } else if whole {
                    line.clear();
                }
                Ok(rest)
            }
            State::UntilEnd => {
                sink.body(bytes);
                Ok(&[])
            }
            State::Other => Ok(&[]),
        }
    }
}

fn after_head(framing: Framing) -> State {
    match framing {
        Framing::Length(0) | Framing::Interim => State::Head(Vec::new()),
        Framing::Length(length) => State::Length(length),
        Framing::Chunked => State::ChunkSize(Vec::new()),
        Framing::UntilEnd => State::UntilEnd,
        Framing::Other => State::Other,
    }
}

/// Splits after at most `length` bytes.
fn split(bytes: &[u8], length: u64) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.len().min(usize::try_from(length).unwrap_or(usize::MAX)))
}

/// Appends to `line` until its line end. Returns the rest, and whether the line is whole.
fn take_line<'b>(line: &mut Vec<u8>, bytes: &'b [u8]) -> Result<(&'b [u8], bool), Unreadable> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (piece, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
    line.extend_from_slice(piece);
    if line.len() > MAX_LINE {
        return Err(Unreadable);
    }
    Ok((rest, end.is_some()))
}

fn is_empty(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// Appends to `head` until its empty line. Returns the rest, and whether the head is whole. Empty
/// lines before a head are left out, as servers do.
fn take_head<'b>(head: &mut Vec<u8>, bytes: &'b [u8]) -> Result<(&'b [u8], bool), Unreadable> {
    let mut bytes = bytes;
    if head.is_empty() {
        let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
        bytes = bytes.split_at(start.unwrap_or(bytes.len())).1;
    }
    let known = head.len();
    head.extend_from_slice(bytes);
    // The end may lie across the pieces.
    let from = known.saturating_sub(3);
    let looked_at = head.get(from..).unwrap_or_default();
    let end = looked_at.iter().enumerate().find_map(|(at, byte)| {
        let after = looked_at.get(at + 1..)?;
        match (byte, after) {
            (b'\n', [b'\n', ..]) => Some(from + at + 2),
            (b'\n', [b'\r', b'\n', ..]) => Some(from + at + 3),
            _ => None,
        }
    });
    let Some(end) = end else {
        return if head.len() > MAX_HEAD {
            Err(Unreadable)
        } else {
            Ok((&[], false))
        };
    };
    head.truncate(end);
    let rest = bytes.get(end.saturating_sub(known)..).unwrap_or_default();
    Ok((rest, true))
}

#[cfg(test)]
mod tests;
