//! The store from outside: what its handles promise, on memory and on sled.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod failing;
mod faults;
mod faulty;
mod large;
mod map;
mod model;
mod opening;
mod snapshot;
mod support;
mod writing;
