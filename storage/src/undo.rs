//! Makes an import all or nothing: what it changes is noted before it is written, and restored if
//! the import does not finish.
//!
//! | file | what it holds |
//! |---|---|
//! | `import.rs` (beside) | [`crate::Import`]: opening a store for an import, finishing, giving up |
//! | `undo/engine.rs` | the database during an import: notes each group, then applies it |
//! | `undo/file.rs` | the undo file: creating, appending, checking, reading backwards |
//! | `undo/frame.rs` | the bytes of its header and of its frames |
//! | `undo/rollback.rs` | what to do with the file when a store is opened |
//! | `undo/error.rs` | why an import could not be undone |
//!
//! The row [`crate::records::Importing`] decides: while it is there, the import is unfinished. The
//! first group of an import adds the row, and the last one removes it. The undo file holds the
//! values from before. Each frame is on the disk before its group is written, so at any moment the
//! file covers everything that the database holds of the import.

mod engine;
pub(crate) mod error;
mod file;
mod frame;
mod rollback;

pub(crate) use engine::Noting;
pub use error::UndoError;
pub(crate) use file::{remove, UndoFile};
pub(crate) use rollback::{check, settle};
