//! Several snapshots in one GIF.

use beamlive::proxy::snapshot::animation::{Animation, SnapshotError};
use gif::{ColorOutput, DecodeOptions};
use png::{BitDepth, ColorType, Encoder};
use proptest::prelude::*;

/// A PNG of one colour.
pub fn snapshot((width, height): (u32, u32), color: ColorType, pixel: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    let data = pixel.repeat(usize::try_from(width * height).unwrap());
    writer.write_image_data(&data).unwrap();
    writer.finish().unwrap();
    bytes
}

/// The frames of a GIF: delay in hundredths of a second, and the first pixel.
pub fn frames(gif: &[u8]) -> (u16, u16, Vec<(u16, [u8; 3])>) {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    let mut decoder = options.read_info(gif).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        frames.push((frame.delay, frame.buffer[..3].try_into().unwrap()));
    }
    (decoder.width(), decoder.height(), frames)
}

fn animated(snapshots: &[Vec<u8>]) -> Result<Vec<u8>, SnapshotError> {
    let mut animation = Animation::new();
    for snapshot in snapshots {
        animation.add(snapshot)?;
    }
    animation.finish()
}

#[test]
fn each_snapshot_is_shown_for_two_seconds_at_the_size_of_the_first() {
    let gif = animated(&[
        snapshot((1000, 750), ColorType::Rgb, &[200, 10, 10]),
        snapshot((1000, 750), ColorType::Grayscale, &[90]),
        snapshot((300, 300), ColorType::Rgba, &[0, 0, 250, 255]),
        snapshot((1000, 750), ColorType::Rgba, &[0, 0, 0, 0]),
        snapshot((1000, 750), ColorType::GrayscaleAlpha, &[10, 255]),
    ])
    .unwrap();
    let expected = [
        [200, 10, 10],
        [90, 90, 90],
        [0, 0, 250],
        [255, 255, 255],
        [10, 10, 10],
    ];
    assert_eq!(
        frames(&gif),
        (500, 375, expected.map(|color| (200, color)).to_vec())
    );
}

#[test]
fn a_narrow_snapshot_keeps_its_size() {
    let gif = animated(&[snapshot((3, 2), ColorType::Rgb, &[1, 2, 3])]).unwrap();
    assert_eq!(frames(&gif), (3, 2, vec![(200, [1, 2, 3])]));
}

#[test]
fn damaged_or_oversized_snapshots_are_refused() {
    assert!(matches!(animated(&[]), Err(SnapshotError::Damaged(_))));
    assert!(matches!(
        animated(&[b"no png".to_vec()]),
        Err(SnapshotError::Damaged(_))
    ));
    let good = snapshot((40, 30), ColorType::Rgb, &[1, 2, 3]);
    for cut in 0..good.len() - 12 {
        let result = animated(&[good.clone(), good[..cut].to_vec()]);
        assert!(
            matches!(result, Err(SnapshotError::Damaged(_))),
            "{cut}: {result:?}"
        );
    }
    // A short file whose header has many pixels and a valid checksum.
    let mut claims = snapshot((1, 1), ColorType::Grayscale, &[0]);
    for (side, expected_too_large) in [(5_000_u32, true), (4_000, false)] {
        claims[16..20].copy_from_slice(&side.to_be_bytes());
        claims[20..24].copy_from_slice(&side.to_be_bytes());
        let checksum = crc32fast::hash(&claims[12..29]);
        claims[29..33].copy_from_slice(&checksum.to_be_bytes());
        match animated(&[claims.clone()]) {
            Err(SnapshotError::TooLarge) => assert!(expected_too_large),
            Err(SnapshotError::Damaged(why)) => {
                assert!(!expected_too_large && why.contains("bytes"), "{why}")
            }
            Ok(_) => panic!("{side}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_byte_causes_no_panic(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut png = snapshot((40, 30), ColorType::Rgb, &[1, 2, 3]);
        let at = at.index(png.len());
        png[at] = value;
        let _ = animated(&[png]);
    }
}
