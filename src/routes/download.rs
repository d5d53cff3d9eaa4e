//! The built-in Data Proxy, `/download`: creates keys for directories, and serves the files behind
//! keys.

pub mod archive;
pub mod create;
pub mod frame;
pub mod multi;
mod picture;
pub mod raw;
mod request;
pub mod snapshot;
