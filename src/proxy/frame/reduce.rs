//! Pure: rows of pixels in, a picture of at most 1024 by 1024 out.
//!
//! Each pixel of the frame belongs to exactly one pixel of the picture, which is the *mean of the counts* of its good pixels: no
//! photon is lost or counted twice, background stays as dark as it is, and a spot of a single pixel is still a multiple of
//! its surroundings. Thinning would lose spots between the lines; the maximum would raise weak background by its own noise; averaging
//! after the grey scale is applied would make sharp spots pale.
//!
//! The scale comes from the counts themselves. White is the 1st percentile, and at brightness 1 the picture is black one
//! 99.85th percentile above it (at least one count): percentiles of the good pixels of one row of the frame for each row of the picture.
//!
//! Negative pixels (−1 gaps, −2 dead pixels) are in no mean and no percentile. Neither are saturated ones, and where there are any the picture is
//! black: a strong reflection. If more than one pixel in 256 is saturated, that is how the detector marks its gaps, and they are treated as those. Where there is no good pixel
//! the picture is white, at every brightness.

use super::histogram::Histogram;
use super::Shape;

/// The longest side of a picture, in pixels.
pub const LONGEST_EDGE: usize = 1024;
/// The percentiles that are white and black, in ten-thousandths.
const WHITE: u64 = 100;
const BLACK: u64 = 9_985;
/// A [`Picture`]'s shade of what is white at every brightness, and of what is black at every brightness.
const WHITEST: u16 = 0;
const BLACKEST: u16 = u16::MAX;
/// How far above white, in units of the black percentile, the darkest shade is. At the least brightness, ¼, that is black.
const REACH: f32 = 4.0;
/// One pixel of so many may be saturated.
const RARE: u64 = 256;
/// What is added to a tally for a saturated pixel; 1 is added for a good one.
const SATURATED: u32 = 1 << 16;

/// A frame reduced and put on its scale, for every brightness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its size.
    pub shape: Shape,
    /// Row by row: 0 is white at every brightness, 65535 black at every brightness, and 16384 is black at brightness 1.
    pub shades: Vec<u16>,
}

/// Takes the rows of one frame.
#[derive(Debug)]
pub struct Reducer {
    shape: Shape,
    saturation: i32,
    picture: Shape,
    /// How many pixels of a row go into each pixel of the picture's row.
    widths: Vec<usize>,
    /// Rows pushed so far.
    row: usize,
    /// The picture's row that they are in.
    into: usize,
    /// By column of the frame: counts of the good pixels, and how many are good and saturated.
    sums: Vec<f32>,
    tallies: Vec<u32>,
    /// By pixel of the picture; negative where there is no good pixel.
    means: Vec<f32>,
    saturated: Vec<bool>,
    histogram: Histogram,
    /// Pixels looked at for the histogram, good or not, and those of them that are saturated.
    seen: u64,
    seen_saturated: u64,
}

/// The size of the picture of a frame: the longer side is at most [`LONGEST_EDGE`], the other in proportion.
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

/// Where the picture's pixel `number` of `of` begins, on a side of `length` pixels.
fn begin(number: usize, of: usize, length: usize) -> usize {
    (number * length).div_ceil(of)
}

impl Reducer {
    /// For a frame of this shape, whose pixels are saturated from the count `saturation` on.
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
            into: 0,
            sums: vec![0.0; shape.width],
            tallies: vec![0; shape.width],
            means: Vec::with_capacity(picture.pixels()),
            saturated: Vec::with_capacity(picture.pixels()),
            histogram: Histogram::new(),
            seen: 0,
            seen_saturated: 0,
        }
    }

    /// The next row, from the top; of as many pixels as the frame is wide.
    pub fn push(&mut self, row: &[i32]) {
        if self.row == begin(self.into, self.picture.height, self.shape.height) {
            self.sample(row);
        }
        self.add(row);
        self.row += 1;
        if self.row == begin(self.into + 1, self.picture.height, self.shape.height) {
            self.close();
            self.into += 1;
        }
    }

    fn sample(&mut self, row: &[i32]) {
        for pixel in row {
            match u32::try_from(*pixel) {
                Ok(_) if *pixel >= self.saturation => self.seen_saturated += 1,
                Ok(count) => self.histogram.add(count),
                Err(_) => {}
            }
        }
        self.seen += row.len() as u64;
    }

    /// No branches: this is where all pixels of the frame come through.
    #[allow(
        clippy::cast_precision_loss,
        reason = "sums are exact up to 16 million counts, and the eye sees 256 greys"
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

    /// Ends a row of the picture.
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
        reason = "a float becomes an integer by saturating, which is what a shade is to do"
    )]
    pub fn finish(self) -> Picture {
        let white = self.histogram.percentile(WHITE) as f32;
        let black = self.histogram.percentile(BLACK).max(1) as f32;
        let scale = f32::from(BLACKEST) / (REACH * black);
        let gaps_are_saturated = self.seen_saturated * RARE > self.seen;
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
