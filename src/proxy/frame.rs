//! Pure: from the bytes of a frame file to a picture of it. No I/O, no clock.
//!
//! | file | what it holds |
//! |---|---|
//! | `frame/cbf.rs`, `frame/byte_offset.rs` | miniCBF as Pilatus and Eiger detectors write it, and its compression |
//! | `frame/tiff.rs`, `frame/tiff/directory.rs` | TIFF of one channel, and its tags put right |
//! | `frame/packed.rs` | gzip and bzip2 around a frame |
//! | `frame/hdf5.rs` | HDF5, as Eiger detectors write it |
//! | `frame/floats.rs` | counts out of floats |
//! | `frame/reduce.rs`, `frame/histogram.rs` | rows of pixels, as they are decoded, become a [`Picture`] of at most [`reduce::LONGEST_EDGE`] |
//! | `frame/tone.rs`, `frame/encode.rs` | a picture at a brightness, and its PNG |
//!
//! A frame is decoded row by row and never held as a whole. What a header claims is compared with the bytes there are
//! before anything is allocated for it.

pub mod byte_offset;
pub mod cbf;
pub mod encode;
pub mod floats;
pub mod hdf5;
mod histogram;
pub mod packed;
pub mod reduce;
pub mod tiff;
pub mod tone;

use thiserror::Error;

pub use reduce::Picture;

/// The longest file that is read, and the most that one unfolds to, in bytes: a frame of 16 million pixels fits whatever
/// its pixels are.
pub const LONGEST_FILE: usize = 128 << 20;
/// The longest side of a frame, in pixels.
pub const LONGEST_SIDE: usize = 16_384;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameError {
    /// A format that is not read here.
    #[error("frames are read from miniCBF with byte offsets, TIFF of one channel and HDF5 of Eiger detectors: {0}")]
    Unsupported(String),
    /// The file contradicts itself.
    #[error("the frame is damaged: {0}")]
    Damaged(String),
    /// A number that no frame has.
    #[error("{0}")]
    Missing(String),
    /// The disk can't be read now.
    #[error("the disk can't be read: {0}")]
    Disk(String),
    /// More than is read.
    #[error("the frame is too large: {0}")]
    TooLarge(String),
}

/// Width and height of a frame, in pixels: neither is 0 or above [`LONGEST_SIDE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Shape {
    /// Checks what a header claims.
    ///
    /// # Errors
    /// [`FrameError::Damaged`] for an empty frame, [`FrameError::TooLarge`] for one beyond the bound.
    pub fn new(width: u64, height: u64) -> Result<Self, FrameError> {
        let side = |length: u64| usize::try_from(length).ok().filter(|side| *side <= LONGEST_SIDE);
        match (side(width), side(height)) {
            (Some(0), _) | (_, Some(0)) => Err(FrameError::Damaged(format!(
                "it is {width} by {height} pixels by its header"
            ))),
            (Some(width), Some(height)) => Ok(Self { width, height }),
            _ => Err(FrameError::TooLarge(format!(
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

/// The picture of the frame in `file`, whose first bytes tell its format.
///
/// # Errors
/// [`FrameError`]. Nothing is allocated beyond a few rows and the picture itself, which is a few megabytes.
pub fn picture(file: &[u8]) -> Result<Picture, FrameError> {
    if file.len() > LONGEST_FILE {
        return Err(FrameError::TooLarge(format!(
            "it has {} bytes, at most {LONGEST_FILE} are read",
            file.len()
        )));
    }
    if tiff::is_tiff(file) {
        return tiff::picture(file);
    }
    if cbf::is_cbf(file) {
        return cbf::picture(file);
    }
    let what = if file.is_empty() {
        return Err(FrameError::Damaged("it is empty".to_owned()));
    } else if hdf5::is_hdf5(file) {
        "this is HDF5, whose frames have numbers: …_master.h5/1/nm.png"
    } else {
        "this is neither"
    };
    Err(FrameError::Unsupported(what.to_owned()))
}
