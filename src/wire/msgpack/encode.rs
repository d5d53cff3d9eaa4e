//! Writes MessagePack in its shortest form.

pub(in crate::wire) fn nil(out: &mut Vec<u8>) {
    out.push(0xc0);
}

pub(in crate::wire) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.push(if value { 0xc3 } else { 0xc2 });
}

pub(in crate::wire) fn unsigned(out: &mut Vec<u8>, value: u64) {
    if let Ok(value) = u8::try_from(value) {
        if value > 0x7f {
            out.push(0xcc);
        }
        out.push(value);
    } else if let Ok(value) = u16::try_from(value) {
        with_marker(out, 0xcd, &value.to_be_bytes());
    } else if let Ok(value) = u32::try_from(value) {
        with_marker(out, 0xce, &value.to_be_bytes());
    } else {
        with_marker(out, 0xcf, &value.to_be_bytes());
    }
}

pub(in crate::wire) fn signed(out: &mut Vec<u8>, value: i64) {
    if let Ok(value) = u64::try_from(value) {
        unsigned(out, value);
    } else if let Ok(value) = i8::try_from(value) {
        if value < -32 {
            out.push(0xd0);
        }
        out.extend(value.to_be_bytes());
    } else if let Ok(value) = i16::try_from(value) {
        with_marker(out, 0xd1, &value.to_be_bytes());
    } else if let Ok(value) = i32::try_from(value) {
        with_marker(out, 0xd2, &value.to_be_bytes());
    } else {
        with_marker(out, 0xd3, &value.to_be_bytes());
    }
}

pub(in crate::wire) fn float(out: &mut Vec<u8>, value: f64) {
    with_marker(out, 0xcb, &value.to_be_bytes());
}

/// Starts a string of so many bytes.
pub(in crate::wire) fn str_header(out: &mut Vec<u8>, length: u32) {
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..=0x1f), _) => out.push(0xa0 | length),
        (Ok(length), _) => with_marker(out, 0xd9, &[length]),
        (_, Ok(length)) => with_marker(out, 0xda, &length.to_be_bytes()),
        _ => with_marker(out, 0xdb, &length.to_be_bytes()),
    }
}

/// Starts a map of so many entries.
pub(in crate::wire) fn map_header(out: &mut Vec<u8>, length: u32) {
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..=0x0f), _) => out.push(0x80 | length),
        (_, Ok(length)) => with_marker(out, 0xde, &length.to_be_bytes()),
        _ => with_marker(out, 0xdf, &length.to_be_bytes()),
    }
}

/// Starts a list or map of unknown length, with the `marker` of its 32-bit form. Returns the position
/// of the length, for [`close`].
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
