//! miniCBF: valid frames are decoded, and invalid ones are refused.

use crate::support::frames::{byte_offsets, cbf, cbf_with};
use beamlive::proxy::frame::byte_offset::Deltas;
use beamlive::proxy::frame::{picture, FrameError};
use proptest::prelude::*;
use rstest::rstest;

/// Pixels whose deltas are near the limits of each width.
fn pixel() -> impl Strategy<Value = i32> {
    prop_oneof![
        8 => 0..60,
        2 => -2..0,
        2 => 100..160,
        1 => 32_700..32_840,
        1 => Just(1_048_575),
        1 => any::<i32>(),
        1 => Just(i32::MIN),
        1 => Just(i32::MAX),
    ]
}

fn unfold(bytes: &[u8], pixels: usize, width: usize) -> Option<(Vec<i32>, usize)> {
    let mut deltas = Deltas::new(bytes);
    let mut unfolded = vec![7; pixels];
    for row in unfolded.chunks_mut(width) {
        deltas.fill(row).ok()?;
    }
    Some((unfolded, deltas.left()))
}

#[test]
fn each_width_of_delta_is_read_up_to_its_limits() {
    for (delta, width) in [
        (0_i64, 1),
        (127, 1),
        (-127, 1),
        (128, 3),
        (-128, 3),
        (-129, 3),
        (32_767, 3),
        (-32_767, 3),
        (32_768, 7),
        (-32_768, 7),
        (-32_769, 7),
        (2_147_483_647, 7),
        (-2_147_483_647, 7),
        (2_147_483_648, 15),
        (-2_147_483_648, 15),
        (4_294_967_295, 15),
        (-4_294_967_295, 15),
    ] {
        let from = match delta {
            ..0 => i32::MAX,
            _ => i32::MIN,
        };
        let to = i32::try_from(i64::from(from) + delta).unwrap();
        // Groups of deltas are decoded together: it may be anywhere in a group.
        for before in 0..17 {
            let mut pixels = vec![from; before + 1];
            pixels.push(to);
            pixels.extend([to; 40]);
            let bytes = byte_offsets(&pixels);
            let first = byte_offsets(&[from]).len();
            assert_eq!(bytes.len(), first + before + width + 40, "{delta}");
            assert_eq!(
                unfold(&bytes, pixels.len(), 19),
                Some((pixels, 0)),
                "{delta} after {before}"
            );
        }
    }
}

#[test]
fn unsigned_pixels_keep_their_bits() {
    let bytes = [
        [0x80].as_slice(),
        &i16::MIN.to_le_bytes(),
        &i32::MIN.to_le_bytes(),
        &i64::from(u32::MAX).to_le_bytes(),
    ]
    .concat();
    assert_eq!(unfold(&bytes, 1, 1), Some((vec![-1], 0)));
}

#[test]
fn a_delta_that_leads_out_of_32_bits_is_refused() {
    for delta in [i64::MAX, i64::MIN, 1 << 32, -(1 << 31) - 1] {
        let bytes = [
            [0x80].as_slice(),
            &i16::MIN.to_le_bytes(),
            &i32::MIN.to_le_bytes(),
            &delta.to_le_bytes(),
        ]
        .concat();
        assert_eq!(unfold(&bytes, 1, 1), None, "{delta}");
    }
}

proptest! {
    #[test]
    fn compressed_pixels_are_decoded(pixels in prop::collection::vec(pixel(), 1..400), width in 1_usize..60) {
        let bytes = byte_offsets(&pixels);
        prop_assert_eq!(unfold(&bytes, pixels.len(), width), Some((pixels.clone(), 0)));
        // Truncated bytes are always an error.
        for cut in 0..bytes.len() {
            prop_assert_eq!(unfold(&bytes[..cut], pixels.len(), width), None);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(prop_oneof![Just(0x80), Just(0), any::<u8>()], 0..200), width in 1_usize..60) {
        if let Some((_, left)) = unfold(&bytes, 64, width) {
            prop_assert!(left + 64 <= bytes.len());
        }
    }

    #[test]
    fn a_changed_byte_of_the_pixels_is_noticed(pixels in prop::collection::vec(pixel(), 120), at in 0_usize..120, change in 1_u8..) {
        let mut file = cbf((12, 10), &pixels);
        prop_assert!(picture(&file).is_ok());
        let start = file.windows(4).position(|bytes| bytes == [0x0c, 0x1a, 0x04, 0xd5]).unwrap() + 4;
        file[start + at] ^= change;
        prop_assert!(matches!(picture(&file), Err(FrameError::Damaged(_))));
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_damaged() {
    let pixels: Vec<_> = (0..120).map(|number| number * number * number).collect();
    let file = cbf((12, 10), &pixels);
    let whole = file.len() - 4095 - b"\r\n--CIF-BINARY-FORMAT-SECTION----\r\n;\r\n\r\n".len();
    for cut in 0..whole {
        match picture(&file[..cut]) {
            Err(FrameError::Damaged(_)) => {}
            Err(FrameError::Unsupported(_)) if cut < 6 => {}
            other => panic!("{cut}: {other:?}"),
        }
    }
    assert!(picture(&file[..whole]).is_ok());
}

#[test]
fn a_flipped_bit_never_panics() {
    let file = cbf((12, 10), &[5; 120]);
    for at in 0..file.len() - 4095 {
        for bit in 0..8 {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << bit;
            if let Ok(picture) = picture(&flipped) {
                assert!(picture.shades.len() <= 120 * 10);
            }
        }
    }
}

#[rstest]
#[case::too_wide("Fastest-Dimension: 12", "Fastest-Dimension: 13")]
#[case::too_narrow("Fastest-Dimension: 12", "Fastest-Dimension: 11")]
#[case::empty("Fastest-Dimension: 12", "Fastest-Dimension: 0")]
#[case::negative("Fastest-Dimension: 12", "Fastest-Dimension: -12")]
#[case::no_number("Fastest-Dimension: 12", "Fastest-Dimension: wide")]
#[case::missing("X-Binary-Size-Second-Dimension", "X-Other")]
#[case::beyond_64_bits("Second-Dimension: 10", "Second-Dimension: 99999999999999999999")]
#[case::other_count("Elements: 120", "Elements: 121")]
#[case::more_bytes_than_there_are("X-Binary-Size: 120", "X-Binary-Size: 5000000000")]
#[case::fewer_bytes_than_pixels("X-Binary-Size: 120", "X-Binary-Size: 119")]
#[case::negative_bytes("X-Binary-Size: 120", "X-Binary-Size: -120")]
#[case::other_digest("Content-MD5: ", "Content-MD5: A")]
#[case::no_section("\r\n--CIF-BINARY-FORMAT-SECTION--", "\r\n--CIF--")]
fn a_header_that_contradicts_its_pixels_is_damaged(#[case] from: &str, #[case] to: &str) {
    // One byte a pixel.
    let file = cbf_with((12, 10), &[5; 120], |header| {
        assert!(header.contains(from));
        header.replacen(from, to, 1)
    });
    assert!(
        matches!(picture(&file), Err(FrameError::Damaged(_))),
        "{:?}",
        picture(&file)
    );
}

#[rstest]
#[case("Fastest-Dimension: 12", "Fastest-Dimension: 16385")]
#[case("Second-Dimension: 10", "Second-Dimension: 4294967296")]
#[case("Second-Dimension: 10", "Second-Dimension: 18446744073709551615")]
fn an_oversized_frame_is_refused_by_its_header(#[case] from: &str, #[case] to: &str) {
    let file = cbf_with((12, 10), &[5; 120], |header| header.replacen(from, to, 1));
    assert!(matches!(picture(&file), Err(FrameError::TooLarge(_))));
}

#[rstest]
#[case("x-CBF_BYTE_OFFSET", "x-CBF_PACKED")]
#[case("x-CBF_BYTE_OFFSET", "x-CBF_NIBBLE_OFFSET")]
#[case("Encoding: BINARY", "Encoding: BASE64")]
#[case("LITTLE_ENDIAN", "BIG_ENDIAN")]
#[case("signed 32-bit integer", "signed 64-bit real IEEE")]
#[case(
    "X-Binary-Size-Padding",
    "X-Binary-Size-Third-Dimension: 2\r\nX-Binary-Size-Padding"
)]
fn other_kinds_of_cbf_are_not_supported(#[case] from: &str, #[case] to: &str) {
    let file = cbf_with((12, 10), &[5; 120], |header| {
        assert!(header.contains(from));
        header.replacen(from, to, 1)
    });
    assert!(
        matches!(picture(&file), Err(FrameError::Unsupported(_))),
        "{:?}",
        picture(&file)
    );
}

#[test]
fn without_a_digest_no_byte_may_be_left() {
    let without = |header: String| {
        let start = header.find("Content-MD5").unwrap();
        let end = start + header[start..].find('\n').unwrap() + 1;
        [&header[..start], &header[end..]].concat()
    };
    let pixels: Vec<_> = (0..120).collect();
    let expected = picture(&cbf((12, 10), &pixels));
    assert_eq!(picture(&cbf_with((12, 10), &pixels, without)), expected);
    let of_nothing = |header: String| {
        without(header).replacen(
            "X-Binary-ID",
            "Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\r\nX-Binary-ID",
            1,
        )
    };
    assert_eq!(picture(&cbf_with((12, 10), &pixels, of_nothing)), expected);
    let longer = cbf_with((12, 10), &pixels, |header| {
        without(header).replacen("X-Binary-Size: 120", "X-Binary-Size: 125", 1)
    });
    assert!(matches!(picture(&longer), Err(FrameError::Damaged(_))));
}

#[test]
fn other_files_are_not_frames() {
    for (file, says) in [
        (b"\x89HDF\r\n\x1a\n....".as_slice(), "HDF5"),
        (b"{\nHEADER_BYTES=512;", "neither"),
        (b"no frame", "neither"),
    ] {
        let Err(error @ FrameError::Unsupported(_)) = picture(file) else {
            panic!("{file:?}");
        };
        assert!(error.to_string().contains(says), "{error}");
    }
    assert!(matches!(picture(b""), Err(FrameError::Damaged(_))));
}
