//! The store on PostgreSQL: several nodes, and connections and servers that fail.
//!
//! Tests that every engine passes are in `../store`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod away;
#[path = "../support/postgres.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests need more of it")]
mod cluster;
mod cuts;
#[path = "../../../tests/support/dice.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "it is the root package's, which needs more of it"
)]
mod dice;
mod importing;
mod moving;
mod nodes;
mod proxy;
mod readable;
mod support;
mod tls;
