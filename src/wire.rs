//! Bodies of requests and responses.
//!
//! | file | what it holds |
//! |---|---|
//! | `wire/msgpack.rs` | a MessagePack body, checked as a whole and read in place |
//! | `wire/json.rs` | JSON to MessagePack and back, streaming |
//! | `wire/fields.rs` | the mistakes in a body, by field |
//! | `wire/bom.rs` | JSON without its byte order mark |
//! | `wire/error.rs` | why bytes are not a body |
//! | `wire/reader.rs`, `wire/time.rs` | typed fields and times of a body |
//! | `wire/dataset.rs`, `wire/report.rs`, `wire/access.rs` | the bodies themselves, checked |
//! | `wire/shapes.rs` | the shapes of these bodies in the OpenAPI document |

pub mod access;
pub mod bom;
pub mod dataset;
pub mod error;
pub mod fields;
pub mod json;
pub mod msgpack;
mod reader;
pub mod report;
pub mod shapes;
pub mod time;

pub use error::BodyError;
pub use fields::FieldErrors;
