//! Makes the bytes of a backup, piece by piece.

use super::format::{encode, Frame, Header, MAGIC, MAX_FRAME};
use crate::engine::EngineError;
use crate::format::LAYOUT;
use crate::snapshot::state::{Rows, SnapshotLimits};
use crate::snapshot::{Snapshot, SnapshotError};
use crate::store::Store;
use crate::tally::Tally;
use crate::time::Timestamp;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

/// Bytes of rows in a frame, approximately.
const FRAME_ROWS: usize = 512 * 1024;

/// A backup of a store that goes on writing. Each piece is made when it is requested.
#[derive(Debug)]
pub struct Archive {
    snapshot: Snapshot,
    /// `None` once it was written.
    header: Option<Header>,
    sum: Sha256,
    rows: u64,
    ended: bool,
}

impl Archive {
    /// Starts a backup at `now`.
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

    /// The next bytes of the file; `None` at its end. Blocks on the disk. With an error, the bytes
    /// are the last frame, which holds its message.
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
                let broken = encode(&Frame::Broken(error.to_string()));
                (Some(broken), Some(error))
            }
        }
    }

    fn piece(&mut self) -> Result<Vec<u8>, SnapshotError> {
        if let Some(mut header) = self.header.take() {
            header.about_rows = about_rows(self.snapshot.store()).unwrap_or(0);
            let mut piece = MAGIC.to_vec();
            piece.extend(encode(&Frame::Header(header)));
            return Ok(piece);
        }
        match self.snapshot.page(FRAME_ROWS)? {
            Some(rows) => {
                self.rows += rows.len() as u64;
                Ok(frames_of(rows))
            }
            None => {
                self.ended = true;
                Ok(encode(&Frame::End {
                    rows: self.rows,
                    sha256: self.sum.clone().finalize().into(),
                }))
            }
        }
    }
}

/// The frames of a page: one, or more if many removed rows were put back into the page.
fn frames_of(page: Rows) -> Vec<u8> {
    let (mut piece, mut rows, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (key, value) in page {
        let length = key.len() + value.len();
        if bytes + length > MAX_FRAME / 2 {
            piece.extend(encode(&Frame::Rows(std::mem::take(&mut rows))));
            bytes = 0;
        }
        bytes += length;
        rows.push((ByteBuf::from(key), ByteBuf::from(value)));
    }
    piece.extend(encode(&Frame::Rows(rows)));
    piece
}

/// The number of rows in the store now, with that of the tally. More may be added before the end.
fn about_rows(store: &Store) -> Result<u64, EngineError> {
    let tally = Tally::read(|key| store.engine().get(key))?;
    Ok(tally.rows.saturating_add(1))
}
