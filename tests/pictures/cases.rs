//! Frames of other programs that were refused or rendered wrongly.

use crate::support::frames::cbf_with;
use beamlive::proxy::frame::packed::unpacked;
use beamlive::proxy::frame::{picture, FrameError};
use bzip2::write::BzEncoder;
use bzip2::Compression;
use rstest::rstest;
use std::io::Read;

macro_rules! case {
    ($name:literal) => {
        include_bytes!(concat!("../fixtures/cases/", $name))
    };
}

/// A miniCBF of 80 by 60 pixels of another type, whose deltas are those of `pixels`.
fn typed(element: &str, pixels: &[i32], cutoff: &str) -> Vec<u8> {
    cbf_with((80, 60), pixels, |header| {
        header
            .replace("signed 32-bit integer", element)
            .replace("# Count_cutoff 1048500 counts", cutoff)
    })
}

/// A background of 10 with some spots, on 80 by 60 pixels.
fn spots(spot: i32) -> Vec<i32> {
    (0..4800)
        .map(|place| match place % 800 {
            410 => spot,
            place => 8 + place % 5,
        })
        .collect()
}

#[test]
fn strong_spots_of_16_bits_are_dark() {
    // CBFlib writes the difference of two 16-bit pixels in 16 bits: from 10 to 60,000 it is
    // negative.
    let file = case!("cbflib_uint16_strong.cbf");
    let shown = picture(file).unwrap();
    let darkest = shown.shades.iter().max().unwrap();
    assert!(*darkest > 16_384, "{darkest}");

    let strong = spots(60_000);
    let wrapped: Vec<i32> = strong
        .iter()
        .map(|pixel| i32::from(u16::try_from(*pixel).unwrap().cast_signed()))
        .collect();
    let wide = picture(&typed("signed 32-bit integer", &strong, "")).unwrap();
    assert_eq!(
        picture(&typed("unsigned 16-bit integer", &wrapped, "")).unwrap(),
        wide
    );
}

#[rstest]
#[case("unsigned 8-bit integer", 200)]
#[case("signed 8-bit integer", 100)]
#[case("signed 16-bit integer", 20_000)]
#[case("unsigned 16-bit integer", 60_000)]
#[case("unsigned 32-bit integer", 2_000_000)]
fn every_width_is_read(#[case] element: &str, #[case] spot: i32) {
    let pixels = spots(spot);
    let expected = picture(&typed("signed 32-bit integer", &pixels, "")).unwrap();
    assert_eq!(picture(&typed(element, &pixels, "")).unwrap(), expected);
}

#[test]
fn gaps_at_the_highest_value_do_not_change_the_scale() {
    let shown = picture(case!("u16_gaps_no_cutoff.cbf")).unwrap();
    let white = shown.shades.iter().filter(|shade| **shade == 0).count();
    assert!(white < 2400, "{white} of 4800 pixels are white");

    let mut pixels = spots(3_000);
    let plain = picture(&typed("unsigned 16-bit integer", &pixels, "")).unwrap();
    pixels[1600..2400].fill(65_535);
    let gaps = picture(&typed("unsigned 16-bit integer", &pixels, "")).unwrap();
    assert_eq!(gaps.shades[..1600], plain.shades[..1600]);
    assert_eq!(gaps.shades[1600..2400], [0; 800]);
}

#[rstest]
#[case("# Count_cutoff 500 counts")]
#[case("# Count_cutoff = 500 counts")]
#[case("# Count_cutoff: 500")]
#[case("# Count_cutoff 500.0 counts")]
#[case("# Count_cutoff =5e2")]
fn all_forms_of_a_cutoff_are_read(#[case] cutoff: &str) {
    // Many pixels at the cutoff are gaps, which are white at every brightness.
    let mut pixels = spots(60);
    pixels[1600..2400].fill(500);
    let shown = picture(&typed("signed 32-bit integer", &pixels, cutoff)).unwrap();
    assert_eq!(shown.shades[1600..2400], [0; 800], "{cutoff}");
    pixels[1600..2400].fill(499);
    let shown = picture(&typed("signed 32-bit integer", &pixels, cutoff)).unwrap();
    assert!(
        shown.shades[1600..2400].iter().all(|shade| *shade > 0),
        "{cutoff}"
    );
}

#[test]
fn an_unsigned_frame_may_have_64_bit_deltas() {
    picture(case!("u32_delta64_down.cbf")).unwrap();
}

#[test]
fn only_comments_may_precede_the_magic() {
    let shown = picture(case!("comment_before_magic.cbf")).unwrap();
    assert_eq!((shown.shape.width, shown.shape.height), (80, 60));
    let file = typed("signed 32-bit integer", &spots(1), "");
    for before in ["# one\n", "#one\r\n\r\n# two\n"] {
        assert_eq!(picture(&[before.as_bytes(), &file].concat()), picture(&file));
    }
    for before in ["one\n", "# one", "\u{feff}# one\n"] {
        let refused = picture(&[before.as_bytes(), &file].concat());
        assert!(matches!(refused, Err(FrameError::Unsupported(_))), "{before:?}");
    }
    let long = format!("#{}\n", "x".repeat(5_000));
    assert!(picture(&[long.as_bytes(), &file].concat()).is_err());
}

#[test]
fn an_unsupported_pixel_type_is_an_error() {
    let refused = picture(&typed("signed 64-bit integer", &spots(1), "")).unwrap_err();
    assert!(
        refused.to_string().contains("no integers of 8, 16 or 32 bits"),
        "{refused}"
    );
}

#[rstest]
#[case::without_photometric(case!("tiff_no_photometric.tif"))]
#[case::white_is_zero(case!("tiff_white_is_zero.tif"))]
#[case::one_strip_of_any_height(case!("tiff_rowsperstrip_max.tif"))]
#[case::strip_without_a_length(case!("tiff_stripbytecounts_0.tif"))]
fn a_tiff_with_odd_tags_shows_its_counts(#[case] file: &[u8]) {
    // All of them hold the same 80 by 60 counts of 16 bits, uncompressed, from byte 4096 on.
    let counts: Vec<i32> = file[4096..4096 + 9600]
        .chunks_exact(2)
        .map(|pixel| i32::from(u16::from_le_bytes([pixel[0], pixel[1]])))
        .collect();
    let expected = picture(&typed(
        "signed 32-bit integer",
        &counts,
        "# Count_cutoff 65535 counts",
    ));
    assert_eq!(picture(file).unwrap(), expected.unwrap());
}

#[test]
fn a_frame_in_bzip2_is_decompressed_within_limits() {
    let file = unpacked(case!("frame.cbf.bz2").to_vec()).unwrap();
    let shown = picture(&file).unwrap();
    assert_eq!((shown.shape.width, shown.shape.height), (80, 60));
    let mut cut = case!("frame.cbf.bz2").to_vec();
    cut.truncate(1_000);
    assert!(matches!(unpacked(cut), Err(FrameError::Damaged(_))));
    assert_eq!(unpacked(b"BZ".to_vec()).unwrap(), b"BZ");

    let mut bomb = BzEncoder::new(Vec::new(), Compression::best());
    std::io::copy(&mut std::io::repeat(0).take((128 << 20) + 1), &mut bomb).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 1_000);
    assert!(matches!(unpacked(bomb), Err(FrameError::TooLarge(_))));
}
