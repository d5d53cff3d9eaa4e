//! Why a frame has no picture.

use thiserror::Error;

/// Why a frame has no picture.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The format is not supported.
    #[error("frames are read from miniCBF with byte offsets, TIFF of one channel and HDF5 of Eiger detectors: {0}")]
    Unsupported(String),
    /// The file is corrupt.
    #[error("the frame is damaged: {0}")]
    Damaged(String),
    /// The file has no frame of this number.
    #[error("{0}")]
    Missing(String),
    /// The disk can't be read now.
    #[error("the disk can't be read: {0}")]
    Disk(String),
    /// The frame exceeds a limit.
    #[error("the frame is too large: {0}")]
    TooLarge(String),
}

impl FrameError {
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }

    pub(crate) fn too_large(what: impl Into<String>) -> Self {
        Self::TooLarge(what.into())
    }
}
