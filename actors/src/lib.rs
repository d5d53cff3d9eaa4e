//! The actors of beamlive: who owns which state, and the rules.
//!
//! | file | what it holds |
//! |---|---|
//! | `directory.rs`, `directory/` | [`directory::Directory`]: what HTTP handlers call; finds actors, awaits receipts, retries conflicts |
//! | `ask.rs`, `ask/` | commands to actors: bounded, always answered, and sent again when the actor was lost |
//! | `beamline.rs`, `beamline/` | one actor per beamline: launch and close; `state.rs` has the rules |
//! | `session.rs`, `session/` | one actor per session: datasets, reports, feedback, and their rules |
//! | `facility.rs`, `facility/` | everything that a facility file declares, and keys; publishes the [`facility::catalog::Catalog`] |
//! | `inventory.rs`, `inventory/` | cached sample lists: which samples, at which port, in which order |
//! | `access.rs`, `access/` | access lists, and the histories of remote connections |
//! | `forwarder.rs`, `forwarder/` | sends the directories in the outbox to a Data Proxy |
//! | `published.rs`, `presence.rs`, `follower.rs` | the published catalog, and how it follows other processes on one database |
//! | `expiry.rs` | removes expired rows |
//! | `directory_key.rs`, `secure_path.rs` | directories and their secure keys |
//! | `key.rs`, `key/` | public keys: parsing, and verification in a time that does not depend on the account |
//! | `password.rs`, `password/` | passwords and their hashes |
//! | `schedule.rs`, `duration.rs`, `zone.rs` | beamtimes, durations, local time |
//! | `activity.rs` | the activity log |
//! | `services.rs`, `clock.rs`, `pool.rs` | what actors need: the store, time, randomness, reads off their threads |
//! | `remembered.rs` | a bounded LRU cache |
//!
//! Invariants: an actor never waits for the disk while it could serve other messages; batches are
//! handed over in the order of an actor's messages; state in memory has the revision it was read
//! at; every actor can be lost and is started again from the store; rules know no clock, no I/O and
//! no runtime.

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
#[cfg(test)]
mod fixtures;
mod follower;
pub mod forwarder;
pub mod inventory;
pub mod key;
pub mod password;
pub mod pool;
pub mod presence;
pub mod published;
mod remembered;
pub mod schedule;
pub mod secure_path;
pub mod services;
pub mod session;
pub mod zone;
