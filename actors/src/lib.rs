//! The actors of beamlive: who owns which state, and the rules.
//!
//! | file | what it holds |
//! |---|---|
//! | `directory.rs` | [`directory::Directory`]: what the HTTP handlers call; finds actors, awaits receipts, tries again |
//! | `ask.rs`, `ask/` | how an actor is asked: bounded, answered, and brought back when it was lost |
//! | `beamline.rs`, `beamline/` | one actor per beamline: launch and close; `state.rs` has the rules |
//! | `session.rs`, `session/` | one per session: datasets, reports, feedback, and their rules |
//! | `facility.rs`, `facility/` | everything a facility file declares, and keys; publishes the [`facility::catalog::Catalog`] |
//! | `inventory.rs`, `inventory/` | ready-made sample lists; which samples, at which port, in which order |
//! | `access.rs`, `access/` | access lists, and the histories of remote connections |
//! | `forwarder.rs`, `forwarder/` | the outbox, drained to a Data Proxy |
//! | `expiry.rs` | gives back the room of what is kept for a time only |
//! | `directory_key.rs`, `secure_path.rs` | directories and their secure keys |
//! | `key.rs`, `key/` | the keys that sign requests: parsed, verified, at a cost that tells nothing |
//! | `schedule.rs`, `duration.rs`, `zone.rs` | beamtimes, lengths of time, the clock on the wall |
//! | `activity.rs`, `services.rs`, `clock.rs`, `pool.rs` | the log, what actors are given, time and randomness, reads off their threads |
//!
//! Invariants: an actor never waits for the disk while others could be served; batches are handed over in the order
//! of an actor's messages; what is in memory names the revision it was read at; every actor can be lost and is
//! started again from the store; rules know no clock, no I/O and no runtime.

pub mod access;
pub mod activity;
pub mod ask;
pub mod beamline;
pub mod clock;
pub mod directory;
pub mod directory_key;
pub mod duration;
pub mod expiry;
pub mod facility;
pub mod forwarder;
pub mod inventory;
pub mod key;
pub mod pool;
mod remembered;
pub mod schedule;
pub mod secure_path;
pub mod services;
pub mod session;
pub mod zone;
