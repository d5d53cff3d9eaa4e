//! Values above 16 KiB, in pieces: the record's key holds a head, the pieces are rows of their own.
//!
//! A head is `[0xff][revision][version][bytes u64][pieces u32][sum u64]`, so that its revision stands where every
//! record has it. A piece has the key `[Chunk][the record's key][revision][n u32]`.

use crate::codec::HEADER;
use crate::keys::Table;

/// The longest value that is stored in one row, and the length of a piece.
pub(crate) const LIMIT: usize = 16 * 1024;

/// Stands where a record has its version.
const MARK: u8 = 0xff;
const HEAD: usize = 1 + 8 + 1 + 8 + 4 + 8;

/// A value cut to pieces.
pub(crate) struct Pieces {
    /// What goes under the record's own key.
    pub(crate) head: Vec<u8>,
    /// The pieces, with their keys.
    pub(crate) rows: Vec<(Vec<u8>, Vec<u8>)>,
}

struct Head {
    revision: [u8; 8],
    version: u8,
    bytes: u64,
    pieces: u32,
    /// Tells a mix of two values apart, when a reader meets a record that was removed and created again.
    sum: u64,
}

impl Head {
    fn parse(value: &[u8]) -> Option<Self> {
        let (&MARK, HEAD) = (value.first()?, value.len()) else {
            return None;
        };
        let head = Self {
            revision: value.get(1..9)?.try_into().ok()?,
            version: *value.get(9)?,
            bytes: u64::from_be_bytes(value.get(10..18)?.try_into().ok()?),
            pieces: u32::from_be_bytes(value.get(18..22)?.try_into().ok()?),
            sum: u64::from_be_bytes(value.get(22..HEAD)?.try_into().ok()?),
        };
        (u64::from(head.pieces) == head.bytes.div_ceil(LIMIT as u64)).then_some(head)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(HEAD);
        value.push(MARK);
        value.extend_from_slice(&self.revision);
        value.push(self.version);
        value.extend_from_slice(&self.bytes.to_be_bytes());
        value.extend_from_slice(&self.pieces.to_be_bytes());
        value.extend_from_slice(&self.sum.to_be_bytes());
        value
    }

    fn key(&self, of: &[u8], n: u32) -> Vec<u8> {
        [&[Table::Chunk as u8], of, &self.revision, &n.to_be_bytes()].concat()
    }
}

/// Cuts the record `value` of `key` if it is above the limit; `None` if it stays whole.
pub(crate) fn split(key: &[u8], value: &[u8]) -> Option<Pieces> {
    if value.len() <= LIMIT {
        return None;
    }
    let (&version, revision, body) = (value.first()?, value.get(1..HEADER)?, value.get(HEADER..)?);
    let head = Head {
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
        head: head.to_bytes(),
    })
}

/// The keys of the pieces that belong to what `key` holds; none if `value` is whole.
pub(crate) fn piece_keys<'a>(key: &'a [u8], value: &[u8]) -> impl Iterator<Item = Vec<u8>> + 'a {
    Head::parse(value)
        .into_iter()
        .flat_map(move |head| (0..head.pieces).map(move |n| head.key(key, n)))
}

/// The key of the record that a piece belongs to.
pub(crate) fn record_of(piece: &[u8]) -> Option<&[u8]> {
    let end = piece.len().checked_sub(8 + 4)?;
    piece.get(1..end).filter(|key| !key.is_empty())
}

/// Whether the head of a record names this piece.
pub(crate) fn owns(head: &[u8], piece: &[u8]) -> bool {
    let tail = piece
        .len()
        .checked_sub(8 + 4)
        .and_then(|start| piece.get(start..));
    let (Some(head), Some((revision, n))) =
        (Head::parse(head), tail.and_then(|tail| tail.split_at_checked(8)))
    else {
        return false;
    };
    let n = n.try_into().map(u32::from_be_bytes);
    revision == head.revision && n.is_ok_and(|n| n < head.pieces)
}

/// Puts the record of `key` together again. `None` when the pieces are not, or no longer, those of this head.
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
