//! Black-box tests: the production application on real sockets, with its own store, a clock that
//! only tests advance, and clients that sign like real ones. Each endpoint has a file with the name
//! of its route.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod support;

mod actors_lost;
mod admin;
mod cli;
mod concurrency;
mod configuration;
mod console;
mod crash;
mod docs;
mod files;
mod health;
mod hostile;
mod linearizability;
mod metrics;
mod nodes;
mod overload;
mod payloads;
mod pictures;
mod proxy;
mod shadow;
mod structure;
mod systemd;
mod tls;
mod unix_socket;
mod v2;
mod v3;
