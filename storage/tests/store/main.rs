//! The public interface of the store, on every engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod damage;
#[path = "../../../tests/support/dice.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "it is the root package's, which needs more of it"
)]
mod dice;
mod failing;
mod faults;
mod faulty;
mod importing;
mod large;
mod map;
mod model;
mod opening;
#[path = "../support/postgres.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests need more of it")]
mod postgres;
mod snapshot;
mod support;
mod writing;
