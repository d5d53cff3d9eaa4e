//! Splits the bytes of a tar into pieces of a body, and has them compressed.

use super::compressors::{Compressors, END_OF_STREAM};
use crate::proxy::threaded_body::{BodyWriter, Piece, PIECE};
use actix_web::web::Bytes;
use flate2::Crc;
use std::io::{self, Write};

/// The header of a gzip file: deflate, no name, no time, unknown system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// The format of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// `.tar`
    Tar,
    /// `.tar.gz`
    Gzip,
}

impl Packing {
    /// The format for a file name; `None` if it is not the name of an archive.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        let ends = |with: &[u8]| name.len() > with.len() && name.ends_with(with);
        match (ends(b".tar.gz") || ends(b".tgz"), ends(b".tar")) {
            (true, _) => Some(Self::Gzip),
            (_, true) => Some(Self::Tar),
            _ => None,
        }
    }

    /// The content type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Tar => "application/x-tar",
            Self::Gzip => "application/gzip",
        }
    }
}

/// Takes the bytes of a tar.
#[derive(Debug)]
pub(super) struct PieceWriter<'a> {
    body: &'a BodyWriter,
    /// `None` if nothing is compressed.
    compressors: Option<&'a Compressors>,
    piece: Vec<u8>,
    checksum: Crc,
    /// Nothing more is sent.
    aborted: bool,
}

impl<'a> PieceWriter<'a> {
    pub(super) fn new(
        body: &'a BodyWriter,
        packing: Packing,
        compressors: &'a Compressors,
    ) -> io::Result<Self> {
        let compressors = (packing == Packing::Gzip).then_some(compressors);
        if compressors.is_some() {
            body.send(Piece::Ready(Bytes::from_static(&GZIP_HEADER)))?;
        }
        Ok(Self {
            body,
            compressors,
            piece: Vec::with_capacity(PIECE),
            checksum: Crc::new(),
            aborted: false,
        })
    }

    /// # Errors
    /// If the client has gone.
    pub(super) fn check_open(&self) -> io::Result<()> {
        self.body.check_open()
    }

    /// Refuses all further bytes, also the end that the builder of the tar writes when it is
    /// dropped.
    pub(super) fn abort(&mut self) {
        self.aborted = true;
    }

    fn send_piece(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.body.send(match self.compressors {
            None => Piece::Ready(Bytes::from(piece)),
            Some(compressors) => {
                self.checksum.update(&piece);
                Piece::Later(compressors.compress(piece))
            }
        })
    }

    /// Sends the rest, and the end of the gzip stream.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if !self.piece.is_empty() {
            self.send_piece()?;
        }
        if self.compressors.is_none() {
            return Ok(());
        }
        let mut end = END_OF_STREAM.to_vec();
        end.extend(self.checksum.sum().to_le_bytes());
        end.extend(self.checksum.amount().to_le_bytes());
        self.body.send(Piece::Ready(Bytes::from(end)))
    }
}

impl Write for PieceWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.aborted {
            return Err(io::Error::other("the archive is incomplete"));
        }
        let room = PIECE.saturating_sub(self.piece.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.piece.extend_from_slice(taken);
        if self.piece.len() >= PIECE {
            self.send_piece()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
