//! The store of beamlive: records on disk, one writer, durable receipts.
//!
//! | file | what it holds |
//! |---|---|
//! | `store.rs` | [`Store`]: the handle; reads; [`Store::reserve`] returns a [`Permit`] |
//! | `opening.rs` | opening a store: settings, engine, format, mark |
//! | `batch.rs` | [`Batch`]: preconditions and writes that take effect together |
//! | `writer.rs` | [`Permit::commit`] returns a [`Receipt`]; the one thread that writes |
//! | `group.rs` | which batches of a group hold, which ids they get, which rows result |
//! | `engine.rs`, `engine/` | the trait of a database; sled, fjall, and memory for tests |
//! | `import.rs` | [`Import`]: changes that take effect together when it is finished, or not at all |
//! | `undo.rs`, `undo/` | what was stored before an import, and restoring it |
//! | `shared.rs` | a database that several processes write: what the others changed |
//! | `tally.rs` | number of groups and rows, and their sum: one row, which detects damage |
//! | `mark.rs` | number of acknowledged groups: a file next to the database |
//! | `chunks.rs` | values above 16 KiB, in pieces |
//! | `keys.rs`, `codec.rs`, `records/`, `ids.rs`, `time.rs` | the keyspace, the bytes of a record, the records, ids and times |
//! | `sql.rs`, `sql/` | tables for people, which a database with SQL keeps beside the rows |
//! | `metrics.rs` | counters of the writer |
//! | `snapshot.rs`, `snapshot/` | the store at one moment, read while writing goes on |
//! | `backup.rs`, `backup/` | a snapshot as a file, and a store restored from one |
//! | `verify.rs`, `verify/` | checks a whole store, offline |
//! | `format.rs` | the store's format: written, checked, refused |
//!
//! Invariants: a receipt resolves only when its batch and all batches before it are durable.
//! Batches take effect in the order in which they are committed. After a failed write or sync
//! nothing is acknowledged any more. An id is allocated once. Reads never wait for the writer.

pub mod backup;
pub mod batch;
mod chunks;
#[cfg(test)]
#[path = "../tests/support/postgres.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "other tests use it too"
)]
mod cluster;
pub mod codec;
pub mod engine;
mod format;
pub mod group;
pub mod ids;
mod import;
pub mod keys;
mod mark;
mod metrics;
mod opening;
pub mod records;
pub mod shared;
mod snapshot;
mod sql;
mod store;
mod tally;
pub mod time;
mod undo;
pub mod verify;
mod writer;

pub use batch::Batch;
pub use codec::{DecodeError, Versioned};
pub use engine::faults::{Faults, NoFaults, Step};
pub use engine::memory::MemoryEngine;
pub use engine::{
    rebuild_tables, DiskUse, Engine, EngineError, EngineKind, Entries, Failure, Filesystem, Frozen,
    OpenError, Order, PostgresSettings, PostgresSettingsError, UnknownEngine,
};
pub use format::{FormatError, LAYOUT};
pub use group::{Applied, Committed, Conflict};
pub use import::{Import, ImportError};
pub use keys::{Key, Table};
pub use mark::MarkError;
pub use metrics::{Histogram, WriterMetrics};
pub use opening::StoreConfig;
pub use snapshot::{Rows, Snapshot, SnapshotError, SnapshotLimits, SnapshotLost};
pub use store::{ReadError, Store, StoreStatus, Unavailable};
pub use tally::Tally;
pub use time::Timestamp;
pub use undo::UndoError;
pub use writer::{CommitError, Permit, Receipt};
