//! Pictures of frames and snapshots.

mod animation;
mod cbf;
mod frame;
mod hdf5;
mod reduce;
mod snapshot;
mod tiff;
