//! The size of a frame, and the limits on frames.

use super::error::FrameError;

/// The longest file that is read, and the most that one is decompressed to, in bytes. It has room
/// for 16 million pixels of any type.
pub const LONGEST_FILE: usize = 128 << 20;
/// The longest side of a frame, in pixels.
pub const LONGEST_SIDE: usize = 16_384;

/// Width and height of a frame, in pixels: neither is 0 or above [`LONGEST_SIDE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Shape {
    /// Checks the size that a header gives.
    ///
    /// # Errors
    /// [`FrameError::Damaged`] for an empty frame, [`FrameError::TooLarge`] for one beyond the
    /// limit.
    pub fn new(width: u64, height: u64) -> Result<Self, FrameError> {
        let side = |length: u64| usize::try_from(length).ok().filter(|side| *side <= LONGEST_SIDE);
        match (side(width), side(height)) {
            (Some(0), _) | (_, Some(0)) => Err(FrameError::damaged(format!(
                "it is {width} by {height} pixels by its header"
            ))),
            (Some(width), Some(height)) => Ok(Self { width, height }),
            _ => Err(FrameError::too_large(format!(
                "it is {width} by {height} pixels by its header, at most {LONGEST_SIDE} by {LONGEST_SIDE} are read"
            ))),
        }
    }

    /// Pixels of the frame.
    #[must_use]
    pub fn pixels(self) -> usize {
        self.width * self.height
    }
}
