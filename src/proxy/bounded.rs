//! Reads all of something, up to a limit.

use std::io::{self, Read};

/// All bytes of `reader`; `None` if there are more than `limit`. `expected` is the capacity to
/// allocate first.
///
/// # Errors
/// Those of the reader.
pub(crate) fn read_all(reader: impl Read, expected: usize, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(expected.min(limit));
    reader.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}
