//! A block: rows that follow each other in a run, as one value of the database.
//!
//! A row is `[shared][rest][value + 1, or 0 where it was removed][rest of the key][value]`, the first three as LEB128
//! numbers: how many bytes the key shares with the one before it, how many follow, and how many the value has. The rows of a
//! block are compressed with LZ4, behind their length: neighbours are much alike.

use lz4_flex::block::{compress_prepend_size, decompress, uncompressed_size};
use thiserror::Error;

/// No block has more bytes of rows: a full one and a row as long as the store keeps in one piece are far below it.
const MOST_BYTES: usize = 1024 * 1024;

/// What a run says of a key: its value, or that it was removed.
pub(super) type Said<'a> = Option<&'a [u8]>;

/// A block does not hold what it should.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a block of rows is damaged")]
pub(super) struct Damaged;

/// Packs rows, which come in order.
#[derive(Debug, Default)]
pub(super) struct Packer {
    bytes: Vec<u8>,
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Packer {
    /// Appends a row.
    pub(super) fn push(&mut self, key: &[u8], value: Said<'_>) {
        if self.bytes.is_empty() {
            self.first.extend_from_slice(key);
        }
        let shared = self.last.iter().zip(key).take_while(|(a, b)| a == b).count();
        let rest = key.get(shared..).unwrap_or_default();
        put_number(&mut self.bytes, shared);
        put_number(&mut self.bytes, rest.len());
        put_number(&mut self.bytes, value.map_or(0, |value| value.len() + 1));
        self.bytes.extend_from_slice(rest);
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.last.truncate(shared);
        self.last.extend_from_slice(rest);
    }

    /// Bytes of rows so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The first key and the block; the next row begins another one.
    pub(super) fn take(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        if self.bytes.is_empty() {
            return None;
        }
        let block = compress_prepend_size(&self.bytes);
        self.bytes.clear();
        self.last.clear();
        Some((std::mem::take(&mut self.first), block))
    }
}

/// What the block says of `wanted`, if it says something.
pub(super) fn find(block: &[u8], wanted: &[u8]) -> Result<Option<Option<Vec<u8>>>, Damaged> {
    let bytes = unpack(block)?;
    let mut rows = Rows::of(&bytes);
    while let Some(value) = rows.next()? {
        match rows.key.as_slice().cmp(wanted) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => return Ok(Some(value.map(<[u8]>::to_vec))),
            std::cmp::Ordering::Greater => break,
        }
    }
    Ok(None)
}

fn unpack(block: &[u8]) -> Result<Vec<u8>, Damaged> {
    let (length, packed) = uncompressed_size(block).map_err(|_| Damaged)?;
    if length > MOST_BYTES {
        return Err(Damaged);
    }
    let bytes = decompress(packed, length).map_err(|_| Damaged)?;
    (bytes.len() == length).then_some(bytes).ok_or(Damaged)
}

/// A block with its rows told apart.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Keys and values, one after the other.
    bytes: Vec<u8>,
    /// Where in `bytes` a row's key begins and ends, and where its value ends, if it has one.
    rows: Vec<(usize, usize, Option<usize>)>,
}

impl Block {
    /// Reads a block.
    pub(super) fn read(block: &[u8]) -> Result<Self, Damaged> {
        let mut read = Self::default();
        let bytes = unpack(block)?;
        let mut rows = Rows::of(&bytes);
        while let Some(value) = rows.next()? {
            let start = read.bytes.len();
            read.bytes.extend_from_slice(&rows.key);
            let key_end = read.bytes.len();
            read.bytes.extend_from_slice(value.unwrap_or_default());
            read.rows.push((start, key_end, value.map(|_| read.bytes.len())));
        }
        Ok(read)
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// A row.
    pub(super) fn row(&self, at: usize) -> Option<(&[u8], Said<'_>)> {
        let (start, key_end, end) = *self.rows.get(at)?;
        let key = self.bytes.get(start..key_end)?;
        Some((key, end.and_then(|end| self.bytes.get(key_end..end))))
    }

    /// How many rows come before `key`.
    pub(super) fn before(&self, key: &[u8]) -> usize {
        self.rows
            .partition_point(|(start, end, _)| self.bytes.get(*start..*end).is_some_and(|row| row < key))
    }
}

/// Reads row by row.
struct Rows<'a> {
    left: &'a [u8],
    /// The key of the row that was read last.
    key: Vec<u8>,
}

impl<'a> Rows<'a> {
    fn of(block: &'a [u8]) -> Self {
        Self {
            left: block,
            key: Vec::with_capacity(64),
        }
    }

    fn next(&mut self) -> Result<Option<Said<'a>>, Damaged> {
        if self.left.is_empty() {
            return Ok(None);
        }
        let shared = take_number(&mut self.left)?;
        let rest = take_number(&mut self.left)?;
        let value = take_number(&mut self.left)?;
        if shared > self.key.len() {
            return Err(Damaged);
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(take(&mut self.left, rest)?);
        Ok(Some(match value.checked_sub(1) {
            None => None,
            Some(length) => Some(take(&mut self.left, length)?),
        }))
    }
}

fn put_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or_default());
}

fn take_number(left: &mut &[u8]) -> Result<usize, Damaged> {
    let mut number = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, rest) = left.split_first().ok_or(Damaged)?;
        *left = rest;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Damaged)
}

fn take<'a>(left: &mut &'a [u8], count: usize) -> Result<&'a [u8], Damaged> {
    let (taken, rest) = left.split_at_checked(count).ok_or(Damaged)?;
    *left = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests;
