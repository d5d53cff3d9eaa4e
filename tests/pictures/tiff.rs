//! Grey TIFF.

use crate::support::frames::cbf_with;
use beamlive::proxy::frame::{picture, FrameError, Picture};
use proptest::prelude::*;
use std::io::Cursor;
use tiff::encoder::colortype::{self, ColorType};
use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, TiffValue};

fn encoded<C: ColorType>(
    (width, height): (u32, u32),
    compression: Compression,
    pixels: &[C::Inner],
) -> Vec<u8>
where
    [C::Inner]: TiffValue,
{
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap().with_compression(compression);
    let mut image = encoder.new_image::<C>(width, height).unwrap();
    // Several strips, the last of them shorter.
    image.rows_per_strip(7).unwrap();
    image.write_data(pixels).unwrap();
    file.into_inner()
}

/// The same pixels in a CBF that is saturated from `saturation` on.
fn as_cbf(pixels: &[i32], saturation: i32) -> Picture {
    let size = (40, 30);
    picture(&cbf_with(size, pixels, |header| {
        header.replace("Count_cutoff 1048500", &format!("Count_cutoff {saturation}"))
    }))
    .unwrap()
}

fn compressions() -> [Compression; 4] {
    [
        Compression::Uncompressed,
        Compression::Lzw,
        Compression::Deflate(DeflateLevel::Fast),
        Compression::Packbits,
    ]
}

#[test]
fn every_depth_and_compression_is_read() {
    let counts: Vec<u8> = (0..1200)
        .map(|number| u8::try_from(number * 7 % 251).unwrap())
        .collect();
    let mut wide: Vec<i32> = counts.iter().map(|count| i32::from(*count)).collect();
    let expected = as_cbf(&wide, i32::MAX);
    for (number, compression) in compressions().into_iter().enumerate() {
        let size = (40, 30);
        let unsigned: Vec<u16> = counts.iter().map(|count| u16::from(*count)).collect();
        let long: Vec<u32> = counts.iter().map(|count| u32::from(*count)).collect();
        let signed: Vec<i16> = counts.iter().map(|count| i16::from(*count)).collect();
        for file in [
            encoded::<colortype::Gray8>(size, compression, &counts),
            encoded::<colortype::Gray16>(size, compression, &unsigned),
            encoded::<colortype::Gray32>(size, compression, &long),
            encoded::<colortype::GrayI16>(size, compression, &signed),
            encoded::<colortype::GrayI32>(size, compression, &wide),
        ] {
            assert_eq!(picture(&file).unwrap(), expected, "compression {number}");
        }
    }
    wide[100..150].fill(-1);
    wide[200..230].fill(-2);
    let signed = encoded::<colortype::GrayI32>((40, 30), Compression::Uncompressed, &wide);
    assert_eq!(picture(&signed).unwrap(), as_cbf(&wide, i32::MAX));
}

#[test]
fn the_highest_count_marks_masked_pixels() {
    let mut gaps: Vec<i32> = (0..1200).map(|number| number % 50).collect();
    gaps[300..400].fill(-1);
    let expected = as_cbf(&gaps, i32::MAX);
    let short: Vec<u16> = gaps
        .iter()
        .map(|count| u16::try_from(*count).unwrap_or(u16::MAX))
        .collect();
    let long: Vec<u32> = gaps
        .iter()
        .map(|count| u32::try_from(*count).unwrap_or(u32::MAX))
        .collect();
    let size = (40, 30);
    let none = Compression::Uncompressed;
    assert_eq!(
        picture(&encoded::<colortype::Gray16>(size, none, &short)).unwrap(),
        expected
    );
    assert_eq!(
        picture(&encoded::<colortype::Gray32>(size, none, &long)).unwrap(),
        expected
    );
}

#[test]
fn colours_and_64_bit_integers_are_not_supported() {
    let size = (4, 3);
    let none = Compression::Uncompressed;
    for file in [
        encoded::<colortype::RGB8>(size, none, &[1; 36]),
        encoded::<colortype::Gray64>(size, none, &[1; 12]),
    ] {
        assert!(
            matches!(picture(&file), Err(FrameError::Unsupported(_))),
            "{:?}",
            picture(&file)
        );
    }
}

#[test]
fn floats_are_counts_and_fractions_keep_their_proportions() {
    let mut counts: Vec<i32> = (0..1200).map(|number| number * 7 % 251).collect();
    counts[300..400].fill(-1);
    let expected = as_cbf(&counts, i32::MAX);
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    let mut floats: Vec<f32> = counts.iter().map(|count| *count as f32).collect();
    let wide: Vec<f64> = floats.iter().map(|count| f64::from(*count)).collect();
    for compression in compressions() {
        let size = (40, 30);
        let file = encoded::<colortype::Gray32Float>(size, compression, &floats);
        assert_eq!(picture(&file).unwrap(), expected);
        let file = encoded::<colortype::Gray64Float>(size, compression, &wide);
        assert_eq!(picture(&file).unwrap(), expected);
    }
    // Corrected intensities: strong spots are dark in any unit.
    floats[350] = f32::NAN;
    let half: Vec<f32> = floats.iter().map(|count| count / 2.0).collect();
    let shown = picture(&encoded::<colortype::Gray32Float>(
        (40, 30),
        Compression::Uncompressed,
        &half,
    ))
    .unwrap();
    assert_eq!(shown.shades[300..400], [0; 100]);
    let order = |shades: &[u16]| (shades[10] < shades[20], shades[30] < shades[35]);
    assert_eq!(order(&shown.shades), order(&expected.shades));
}

/// Removes a tag.
fn without_tag(mut file: Vec<u8>, tag: u16) -> Vec<u8> {
    let directory = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    let entries = u16::from_le_bytes(file[directory..directory + 2].try_into().unwrap());
    for entry in 0..usize::from(entries) {
        let at = directory + 2 + entry * 12;
        if file[at..at + 2] == tag.to_le_bytes() {
            file[at..at + 2].copy_from_slice(&60_000_u16.to_le_bytes());
            return file;
        }
    }
    panic!("there is no tag {tag}")
}

#[test]
fn the_photometric_interpretation_is_ignored() {
    const PHOTOMETRIC: u16 = 262;
    let counts: Vec<u16> = (0..1200).map(|number| number * 7 % 251).collect();
    for compression in compressions() {
        let file = encoded::<colortype::Gray16>((40, 30), compression, &counts);
        let expected = picture(&file).unwrap();
        for shown in [0, 2, 3, 5, 99, 32_803] {
            assert_eq!(
                picture(&with_tag(file.clone(), PHOTOMETRIC, shown)).unwrap(),
                expected,
                "{shown}"
            );
        }
        assert_eq!(picture(&without_tag(file, PHOTOMETRIC)).unwrap(), expected);
    }
}

#[test]
fn missing_or_wrong_strip_tags_follow_from_the_size() {
    const ROWS_PER_STRIP: u16 = 278;
    const BYTE_COUNTS: u16 = 279;
    let counts: Vec<u16> = (0..1200).map(|number| number * 7 % 251).collect();
    let several = encoded::<colortype::Gray16>((40, 30), Compression::Uncompressed, &counts);
    let expected = picture(&several).unwrap();
    assert_eq!(picture(&without_tag(several, BYTE_COUNTS)).unwrap(), expected);
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    let mut image = encoder.new_image::<colortype::Gray16>(40, 30).unwrap();
    image.rows_per_strip(30).unwrap();
    image.write_data(&counts).unwrap();
    let one = file.into_inner();
    for count in [0, u32::MAX] {
        assert_eq!(
            picture(&with_tag(one.clone(), BYTE_COUNTS, count)).unwrap(),
            expected,
            "{count}"
        );
    }
    for rows in [u32::MAX, 31, 1_000_000] {
        assert_eq!(
            picture(&with_tag(one.clone(), ROWS_PER_STRIP, rows)).unwrap(),
            expected,
            "{rows}"
        );
    }
    assert_eq!(picture(&without_tag(one, ROWS_PER_STRIP)).unwrap(), expected);
}

/// Replaces the value of a tag of a little-endian file.
fn with_tag(mut file: Vec<u8>, tag: u16, value: u32) -> Vec<u8> {
    let directory = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    let entries = u16::from_le_bytes(file[directory..directory + 2].try_into().unwrap());
    for entry in 0..usize::from(entries) {
        let at = directory + 2 + entry * 12;
        if file[at..at + 2] == tag.to_le_bytes() {
            file[at + 2..at + 4].copy_from_slice(&4_u16.to_le_bytes());
            file[at + 8..at + 12].copy_from_slice(&value.to_le_bytes());
            return file;
        }
    }
    panic!("no tag {tag}");
}

#[test]
fn a_header_with_more_pixels_than_the_file_is_refused() {
    const WIDTH: u16 = 256;
    const LENGTH: u16 = 257;
    const ROWS_PER_STRIP: u16 = 278;
    let none = encoded::<colortype::Gray16>((40, 30), Compression::Uncompressed, &[1; 1200]);
    let deflated =
        encoded::<colortype::Gray16>((40, 30), Compression::Deflate(DeflateLevel::Fast), &[1; 1200]);
    for file in [none, deflated] {
        assert!(picture(&file).is_ok());
        for (tag, value) in [
            (WIDTH, 16_384),
            (LENGTH, 16_000),
            (WIDTH, 0),
            (LENGTH, 0),
            (LENGTH, 31),
            (LENGTH, 400),
            (LENGTH, u32::MAX),
            (WIDTH, 41),
            (ROWS_PER_STRIP, 1),
        ] {
            let refused = picture(&with_tag(file.clone(), tag, value));
            assert!(
                matches!(refused, Err(FrameError::Damaged(_))),
                "{tag} {value}: {refused:?}"
            );
        }
        for (tag, value) in [(WIDTH, 16_385), (WIDTH, u32::MAX)] {
            let refused = picture(&with_tag(file.clone(), tag, value));
            assert!(
                matches!(refused, Err(FrameError::TooLarge(_))),
                "{tag} {value}: {refused:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn a_cut_or_changed_file_is_read_or_refused(cut in 0_usize..3_000, at in 0_usize..3_000, value in any::<u8>(), of in 0_usize..4) {
        let file = encoded::<colortype::Gray16>((40, 30), compressions()[of], &[1; 1200]);
        let _ = picture(&file[..cut.min(file.len())]);
        let mut changed = file.clone();
        let at = at % changed.len();
        changed[at] = value;
        if let Ok(picture) = picture(&changed) {
            prop_assert!(picture.shades.len() <= 1024 * 1024);
        }
    }
}
