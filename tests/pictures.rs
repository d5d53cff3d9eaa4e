//! Pictures of frames and snapshots.

mod animation;
mod cases;
mod cbf;
mod frame;
mod hdf5;
mod placeholder;
mod reduce;
mod snapshot;
mod tiff;
