//! The headers of lists and maps in MessagePack. `rmp` writes everything else.

/// Starts a map of so many entries.
pub(in crate::wire) fn map_header(out: &mut Vec<u8>, length: u32) {
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..=0x0f), _) => out.push(0x80 | length),
        (_, Ok(length)) => with_marker(out, 0xde, &length.to_be_bytes()),
        _ => with_marker(out, 0xdf, &length.to_be_bytes()),
    }
}

/// Starts a list or map of unknown length, with the `marker` of its 32-bit form. Returns the
/// position of the length, for [`close`].
pub(in crate::wire) fn open(out: &mut Vec<u8>, marker: u8) -> usize {
    with_marker(out, marker, &[0; 4]);
    out.len() - 4
}

/// Writes the length of what [`open`] started.
pub(in crate::wire) fn close(out: &mut [u8], place: usize, length: u32) {
    if let Some(bytes) = out.get_mut(place..).and_then(|rest| rest.first_chunk_mut()) {
        *bytes = length.to_be_bytes();
    }
}

/// Marker of a list with a 32-bit length.
pub(in crate::wire) const LIST: u8 = 0xdd;

/// Marker of a map with a 32-bit length.
pub(in crate::wire) const MAP: u8 = 0xdf;

fn with_marker(out: &mut Vec<u8>, marker: u8, bytes: &[u8]) {
    out.push(marker);
    out.extend_from_slice(bytes);
}
