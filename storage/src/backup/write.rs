//! The bytes of a backup, piece by piece.

use super::{checksum, options, End, Header, Kind, FRAME_HEAD, FRAME_ROWS, MAGIC, MAX_FRAME};
use crate::engine::EngineError;
use crate::migrate::LAYOUT;
use crate::snapshot::{Rows, Snapshot, SnapshotError, SnapshotLimits};
use crate::store::Store;
use crate::tally::Tally;
use crate::time::Timestamp;
use bincode::Options;
use flate2::write::DeflateEncoder;
use flate2::Compression;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::Write;

/// A backup of a store that goes on meanwhile. Each piece is made when it is asked for, so nothing piles up.
#[derive(Debug)]
pub struct Archive {
    snapshot: Snapshot,
    header: Option<Header>,
    sum: Sha256,
    rows: u64,
    ended: bool,
}

impl Archive {
    /// Begins a backup at `now`.
    ///
    /// # Errors
    /// As [`Store::snapshot`].
    pub async fn begin(
        store: &Store,
        limits: SnapshotLimits,
        created_by: &str,
        now: Timestamp,
    ) -> Result<Self, SnapshotError> {
        Ok(Self {
            snapshot: store.snapshot(limits).await?,
            header: Some(Header {
                created: now,
                created_by: created_by.to_owned(),
                layout: LAYOUT,
                about_rows: 0,
            }),
            sum: Sha256::new(),
            rows: 0,
            ended: false,
        })
    }

    /// The next bytes of the file; none at its end. Blocks on the disk. What goes wrong is told in the last frame, and
    /// by the error.
    ///
    /// # Errors
    /// After the bytes that tell why: [`SnapshotError`].
    pub fn next_piece(&mut self) -> (Option<Vec<u8>>, Option<SnapshotError>) {
        if self.ended {
            return (None, None);
        }
        match self.piece() {
            Ok(piece) => {
                self.sum.update(&piece);
                (Some(piece), None)
            }
            Err(error) => {
                self.ended = true;
                (
                    Some(frame(Kind::Broken, error.to_string().as_bytes())),
                    Some(error),
                )
            }
        }
    }

    fn piece(&mut self) -> Result<Vec<u8>, SnapshotError> {
        if let Some(mut header) = self.header.take() {
            header.about_rows = about_rows(self.snapshot.store()).unwrap_or(0);
            let mut piece = MAGIC.to_vec();
            piece.extend(frame(Kind::Header, &encoded(&header)));
            return Ok(piece);
        }
        match self.snapshot.page(FRAME_ROWS)? {
            Some(rows) => {
                self.rows += rows.len() as u64;
                Ok(frames_of(&rows))
            }
            None => {
                self.ended = true;
                let end = End {
                    rows: self.rows,
                    sha256: self.sum.clone().finalize().into(),
                };
                Ok(frame(Kind::End, &encoded(&end)))
            }
        }
    }
}

/// One frame, or more where many rows came that were removed meanwhile.
fn frames_of(rows: &Rows) -> Vec<u8> {
    let (mut piece, mut bytes) = (Vec::new(), Vec::new());
    for (key, value) in rows {
        if bytes.len() + key.len() + value.len() > MAX_FRAME / 2 {
            piece.extend(frame(Kind::Rows, &bytes));
            bytes.clear();
        }
        // No key of ours is longer than 64 KiB, and no value than 4 GiB: larger ones are kept in pieces.
        bytes.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(value);
    }
    piece.extend(frame(Kind::Rows, &bytes));
    piece
}

pub(super) fn frame(kind: Kind, bytes: &[u8]) -> Vec<u8> {
    let mut deflated = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    // Writing to a Vec cannot fail; were bytes to be missing, the reader would say so.
    let _ = deflated.write_all(bytes);
    let deflated = deflated.finish().unwrap_or_default();
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut frame = Vec::with_capacity(FRAME_HEAD + deflated.len());
    frame.push(kind as u8);
    frame.extend_from_slice(&length(deflated.len()));
    frame.extend_from_slice(&length(bytes.len()));
    frame.extend_from_slice(&checksum(&frame, &deflated));
    frame.extend_from_slice(&deflated);
    frame
}

fn encoded(value: &impl Serialize) -> Vec<u8> {
    // Neither a header nor an end can fail to serialize; an empty frame would not be read back.
    options().serialize(value).unwrap_or_default()
}

/// Rows that the store has now, as its tally says, with the row of the tally itself. More may come until the backup's end.
fn about_rows(store: &Store) -> Result<u64, EngineError> {
    Ok(Tally::of(store.engine())?.rows.saturating_add(1))
}
