//! The files behind the keys.

mod alone;
mod archive;
mod changing;
mod hostile;
mod keys;
mod log;
mod multi;
mod raw;
