//! Reads a backup. Every length and checksum in it is verified.

use super::format::{self, version, BackupError, Frame, Header, MAGIC};
use crate::snapshot::state::Rows;
use sha2::{Digest, Sha256};
use std::io::Read;

/// Reads a backup from front to back. Takes no more memory than the longest frame allowed.
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

impl<R: Read> Reader<R> {
    /// Reads the header.
    pub fn open(mut source: R) -> Result<Self, BackupError> {
        let mut magic = [0; MAGIC.len()];
        format::fill(&mut source, &mut magic).map_err(|error| match error {
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
        let (Frame::Header(header), raw) = format::read(&mut source)? else {
            return Err(BackupError::Damaged("it has no header"));
        };
        Ok(Self {
            source,
            header,
            sum: Sha256::new().chain_update(magic).chain_update(&raw),
            last_key: Vec::new(),
            rows: 0,
            bytes: (magic.len() + raw.len()) as u64,
            ended: false,
        })
    }

    /// The header.
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

    /// The next rows; `None` once the whole backup was read and every checksum was right.
    ///
    /// # Errors
    /// [`BackupError`]: then nothing that was read may be used.
    pub fn next_rows(&mut self) -> Result<Option<Rows>, BackupError> {
        if self.ended {
            return Ok(None);
        }
        let (frame, raw) = format::read(&mut self.source)?;
        self.bytes += raw.len() as u64;
        match frame {
            Frame::Header(_) => Err(BackupError::Damaged("it has two headers")),
            Frame::Broken(reason) => Err(BackupError::Broken(reason)),
            Frame::Rows(rows) => {
                self.sum.update(&raw);
                self.rows += rows.len() as u64;
                for (key, _) in &rows {
                    if **key <= self.last_key {
                        return Err(BackupError::Damaged("the order of its rows"));
                    }
                    self.last_key.clone_from(key);
                }
                let rows = rows.into_iter();
                Ok(Some(
                    rows.map(|(key, value)| (key.into_vec(), value.into_vec()))
                        .collect(),
                ))
            }
            Frame::End { rows, sha256 } => {
                if sha256 != <[u8; 32]>::from(self.sum.clone().finalize()) {
                    return Err(BackupError::Damaged("the checksum of the whole"));
                }
                if rows != self.rows {
                    return Err(BackupError::Damaged("the number of rows"));
                }
                match format::fill(&mut self.source, &mut [0]) {
                    Err(BackupError::CutShort) => {}
                    Ok(()) => return Err(BackupError::Damaged("something follows its end")),
                    Err(error) => return Err(error),
                }
                self.ended = true;
                Ok(None)
            }
        }
    }
}
