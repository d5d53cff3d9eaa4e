//! From a dump of MxLIVE or BasicLIVE to a facility that beamlive accepts.
//!
//! | file | what it holds |
//! |---|---|
//! | `dump.rs`, `dump/` | reads a dump record by record, in bounded memory |
//! | `value.rs`, `pk.rs`, `text.rs` | JSON values, primary keys, texts as beamlive takes them |
//! | `rows.rs`, `rows/` | the records of a dump, typed |
//! | `meta.rs` | what a dataset's metadata holds besides metadata |
//! | `exact.rs` | what the columns of MxLIVE cannot say of a record |
//! | `origin.rs` | what a dump of beamlive says about the ids that were given |
//! | `directories.rs` | which directory a secure key opens |
//! | `tables.rs` | the first pass: [`Tables`] |
//! | `mend.rs`, `mend/` | pure: from [`Tables`] to what beamlive's rules accept |
//! | `notes.rs` | what was mended or left out, one line each |
//! | `facility.rs` | the facility file that results |
//! | `records.rs`, `records/` | sessions, datasets and the rest, as storage records |
//! | `write.rs`, `write/` | puts those records into batches |
//! | `export.rs`, `export/` | the way back: from a store to a dump |
//!
//! Nothing of a dump is dropped without a line in [`Notes`], or a count in [`Unread`]. The result
//! does not depend on the order of the records in the dump.

mod directories;
pub mod dump;
mod exact;
pub mod export;
pub mod facility;
mod mend;
mod meta;
mod notes;
mod origin;
mod pk;
pub mod records;
mod rows;
mod tables;
mod text;
mod value;
pub mod write;

pub use directories::Directories;
pub use dump::DumpError;
pub use facility::Facility;
pub use mend::{mend, Mended, Rules};
pub use notes::{Done, Note, Notes};
pub use pk::Pk;
pub use records::{Item, Records};
pub use tables::{Tables, Unread};
pub use write::{WriteError, Writer, Written};
