#![allow(clippy::unwrap_used)]
use super::*;
use std::io::Cursor;

fn dark(png: &[u8]) -> usize {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; WIDTH * HEIGHT];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (240, 96));
    pixels.iter().filter(|pixel| **pixel < 100).count()
}

#[test]
fn a_placeholder_is_small_and_its_text_is_visible() {
    let picture = png("404", "no such file").unwrap();
    assert!(picture.len() < 4_000, "{}", picture.len());
    assert!(dark(&picture) > 1_000);
    assert_eq!(dark(&png("", "").unwrap()), 0);
}

#[test]
fn any_text_fits() {
    for text in ["", "é", "\u{1f980}\0\n", &"x".repeat(10_000)] {
        png(text, text).unwrap();
    }
}
