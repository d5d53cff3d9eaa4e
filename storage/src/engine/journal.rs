//! The journal: the rows of each group, appended and synced before the group counts. Two files take turns, so that one
//! can be written while what stands in the other goes into the database.
//!
//! An entry is `[number u64][bytes u32][crc u32][rows]`, big-endian; a row `[key bytes u32][key][value bytes u32][value]`,
//! where a removed row has [`REMOVED`] for the value's length. Numbers go up by one from entry to entry, across both files
//! and for the life of the store. A file is written again from its start: what is left of its last turn ends the reading,
//! for its numbers are too low.

use super::faults::{Faults, Step};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use thiserror::Error;

/// Names of the two files.
const NAMES: [&str; 2] = ["journal.0", "journal.1"];
/// A file grows by this much at a time, in zeros: writing where a file has bytes already spares the disk its length.
const GROWTH: u64 = 1024 * 1024;
const HEADER: usize = 16;
/// Stands for the length of a value that there is none of.
const REMOVED: u32 = u32::MAX;

/// Rows to set, or to remove where there is no value.
pub(crate) type Rows = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The two files, and where the next entry goes.
pub(crate) struct Journal {
    files: [File; 2],
    lengths: [u64; 2],
    active: usize,
    position: u64,
    /// The last entry's.
    number: u64,
    buffer: Vec<u8>,
}

/// Why a journal can't be read.
#[derive(Debug, Error)]
pub(crate) enum JournalError {
    /// The files could not be read or written.
    #[error("the journal could not be read")]
    Io(#[from] io::Error),
    /// Entries between the database and the journal's first are not there.
    #[error("the journal begins with entry {first}, and the database ends with {last}: entries between are missing")]
    Gap {
        /// The first entry there is.
        first: u64,
        /// The last one that the database has.
        last: u64,
    },
}

impl Journal {
    /// Opens the files in `directory`, or creates them. `done` is the last entry that the database has. Returns what it has
    /// not, all entries together, and the number of the last of them.
    pub(crate) fn open(directory: &Path, done: u64) -> Result<(Self, Rows, u64), JournalError> {
        let open = |name: &str| {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(directory.join(name))
        };
        let files = [open(NAMES[0])?, open(NAMES[1])?];
        let mut turns = Vec::new();
        let mut lengths = [0; 2];
        for (file, length) in files.iter().zip(&mut lengths) {
            *length = file.metadata()?.len();
            turns.push(read_turn(file, *length)?);
        }
        turns.sort_by_key(|turn| turn.first().map(|(number, _)| *number));
        let (mut rows, mut last) = (Rows::new(), done);
        for (number, entry) in turns.into_iter().flatten() {
            if number <= done {
                continue;
            }
            if number != last + 1 {
                return Err(JournalError::Gap { first: number, last });
            }
            rows.extend(entry);
            last = number;
        }
        let journal = Self {
            files,
            lengths,
            active: 0,
            position: 0,
            number: last,
            buffer: Vec::new(),
        };
        Ok((journal, rows, last))
    }

    /// Appends one group, durably. When this fails, it is unknown whether the entry will be found.
    pub(crate) fn append(&mut self, rows: &Rows, faults: &impl Faults) -> io::Result<()> {
        faults.before(Step::Write)?;
        let number = self.number + 1;
        encode(number, rows, &mut self.buffer)?;
        let (Some(file), Some(length)) = (self.files.get(self.active), self.lengths.get_mut(self.active))
        else {
            return Err(io::Error::other("the journal has two files"));
        };
        let end = self.position + self.buffer.len() as u64;
        if end > *length {
            let grown = end.next_multiple_of(GROWTH);
            // The zeros behind the entry; what is before them is the entry's own.
            let zeros = vec![0; usize::try_from(grown - end).unwrap_or(0)];
            file.write_all_at(&zeros, end)?;
            *length = grown;
        }
        file.write_all_at(&self.buffer, self.position)?;
        faults.before(Step::Sync)?;
        file.sync_data()?;
        self.position = end;
        self.number = number;
        Ok(())
    }

    /// Bytes of this turn.
    pub(crate) fn bytes(&self) -> u64 {
        self.position
    }

    /// The last entry's number.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Goes on at the start of the other file: all that stands there must be in the database.
    pub(crate) fn turn(&mut self) {
        self.active = 1 - self.active;
        self.position = 0;
    }
}

fn encode(number: u64, rows: &Rows, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    buffer.resize(HEADER, 0);
    let long = |_| io::Error::other("a row is longer than 4 GiB");
    for (key, value) in rows {
        buffer.extend_from_slice(&u32::try_from(key.len()).map_err(long)?.to_be_bytes());
        buffer.extend_from_slice(key);
        match value {
            None => buffer.extend_from_slice(&REMOVED.to_be_bytes()),
            Some(value) => {
                buffer.extend_from_slice(&u32::try_from(value.len()).map_err(long)?.to_be_bytes());
                buffer.extend_from_slice(value);
            }
        }
    }
    let bytes = u32::try_from(buffer.len() - HEADER).map_err(long)?;
    let (header, body) = buffer.split_at_mut(HEADER);
    let crc = checksum(number, body);
    for (place, value) in header.iter_mut().zip(
        number
            .to_be_bytes()
            .into_iter()
            .chain(bytes.to_be_bytes())
            .chain(crc.to_be_bytes()),
    ) {
        *place = value;
    }
    Ok(())
}

fn checksum(number: u64, body: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&number.to_be_bytes());
    crc.update(body);
    crc.finalize()
}

/// The entries of a file's last turn, in order: up to the first that is not whole or not the next one.
fn read_turn(file: &File, length: u64) -> io::Result<Vec<(u64, Rows)>> {
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    let (mut entries, mut left) = (Vec::new(), length);
    while let Some((number, rows)) = read_entry(&mut reader, &mut left)? {
        match entries.last() {
            Some((last, _)) if number != last + 1 => break,
            _ => entries.push((number, rows)),
        }
    }
    Ok(entries)
}

fn read_entry(reader: &mut impl Read, left: &mut u64) -> io::Result<Option<(u64, Rows)>> {
    let Some(after_header) = left.checked_sub(HEADER as u64) else {
        return Ok(None);
    };
    let (mut number, mut bytes, mut crc) = ([0; 8], [0; 4], [0; 4]);
    reader.read_exact(&mut number)?;
    reader.read_exact(&mut bytes)?;
    reader.read_exact(&mut crc)?;
    let (number, bytes) = (u64::from_be_bytes(number), u32::from_be_bytes(bytes));
    let Some(after_body) = after_header.checked_sub(bytes.into()) else {
        return Ok(None);
    };
    // Zeros, which no entry is.
    if number == 0 {
        return Ok(None);
    }
    let mut body = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
    reader.read_exact(&mut body)?;
    *left = after_body;
    if checksum(number, &body) != u32::from_be_bytes(crc) {
        return Ok(None);
    }
    Ok(rows(&body).map(|rows| (number, rows)))
}

/// None if the bytes are no rows, though their sum was right.
fn rows(mut body: &[u8]) -> Option<Rows> {
    let mut rows = Rows::new();
    while !body.is_empty() {
        let length = take(&mut body, 4)?;
        let key = take(&mut body, u32::from_be_bytes(length.try_into().ok()?))?.to_vec();
        let length = u32::from_be_bytes(take(&mut body, 4)?.try_into().ok()?);
        let value = match length {
            REMOVED => None,
            length => Some(take(&mut body, length)?.to_vec()),
        };
        rows.insert(key, value);
    }
    Some(rows)
}

fn take<'a>(bytes: &mut &'a [u8], count: u32) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(usize::try_from(count).ok()?)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests;
