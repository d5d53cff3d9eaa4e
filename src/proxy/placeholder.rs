//! Pure: the small picture that is sent with an error status, for pages that show only pictures.

use super::frame::encode::grey_png;
use font8x8::{UnicodeFonts, BASIC_FONTS};
use png::EncodingError;

/// Its size, in pixels.
const WIDTH: usize = 240;
const HEIGHT: usize = 96;
/// Width and height of a letter at scale 1, in pixels.
const LETTER: usize = 8;

const GROUND: u8 = 236;
const FRAME: u8 = 200;
const TITLE: u8 = 96;
const TEXT: u8 = 72;

/// The PNG, 8-bit grey: a title in large letters, and a few words below it. Text that does not fit
/// is cut off.
///
/// # Errors
/// None: its size is fixed.
pub fn png(title: &str, text: &str) -> Result<Vec<u8>, EncodingError> {
    let mut pixels = vec![GROUND; WIDTH * HEIGHT];
    for (place, pixel) in pixels.iter_mut().enumerate() {
        let (x, y) = (place % WIDTH, place / WIDTH);
        if x == 0 || y == 0 || x == WIDTH - 1 || y == HEIGHT - 1 {
            *pixel = FRAME;
        }
    }
    write(&mut pixels, title, 16, 4, TITLE);
    write(&mut pixels, text, 64, 2, TEXT);
    grey_png(WIDTH, HEIGHT, &pixels)
}

/// Writes one centred line of text at `top`. Each dot of a letter is a square of `scale` pixels.
fn write(pixels: &mut [u8], text: &str, top: usize, scale: usize, shade: u8) {
    let step = LETTER * scale;
    let most = (WIDTH - 2 * LETTER) / step;
    let letters: Vec<char> = text.chars().take(most).collect();
    let left = (WIDTH - letters.len() * step) / 2;
    for (number, letter) in letters.into_iter().enumerate() {
        let Some(rows) = BASIC_FONTS.get(letter) else {
            continue;
        };
        for (y, row) in rows.into_iter().enumerate() {
            for x in (0..LETTER).filter(|x| row >> x & 1 == 1) {
                let (x, y) = (left + number * step + x * scale, top + y * scale);
                for line in pixels.chunks_mut(WIDTH).skip(y).take(scale) {
                    if let Some(dots) = line.get_mut(x..x + scale) {
                        dots.fill(shade);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
