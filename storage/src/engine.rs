//! Databases that can hold the store: `interface.rs` has the trait, `sled.rs`, `fjall.rs`,
//! `postgres.rs` and `memory.rs` implement it.

pub(crate) mod error;
pub mod faults;
pub(crate) mod files;
pub(crate) mod fjall;
pub(crate) mod interface;
pub(crate) mod kind;
pub mod memory;
pub(crate) mod open_error;
pub(crate) mod postgres;
pub(crate) mod sled;

pub use error::{EngineError, Failure};
pub use files::RESERVE;
pub use interface::{DiskUse, Engine, Entries, Filesystem, Frozen, Order};
pub use kind::{EngineKind, UnknownEngine};
pub use open_error::OpenError;
pub use postgres::{rebuild_tables, PostgresSettings, PostgresSettingsError};
