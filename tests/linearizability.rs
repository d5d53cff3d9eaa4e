//! Launch and close from many clients at once, with kills in between: whatever was answered, and whatever is there in
//! the end, is what the pure rules would have done one after the other, in an order that fits to who waited for whom.
//!
//! `history.rs` records, `spec.rs` is the rules as a sequence of steps, `search.rs` looks for the order (after Wing and
//! Gong). `checker.rs` shows that it finds none for what a broken service would do.

mod checker;
mod history;
mod recorded;
mod search;
mod spec;
