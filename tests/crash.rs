//! Crashes under load: the service is killed, the machine loses power, or the disk is full. After
//! a restart every acknowledged record exists once, and the records follow the rules.
//!
//! `load.rs` sends requests until the crash, `ledger.rs` records the answers, `checks.rs` compares
//! them with the store, and `place.rs` starts the service again.

mod checks;
mod fail_stop;
mod full_disk;
mod kill;
mod ledger;
mod load;
pub mod place;
mod power;

pub use kill::given;
