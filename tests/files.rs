//! Downloads of files by key.

mod alone;
mod archive;
mod changing;
mod conditions;
mod crowded;
mod hanging;
mod hostile;
mod keys;
mod log;
mod multi;
mod raw;
mod shares;
