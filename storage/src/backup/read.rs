//! Reads a backup, and trusts nothing in it.

use super::{checksum, options, version, BackupError, End, Header, Kind, FRAME_HEAD, MAGIC, MAX_FRAME};
use crate::snapshot::Rows;
use bincode::Options;
use flate2::read::DeflateDecoder;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::io::{ErrorKind, Read};

/// Reads a backup from front to back. Memory is bounded by the longest frame there may be.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    header: Header,
    sum: Sha256,
    last_key: Vec<u8>,
    rows: u64,
    bytes: u64,
    ended: bool,
}

struct Frame {
    kind: Kind,
    content: Vec<u8>,
    /// Its bytes as they stand in the file.
    raw: Vec<u8>,
}

impl<R: Read> Reader<R> {
    /// Reads as far as the header.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn open(mut source: R) -> Result<Self, BackupError> {
        let mut magic = [0; MAGIC.len()];
        fill(&mut source, &mut magic).map_err(|error| match error {
            BackupError::CutShort => BackupError::Foreign,
            error => error,
        })?;
        let ([name @ .., found], [own @ .., _]) = (&magic, MAGIC);
        if name != own {
            return Err(BackupError::Foreign);
        }
        if *found > version() {
            return Err(BackupError::Newer(*found));
        }
        if *found != version() {
            return Err(BackupError::Damaged("its format never was"));
        }
        let frame = read_frame(&mut source)?;
        let header = match frame.kind {
            Kind::Header => decoded(&frame.content, "its header")?,
            _ => return Err(BackupError::Damaged("it has no header")),
        };
        let mut sum = Sha256::new();
        sum.update(magic);
        sum.update(&frame.raw);
        Ok(Self {
            source,
            header,
            sum,
            last_key: Vec::new(),
            rows: 0,
            bytes: (magic.len() + frame.raw.len()) as u64,
            ended: false,
        })
    }

    /// What it says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Rows read so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of the file read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next rows; none once the whole backup was there and every checksum was right.
    ///
    /// # Errors
    /// [`BackupError`]: then nothing that was read may be kept.
    pub fn next_rows(&mut self) -> Result<Option<Rows>, BackupError> {
        if self.ended {
            return Ok(None);
        }
        let frame = read_frame(&mut self.source)?;
        self.bytes += frame.raw.len() as u64;
        match frame.kind {
            Kind::Header => Err(BackupError::Damaged("it has two headers")),
            Kind::Broken => Err(BackupError::Broken(
                String::from_utf8_lossy(&frame.content).into_owned(),
            )),
            Kind::Rows => {
                self.sum.update(&frame.raw);
                let rows = self.take_rows(&frame.content)?;
                self.rows += rows.len() as u64;
                Ok(Some(rows))
            }
            Kind::End => {
                let end: End = decoded(&frame.content, "its end")?;
                if end.sha256 != <[u8; 32]>::from(self.sum.clone().finalize()) {
                    return Err(BackupError::Damaged("the checksum of the whole"));
                }
                if end.rows != self.rows {
                    return Err(BackupError::Damaged("the number of rows"));
                }
                match fill(&mut self.source, &mut [0]) {
                    Err(BackupError::CutShort) => {}
                    Ok(()) => return Err(BackupError::Damaged("something follows its end")),
                    Err(error) => return Err(error),
                }
                self.ended = true;
                Ok(None)
            }
        }
    }

    fn take_rows(&mut self, mut content: &[u8]) -> Result<Rows, BackupError> {
        let mut rows = Rows::new();
        while !content.is_empty() {
            let (key, value) = take_row(&mut content).ok_or(BackupError::Damaged("a row"))?;
            if key <= self.last_key.as_slice() {
                return Err(BackupError::Damaged("the order of its rows"));
            }
            key.clone_into(&mut self.last_key);
            rows.push((key.to_vec(), value.to_vec()));
        }
        Ok(rows)
    }
}

fn take_row<'a>(content: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (key, rest) = content.split_first_chunk()?;
    let (value, rest) = rest.split_first_chunk()?;
    let (key, value) = (u16::from_be_bytes(*key), u32::from_be_bytes(*value));
    let (key, rest) = rest.split_at_checked(usize::from(key))?;
    let (value, rest) = rest.split_at_checked(usize::try_from(value).ok()?)?;
    *content = rest;
    Some((key, value))
}

fn read_frame(source: &mut impl Read) -> Result<Frame, BackupError> {
    let mut head = [0; FRAME_HEAD];
    fill(source, &mut head)?;
    let [kind, a, b, c, d, e, f, g, h, sum @ ..] = head;
    let (length, inflated) = (
        u32::from_be_bytes([a, b, c, d]) as usize,
        u32::from_be_bytes([e, f, g, h]) as usize,
    );
    let kind = Kind::from_byte(kind).ok_or(BackupError::Damaged("the kind of a frame"))?;
    if length > MAX_FRAME || inflated > MAX_FRAME {
        return Err(BackupError::Damaged("the length of a frame"));
    }
    // Grows with what really comes, not with what is said.
    let mut raw = head.to_vec();
    let read = source
        .take(length as u64)
        .read_to_end(&mut raw)
        .map_err(BackupError::Io)?;
    if read < length {
        return Err(BackupError::CutShort);
    }
    let (head, deflated) = raw.split_at_checked(FRAME_HEAD).ok_or(BackupError::CutShort)?;
    let summed = head.split_last_chunk::<4>().map_or(head, |(summed, _)| summed);
    if checksum(summed, deflated) != sum {
        return Err(BackupError::Damaged("the checksum of a frame"));
    }
    let mut content = Vec::new();
    // One byte more than is said would show.
    let inflating = DeflateDecoder::new(deflated)
        .take(inflated as u64 + 1)
        .read_to_end(&mut content);
    if inflating.is_err() || content.len() != inflated {
        return Err(BackupError::Damaged("what a frame holds"));
    }
    Ok(Frame { kind, content, raw })
}

fn fill(source: &mut impl Read, bytes: &mut [u8]) -> Result<(), BackupError> {
    source.read_exact(bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => BackupError::CutShort,
        _ => BackupError::Io(error),
    })
}

fn decoded<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, BackupError> {
    options()
        .deserialize(bytes)
        .map_err(|_| BackupError::Damaged(what))
}
