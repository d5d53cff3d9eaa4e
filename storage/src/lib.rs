//! The store of beamlive: records on disk, one writer, durable receipts.
//!
//! | file | what it holds |
//! |---|---|
//! | `store.rs` | [`Store`]: the handle everyone has; reads; [`Store::reserve`] → [`Permit::commit`] → [`Receipt`] |
//! | `batch.rs` | [`Batch`]: preconditions and writes that take effect together |
//! | `writer.rs` | the one thread that writes: drains, groups, applies, syncs, resolves receipts |
//! | `group.rs` | pure: which batches of a group hold, which ids they get, which rows result |
//! | `engine.rs`, `engine/` | the three calls a database must offer; sled, and memory for tests |
//! | `chunks.rs` | values above 16 KiB, in pieces |
//! | `keys.rs`, `codec.rs`, `records/` | the keyspace, the bytes of a record, the records |
//! | `migrate.rs` | the store's own format: created, checked, refused |
//!
//! Invariants: a receipt resolves only when its batch and all before it are durable; batches take effect in the
//! order they were handed over; after a failed write or sync nothing is acknowledged any more; an id is given
//! once; reads never wait for the writer.

pub mod batch;
pub mod codec;
pub mod ids;
pub mod keys;
pub mod records;
pub mod time;

pub use batch::Batch;
pub use codec::{DecodeError, Versioned};
pub use keys::{Key, Table};
pub use time::Timestamp;
