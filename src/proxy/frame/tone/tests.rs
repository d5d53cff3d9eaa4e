#![allow(clippy::indexing_slicing)]
use super::*;
use crate::proxy::frame::Shape;

fn picture(shades: Vec<u16>) -> Picture {
    let shape = Shape {
        width: shades.len(),
        height: 1,
    };
    Picture { shape, shades }
}

#[test]
fn greys_are_those_of_the_brightness() {
    let picture = picture(vec![0, 4_096, 16_384, u16::MAX]);
    assert_eq!(grey(&picture, Brightness::ExtraLight), [255, 240, 192, 0]);
    assert_eq!(grey(&picture, Brightness::Light), [255, 224, 128, 0]);
    assert_eq!(grey(&picture, Brightness::Normal), [255, 192, 0, 0]);
    assert_eq!(grey(&picture, Brightness::Dark), [255, 160, 0, 0]);
}

#[test]
fn a_darker_brightness_makes_no_pixel_lighter() {
    let picture = picture((0..=u16::MAX).collect());
    let greys = Brightness::ALL.map(|brightness| grey(&picture, brightness));
    for pair in greys.windows(2) {
        assert!(pair[0].iter().zip(&pair[1]).all(|(light, dark)| dark <= light));
        assert_ne!(pair[0], pair[1]);
    }
    assert!(greys
        .iter()
        .all(|levels| levels.is_sorted_by(|left, right| left >= right)));
}

#[test]
fn names_are_parsed() {
    for brightness in Brightness::ALL {
        assert_eq!(Brightness::named(brightness.name()), Some(brightness));
    }
    assert_eq!(Brightness::named("NM"), None);
}
