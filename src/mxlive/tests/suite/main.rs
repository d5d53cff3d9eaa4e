//! Whole dumps, from their text to a store that `verify` finds sound.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "these are tests"
)]

mod builder;
mod compare;
mod export;
mod hostile;
mod imported;
mod mended;
mod order;
mod records;
mod scale;
mod store;
