//! Pictures of frames and snapshots.

mod animation;
mod cases;
mod cbf;
mod frame;
mod reduce;
mod snapshot;
mod tiff;
