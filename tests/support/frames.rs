//! Frames in the formats of detectors.

use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use md5::{Digest, Md5};

/// The size of frames of a 6M detector, in pixels.
pub const SIX_MILLION: (usize, usize) = (2463, 2527);

/// Compresses pixels with the byte offsets of CBF.
pub fn byte_offsets(pixels: &[i32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(pixels.len() * 2);
    let mut before = 0;
    for pixel in pixels {
        let delta = i64::from(*pixel) - i64::from(before);
        before = *pixel;
        if let Some(small) = i8::try_from(delta).ok().filter(|small| *small != i8::MIN) {
            bytes.extend(small.to_le_bytes());
            continue;
        }
        bytes.push(0x80);
        if let Some(medium) = i16::try_from(delta).ok().filter(|medium| *medium != i16::MIN) {
            bytes.extend(medium.to_le_bytes());
            continue;
        }
        bytes.extend(i16::MIN.to_le_bytes());
        if let Some(large) = i32::try_from(delta).ok().filter(|large| *large != i32::MIN) {
            bytes.extend(large.to_le_bytes());
            continue;
        }
        bytes.extend(i32::MIN.to_le_bytes());
        bytes.extend(delta.to_le_bytes());
    }
    bytes
}

/// A miniCBF with the header of a Pilatus.
pub fn cbf((width, height): (usize, usize), pixels: &[i32]) -> Vec<u8> {
    cbf_with((width, height), pixels, |header| header)
}

/// As [`cbf`], with a changed header.
pub fn cbf_with(
    (width, height): (usize, usize),
    pixels: &[i32],
    change: impl FnOnce(String) -> String,
) -> Vec<u8> {
    let bytes = byte_offsets(pixels);
    let header = format!(
        "###CBF: VERSION 1.5, CBFlib v0.7.8 - PILATUS detectors\r\n\r\ndata_xtal_0001\r\n\r\n\
         _array_data.header_convention \"PILATUS_1.2\"\r\n_array_data.header_contents\r\n;\r\n\
         # Detector: PILATUS 6M, S/N 60-0101\r\n# 2026-11-23T09:00:00.000\r\n# Pixel_size 172e-6 m x 172e-6 m\r\n\
         # Exposure_time 0.0950000 s\r\n# Count_cutoff 1048500 counts\r\n;\r\n\r\n_array_data.data\r\n;\r\n\
         --CIF-BINARY-FORMAT-SECTION--\r\nContent-Type: application/octet-stream;\r\n     conversions=\"x-CBF_BYTE_OFFSET\"\r\n\
         Content-Transfer-Encoding: BINARY\r\nX-Binary-Size: {}\r\nX-Binary-ID: 1\r\n\
         X-Binary-Element-Type: \"signed 32-bit integer\"\r\nX-Binary-Element-Byte-Order: LITTLE_ENDIAN\r\n\
         Content-MD5: {}\r\nX-Binary-Number-of-Elements: {}\r\nX-Binary-Size-Fastest-Dimension: {width}\r\n\
         X-Binary-Size-Second-Dimension: {height}\r\nX-Binary-Size-Padding: 4095\r\n\r\n",
        bytes.len(),
        STANDARD.encode(Md5::digest(&bytes)),
        pixels.len(),
    );
    let mut file = change(header).into_bytes();
    file.extend([0x0c, 0x1a, 0x04, 0xd5]);
    file.extend(bytes);
    file.extend([0; 4095]);
    file.extend(b"\r\n--CIF-BINARY-FORMAT-SECTION----\r\n;\r\n\r\n");
    file
}

/// A background that decreases from the centre, spots on a lattice, and the gaps between the
/// modules of a Pilatus.
pub fn diffraction((width, height): (usize, usize)) -> Vec<i32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            if x % 494 >= 487 || y % 212 >= 195 {
                pixels.push(-1);
                continue;
            }
            let (right, down) = (x.abs_diff(width / 2), y.abs_diff(height / 2));
            let mean =
                24 / (1 + (right * right + down * down) * 6 / (width * width + height * height)) as u64;
            let noise = (0..4).map(|_| random() % (mean + 1)).sum::<u64>() / 2;
            let on_spot = x % 61 < 3 && y % 53 < 3 && (x / 61 + y / 53) % 3 == 0;
            let spot = if on_spot { 400 + random() % 3000 } else { 0 };
            pixels.push(i32::try_from(noise + spot).unwrap());
        }
    }
    pixels
}
