//! The files behind the keys.

mod alone;
mod archive;
mod changing;
mod hanging;
mod hostile;
mod keys;
mod log;
mod raw;
