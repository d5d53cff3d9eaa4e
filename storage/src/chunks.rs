//! Values above 16 KiB, split into pieces. The record's key holds a head; each piece is a row.
//!
//! A head has its revision where every record has it. The key of a piece is
//! `[Chunk][key of the record][revision][n u32]`.

use crate::codec::{decode_fixed, encode_fixed, HEADER};
use crate::keys::Table;
use serde::{Deserialize, Serialize};

/// The longest value that is stored in one row, and the length of a piece.
pub(crate) const LIMIT: usize = 16 * 1024;

/// A value split into pieces.
pub(crate) struct Pieces {
    /// The value of the record's own key.
    pub(crate) head: Vec<u8>,
    /// Key and value of each piece.
    pub(crate) rows: Vec<(Vec<u8>, Vec<u8>)>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    /// [`Head::MARK`], where a record has its version.
    mark: u8,
    revision: [u8; 8],
    version: u8,
    bytes: u64,
    pieces: u32,
    /// Detects a mix of the pieces of two values, which a reader may see when the record is removed
    /// and created again.
    sum: u64,
}

impl Head {
    const MARK: u8 = 0xff;

    fn parse(value: &[u8]) -> Option<Self> {
        if *value.first()? != Self::MARK {
            return None;
        }
        let head: Self = decode_fixed(value)?;
        (u64::from(head.pieces) == head.bytes.div_ceil(LIMIT as u64)).then_some(head)
    }

    /// The key of piece `n` of the record `of`.
    fn key(&self, of: &[u8], n: u32) -> Vec<u8> {
        [&[Table::Chunk as u8], of, &self.revision, &n.to_be_bytes()].concat()
    }
}

/// Splits the record `value` of `key` if it is above the limit.
pub(crate) fn split(key: &[u8], value: &[u8]) -> Option<Pieces> {
    if value.len() <= LIMIT {
        return None;
    }
    let (&version, revision, body) = (value.first()?, value.get(1..HEADER)?, value.get(HEADER..)?);
    let head = Head {
        mark: Head::MARK,
        revision: revision.try_into().ok()?,
        version,
        bytes: u64::try_from(body.len()).ok()?,
        pieces: u32::try_from(body.len().div_ceil(LIMIT)).ok()?,
        sum: sum(body),
    };
    Some(Pieces {
        rows: (0..)
            .zip(body.chunks(LIMIT))
            .map(|(n, piece)| (head.key(key, n), piece.to_vec()))
            .collect(),
        head: encode_fixed(&head),
    })
}

/// The keys of all pieces of the record `value` of `key`; none if it is stored in one row.
pub(crate) fn piece_keys<'a>(key: &'a [u8], value: &[u8]) -> impl Iterator<Item = Vec<u8>> + 'a {
    Head::parse(value)
        .into_iter()
        .flat_map(move |head| (0..head.pieces).map(move |n| head.key(key, n)))
}

/// The key of the record that a piece belongs to.
pub(crate) fn record_of(piece: &[u8]) -> Option<&[u8]> {
    // Revision and number follow it.
    let end = piece.len().checked_sub(8 + 4)?;
    piece.get(1..end).filter(|key| !key.is_empty())
}

/// Joins the record of `key` again. `None` when the pieces are not, or no longer, those of this
/// head.
pub(crate) fn join<E>(
    key: &[u8],
    value: Vec<u8>,
    mut read: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, E>,
) -> Result<Option<Vec<u8>>, E> {
    let Some(head) = Head::parse(&value) else {
        return Ok(Some(value));
    };
    let mut whole = vec![head.version];
    whole.extend_from_slice(&head.revision);
    for n in 0..head.pieces {
        match read(&head.key(key, n))? {
            Some(piece) => whole.extend_from_slice(&piece),
            None => return Ok(None),
        }
    }
    let body = whole.get(HEADER..).unwrap_or_default();
    let complete = body.len() as u64 == head.bytes && sum(body) == head.sum;
    Ok(complete.then_some(whole))
}

/// FNV-1a, 64 bits.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;
