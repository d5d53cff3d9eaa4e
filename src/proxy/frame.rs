//! Pure: from the bytes of a frame file to a picture of it. No I/O, no clock.
//!
//! | file | what it holds |
//! |---|---|
//! | `frame/cbf.rs`, `frame/byte_offset.rs` | miniCBF of Pilatus and Eiger detectors, and its compression |
//! | `frame/tiff.rs`, `frame/tiff/directory.rs` | TIFF of one channel, and the repair of its directory |
//! | `frame/packed.rs` | gzip and bzip2 around a frame |
//! | `frame/hdf5.rs` | HDF5 of Eiger detectors |
//! | `frame/floats.rs` | conversion of floats to counts |
//! | `frame/reduce.rs`, `frame/histogram.rs` | reduces rows of pixels to a [`Picture`] |
//! | `frame/tone.rs`, `frame/encode.rs` | a picture at a brightness, and its PNG |
//! | `frame/shape.rs`, `frame/error.rs` | the size of a frame, limits and errors |
//!
//! Frames are decoded row by row and are not held in memory as a whole. The sizes in a header are
//! compared with the size of the file before memory is allocated.

pub mod byte_offset;
pub mod cbf;
pub mod encode;
pub mod error;
pub mod floats;
pub mod hdf5;
mod histogram;
pub mod packed;
pub mod reduce;
pub mod shape;
pub mod tiff;
pub mod tone;

pub use error::FrameError;
pub use reduce::Picture;
pub use shape::{Shape, LONGEST_FILE};

/// The picture of the frame in `file`. The first bytes determine the format.
///
/// # Errors
/// [`FrameError`].
pub fn picture(file: &[u8]) -> Result<Picture, FrameError> {
    if file.len() > LONGEST_FILE {
        return Err(FrameError::too_large(format!(
            "it has {} bytes, at most {LONGEST_FILE} are read",
            file.len()
        )));
    }
    if tiff::is_tiff(file) {
        tiff::picture(file)
    } else if cbf::is_cbf(file) {
        cbf::picture(file)
    } else if file.is_empty() {
        Err(FrameError::damaged("it is empty"))
    } else if hdf5::is_hdf5(file) {
        Err(FrameError::unsupported(
            "this is HDF5, whose frames have numbers: …_master.h5/1/nm.png",
        ))
    } else {
        Err(FrameError::unsupported("this is neither"))
    }
}
