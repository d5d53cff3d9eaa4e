//! Pictures of frames and snapshots.

mod animation;
mod cbf;
mod frame;
mod reduce;
mod snapshot;
mod tiff;
