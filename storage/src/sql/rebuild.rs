//! All rows again, in pieces of bounded size.

use super::tables;
use crate::chunks;
use crate::group::Rows;
use crate::keys::Table;

/// Most records of one piece.
const RECORDS: usize = 500;
/// Most bytes of one piece, beyond which only its last record goes.
const BYTES: usize = 1 << 20;

/// Groups `rows`, all rows of a store in the order of their keys, for [`super::project`]. `get`
/// reads the pieces of a record above 16 KiB, which `rows` has only at its end.
///
/// Only rows that are shown are among the results. A failed read is the last result.
pub(crate) fn rebuild_rows<E>(
    rows: impl IntoIterator<Item = Result<(Vec<u8>, Vec<u8>), E>>,
    mut get: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, E>,
) -> impl Iterator<Item = Result<Rows, E>> {
    let mut rows = rows.into_iter().fuse();
    let mut failed = false;
    std::iter::from_fn(move || {
        if failed {
            return None;
        }
        let next = next(&mut rows, &mut get);
        failed = next.is_err();
        next.transpose()
    })
}

/// The next piece; `None` at the end.
fn next<E>(
    rows: &mut impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), E>>,
    get: &mut impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, E>,
) -> Result<Option<Rows>, E> {
    let (mut piece, mut records, mut bytes) = (Rows::new(), 0, 0);
    while records < RECORDS && bytes < BYTES {
        let Some(row) = rows.next() else { break };
        let (key, value) = row?;
        if Table::of(&key).and_then(tables::shown).is_none() {
            continue;
        }
        for chunk in chunks::piece_keys(&key, &value) {
            let value = get(&chunk)?;
            bytes += value.as_ref().map_or(0, Vec::len);
            piece.insert(chunk, value);
        }
        records += 1;
        bytes += key.len() + value.len();
        piece.insert(key, Some(value));
    }
    Ok((!piece.is_empty()).then_some(piece))
}
