//! Bodies: what clients send and what they are answered.
//!
//! | file | what it holds |
//! |---|---|
//! | `wire/msgpack.rs` | a MessagePack body, scanned whole and read in place |
//! | `wire/json.rs` | JSON to MessagePack and back, streaming |
//! | `wire/fields.rs` | the mistakes in a body, by field |
//! | `wire/bom.rs` | JSON without its byte order mark |
//! | `wire/error.rs` | why bytes are no body |
//! | `wire/reader.rs`, `wire/time.rs` | typed fields and times out of a body |
//! | `wire/dataset.rs`, `wire/report.rs`, `wire/access.rs` | the bodies themselves, checked |

pub mod access;
pub mod bom;
pub mod dataset;
pub mod error;
pub mod fields;
pub mod json;
pub mod msgpack;
mod reader;
pub mod report;
pub mod time;

pub use error::BodyError;
pub use fields::FieldErrors;
