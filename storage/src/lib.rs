//! The store of beamlive: records on disk, one writer, durable receipts.
//!
//! | file | what it holds |
//! |---|---|
//! | `store.rs` | [`Store`]: the handle everyone has; reads; [`Store::reserve`] gives a [`Permit`] |
//! | `batch.rs` | [`Batch`]: preconditions and writes that take effect together |
//! | `writer.rs` | [`Permit::commit`] → [`Receipt`]; the one thread that writes: drains, groups, applies, syncs, resolves receipts |
//! | `group.rs` | pure: which batches of a group hold, which ids they get, which rows result |
//! | `engine.rs`, `engine/` | the calls a database must offer; sled, fjall, and memory for tests; where a disk can fail |
//! | `tally.rs` | how many groups and rows there are, and their sum: one row, by which damage is noticed |
//! | `mark.rs` | how many groups were acknowledged: a file beside the database |
//! | `chunks.rs` | values above 16 KiB, in pieces |
//! | `keys.rs`, `codec.rs`, `records/` | the keyspace, the bytes of a record, the records |
//! | `metrics.rs` | what the writer counts |
//! | `snapshot.rs` | the store as it was at one point, read while it is written |
//! | `backup.rs`, `backup/` | a snapshot as a file, and a store made of one |
//! | `verify.rs`, `verify/` | checks a whole store, offline |
//! | `migrate.rs` | the store's own format: created, checked, refused |
//!
//! Invariants: a receipt resolves only when its batch and all before it are durable; batches take effect in the
//! order they were handed over; after a failed write or sync nothing is acknowledged any more; an id is given
//! once; reads never wait for the writer.

pub mod backup;
pub mod batch;
mod chunks;
pub mod codec;
pub mod engine;
pub mod group;
pub mod ids;
pub mod keys;
mod mark;
mod metrics;
mod migrate;
pub mod records;
mod snapshot;
mod store;
mod tally;
pub mod time;
pub mod verify;
mod writer;

pub use batch::Batch;
pub use codec::{DecodeError, Versioned};
pub use engine::faults::{Faults, NoFaults, Step};
pub use engine::memory::MemoryEngine;
pub use engine::place::OpenError;
pub use engine::{
    DiskUse, Engine, EngineError, EngineKind, Entries, Failure, Filesystem, Frozen, Order, UnknownEngine,
};
pub use group::{Applied, Committed, Conflict};
pub use keys::{Key, Table};
pub use mark::MarkError;
pub use metrics::{Histogram, WriterMetrics};
pub use migrate::{FormatError, LAYOUT};
pub use snapshot::{Rows, Snapshot, SnapshotError, SnapshotLimits};
pub use store::{ReadError, Store, StoreConfig, StoreStatus, Unavailable};
pub use tally::Tally;
pub use time::Timestamp;
pub use writer::{CommitError, Permit, Receipt};
