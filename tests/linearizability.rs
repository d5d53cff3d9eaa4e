//! Many clients launch and close at the same time, while the service is killed. All answers and the
//! final state must equal those of the pure rules, applied one request after the other, in an order
//! that respects which requests ended before others began.
//!
//! `history.rs` records the requests, `spec.rs` contains the rules as steps, and `search.rs`
//! searches for an order (after Wing and Gong). `checker.rs` shows that the search finds no order
//! for the answers of a broken service.

mod checker;
mod history;
mod recorded;
mod search;
mod spec;
