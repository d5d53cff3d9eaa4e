//! The grey scale of pictures.

use crate::support::frames::{cbf, cbf_with, diffraction, SIX_MILLION};
use beamlive::proxy::frame::reduce::{fitted, Reducer};
use beamlive::proxy::frame::tone::{grey, Brightness};
use beamlive::proxy::frame::{picture, Picture, Shape};
use proptest::prelude::*;

fn reduced(width: usize, pixels: &[i32]) -> Picture {
    let shape = Shape {
        width,
        height: pixels.len() / width,
    };
    let mut reducer = Reducer::new(shape, i32::MAX);
    for row in pixels.chunks(width) {
        reducer.push(row);
    }
    reducer.finish()
}

#[test]
fn a_small_frame_keeps_its_size_and_its_scale() {
    // Of 10,000 pixels, 200 have a count of 2, 20 have 100, the others 10: white is 2, black 100
    // above it.
    let mut pixels = vec![10; 10_000];
    pixels[..200].fill(2);
    pixels[5_000..5_020].fill(100);
    let picture = reduced(100, &pixels);
    assert_eq!((picture.shape.width, picture.shape.height), (100, 100));
    let normal = grey(&picture, Brightness::Normal);
    assert_eq!(normal[0], 255);
    assert_eq!(normal[300], 255 - 20);
    assert_eq!(normal[5_000], 255 - 249);
    let light = grey(&picture, Brightness::Light);
    assert_eq!((light[0], light[300], light[5_000]), (255, 255 - 10, 255 - 124));
    let dark = grey(&picture, Brightness::Dark);
    assert_eq!((dark[0], dark[300], dark[5_000]), (255, 255 - 30, 0));
}

#[test]
fn gaps_and_dead_pixels_are_white_and_not_counted() {
    let mut pixels = vec![50; 10_000];
    pixels[9_900..].fill(100);
    let expected = reduced(100, &pixels);
    for gap in [-1, -2, i32::MIN] {
        let mut masked = pixels.clone();
        masked[3_000..4_000].fill(gap);
        let picture = reduced(100, &masked);
        for brightness in Brightness::ALL {
            let levels = grey(&picture, brightness);
            assert!(levels[3_000..4_000].iter().all(|level| *level == 255));
            assert_eq!(levels[..3_000], grey(&expected, brightness)[..3_000]);
        }
    }
}

#[test]
fn a_mean_is_that_of_the_good_pixels() {
    // 2048 to 1024: two by two. One of the four is dead.
    let row = |pixels: [i32; 2]| pixels.repeat(1024);
    let rows: Vec<i32> = (0..1024)
        .flat_map(|_| [row([40, -2]), row([20, 30])].concat())
        .collect();
    let picture = reduced(2048, &rows);
    assert_eq!((picture.shape.width, picture.shape.height), (1024, 1024));
    // White is 20 or 40, depending on the rows from which the percentiles are taken. Here it is the
    // first of two, so 40 of at most 40.
    assert!(picture.shades.iter().all(|shade| *shade == picture.shades[0]));
    let all: Vec<i32> = (0..2048 * 2048).map(|number| number % 2 * 60).collect();
    let mean_30 = reduced(2048, &all);
    // White is 0, black 60.
    assert!(grey(&mean_30, Brightness::Normal)
        .iter()
        .all(|level| *level == 255 - 127));
}

#[test]
fn saturated_pixels_are_black_unless_they_mark_gaps() {
    let with = |saturated: usize| {
        let mut pixels: Vec<i32> = (0..10_000).map(|number| number % 20).collect();
        pixels[..saturated].fill(1_048_500);
        picture(&cbf((100, 100), &pixels)).unwrap()
    };
    let few = grey(&with(30), Brightness::ExtraLight);
    assert!(few[..30].iter().all(|level| *level == 0));
    assert!(few[30..].iter().all(|level| *level >= 255 - 64));
    let many = with(700);
    for brightness in Brightness::ALL {
        assert!(grey(&many, brightness)[..700].iter().all(|level| *level == 255));
    }
    // One below the cutoff is not saturated.
    let mut pixels = vec![1; 10_000];
    pixels[7] = 1_048_499;
    let strong = picture(&cbf_with((100, 100), &pixels, |header| header)).unwrap();
    assert_eq!(grey(&strong, Brightness::Normal)[7], 0);
}

#[test]
fn a_diffraction_frame_has_dark_spots_on_a_light_background() {
    let pixels = diffraction(SIX_MILLION);
    let picture = picture(&cbf(SIX_MILLION, &pixels)).unwrap();
    assert_eq!((picture.shape.width, picture.shape.height), (998, 1024));
    let levels = grey(&picture, Brightness::Normal);
    let at = |x: usize, y: usize| {
        let (column, row) = (x * 998 / SIX_MILLION.0, y * 1024 / SIX_MILLION.1);
        levels[row * 998 + column]
    };
    let mut spots = 0;
    for (spot_x, spot_y) in (0..40).flat_map(|x| (0..47).map(move |y| (x, y))) {
        let (x, y) = (spot_x * 61 + 1, spot_y * 53 + 1);
        if (spot_x + spot_y) % 3 == 0 && x % 494 < 485 && y % 212 < 193 {
            assert!(at(x, y) < 60, "spot at {x}, {y}: {}", at(x, y));
            assert!(at(x + 30, y) > 90, "background near {x}, {y}");
            spots += 1;
        }
    }
    assert!(spots > 400);
    for y in (0..2527).filter(|y| (198..=208).contains(&(y % 212))) {
        assert_eq!(at(700, y), 255, "gap in row {y}");
    }
}

#[test]
fn a_single_photon_is_visible() {
    let mut pixels = vec![0; 4148 * 4362];
    pixels[2_000 * 4148 + 1_000] = 4;
    let picture = reduced(4148, &pixels);
    let levels = grey(&picture, Brightness::Normal);
    let darker: Vec<_> = (0..levels.len()).filter(|at| levels[*at] < 255).collect();
    let (width, height) = (picture.shape.width, picture.shape.height);
    assert_eq!(darker, [2_000 * height / 4362 * width + 1_000 * width / 4148]);
    // A fifth of the count that is black: 4 counts in 4 by 5 pixels, or in one row or column fewer.
    assert!((190..=204).contains(&levels[darker[0]]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn pictures_fit_and_keep_their_proportions(width in 1_usize..16_384, height in 1_usize..16_384) {
        let Shape { width: fitted_width, height: fitted_height } = fitted(Shape { width, height });
        let longer = width.max(height);
        prop_assert_eq!(fitted_width.max(fitted_height), longer.min(1024));
        let off = |side: usize, fitted: usize| (fitted * longer).abs_diff(side * longer.min(1024));
        prop_assert!(off(width, fitted_width) <= longer || fitted_width == 1);
        prop_assert!(off(height, fitted_height) <= longer || fitted_height == 1);
    }

    #[test]
    fn every_pixel_falls_on_one_of_the_picture(width in 1_usize..2_600, height in 1_usize..1_100, spot in any::<(u16, u16)>()) {
        let (x, y) = (usize::from(spot.0) % width, usize::from(spot.1) % height);
        let mut pixels = vec![0; width * height];
        pixels[y * width + x] = 1_000;
        let picture = reduced(width, &pixels);
        prop_assert_eq!(picture.shades.len(), picture.shape.pixels());
        let dark: Vec<_> = (0..picture.shades.len()).filter(|at| picture.shades[*at] > 0).collect();
        let column = x * picture.shape.width / width;
        let row = y * picture.shape.height / height;
        prop_assert_eq!(dark, [row * picture.shape.width + column]);
    }

    #[test]
    fn a_darker_brightness_makes_no_picture_lighter(pixels in prop::collection::vec(any::<i32>(), 1..500)) {
        let picture = reduced(pixels.len(), &pixels);
        let levels = Brightness::ALL.map(|brightness| grey(&picture, brightness));
        for pair in levels.windows(2) {
            prop_assert!(pair[0].iter().zip(&pair[1]).all(|(light, dark)| dark <= light));
        }
    }
}
