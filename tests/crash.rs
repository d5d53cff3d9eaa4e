//! The service dies while everybody uses it: it is killed, the machine loses its power, the disk is full. Whatever
//! was acknowledged is there afterwards, nothing is there twice, and nothing contradicts the rules.
//!
//! `load.rs` uses the service until it dies, `ledger.rs` knows what it was told, `checks.rs` compares, `place.rs`
//! starts it again.

mod checks;
mod fail_stop;
mod full_disk;
mod kill;
mod ledger;
mod load;
pub mod place;
mod power;

pub use kill::given;
