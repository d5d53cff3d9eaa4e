//! Cuts a JSON list into its items without building a tree.

use super::error::{DumpError, Place};
use crate::value::{replace_literal, LONGEST_LITERAL};
use std::io::Read;

/// Longest record, in bytes. Uploads have at most 16 MiB.
pub const LONGEST_RECORD: usize = 256 << 20;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;

/// The items of a list, one after the other. `NaN` and the like are replaced on the way.
pub(super) struct Items<R> {
    source: R,
    buffer: Vec<u8>,
    /// The next byte in the buffer.
    at: usize,
    /// The item in the buffer.
    item: (usize, usize),
    /// Bytes that were in the buffer before.
    before: u64,
    at_end: bool,
    /// The item that was found last.
    place: Place,
    line: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// After `[`: an item or the end.
    First,
    /// After an item.
    After,
    End,
}

impl<R: Read> Items<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            at: 0,
            item: (0, 0),
            before: 0,
            at_end: false,
            place: Place::default(),
            line: 1,
            state: State::Start,
        }
    }

    /// The bytes of the item that was found last.
    pub(super) fn item(&self) -> &[u8] {
        self.buffer.get(self.item.0..self.item.1).unwrap_or_default()
    }

    /// The bytes read so far.
    pub(super) fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    /// Finds the next item; none at the end of the list.
    pub(super) fn next(&mut self) -> Result<Option<Place>, DumpError> {
        loop {
            let byte = self.skip_blanks()?;
            match (self.state, byte) {
                (State::Start, Some(0xef))
                    if self.offset() == 0 && self.buffer.starts_with(b"\xef\xbb\xbf") =>
                {
                    self.at += 3;
                }
                (State::Start, Some(b'[')) => {
                    self.state = State::First;
                    self.at += 1;
                }
                (State::Start, _) => return Err(self.wrong("a dump must be a JSON list of records")),
                (State::First | State::After, Some(b']')) => {
                    self.state = State::End;
                    self.at += 1;
                }
                (State::After, Some(b',')) => {
                    self.at += 1;
                    match self.skip_blanks()? {
                        Some(b']') => return Err(self.wrong("a record must follow the comma")),
                        _ => return self.cut().map(Some),
                    }
                }
                (State::After, Some(_)) => {
                    return Err(self.wrong("a comma or the end of the list must follow"))
                }
                (State::First, Some(_)) => return self.cut().map(Some),
                (State::First | State::After, None) => {
                    return Err(self.wrong("the file ends within the list: it was cut"))
                }
                (State::End, None) => return Ok(None),
                (State::End, Some(_)) => return Err(self.wrong("something follows the list")),
            }
        }
    }

    /// Finds where the item that begins here ends.
    fn cut(&mut self) -> Result<Place, DumpError> {
        self.item = (self.at, self.at);
        self.place = Place {
            record: self.place.record + 1,
            offset: self.offset(),
            line: self.line,
        };
        let (mut depth, mut in_text) = (0_usize, false);
        loop {
            // A literal or the character after a backslash may be cut by the end of a block.
            if self.at + LONGEST_LITERAL > self.buffer.len() && !self.at_end {
                if self.at - self.item.0 > LONGEST_RECORD {
                    return Err(self.wrong("is too long"));
                }
                self.fill()?;
                continue;
            }
            let Some(byte) = self.buffer.get(self.at) else {
                return Err(self.wrong("the file ends within the record: it was cut"));
            };
            match byte {
                b'"' => in_text = !in_text,
                b'\\' if in_text => self.at += 1,
                b'\n' => self.line += 1,
                _ if in_text => {}
                b'N' | b'I' | b'-' => {
                    self.at += replace_literal(&mut self.buffer, self.at).unwrap_or(1);
                    continue;
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' | b',' if depth == 0 => break,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        self.item.1 = self.at;
        self.state = State::After;
        Ok(self.place)
    }

    fn skip_blanks(&mut self) -> Result<Option<u8>, DumpError> {
        loop {
            match self.buffer.get(self.at) {
                Some(byte) if byte.is_ascii_whitespace() => {
                    self.line += u64::from(*byte == b'\n');
                    self.at += 1;
                }
                // A byte order mark has three bytes.
                Some(0xef) if self.buffer.len() < self.at + 3 && !self.at_end => self.fill()?,
                Some(byte) => return Ok(Some(*byte)),
                None if self.at_end => return Ok(None),
                None => {
                    self.item = (self.at, self.at);
                    self.fill()?;
                }
            }
        }
    }

    /// Reads on. What is before the item leaves the buffer.
    fn fill(&mut self) -> Result<(), DumpError> {
        let (start, _) = self.item;
        self.buffer.drain(..start);
        self.before += start as u64;
        self.at -= start;
        self.item = (0, 0);
        let block = (&mut self.source)
            .take(BLOCK as u64)
            .read_to_end(&mut self.buffer)?;
        self.at_end = block == 0;
        Ok(())
    }

    fn wrong(&self, message: &str) -> DumpError {
        DumpError::List {
            place: self.place,
            message: message.to_owned(),
        }
    }
}
