//! Pure: the animated GIF of a series of snapshots.

use gif::{EncodingError, Frame, Repeat};
use png::{ColorType, Decoder, DecodingError, Limits, Transformations};
use std::io::Cursor;
use thiserror::Error;

/// Most snapshots of an animation.
pub const MOST: usize = 64;
/// The longest file of a snapshot, in bytes.
pub const LONGEST_FILE: usize = 16 << 20;
/// Most pixels of a snapshot.
const MOST_PIXELS: u64 = 16 << 20;
/// More than PNG compression achieves.
const HIGHEST_RATIO: u64 = 1100;
/// Greatest width of an animation, in pixels.
const WIDEST: usize = 500;
/// The time for each snapshot, in hundredths of a second.
const DELAY: u16 = 200;
/// From 1, the best quality, to 30, the fastest.
const SPEED: i32 = 10;

/// Why there is no animation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// A snapshot is not a valid PNG.
    #[error("a snapshot of the series is damaged: {0}")]
    Damaged(String),
    /// A snapshot exceeds a limit, or there are too many.
    #[error(
        "the series is too large: at most {MOST} snapshots of {LONGEST_FILE} bytes and {MOST_PIXELS} pixels are put together"
    )]
    TooLarge,
}

/// An animation to which snapshots are added.
#[derive(Default)]
pub struct Animation {
    canvas: Option<Canvas>,
}

/// Has the proportions of the first snapshot. The others are scaled to it.
struct Canvas {
    width: u16,
    height: u16,
    encoder: gif::Encoder<Vec<u8>>,
}

impl Animation {
    /// An animation without snapshots.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a snapshot, which is a PNG file.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn add(&mut self, png: &[u8]) -> Result<(), SnapshotError> {
        let snapshot = Snapshot::decode(png)?;
        let canvas = match &mut self.canvas {
            Some(canvas) => canvas,
            empty => empty.insert(Canvas::for_snapshot(&snapshot)?),
        };
        let pixels = snapshot.scaled(canvas.width.into(), canvas.height.into());
        let mut frame = Frame::from_rgb_speed(canvas.width, canvas.height, &pixels, SPEED);
        frame.delay = DELAY;
        Ok(canvas.encoder.write_frame(&frame)?)
    }

    /// The GIF, which repeats for ever.
    ///
    /// # Errors
    /// [`SnapshotError::Damaged`] if it has no snapshot.
    pub fn finish(self) -> Result<Vec<u8>, SnapshotError> {
        match self.canvas {
            Some(canvas) => Ok(canvas.encoder.into_inner()?),
            None => Err(SnapshotError::Damaged("it is empty".to_owned())),
        }
    }
}

impl Canvas {
    fn for_snapshot(snapshot: &Snapshot) -> Result<Self, SnapshotError> {
        let width = snapshot.width.min(WIDEST);
        let height = (snapshot.height * width / snapshot.width).max(1);
        let (Ok(width), Ok(height)) = (u16::try_from(width), u16::try_from(height)) else {
            return Err(SnapshotError::TooLarge);
        };
        let mut encoder = gif::Encoder::new(Vec::new(), width, height, &[])?;
        encoder.set_repeat(Repeat::Infinite)?;
        Ok(Self {
            width,
            height,
            encoder,
        })
    }
}

/// A decoded snapshot, three bytes a pixel.
struct Snapshot {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Snapshot {
    fn decode(png: &[u8]) -> Result<Self, SnapshotError> {
        let limits = Limits { bytes: LONGEST_FILE };
        let mut decoder = Decoder::new_with_limits(Cursor::new(png), limits);
        decoder.set_transformations(Transformations::normalize_to_color8());
        let header = decoder.read_header_info()?;
        let area = u64::from(header.width) * u64::from(header.height);
        if area > MOST_PIXELS {
            return Err(SnapshotError::TooLarge);
        }
        // A pixel may take one bit before compression.
        if area > png.len() as u64 * HIGHEST_RATIO * 8 {
            return Err(SnapshotError::Damaged(
                "it has fewer bytes than its pixels need".to_owned(),
            ));
        }
        let mut reader = decoder.read_info()?;
        let mut bytes = vec![0; reader.output_buffer_size().ok_or(SnapshotError::TooLarge)?];
        let info = reader.next_frame(&mut bytes)?;
        bytes.truncate(info.buffer_size());
        let (Ok(width), Ok(height)) = (usize::try_from(info.width), usize::try_from(info.height)) else {
            return Err(SnapshotError::TooLarge);
        };
        Ok(Self {
            width,
            height,
            pixels: to_rgb(info.color_type, bytes),
        })
    }

    /// Its pixels scaled to another size: the mean of the pixels, or the nearest if the size is
    /// larger.
    fn scaled(self, width: usize, height: usize) -> Vec<u8> {
        if (width, height) == (self.width, self.height) {
            return self.pixels;
        }
        let mut scaled = Vec::with_capacity(width * height * 3);
        for row in 0..height {
            for column in 0..width {
                scaled.extend(self.mean(span(row, height, self.height), span(column, width, self.width)));
            }
        }
        scaled
    }

    fn mean(&self, rows: (usize, usize), columns: (usize, usize)) -> [u8; 3] {
        let mut sums = [0_u32; 3];
        let mut number = 0;
        for row in rows.0..rows.1 {
            let from = (row * self.width + columns.0) * 3;
            let to = (row * self.width + columns.1) * 3;
            for pixel in self.pixels.get(from..to).unwrap_or_default().chunks_exact(3) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(*value);
                }
                number += 1;
            }
        }
        sums.map(|sum| u8::try_from(sum / number.max(1)).unwrap_or(u8::MAX))
    }
}

/// The range of `length` pixels that belongs to pixel `number` of `of`: at least one.
fn span(number: usize, of: usize, length: usize) -> (usize, usize) {
    let from = number * length / of;
    let to = (number + 1) * length / of;
    (from, to.max(from + 1))
}

/// Converts to RGB. Transparent pixels are blended with white.
fn to_rgb(color: ColorType, bytes: Vec<u8>) -> Vec<u8> {
    let on_white = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        u8::try_from((value * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
    };
    let pixels = |size| bytes.chunks_exact(size);
    match color {
        ColorType::Grayscale => bytes.iter().flat_map(|grey| [*grey; 3]).collect(),
        ColorType::GrayscaleAlpha => pixels(2)
            .flat_map(|pixel| match pixel {
                [grey, alpha] => [on_white(*grey, *alpha); 3],
                _ => [0; 3],
            })
            .collect(),
        ColorType::Rgba => pixels(4)
            .flat_map(|pixel| match pixel {
                [red, green, blue, alpha] => [red, green, blue].map(|value| on_white(*value, *alpha)),
                _ => [0; 3],
            })
            .collect(),
        // The decoder has expanded palettes.
        ColorType::Rgb | ColorType::Indexed => bytes,
    }
}

impl From<DecodingError> for SnapshotError {
    fn from(error: DecodingError) -> Self {
        match error {
            DecodingError::LimitsExceeded => Self::TooLarge,
            error => Self::Damaged(error.to_string()),
        }
    }
}

impl From<EncodingError> for SnapshotError {
    fn from(error: EncodingError) -> Self {
        Self::Damaged(error.to_string())
    }
}
