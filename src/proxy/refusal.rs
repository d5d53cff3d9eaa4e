//! What clients are told when a file or a picture can't be served.

use super::frame::FrameError;
use super::pictures::PictureError;
use super::shelf::FileError;
use super::snapshot::animation::SnapshotError;
use crate::error::ApiError;
use beamlive_actors::ask::Unavailable;

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NoKey | FileError::NotFound => Self::NotFound(error.to_string()),
            FileError::TooLarge(_) => Self::OversizedFile(error.to_string()),
            FileError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<PictureError> for ApiError {
    fn from(error: PictureError) -> Self {
        let text = error.to_string();
        match error {
            PictureError::Frame(FrameError::Missing(_)) => Self::NotFound(text),
            PictureError::Frame(FrameError::Disk(why)) => Self::Unavailable(Unavailable::Disk(why.into())),
            PictureError::Frame(FrameError::Unsupported(_)) => Self::UnsupportedFile(text),
            PictureError::Frame(FrameError::TooLarge(_))
            | PictureError::Snapshot(SnapshotError::TooLarge) => Self::OversizedFile(text),
            PictureError::Frame(FrameError::Damaged(_))
            | PictureError::Snapshot(SnapshotError::Damaged(_)) => Self::DamagedFile(text),
            PictureError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}
