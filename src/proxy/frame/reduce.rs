//! Pure: reduces the rows of a frame to a picture of at most 1024 by 1024 pixels.
//!
//! Each pixel of the frame belongs to exactly one pixel of the picture, which is the *mean of the
//! counts* of its good pixels. So every photon counts once, the background keeps its level, and a
//! spot of one pixel stays a multiple of its surroundings. Thinning would lose spots between the
//! lines, the maximum would raise weak background by its noise, and averaging after the grey scale
//! is applied would make sharp spots pale.
//!
//! The grey scale comes from the counts. White is the 1st percentile. At brightness 1, the picture
//! is black one 99.85th percentile above it (at least one count). The percentiles are those of the
//! good pixels of one row of the frame for each row of the picture.
//!
//! Negative pixels (−1 gaps, −2 dead pixels) count in no mean and no percentile. Saturated pixels
//! do not either, and where there are any the picture is black: a strong reflection. If more than
//! one pixel in 256 is saturated, the detector marks its gaps that way, and they are treated as
//! gaps. Where there is no good pixel, the picture is white at every brightness.

use super::histogram::Histogram;
use super::shape::Shape;

/// The longest side of a picture, in pixels.
pub const LONGEST_EDGE: usize = 1024;
/// The percentiles that are white and black, in ten-thousandths.
const WHITE: u64 = 100;
const BLACK: u64 = 9_985;
/// The shades of a [`Picture`] that are white and black at every brightness.
const WHITEST: u16 = 0;
const BLACKEST: u16 = u16::MAX;
/// How far above white the darkest shade is, in units of the black percentile. At the least
/// brightness, ¼, it is black.
const REACH: f32 = 4.0;
/// If more than one pixel in this many is saturated, saturation marks gaps.
const RARE: u64 = 256;
/// Added to a tally for a saturated pixel; a good one adds 1.
const SATURATED: u32 = 1 << 16;

/// A reduced frame on its grey scale, for every brightness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width and height.
    pub shape: Shape,
    /// Row by row: 0 is white at every brightness, 65535 is black at every brightness, and 16384 is
    /// black at brightness 1.
    pub shades: Vec<u16>,
}

/// Reduces one frame, which is given row by row.
#[derive(Debug)]
pub struct Reducer {
    shape: Shape,
    saturation: i32,
    picture: Shape,
    /// How many pixels of a row go into each pixel of the picture's row.
    widths: Vec<usize>,
    /// Rows pushed so far.
    row: usize,
    /// The row of the picture that they belong to.
    picture_row: usize,
    /// For each column of the frame: the sum of the good pixels, and the numbers of good and
    /// saturated ones.
    sums: Vec<f32>,
    tallies: Vec<u32>,
    /// For each pixel of the picture; negative where there is no good pixel.
    means: Vec<f32>,
    saturated: Vec<bool>,
    histogram: Histogram,
    /// Pixels sampled for the histogram, good or not, and the saturated ones among them.
    sampled: u64,
    sampled_saturated: u64,
}

/// The size of the picture of a frame: the longer side is at most [`LONGEST_EDGE`], the other in
/// proportion.
#[must_use]
pub fn fitted(shape: Shape) -> Shape {
    let longer = shape.width.max(shape.height);
    if longer <= LONGEST_EDGE {
        return shape;
    }
    let fit = |side: usize| ((side * LONGEST_EDGE + longer / 2) / longer).max(1);
    Shape {
        width: fit(shape.width),
        height: fit(shape.height),
    }
}

/// The first of `length` pixels that belongs to pixel `number` of `of`.
fn begin(number: usize, of: usize, length: usize) -> usize {
    (number * length).div_ceil(of)
}

impl Reducer {
    /// For a frame of this shape. Counts of `saturation` and above are saturated.
    #[must_use]
    pub fn new(shape: Shape, saturation: i32) -> Self {
        let picture = fitted(shape);
        let widths = (0..picture.width)
            .map(|column| {
                begin(column + 1, picture.width, shape.width) - begin(column, picture.width, shape.width)
            })
            .collect();
        Self {
            shape,
            saturation,
            picture,
            widths,
            row: 0,
            picture_row: 0,
            sums: vec![0.0; shape.width],
            tallies: vec![0; shape.width],
            means: Vec::with_capacity(picture.pixels()),
            saturated: Vec::with_capacity(picture.pixels()),
            histogram: Histogram::new(),
            sampled: 0,
            sampled_saturated: 0,
        }
    }

    /// Adds the next row, from the top. It must be as long as the frame is wide.
    pub fn push(&mut self, row: &[i32]) {
        if self.row == begin(self.picture_row, self.picture.height, self.shape.height) {
            self.sample(row);
        }
        self.add(row);
        self.row += 1;
        if self.row == begin(self.picture_row + 1, self.picture.height, self.shape.height) {
            self.close();
            self.picture_row += 1;
        }
    }

    fn sample(&mut self, row: &[i32]) {
        for pixel in row {
            match u32::try_from(*pixel) {
                Ok(_) if *pixel >= self.saturation => self.sampled_saturated += 1,
                Ok(count) => self.histogram.add(count),
                Err(_) => {}
            }
        }
        self.sampled += row.len() as u64;
    }

    /// Adds a row to the sums. Without branches, because all pixels of the frame pass here.
    #[allow(
        clippy::cast_precision_loss,
        reason = "sums are exact up to 16 million counts, and a PNG has 256 greys"
    )]
    fn add(&mut self, row: &[i32]) {
        let saturation = self.saturation;
        for ((pixel, sum), tally) in row.iter().zip(&mut self.sums).zip(&mut self.tallies) {
            let saturated = *pixel >= saturation;
            let good = (*pixel >= 0) & !saturated;
            *sum += if good { *pixel as f32 } else { 0.0 };
            *tally += if good { 1 } else { 0 };
            *tally += if saturated { SATURATED } else { 0 };
        }
    }

    /// Completes a row of the picture.
    #[allow(
        clippy::cast_precision_loss,
        reason = "at most 2 by 16 pixels of a side are counted"
    )]
    fn close(&mut self) {
        let (mut sums, mut tallies) = (self.sums.as_slice(), self.tallies.as_slice());
        for width in &self.widths {
            let (Some((mine, later)), Some((tally, later_tallies))) =
                (sums.split_at_checked(*width), tallies.split_at_checked(*width))
            else {
                break;
            };
            (sums, tallies) = (later, later_tallies);
            let tally: u32 = tally.iter().sum();
            let good = tally % SATURATED;
            self.means.push(if good == 0 {
                -1.0
            } else {
                mine.iter().sum::<f32>() / good as f32
            });
            self.saturated.push(tally >= SATURATED);
        }
        self.sums.fill(0.0);
        self.tallies.fill(0);
    }

    /// The picture, after the last row.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast from float to integer saturates, which is intended"
    )]
    pub fn finish(self) -> Picture {
        let white = self.histogram.percentile(WHITE) as f32;
        let black = self.histogram.percentile(BLACK).max(1) as f32;
        let scale = f32::from(BLACKEST) / (REACH * black);
        let gaps_are_saturated = self.sampled_saturated * RARE > self.sampled;
        let shade = |(mean, saturated): (&f32, &bool)| {
            if *saturated && !gaps_are_saturated {
                BLACKEST
            } else if *mean < 0.0 {
                WHITEST
            } else {
                ((mean - white) * scale + 0.5) as u16
            }
        };
        Picture {
            shape: self.picture,
            shades: self.means.iter().zip(&self.saturated).map(shade).collect(),
        }
    }
}
