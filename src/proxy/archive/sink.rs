//! Where the bytes of a tar go: in pieces, to be compressed or as they are.

use super::compressors::{Compressors, TAIL};
use super::Packing;
use crate::proxy::disk::beat;
use crate::proxy::pump::{Outlet, Piece, PIECE};
use actix_web::web::Bytes;
use flate2::Crc;
use std::fs::File;
use std::io::{self, Read};

/// The head of a gzip file: deflate, no name, no time, an unknown system.
const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Takes the bytes of a tar.
#[derive(Debug)]
pub(super) struct Sink<'a> {
    outlet: &'a Outlet,
    /// None when nothing is compressed.
    compressors: Option<&'a Compressors>,
    piece: Vec<u8>,
    filled: usize,
    checksum: Crc,
}

impl<'a> Sink<'a> {
    pub(super) fn new(
        outlet: &'a Outlet,
        packing: Packing,
        compressors: &'a Compressors,
    ) -> io::Result<Self> {
        let compressors = (packing == Packing::Gzip).then_some(compressors);
        if compressors.is_some() {
            outlet.send(Piece::Ready(Bytes::from_static(&GZIP_HEAD)))?;
        }
        Ok(Self {
            outlet,
            compressors,
            piece: vec![0; PIECE],
            filled: 0,
            checksum: Crc::new(),
        })
    }

    /// # Errors
    /// When nobody takes what is made.
    pub(super) fn is_taken(&self) -> io::Result<()> {
        self.outlet.is_taken()
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let mut room = self.piece.get_mut(self.filled..).unwrap_or_default();
            let written = io::Write::write(&mut room, bytes)?;
            self.taken(written)?;
            bytes = bytes.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    pub(super) fn zeros(&mut self, count: u64) -> io::Result<()> {
        const ZEROS: [u8; 512] = [0; 512];
        let mut left = usize::try_from(count).unwrap_or(usize::MAX);
        while left > 0 {
            let some = ZEROS.get(..left).unwrap_or(&ZEROS);
            self.write(some)?;
            left = left.saturating_sub(some.len());
        }
        Ok(())
    }

    /// Reads up to `most` bytes of a file, straight into the piece; 0 at its end.
    pub(super) fn read_from(&mut self, mut file: &File, most: u64) -> io::Result<u64> {
        let room = self.piece.get_mut(self.filled..).unwrap_or_default();
        let length = usize::try_from(most).map_or(room.len(), |most| most.min(room.len()));
        let room = room.get_mut(..length).unwrap_or_default();
        let read = loop {
            beat();
            match file.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.taken(read)?;
        Ok(u64::try_from(read).unwrap_or(u64::MAX))
    }

    fn taken(&mut self, bytes: usize) -> io::Result<()> {
        self.filled += bytes;
        if self.filled >= self.piece.len() {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.filled == 0 {
            return Ok(());
        }
        let mut piece = std::mem::replace(&mut self.piece, vec![0; PIECE]);
        piece.truncate(self.filled);
        self.filled = 0;
        let Some(compressors) = self.compressors else {
            return self.outlet.send(Piece::Ready(Bytes::from(piece)));
        };
        self.checksum.update(&piece);
        self.outlet.send(Piece::Later(compressors.compress(piece)?))
    }

    /// Sends what is left, and the end.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        if self.compressors.is_none() {
            return Ok(());
        }
        let mut tail = TAIL.to_vec();
        tail.extend(self.checksum.sum().to_le_bytes());
        tail.extend(self.checksum.amount().to_le_bytes());
        self.outlet.send(Piece::Ready(Bytes::from(tail)))
    }
}
